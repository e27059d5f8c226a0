"""The lake as it was known at a date: the one place that decides what a cutoff may see."""

from __future__ import annotations

from datetime import date

import polars as pl

from transforms.calendar import local_day
from transforms.contracts.schema import UTC_TIME, Table

KNOWN_ON = "_known_on"
VERSION = "_version"
DELETED = "_deleted"
SOURCE = "_source"
ORDER = "_order"
EXTRA = "_extra"


def visible(
    versions: pl.LazyFrame, table: Table, cutoff: date, timezone: str, *, replaced: bool = True
) -> pl.LazyFrame:
    """Rows of `table` as known at the end of `cutoff`: one per source and key.

    `versions` holds every stored version with `_known_on` (Date), `_version` (1 for the first of
    a key), `_deleted`, `_source` and `_order` (later wins). A version known on `cutoff` itself
    counts: that day has ended. Rows whose event lies after `cutoff` are not shown (one that tells
    no event time is, once it is known), and columns that become known later than the row are null
    until their own day. Row order is not kept. `replaced`: False where it is known that no key has a
    second version, which spares looking for it.
    """
    shown = versions.filter(pl.col(KNOWN_ON) <= cutoff)
    if replaced:
        shown = _newest(shown, [SOURCE, *table.key])
    shown = shown.filter(~pl.col(DELETED))
    if table.event_time is not None:
        ahead = _day(table, table.event_time, timezone) > cutoff
        shown = shown.filter(~ahead.fill_null(False))
    return shown.with_columns(_masks(table, cutoff, timezone, shown))


def has_second(versions: pl.DataFrame) -> bool:
    """Whether any key has more than one version."""
    return bool((versions[VERSION] > 1).any())


def _newest(known: pl.LazyFrame, key: list[str]) -> pl.LazyFrame:
    replacing = known.filter(pl.col(VERSION) > 1).sort(ORDER).unique(subset=key, keep="last")
    first = known.filter(pl.col(VERSION) == 1).join(replacing, on=key, how="anti", nulls_equal=True)
    return pl.concat([first, replacing])


def _day(table: Table, column: str, timezone: str) -> pl.Expr:
    if table.column(column).dtype == UTC_TIME:
        return local_day(column, timezone)
    return pl.col(column)


def _masks(table: Table, cutoff: date, timezone: str, frame: pl.LazyFrame) -> list[pl.Expr]:
    there = set(frame.collect_schema().names())
    return [
        pl.when(_day(table, column.known_from, timezone) > cutoff)
        .then(None)
        .otherwise(pl.col(column.name))
        .alias(column.name)
        for column in table.columns
        if column.known_from is not None and {column.name, column.known_from} <= there
    ]
