"""What was backfilled, when and why: a dated record beside the exports, whole after every date."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from flows.places import Place
from flows.staging import json_bytes, read_json
from flows.storage import storage_of

ROOM = "backfills"


@dataclass(slots=True)
class Record:
    """One backfill. `asked` is what was asked for and with what; `done`: ISO date to how it ended.

    `content_id` of a date is the snapshot that was published for it; null where none was.
    """

    name: str
    asked: dict[str, Any]
    reason: str
    began_at: str
    ended_at: str | None = None
    exit_code: int | None = None
    done: dict[str, dict[str, Any]] = field(default_factory=dict)

    def save(self, exports: Place) -> None:
        """Writes the record in one step."""
        storage_of(exports).write(exports / ROOM / f"{self.name}.json", json_bytes(asdict(self)))

    def note(self, exports: Place, day: str, code: int) -> None:
        """Adds how a date ended, and saves."""
        pointer = read_json(exports / "pointers" / f"as_of={day}.json") or {}
        self.done[day] = {
            "exit_code": code,
            "content_id": pointer.get("content_id") if code in (0, 3) else None,
            "run_id": pointer.get("run_id") if code in (0, 3) else None,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self.save(exports)

    def still_stands(self, exports: Place, day: str) -> bool:
        """Whether `day` was published by this backfill and nothing else stands in its place."""
        told = self.done.get(day, {})
        pointer = read_json(exports / "pointers" / f"as_of={day}.json") or {}
        published = told.get("content_id")
        return published is not None and published == pointer.get("content_id")


def records(exports: Place) -> Iterator[Record]:
    """Every record that can be read, oldest first."""
    for path in sorted((exports / ROOM).glob("*.json")):
        told = read_json(path)
        if told is not None and set(told) == set(Record.__dataclass_fields__):
            yield Record(**told)  # type: ignore[arg-type]


def begun(exports: Place, asked: Mapping[str, Any], reason: str, *, again: bool) -> Record:
    """The newest record of the same request that never came to its end; else a new one.

    The same: dates, mode, code and settings. `again`: a new one in any case. A reason given anew
    takes the place of the old one.
    """
    open_ones = [one for one in records(exports) if one.asked == asked and one.ended_at is None]
    if open_ones and not again:
        record = open_ones[-1]
        record.reason = reason or record.reason
        return record
    now = datetime.now(UTC)
    digest = hashlib.sha256(f"{now.isoformat()}{asked}".encode()).hexdigest()[:6]
    return Record(
        f"{now:%Y%m%dT%H%M%SZ}-{digest}", dict(asked), reason, now.isoformat(timespec="seconds")
    )


def lines(exports: Place) -> list[str]:
    """The records for people, oldest first."""
    return [
        f"{one.began_at}  {_span(one)}  {_state(one)}  {one.reason or '(no reason given)'}"
        for one in records(exports)
    ] or [f"no backfill is recorded in {exports / ROOM}"]


def _span(one: Record) -> str:
    days = one.asked["days"]
    kind = ", as published" if one.asked["as_published"] else ""
    return f"{days[0]} to {days[-1]}, {len(days)} dates{kind}"


def _state(one: Record) -> str:
    if one.ended_at is None:
        return f"stopped after {len(one.done)}: run it again to go on"
    return f"ended {one.ended_at}, exit code {one.exit_code}"
