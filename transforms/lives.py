"""From which cutoff until which each version of a row is shown: worked out once for many cutoffs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

import numpy as np
import polars as pl

from transforms.asof import DELETED, KNOWN_ON, ORDER, SOURCE, VERSION
from transforms.calendar import local_day
from transforms.contracts.schema import UTC_TIME, Table

FROM, UNTIL = "_from", "_until"
DAY = "_day"
_NEVER = date.max
_FEW = 16


def lived(
    versions: pl.LazyFrame,
    table: Table,
    cutoffs: Sequence[date],
    timezone: str,
    *,
    replaced: bool = True,
) -> pl.LazyFrame:
    """`versions` with the positions in `cutoffs` (ascending) between which each is shown.

    A version is shown at the cutoffs number FROM up to, not including, UNTIL: those at which
    `transforms.asof.visible` shows it. Versions that none of them shows are left out. `_day` is the business
    day of the row's event. Columns that become known later than the row stand as they are:
    `position_of` their own day tells from which cutoff on. `replaced`: as `visible` has it.
    """
    until = pl.lit(len(cutoffs), dtype=pl.Int16)
    if replaced:
        versions = _with_end(versions, [SOURCE, *table.key])
        until = position_of(pl.col(UNTIL), cutoffs)
    begun = pl.max_horizontal(KNOWN_ON, DAY)
    return (
        versions.filter(~pl.col(DELETED))
        .with_columns(_event_day(table, timezone).alias(DAY))
        .with_columns(
            position_of(begun, cutoffs).alias(FROM),
            until.alias(UNTIL),
        )
        .filter(pl.col(FROM) < pl.col(UNTIL))
    )


def position_of(day: pl.Expr, cutoffs: Sequence[date]) -> pl.Expr:
    """Position of the first of `cutoffs` (ascending) that is `day` or later; their number where none is."""
    places = partial(_positions, cutoffs=pl.Series(list(cutoffs), dtype=pl.Date))
    return day.map_batches(places, return_dtype=pl.Int16, is_elementwise=True)


def _positions(days: pl.Series, cutoffs: pl.Series) -> pl.Series:
    """Few cutoffs are counted one by one, which costs less than half of searching among them."""
    days = days.fill_null(_NEVER) if days.has_nulls() else days
    if len(cutoffs) > _FEW:
        return cutoffs.search_sorted(days, side="left").cast(pl.Int16)
    numbers = days.to_physical().to_numpy()
    found = np.zeros(len(numbers), np.int8)
    for cutoff in cutoffs.to_physical():
        found += (numbers > cutoff).view(np.int8)
    return pl.Series(days.name, found).cast(pl.Int16)


def shown_at(rows: pl.DataFrame, position: int) -> pl.DataFrame:
    """Rows of `lived` that the cutoff at `position` shows."""
    return rows.filter(pl.col(FROM) <= position, pl.col(UNTIL) > position)


def _event_day(table: Table, timezone: str) -> pl.Expr:
    if table.event_time is None:
        return pl.lit(None, dtype=pl.Date)
    if table.column(table.event_time).dtype == UTC_TIME:
        return local_day(table.event_time, timezone)
    return pl.col(table.event_time)


def _with_end(versions: pl.LazyFrame, key: list[str]) -> pl.LazyFrame:
    """`versions` with the day, in UNTIL, from which on a later version stands in the place of each."""
    second = pl.col(VERSION) > 1
    keys = versions.filter(second).select(key).unique()
    alone = versions.join(keys, on=key, how="anti", nulls_equal=True)
    several = versions.join(keys, on=key, how="semi", nulls_equal=True)
    replacing = pl.when(second).then(KNOWN_ON).otherwise(pl.lit(_NEVER))
    later = replacing.cum_min(reverse=True).shift(-1, fill_value=_NEVER).over(key, order_by=ORDER)
    end = pl.when(second).then(later).otherwise(replacing.min().over(key))
    return pl.concat(
        [alone.with_columns(pl.lit(_NEVER).alias(UNTIL)), several.with_columns(end.alias(UNTIL))]
    )
