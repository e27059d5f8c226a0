"""Past dates published again, oldest first: history restated, saying so, and on record."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from flows.backfill_jobs import replays
from flows.backfill_record import Record, begun
from flows.cli import EXIT_DEGRADED, EXIT_FAILED, EXIT_PUBLISHED
from flows.commands import one_night, report
from flows.lake import Lake
from flows.places import Place
from flows.provenance import differences, provenance
from flows.reader import NewerExport, read_manifest, snapshot_dir
from flows.settings import Settings, load_settings

LOG = logging.getLogger("hearcast")
FROM_WORST = (EXIT_FAILED, EXIT_DEGRADED, EXIT_PUBLISHED)


def backfill(
    config: str,
    days: Sequence[str],
    *,
    as_published: bool = False,
    reason: str = "",
    jobs: int = 1,
    again: bool = False,
) -> int:
    """Runs a night for each ISO date, oldest first; returns the worst exit code.

    A date that fails does not stop the later ones: each is a night of its own. Publishing a date
    again replaces its pointer and leaves the old snapshot; `latest` never moves back. With
    today's code a date is marked as restated; `as_published` runs a date only where code,
    libraries and configuration are those that published it, and gives its bytes again.

    A backfill that was cut short goes on where it stopped when the same is asked with the same
    code and settings; `again` begins anew. With `jobs` above 1 dates that only read the lake run
    side by side, and end as they would one after another.
    """
    settings = load_settings(Path(config), os.environ)
    exports, dates = settings.paths.exports, sorted(days)
    made_by = provenance(settings)
    asked = {
        "days": dates,
        "as_published": as_published,
        "code_sha256": made_by["code_sha256"],
        "settings_sha256": made_by["settings_sha256"],
    }
    record = begun(exports, asked, reason, again=again)
    left = [day for day in dates if not record.still_stands(exports, day)]
    if len(left) < len(dates):
        LOG.info("backfill: %s of %s dates are done already", len(dates) - len(left), len(dates))
    record.save(exports)
    wanted = list(_wanted(config, left, exports, record, as_published=as_published))
    if jobs > 1:
        wanted = _side_by_side(settings, wanted, record, jobs, as_published=as_published)
    for number, day in enumerate(wanted, start=1):
        LOG.info("backfill %s (%s of %s)", day, number, len(wanted))
        record.note(exports, day, report(one_night(config, day, restated=not as_published)))
    codes = {told["exit_code"] for told in record.done.values()} or {EXIT_PUBLISHED}
    record.exit_code = next(code for code in FROM_WORST if code in codes)
    record.ended_at = datetime.now(UTC).isoformat(timespec="seconds")
    record.save(exports)
    return record.exit_code


def _wanted(
    config: str, days: list[str], exports: Place, record: Record, *, as_published: bool
) -> Iterator[str]:
    """The dates that can be run; the others are told of and noted as failed."""
    for day in days:
        if as_published and (why := _not_as_published(config, day)):
            LOG.error("%s: %s", day, why)
            record.note(exports, day, EXIT_FAILED)
        else:
            yield day


def _side_by_side(
    settings: Settings, days: list[str], record: Record, jobs: int, *, as_published: bool
) -> list[str]:
    """Runs the dates that are replays; returns the others, which are younger: they may land data."""
    lake = Lake(settings.paths.lake)
    first = next(
        (n for n, day in enumerate(days) if not lake.is_replay(date.fromisoformat(day))), len(days)
    )
    with lake.storage.alone(lake.root):
        for day, code in replays(settings, days[:first], jobs, restated=not as_published):
            record.note(settings.paths.exports, day, code)
    return days[first:]


def _not_as_published(config: str, day: str) -> str | None:
    """Why a date can't be published again as it was; None where it can."""
    settings = load_settings(Path(config), os.environ)
    try:
        manifest = read_manifest(snapshot_dir(settings.paths.exports, day))
    except (FileNotFoundError, NewerExport) as error:
        return str(error)
    if manifest.get("restated"):
        return "what stands there is restated history, not what that night published"
    other = differences(manifest, settings)
    if not other:
        return None
    return f"published with {'; '.join(other)}; check out that version, or leave out --as-published"
