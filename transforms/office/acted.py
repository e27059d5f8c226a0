"""Actions as items with a time: from opening till shipped, or till now."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.calendar import local_day

DIMENSIONS = ("all", "function", "owner", "signal")
UNKNOWN = "(unknown)"
WEEKS = 52
"""Actions opened in so many weeks count."""
_DAY = 86_400_000_000


def items(actions: pl.DataFrame, as_of: date, timezone: str) -> pl.DataFrame:
    """One row an action of the last WEEKS: days (> 0), shipped, dropped, function, owner, signal, all.

    `days` end with the shipping, of all others with the end of `as_of`. What was shipped before it
    was opened took a minute.
    """
    end = (
        pl.lit(as_of + timedelta(days=1))
        .cast(pl.Datetime("us"))
        .dt.replace_time_zone(timezone, ambiguous="earliest")
        .dt.convert_time_zone("UTC")
    )
    until = pl.coalesce("shipped_at", end)
    shipped = pl.col("shipped_at").is_not_null()
    days = (until - pl.col("opened_at")).dt.total_microseconds() / _DAY
    recent = local_day("opened_at", timezone) > as_of - timedelta(weeks=WEEKS)
    return actions.filter(recent).select(
        "action_id",
        days.clip(lower_bound=1 / 1440).alias("days"),
        shipped.alias("shipped"),
        (pl.col("dropped_at").is_not_null() & ~shipped).alias("dropped"),
        pl.lit("all").alias("all"),
        *(pl.col(name).fill_null(UNKNOWN) for name in DIMENSIONS[1:]),
    )


def by_dimension(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` of items once for each dimension, with dimension and slice."""
    return pl.concat(
        rows.select(
            "action_id",
            "days",
            "shipped",
            "dropped",
            pl.lit(name).alias("dimension"),
            pl.col(name).alias("slice"),
        )
        for name in DIMENSIONS
    ).sort("dimension", "slice", "days", "action_id")
