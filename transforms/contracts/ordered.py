"""Whether rows stand in their total order already: then none is twice, and nothing is to be sorted."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from transforms.contracts.schema import Table


def keyed_in_order(table: Table, frame: pl.DataFrame) -> bool:
    """Whether `frame` shows by its order alone that the key of `table` is unique.

    False tells nothing: rows may stand in any order, and an order may say more than the key.
    """
    return set(table.order) == set(table.key) and ascending(frame, table.order)


def ascending(frame: pl.DataFrame, names: Sequence[str]) -> bool:
    """Whether each row of `frame` lies above the one before it by `names`; nulls lie below all values."""
    tied = pl.int_range(max(frame.height - 1, 0), eager=True, dtype=pl.UInt32)
    for name in names:
        if not len(tied):
            return True
        values = frame[name].rechunk()
        before, after = _pairs(values, tied)
        moves = before.ne_missing(after)
        higher = (before < after) | (before.is_null() & after.is_not_null())
        if not (higher.fill_null(value=False) | ~moves).all():
            return False
        tied = tied.filter(~moves)
    return not len(tied)


def _pairs(values: pl.Series, tied: pl.Series) -> tuple[pl.Series, pl.Series]:
    if len(tied) == len(values) - 1:  # all of them: no need to pick
        return values.slice(0, len(tied)), values.slice(1, len(tied))
    return values.gather(tied), values.gather(tied + 1)
