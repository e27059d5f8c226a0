"""The rows that a part asks for, out of a stack, as one frame of text columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from transforms.readers.names import LIST, plain
from transforms.readers.stack import Object, Stack, flat

NUMBER = "_row"


def rows_at(stack: Stack, path: str, outer: frozenset[str]) -> pl.DataFrame:
    """The items of the list at `path` ("" the records themselves), one row each, and `_row`.

    An item's columns are named after its path (`lineitems[].sku`); of the records around it those
    in `outer` stand beside it. `_row` is the number of the record in its file.
    """
    if not path and stack.table is not None:
        return _plain_table(stack.table)
    segments = [plain(one) for one in path.split(".")] if path else []
    columns: dict[str, list[str | None]] = {}
    numbers: list[int] = []
    for number, one in zip(stack.row_numbers(), stack.unfolded, strict=True):
        for row in _items(one, segments, "", {}, outer):
            for name, value in row.items():
                cells = columns.setdefault(name, [])
                if len(cells) < len(numbers):
                    cells.extend([None] * (len(numbers) - len(cells)))
                cells.append(value)
            numbers.append(number)
    return _frame(columns, numbers)


def _items(
    value: Object,
    segments: Sequence[str],
    at: str,
    above: Mapping[str, str | None],
    outer: frozenset[str],
) -> Iterator[dict[str, str | None]]:
    if not segments:
        yield {**above, **dict(flat(value, at))}
        return
    here = dict(flat(value, at, outer))
    name = segments[0]
    found = value.get(name)
    items = found if isinstance(found, list) else [found] if isinstance(found, dict) else []
    for item in items:
        if isinstance(item, dict):
            inner = f"{at}{name}{LIST if isinstance(found, list) else ''}."
            yield from _items(item, segments[1:], inner, {**above, **here}, outer)


def _plain_table(table: pl.DataFrame) -> pl.DataFrame:
    """`table` with plain names; of two that become one the first that is given counts."""
    groups: dict[str, list[str]] = {}
    for name in table.columns:
        groups.setdefault(plain(name), []).append(name)
    return table.select(
        pl.coalesce(names).alias(bare) if len(names) > 1 else pl.col(names[0]).alias(bare)
        for bare, names in groups.items()
    )


def _frame(columns: Mapping[str, list[str | None]], numbers: Sequence[int]) -> pl.DataFrame:
    for cells in columns.values():
        cells.extend([None] * (len(numbers) - len(cells)))
    series = [pl.Series(name, _sound(cells), pl.String) for name, cells in columns.items()]
    return pl.DataFrame([*series, pl.Series(NUMBER, numbers, pl.Int64)])


def _sound(cells: list[str | None]) -> list[Any]:
    """`cells` without halves of surrogate pairs, which no text may hold."""
    try:
        "".join(one for one in cells if one).encode()
    except UnicodeEncodeError:
        return [one if one is None else one.encode("utf-8", "replace").decode() for one in cells]
    return cells
