"""What the lake's log says of each delivered file: its newest account, and whether it is there.

A path or pattern without a file is told of as long as it has none; that takes nothing away from the
account of a file that had landed under the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from flows.landings import Landing

NO_MATCH = "no file matches"
WITHDRAWN = "withdrawn"
"""Key of a row that takes back that there was no file."""
NAMED = ("source", "table", "file", "problem")
Row = Mapping[str, Any]


def key_of(row: Row) -> tuple[str, str, str]:
    """Source, table and file of a row of a report."""
    return row["source"], row["table"], row["file"]


def barren(row: Row) -> bool:
    """Whether a row says that a path or pattern has no file."""
    return str(row.get("problem")).startswith(f"{row['file']}: {NO_MATCH}")


def accounted(row: Row) -> bool:
    """Whether a row is the account of a file that was there."""
    return WITHDRAWN not in row and not barren(row)


def newest(rows: Iterable[Row]) -> list[Row]:
    """Of rows in the order of their landing the newest of each source, table and file, in their order."""
    accounts: dict[tuple[str, str, str], Row] = {}
    absent: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = key_of(row)
        absent.pop(key, None)
        if accounted(row):
            accounts[key] = row
        elif WITHDRAWN not in row:
            absent[key] = row
    gone = {
        key: {**accounts.get(key, row), "problem": row["problem"]} for key, row in absent.items()
    }
    found = {**accounts, **gone}
    return [found[key] for key in sorted(found)]


def standing(landings: Iterable[Landing]) -> Iterator[tuple[Landing, Row]]:
    """What landings tell of files that were there, each with its landing, in their order.

    A file that was held back is read again: what was told of it meanwhile does not count twice.
    """
    told = [(one, row) for one in landings for row in one.reports if accounted(row)]
    last = {key_of(row): one.number for one, row in told}
    for one, row in told:
        if not row.get("held") or one.number == last[key_of(row)]:
            yield one, row


def news(tonight: Sequence[Row], known: Sequence[Row], landed: date) -> list[Row]:
    """What of tonight's rows the log does not say already, and what it says no longer.

    Known paths without a file that are not among tonight's have one, or are not asked for any more.
    """
    there = {key_of(row) for row in tonight}
    over = [row for row in known if barren(row) and key_of(row) not in there]
    more = {WITHDRAWN: True, "landed_as_of": landed.isoformat()}
    withdrawn = [{name: row[name] for name in NAMED} | more for row in over]
    return [*(row for row in tonight if not _told(row, known)), *withdrawn]


def _told(row: Row, known: Sequence[Row]) -> bool:
    """Whether the newest row of a file says the same, whichever night it was."""
    if barren(row):
        return any(key_of(row) == key_of(old) and row["problem"] == old["problem"] for old in known)
    return any(_plain(old) == _plain(row) for old in known)


def _plain(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "landed_as_of"}
