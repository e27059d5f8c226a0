"""Tables reduced to the small frames that Great Expectations judges. Polars only, exact.

Every function takes a table as the lake shows it and returns counts, shares and quantiles, never
a value that a customer wrote. A *window* is a run of `span` days; `weeks_ago` 0 is the judged one,
which ends on `last_day`, and `weeks_ago` k is the same weekdays k weeks before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TypeAlias

import polars as pl

from transforms.contracts import Column, Table

Frame: TypeAlias = pl.DataFrame | pl.LazyFrame
MILLI = 1_000
"""Quantities are summed as whole thousandths: integer sums do not depend on the thread count."""


def schema_of(tables: Mapping[str, Frame]) -> dict[str, dict[str, str]]:
    """Column names and types of each table, to be kept and handed over the next night."""
    return {
        name: {column: str(dtype) for column, dtype in frame.lazy().collect_schema().items()}
        for name, frame in tables.items()
    }


def usable(frame: Frame, table: Table) -> pl.LazyFrame:
    """The contract's columns that are there with the contract's type; all else is left out."""
    found = frame.lazy().collect_schema()
    return frame.lazy().select(
        column.name for column in table.columns if found.get(column.name) == column.dtype
    )


def column_facts(frame: pl.LazyFrame, table: Table) -> pl.DataFrame:
    """One row per column of `frame`: `column, rows, empty, outside, other`.

    `empty` counts nulls where the contract forbids them and NaN or infinity anywhere, `outside`
    values past `lo` or `hi`, `other` values not among `one_of`.
    """
    names = frame.collect_schema().names()
    kinds = ("empty", "outside", "other")
    schema = {"column": pl.String, "rows": pl.Int64, **dict.fromkeys(kinds, pl.Int64)}
    if not names:
        return pl.DataFrame(schema=schema)
    parts: list[pl.Expr] = [pl.len().alias("rows")]
    for name in names:
        column = table.column(name)
        parts += [
            _empty(column).alias(f"{name}|empty"),
            _outside(column).alias(f"{name}|outside"),
            _other(column).alias(f"{name}|other"),
        ]
    row = frame.select(parts).collect().row(0, named=True)
    return pl.DataFrame(
        [
            {"column": name, "rows": row["rows"], **{k: row[f"{name}|{k}"] or 0 for k in kinds}}
            for name in names
        ],
        schema=schema,
    )


def _empty(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    nulls = pl.lit(0) if column.nullable else value.null_count()
    if column.dtype == pl.Float64:
        return nulls + value.is_finite().not_().sum()
    return nulls + pl.lit(0)


def _outside(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    outside = pl.lit(0)
    if column.lo is not None:
        outside = outside + (value < column.lo).sum()
    if column.hi is not None:
        outside = outside + (value > column.hi).sum()
    return outside


def _other(column: Column) -> pl.Expr:
    if not column.one_of:
        return pl.lit(0)
    value = pl.col(column.name)
    return (value.is_not_null() & value.is_in(list(column.one_of)).not_()).sum()


def key_counts(frame: pl.LazyFrame, key: Sequence[str]) -> tuple[int, int]:
    """Rows, and distinct values of `key` among them."""
    counted = frame.select(pl.len(), pl.struct(key).n_unique().alias("distinct")).collect()
    return int(counted["len"][0]), int(counted["distinct"][0])


def dated(frame: pl.LazyFrame, table: Table, timezone: str) -> pl.LazyFrame:
    """`frame` with `day`: the business day of its event; rows without an event time are left out.

    ValueError where the contract declares no event time.
    """
    if table.event_time is None:
        raise ValueError(f"{table.name} has no event time")
    event = pl.col(table.event_time)
    if table.column(table.event_time).dtype != pl.Date:
        event = event.dt.convert_time_zone(timezone).dt.date()
    return frame.filter(pl.col(table.event_time).is_not_null()).with_columns(event.alias("day"))


def daily(days: pl.LazyFrame, weight: str | None) -> pl.DataFrame:
    """`day, rows, units` sorted by day; `units` is null where the table weighs nothing."""
    units = pl.lit(None) if weight is None else _thousandths(weight).sum() / MILLI
    units = units.cast(pl.Float64)
    return (
        days.group_by("day").agg(pl.len().alias("rows"), units.alias("units")).sort("day").collect()
    )


def _thousandths(column: str) -> pl.Expr:
    return (pl.col(column) * MILLI).round(0).cast(pl.Int64, strict=False)


def window_sums(
    by_day: pl.DataFrame, last_day: date, *, span: int, weeks: int, value: str = "rows"
) -> list[float]:
    """Sums of `value` per window, the judged one first; only windows since the first event."""
    first = by_day["day"].min()
    amounts = dict(zip(by_day["day"].to_list(), by_day[value].to_list(), strict=True))
    sums: list[float] = []
    for weeks_ago in range(weeks + 1):
        end = last_day - timedelta(days=7 * weeks_ago)
        if not isinstance(first, date) or end - timedelta(days=span - 1) < first:
            break
        sums.append(float(sum(amounts.get(end - timedelta(days=d)) or 0 for d in range(span))))
    return sums


def judged_span(by_day: pl.DataFrame, last_day: date, *, enough: int) -> int:
    """Days to judge, 1 to 7: the fewest last days that hold `enough` rows, else the whole week."""
    amounts = dict(zip(by_day["day"].to_list(), by_day["rows"].to_list(), strict=True))
    seen = 0
    for span in range(1, 8):
        seen += amounts.get(last_day - timedelta(days=span - 1), 0)
        if seen >= enough:
            return span
    return 7


def windows(days: pl.LazyFrame, last_day: date, *, span: int, weeks: int) -> pl.LazyFrame:
    """The rows of the judged window and of the same weekdays before it, with `weeks_ago`."""
    age = (pl.lit(last_day) - pl.col("day")).dt.total_days()
    return (
        days.filter(age.is_between(0, 7 * weeks + span - 1))
        .with_columns((age // 7).cast(pl.Int32).alias("weeks_ago"))
        .filter(age % 7 < span)
    )


def null_shares(rows: pl.LazyFrame, columns: Sequence[str]) -> pl.DataFrame:
    """`weeks_ago, rows` and, per column, the share of its values that are null."""
    return (
        rows.group_by("weeks_ago")
        .agg(pl.len().alias("rows"), *(pl.col(c).is_null().mean().alias(c) for c in columns))
        .sort("weeks_ago")
        .collect()
    )


def quantiles(rows: pl.LazyFrame, column: str, levels: Sequence[float]) -> pl.DataFrame:
    """`weeks_ago, rows` and `p50`-like columns: values at rank `level`, none interpolated."""
    value = pl.col(column)
    return (
        rows.filter(value.is_not_null())
        .group_by("weeks_ago")
        .agg(
            pl.len().alias("rows"),
            *(value.quantile(q, "nearest").alias(f"p{round(q * 100):02d}") for q in levels),
        )
        .sort("weeks_ago")
        .collect()
    )


def units_per_order(rows: pl.LazyFrame) -> pl.DataFrame:
    """`weeks_ago, rows, p50`: orders in the window and the units of the median order."""
    per_order = rows.group_by("weeks_ago", "order_id").agg(
        _thousandths("quantity").sum().alias("u")
    )
    return (
        per_order.group_by("weeks_ago")
        .agg(pl.len().alias("rows"), (pl.col("u").quantile(0.5, "nearest") / MILLI).alias("p50"))
        .sort("weeks_ago")
        .collect()
    )


def mix_distances(rows: pl.LazyFrame, column: str) -> pl.DataFrame:
    """`weeks_ago, rows, kinds, distance`: how far each window's mix of `column` is off.

    `distance` is the total variation distance from the shares of all earlier windows together:
    0 is the same mix, 1 nothing shared.
    """
    counts = (
        rows.filter(pl.col(column).is_not_null())
        .group_by("weeks_ago", column)
        .agg(pl.len().cast(pl.Int64).alias("n"))
        .collect()
    )
    before = counts.filter(pl.col("weeks_ago") > 0).group_by(column).agg(pl.col("n").sum())
    total = int(before["n"].sum())
    seen = sorted(set(counts["weeks_ago"].to_list()))
    out = []
    for weeks_ago in seen:
        here = counts.filter(pl.col("weeks_ago") == weeks_ago).select(column, here="n")
        both = before.join(here, on=column, how="full", coalesce=True).fill_null(0).sort(column)
        size = int(both["here"].sum())
        gap = (both["here"] * total - both["n"] * size).abs().sum() if total else 0
        distance = gap / (2 * size * total) if size and total else 0.0
        out.append((weeks_ago, size, both.height, float(distance)))
    schema = {"weeks_ago": pl.Int32, "rows": pl.Int64, "kinds": pl.Int64, "distance": pl.Float64}
    return pl.DataFrame(out, schema=schema, orient="row")


def coverage(
    rows: pl.LazyFrame, column: str, other: pl.LazyFrame, other_column: str
) -> pl.DataFrame:
    """`weeks_ago, rows, share`: of the values given in `column`, the share known to `other`."""
    known = other.select(pl.col(other_column).alias(column)).drop_nulls().unique()
    return (
        rows.filter(pl.col(column).is_not_null())
        .select("weeks_ago", column)
        .join(known.with_columns(pl.lit(True).alias("known")), on=column, how="left")
        .group_by("weeks_ago")
        .agg(pl.len().alias("rows"), pl.col("known").fill_null(False).mean().alias("share"))
        .sort("weeks_ago")
        .collect()
    )
