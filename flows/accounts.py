"""What the lake's log says of each delivered file: its newest account, and what is wrong with it.

A path or pattern without a file is told of as long as it has none, and a snapshot that could not be
read as long as that is so; neither takes anything from what had landed under the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from flows.landings import Landing

NO_MATCH = "no file matches"
WITHDRAWN = "withdrawn"
"""Key of a row that takes back what was wrong: the account before it stands again."""
NAMED = ("source", "table", "file", "problem")
Row = Mapping[str, Any]
Key = tuple[str, str, str]


def key_of(row: Row) -> Key:
    """Source, table and file of a row of a report."""
    return row["source"], row["table"], row["file"]


def barren(row: Row) -> bool:
    """Whether a row says that a path or pattern has no file."""
    return str(row.get("problem")).startswith(f"{row['file']}: {NO_MATCH}")


def newest(landings: Iterable[Landing]) -> dict[Key, tuple[int, Row]]:
    """What is told of each source, table and file, in their order, and the landing that accounts for it."""
    sound: dict[Key, tuple[int, Row]] = {}
    wrong: dict[Key, tuple[int, Row]] = {}
    for number, row in ((one.number, row) for one in landings for row in one.reports):
        key = key_of(row)
        wrong.pop(key, None)
        if WITHDRAWN in row:
            if not barren(row):
                sound.setdefault(key, (number, _plain(row)))
        elif barren(row):
            before, account = sound.get(key, (number, row))
            wrong[key] = (before, {**account, "problem": row["problem"]})
        else:
            (sound if row.get("problem") is None else wrong)[key] = (number, row)
    found = {**sound, **wrong}
    return {key: found[key] for key in sorted(found)}


def standing(landings: Iterable[Landing]) -> Iterator[tuple[Landing, Row]]:
    """What landings tell of files that were there, each with its landing, in their order.

    A file that was held back is read again: what was told of it meanwhile does not count twice.
    """
    told = [(one, row) for one in landings for row in one.reports if not barren(row)]
    last = {key_of(row): one.number for one, row in told}
    for one, row in told:
        if WITHDRAWN not in row and (not row.get("held") or one.number == last[key_of(row)]):
            yield one, row


def news(
    tonight: Sequence[Row], same: Sequence[Row], known: Sequence[Row], landed: date
) -> list[Row]:
    """What of tonight's rows the log does not say already, and what it says no longer.

    `same`: of snapshots that bring nothing new; they are told of only where the log says that they
    could not be read. Known paths without a file that are not among tonight's have one, or are not
    asked for any more.
    """
    there = {key_of(row) for row in (*tonight, *same)}
    wrong = {key_of(row): row for row in known if row.get("problem") is not None}
    more = {WITHDRAWN: True, "landed_as_of": landed.isoformat()}
    over = [row for key, row in wrong.items() if barren(row) and key not in there]
    return [
        *(row for row in tonight if not _told(row, known)),
        *({**row, **more} for row in same if key_of(row) in wrong),
        *({name: row[name] for name in NAMED} | more for row in over),
    ]


def _told(row: Row, known: Sequence[Row]) -> bool:
    """Whether the newest row of a file says the same, whichever night it was."""
    if barren(row):
        return any(
            key_of(row) == key_of(old) and row["problem"] == old.get("problem") for old in known
        )
    return any(_undated(old) == _undated(row) for old in known)


def _undated(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "landed_as_of"}


def _plain(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != WITHDRAWN}
