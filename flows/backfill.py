"""Past dates published again, oldest first, with today's code: history restated, and saying so."""

from __future__ import annotations

import logging

from flows.cli import EXIT_PUBLISHED
from flows.commands import one_night, report

LOG = logging.getLogger("hearcast")


def backfill(config: str, days: list[str]) -> int:
    """Runs a night for each ISO date; returns the worst exit code.

    A date that fails does not stop the later ones: each is a night of its own. Publishing a date
    again replaces its pointer and leaves the old snapshot; `latest` never moves back.
    """
    worst = EXIT_PUBLISHED
    for number, day in enumerate(days, start=1):
        LOG.info("backfill %s (%s of %s)", day, number, len(days))
        worst = max(worst, report(one_night(config, day, restated=True)))
    return worst
