"""Past dates published again, oldest first: history restated, and saying so."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from flows.cli import EXIT_DEGRADED, EXIT_FAILED, EXIT_PUBLISHED
from flows.commands import one_night, report
from flows.provenance import differences
from flows.reader import read_manifest, snapshot_dir
from flows.settings import load_settings

LOG = logging.getLogger("hearcast")
FROM_WORST = (EXIT_FAILED, EXIT_DEGRADED, EXIT_PUBLISHED)


def backfill(config: str, days: list[str], *, as_published: bool = False) -> int:
    """Runs a night for each ISO date; returns the worst exit code.

    A date that fails does not stop the later ones: each is a night of its own. Publishing a date
    again replaces its pointer and leaves the old snapshot; `latest` never moves back. With
    today's code a date is marked as restated; `as_published` runs a date only where code,
    libraries and configuration are those that published it, and gives its bytes again.
    """
    ends = {EXIT_PUBLISHED}
    for number, day in enumerate(days, start=1):
        LOG.info("backfill %s (%s of %s)", day, number, len(days))
        if as_published and (why := _not_as_published(config, day)):
            LOG.error("%s: %s", day, why)
            ends.add(EXIT_FAILED)
            continue
        ends.add(report(one_night(config, day, restated=not as_published)))
    return next(code for code in FROM_WORST if code in ends)


def _not_as_published(config: str, day: str) -> str | None:
    """Why a date can't be published again as it was; None where it can."""
    settings = load_settings(Path(config), os.environ)
    try:
        manifest = read_manifest(snapshot_dir(settings.paths.exports, day))
    except FileNotFoundError as error:
        return str(error)
    if manifest.get("restated"):
        return "what stands there is restated history, not what that night published"
    other = differences(manifest, settings)
    if not other:
        return None
    return f"published with {'; '.join(other)}; check out that version, or leave out --as-published"
