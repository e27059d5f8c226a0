"""The records on an API's pages: found, each in its newest state, and whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from transforms.pulls.endpoint import Ask, Endpoint, Nested, Stream

REPEATED = "came again in the same pull: what was fetched last counts"
"""The rule under which records are counted that stand on several pages."""
_PREFIX = "gid://shopify/"
_MANY, _MANY_PLAIN = 100, 50
"""Items asked for at a time where a record's list is asked for by itself."""


def load(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    """JSON whose numbers keep the digits that they were written with."""
    return json.loads(body, parse_float=str, parse_int=str)


def found(page: object, stream: Stream) -> Iterator[object]:
    """What stands where the records of a stream belong, in order; not all of it need be objects."""
    *way, last = stream.at.split(".")
    for around in _within(page, way):
        if not isinstance(around, Mapping):
            continue
        for one in _listed(around.get(last)):
            if not isinstance(one, dict):
                yield one
            elif stream.only is None or str(one.get(stream.only[0])) == stream.only[1]:
                yield _carried(one, around, stream)


def _carried(one: dict[str, Any], around: Mapping[str, Any], stream: Stream) -> dict[str, Any]:
    """A record with what it lacks and what stands around it."""
    more = {n: around[n] for n in stream.carry if n in around and one.get(n) is None}
    told = around.get(stream.seconds)
    if told is not None and more.get("created_at", one.get("created_at")) is None:
        more["created_at"] = datetime.fromtimestamp(int(told), UTC).isoformat()
    return {**one, **more} if more else one


def _within(value: object, way: Sequence[str]) -> Iterator[object]:
    if isinstance(value, list):
        for one in value:
            yield from _within(one, way)
    elif not way:
        yield value
    elif isinstance(value, Mapping):
        yield from _within(value.get(way[0]), way[1:])


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


@dataclass(slots=True)
class Newest:
    """Which of several records with one id counts: the one that was fetched last.

    An API that moves rows between pages repeats some; a later answer is never older than an earlier
    one, whichever way the list is sorted.
    """

    last: dict[tuple[str, str], int]
    repeated: int = 0

    def counts(self, stream: Stream, record: Mapping[str, Any], number: int) -> bool:
        """Whether the record that was the `number`-th of the pull is the one that counts."""
        name = record.get("id")
        return name is None or self.last[(stream.at, str(name))] == number


def newest(pages: Iterable[object], streams: Sequence[Stream]) -> Newest:
    """Reads through all pages once; records are numbered in the order of `numbered`."""
    seen = Newest({})
    for stream, record, number in numbered(pages, streams):
        if isinstance(record, dict) and record.get("id") is not None:
            key = (stream.at, str(record["id"]))
            seen.repeated += key in seen.last
            seen.last[key] = number
    return seen


def numbered(
    pages: Iterable[object], streams: Sequence[Stream]
) -> Iterator[tuple[Stream, object, int]]:
    """Every record of every page with its number in the pull, from 1."""
    number = 0
    for page in pages:
        for stream in streams:
            for record in found(page, stream):
                number += 1
                yield stream, record, number


def is_page(page: object, endpoint: Endpoint) -> bool:
    """Whether an answer is a page of this endpoint that says plainly whether another one follows.

    One that does not must not end a list: what is missing would be taken for not there.
    """
    root, *rest = endpoint.streams[0].at.split(".")
    if not isinstance(page, Mapping):
        return False
    if endpoint.paging == "graphql":
        info = _at(page, endpoint.cursor_at)
        there = isinstance(_at(page, ".".join([root, *rest[:2]])), list)
        ends = isinstance(info, Mapping) and info.get("hasNextPage") is False
        return there and (ends or (isinstance(info, Mapping) and bool(info.get("endCursor"))))
    if not isinstance(page.get(root), list):
        return False
    if endpoint.paging == "stream":
        return page.get("end_of_stream") is True or bool(_at(page, endpoint.cursor_at))
    around, _, name = endpoint.cursor_at.rpartition(".")
    told = _at(page, around)
    return isinstance(told, Mapping) and name in told


def _at(value: object, path: str) -> object:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def reached(page: object, endpoint: Endpoint, since: datetime | None) -> bool:
    """Whether a list that gives the newest first has come to what is older than `since`."""
    if not endpoint.newest_first or since is None:
        return False
    times = [
        _time(record.get(endpoint.newest_first))
        for record in found(page, endpoint.streams[0])
        if isinstance(record, dict)
    ]
    told = [one for one in times if one is not None]
    return bool(told) and min(told) < since


def _time(text: object) -> datetime | None:
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


Whole = set[tuple[str, str]]
"""(id, list) of the records whose plain list has been asked for anew: it is whole, however long."""


def unfinished(
    page: object, lists: Sequence[Nested], whole: Whole
) -> Iterator[tuple[dict[str, Any], Nested]]:
    """Every record of a GraphQL page one of whose lists goes on elsewhere, inner ones last."""
    if isinstance(page, list):
        for one in page:
            yield from unfinished(one, lists, whole)
    elif isinstance(page, dict):
        name = str(page.get("id", ""))
        for nested in lists:
            if (
                name.startswith(f"{_PREFIX}{nested.owner}/")
                and (name, nested.field) not in whole
                and _goes_on(page.get(nested.field), nested)
            ):
                yield page, nested
        for value in page.values():
            yield from unfinished(value, lists, whole)


def _goes_on(value: object, nested: Nested) -> bool:
    if nested.plain:
        return isinstance(value, list) and len(value) >= nested.first
    info = value.get("pageInfo") if isinstance(value, dict) else None
    return isinstance(info, dict) and bool(info.get("hasNextPage"))


def rest_of(record: Mapping[str, Any], nested: Nested, path: str) -> Ask:
    """The request for what is missing of a record's list."""
    if nested.plain:
        within = f"{nested.field}(first: {_MANY_PLAIN}) {nested.selection}"
        after, declared = {}, ""
    else:
        within = f"{nested.field}(first: {_MANY}, after: $after) {connection(nested.selection)}"
        after = {"after": record[nested.field]["pageInfo"]["endCursor"]}
        declared = ", $after: String"
    query = f"query($id: ID!{declared}) {{ node(id: $id) {{ ... on {nested.owner} {{ id {within} }} }} }}"
    return Ask(path, "POST", None, {"query": query, "variables": {"id": record["id"], **after}})


def connection(selection: str) -> str:
    """What is asked of a connection whose items are asked for `selection`."""
    return f"{{ pageInfo {{ hasNextPage endCursor }} nodes {selection} }}"


def add_rest(record: dict[str, Any], nested: Nested, answer: Mapping[str, Any]) -> None:
    """Puts what an answer to `rest_of` gave into the record. ValueError where that is not the whole."""
    node = (answer.get("data") or {}).get("node") or {}
    more = node.get(nested.field)
    if nested.plain and isinstance(more, list) and len(more) < _MANY_PLAIN:
        record[nested.field] = more
        return
    if nested.plain or not isinstance(more, dict):
        raise ValueError(nested.field)
    record[nested.field]["nodes"] += more["nodes"]
    record[nested.field]["pageInfo"] = more["pageInfo"]
