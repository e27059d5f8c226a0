"""Records of one kind as a file brought them: objects with values within values, or one flat table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from transforms.readers.names import LIST, plain

Object = dict[str, Any]
_SAMPLED = 500
"""Objects whose names tell what a file is."""
_DEPTH = 5


@dataclass(frozen=True)
class Stack:
    """Rows of one stream of a file: `table` (text columns and `_row`) or `objects` with `numbers`.

    `stream` is what the wrapper called it, "" where there was none.
    """

    stream: str = ""
    table: pl.DataFrame | None = None
    objects: Sequence[Object] = ()
    numbers: Sequence[int] = ()
    spelled: Mapping[str, str] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """Records in it."""
        return len(self.objects) if self.table is None else self.table.height

    @cached_property
    def names(self) -> frozenset[str]:
        """Plain names of all columns; of objects also of what is within them."""
        if self.table is not None:
            inner = _within_cells(self.table)
            return frozenset({plain(name) for name in self.table.columns if name != "_row"} | inner)
        found: set[str] = set()
        for one in self.objects[:_SAMPLED]:
            _walk(one, "", found, _DEPTH)
        return frozenset(found)

    @cached_property
    def unfolded(self) -> Sequence[Object]:
        """The records as objects; cells of a table that hold JSON are read."""
        if self.table is None:
            return self.objects
        names = [name for name in self.table.columns if name != "_row"]
        rows = self.table.select(names).iter_rows()
        return [
            {plain(name): tidy(cell(value)) for name, value in zip(names, row, strict=True)}
            for row in rows
        ]

    def row_numbers(self) -> Sequence[int]:
        """Number of each record within its file."""
        return self.numbers if self.table is None else self.table["_row"].to_list()


def stack_of(objects: Sequence[Object], numbers: Sequence[int], stream: str = "") -> Stack:
    """A stack of objects whose names are brought into plain form."""
    spelled: dict[str, str] = {}
    for one in objects:
        for name in one:
            spelled.setdefault(plain(name), name)
    return Stack(stream, None, [tidy(one) for one in objects], list(numbers), spelled)


def tidy(value: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    """`value` with plain names, and GraphQL's edges and nodes as lists."""
    if isinstance(value, dict):
        if isinstance(edges := value.get("edges"), list):
            return [tidy(e.get("node", e) if isinstance(e, dict) else e) for e in edges]
        if isinstance(nodes := value.get("nodes"), list):
            return [tidy(one) for one in nodes]
        return {plain(name): tidy(one) for name, one in value.items()}
    if isinstance(value, list):
        return [tidy(one) for one in value]
    return value


def cell(value: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What a cell holds; JSON objects and lists in it are read."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value, parse_float=str, parse_int=str)
        except (ValueError, RecursionError):
            return value
    return value


def _within_cells(table: pl.DataFrame) -> set[str]:
    """Names inside the cells that hold JSON, of the first rows."""
    found: set[str] = set()
    for name, dtype in table.schema.items():
        if dtype != pl.String:
            continue
        for value in table[name].drop_nulls().head(20):
            inner = cell(value)
            if isinstance(inner, dict | list):
                _walk({plain(name): tidy(inner)}, "", found, _DEPTH)
    return found


def _walk(value: Mapping[str, Any], path: str, found: set[str], depth: int) -> None:
    if depth == 0:
        return
    for name, one in value.items():
        here = path + name
        found.add(here)
        if isinstance(one, dict):
            _walk(one, f"{here}.", found, depth - 1)
        elif isinstance(one, list):
            for item in one[:20]:
                if isinstance(item, dict):
                    _walk(item, f"{here}{LIST}.", found, depth - 1)


def flat(
    value: Mapping[str, Any], path: str = "", wanted: frozenset[str] | None = None
) -> Iterator[tuple[str, str | None]]:
    """Name and text of every value of an object, or of those `wanted`; lists stay JSON."""
    for name, one in value.items():
        if isinstance(one, dict):
            yield from flat(one, f"{path}{name}.", wanted)
        elif wanted is None or path + name in wanted:
            yield path + name, _text(one)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
