"""Past dates published again, oldest first, with today's code: history restated, and saying so."""

from __future__ import annotations

import logging

from flows.cli import EXIT_DEGRADED, EXIT_FAILED, EXIT_PUBLISHED
from flows.commands import one_night, report

LOG = logging.getLogger("hearcast")
FROM_WORST = (EXIT_FAILED, EXIT_DEGRADED, EXIT_PUBLISHED)


def backfill(config: str, days: list[str]) -> int:
    """Runs a night for each ISO date; returns the worst exit code.

    A date that fails does not stop the later ones: each is a night of its own. Publishing a date
    again replaces its pointer and leaves the old snapshot; `latest` never moves back.
    """
    ends = {EXIT_PUBLISHED}
    for number, day in enumerate(days, start=1):
        LOG.info("backfill %s (%s of %s)", day, number, len(days))
        ends.add(report(one_night(config, day, restated=True)))
    return next(code for code in FROM_WORST if code in ends)
