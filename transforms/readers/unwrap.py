"""What is around the records: pages of an API, Singer and Airbyte messages, GraphQL answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import polars as pl

from transforms.readers.names import plain
from transforms.readers.stack import Object, Stack, cell, stack_of

_IDS = frozenset(
    plain(one)
    for one in (
        "id",
        "sid",
        "gid",
        "call_id",
        "review_id",
        "ticket_id",
        "uuid",
        "conversation_id",
        "__typename",
        "order_id",
        "key",
        "message_id",
        "legacyResourceId",
    )
)
"""An object that bears one of these is a record, however many lists it holds."""
_DEPTH = 6
MESSAGE = "message of the replication tool, no row"
"""The rule under which Singer's SCHEMA and STATE lines and their like are counted."""


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A file's records by stream, and how many lines were messages rather than rows."""

    stacks: tuple[Stack, ...]
    messages: int = 0


@dataclass(slots=True)
class _Pile:
    objects: list[Object] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)


def unwrap_table(table: pl.DataFrame) -> Unwrapped:
    """The records of a flat table; of a raw Airbyte table those in its data column."""
    data = next((name for name in table.columns if plain(name) == "airbytedata"), None)
    if data is None:
        return Unwrapped((Stack("", table),))
    found = [(number, cell(text)) for number, text in zip(table["_row"], table[data], strict=True)]
    rows = [(number, one) for number, one in found if isinstance(one, dict)]
    stack = stack_of([one for _, one in rows], [number for number, _ in rows])
    return Unwrapped((stack,), len(found) - len(rows))


def unwrap(objects: Sequence[Object], numbers: Sequence[int]) -> Unwrapped:
    """The records in `objects`, out of every wrapper that we know, by stream."""
    piles: dict[str, _Pile] = {}
    messages = 0
    for number, one in zip(numbers, objects, strict=True):
        empty = True
        for stream, record in _opened(_records(one)):
            pile = piles.setdefault(stream, _Pile())
            pile.objects.append(record)
            pile.numbers.append(number)
            empty = False
        messages += empty
    # A page holds many records: then they are numbered through instead of by line.
    paged = any(len(set(pile.numbers)) < len(pile.numbers) for pile in piles.values())
    stacks = [
        stack_of(p.objects, range(1, len(p.objects) + 1) if paged else p.numbers, name)
        for name, p in piles.items()
    ]
    return Unwrapped(tuple(stacks), messages)


_DIGITS = 11
"""Of the seconds since 1970 of the year 5000."""
_SILENT = "ticket events without a comment"


def _moment(seconds: object) -> str | None:
    """Seconds since 1970 as a date and time; None where they tell none."""
    told = str(seconds)
    if not (told.isascii() and told.isdecimal() and len(told) <= _DIGITS):
        return None
    return datetime.fromtimestamp(int(told), UTC).isoformat()


def _opened(found: Iterator[tuple[str, Object]]) -> Iterator[tuple[str, Object]]:
    """`found` with the comments of Zendesk's ticket events in place of the events that they lie in.

    A comment gets from its event what it lacks: ticket and time. An event without one is a record of
    another stream, so that it is counted.
    """
    for stream, record in found:
        inner = record.get("child_events")
        if not isinstance(inner, list) or "ticket_id" not in record:
            yield stream, record
            continue
        comments = [e for e in inner if isinstance(e, dict) and e.get("event_type") == "Comment"]
        if not comments:
            yield _SILENT, record
        around = {name: record[name] for name in ("ticket_id", "created_at") if record.get(name)}
        if at := _moment(record.get("timestamp")):
            around.setdefault("created_at", at)
        for one in comments:
            given = {name: value for name, value in one.items() if value is not None}
            yield stream, {**one, **around, **given}


def _records(one: Object) -> Iterator[tuple[str, Object]]:
    kind, data = one.get("type"), one.get("_airbyte_data")
    if isinstance(data, str | dict):
        inner = cell(data)
        if isinstance(inner, dict):
            yield str(one.get("_airbyte_stream") or ""), inner
    elif kind == "RECORD" and isinstance(one.get("record"), dict):
        yield from _message(one)
    elif kind in (
        "SCHEMA",
        "STATE",
        "ACTIVATE_VERSION",
        "BATCH",
        "LOG",
        "SPEC",
        "CATALOG",
        "TRACE",
    ):
        return
    else:
        yield from _page(one, "", _DEPTH)


def _message(one: Object) -> Iterator[tuple[str, Object]]:
    record = one["record"]
    if isinstance(record.get("data"), dict) and "stream" in record:  # Airbyte's protocol
        yield str(record["stream"]), record["data"]
        return
    yield str(one.get("stream") or ""), record


def _page(one: Object, stream: str, depth: int) -> Iterator[tuple[str, Object]]:
    """The records on a page; an object that is no page is a record itself."""
    if depth == 0 or _is_record(one):
        yield stream, one
        return
    lists = [(name, _list(value)) for name, value in one.items()]
    found = [(name, rows) for name, rows in lists if rows is not None]
    if found:
        for name, rows in found:
            told = stream if plain(name) in ("data", "results") else name
            yield from ((told, row) for row in rows)
        return
    inner = [(name, value) for name, value in one.items() if isinstance(value, dict)]
    holders = [(n, v) for n, v in inner if plain(n) not in _ASIDE and _holds_records(v)]
    if not holders:
        if not _only_asides(one):
            yield stream, one
        return
    for name, value in holders:
        yield from _page(value, name, depth - 1)


_ASIDE = frozenset(
    {"meta", "pagination", "pageinfo", "links", "extensions", "records", "bottomline"}
)
_PAGING = frozenset(
    plain(one)
    for one in (
        "count",
        "next_page",
        "previous_page",
        "next",
        "previous",
        "cursor",
        "requestId",
        "end_of_stream",
        "after_cursor",
        "after_url",
        "before_url",
        "nextUrl",
        "errors",
        "page",
        "per_page",
        "total",
        "has_more",
        "object",
        "uri",
        "end_time",
        "status",
        "code",
    )
)


def _only_asides(one: Object) -> bool:
    """Whether an object is a page on which nothing stands."""
    return all(plain(name) in _ASIDE | _PAGING or value == [] for name, value in one.items())


def _is_record(one: Object) -> bool:
    head = one.get("metaData")
    return any(
        plain(name) in _IDS and not isinstance(value, dict | list)
        for part in (one, head if isinstance(head, dict) else {})
        for name, value in part.items()
    )


def _list(value: object) -> list[Object] | None:
    """The objects of a list or of a GraphQL connection; None where there are none."""
    if isinstance(value, dict):
        if isinstance(value.get("edges"), list):
            value = [e.get("node", e) if isinstance(e, dict) else e for e in value["edges"]]
        elif isinstance(value.get("nodes"), list):
            value = value["nodes"]
    if not isinstance(value, list):
        return None
    rows = [one for one in value if isinstance(one, dict)]
    return rows or None


def _holds_records(value: Object) -> bool:
    return _is_record(value) or any(
        _list(one) is not None or (isinstance(one, dict) and _holds_records(one))
        for one in value.values()
    )
