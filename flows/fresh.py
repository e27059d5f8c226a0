"""`hearcast fresh`: whether the newest night is young, full and whole, for a monitor to ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flows.exports import snapshot_problems
from flows.places import Place
from flows.reader import NewerExport, read_manifest, snapshot_dir
from flows.settings import Settings
from flows.staging import read_json

CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Freshness:
    """The answer, and one line that says why."""

    good: bool
    line: str


def freshness(settings: Settings, now: datetime, *, degraded: bool = False) -> Freshness:
    """Good: published in full within [run] max_age_hours, and its files are what they were.

    `degraded`: a night that stepped down is good enough. Reads freshness.json and the newest
    snapshot; writes nothing.
    """
    exports = settings.paths.exports
    told = read_json(exports / "freshness.json")
    if told is None or not told.get("published_at"):
        return Freshness(False, f"nothing is published in {exports}{_last(told)}")
    age = now - datetime.fromisoformat(str(told["published_at"]))
    most = timedelta(hours=settings.run.max_age_hours)
    line = f"as of {told['as_of']}, {told['status']} {_hours(age)} ago{_last(told)}"
    if age > most:
        return Freshness(False, f"{line}; allowed: {_hours(most)}, [run] max_age_hours")
    if age < -CLOCKS_DIFFER:
        return Freshness(False, f"{line}: in the future; one of two machines' clocks is wrong")
    down = told["status"] != "Published" and not degraded
    if down or told["last_attempt_status"] == "Failed":
        return Freshness(False, line)
    return _whole(exports, line)


def _whole(exports: Place, line: str) -> Freshness:
    snapshot = snapshot_dir(exports)
    try:
        read_manifest(snapshot)
    except NewerExport as newer:
        return Freshness(False, f"{line}; {newer}")
    except (OSError, ValueError):
        pass  # told of below, as damage
    if problems := snapshot_problems(snapshot):
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        return Freshness(False, f"{line}; damaged: {problems[0]}{more}; run the night again")
    return Freshness(True, line)


def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:.1f} hours"


def _last(told: dict[str, object] | None) -> str:
    """What became of the last attempt, where it published nothing."""
    if told is None or told.get("last_attempt_status") != "Failed":
        return ""
    return f"; the last attempt, for {told['last_attempt_as_of']}, failed ({told['last_attempt_reason']})"


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)
