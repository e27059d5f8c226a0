"""Orders and checkouts as sums by day."""

from __future__ import annotations

from datetime import date

import polars as pl

SUMS = ("placed", "valued", "raw", "winsorised", "started", "completed")


def by_day(orders: pl.DataFrame, carts: pl.DataFrame, end: date) -> pl.DataFrame:
    """SUMS of every day from the first known one to the one before `end`; no rows without orders.

    `orders`: day, cents; `carts`: day, started, completed. raw and winsorised are units of the currency;
    in the latter orders above the 99th percentile count as that.
    """
    first = pl.concat([orders["day"], carts["day"]]).min()
    if orders.is_empty() or not isinstance(first, date) or first >= end:
        return pl.DataFrame(schema={"day": pl.Date, **dict.fromkeys(SUMS, pl.Float64)})
    cap = orders["cents"].quantile(0.99, interpolation="lower")
    sums = orders.group_by("day").agg(
        pl.len().alias("placed"),
        pl.col("cents").count().alias("valued"),
        (pl.col("cents").sum() / 100).alias("raw"),
        (pl.col("cents").clip(upper_bound=cap).sum() / 100).alias("winsorised"),
    )
    grid = pl.DataFrame({"day": pl.date_range(first, end, closed="left", eager=True)})
    both = grid.join(sums, on="day", how="left").join(carts, on="day", how="left").sort("day")
    return both.select("day", pl.col(SUMS).cast(pl.Float64).fill_null(0.0))
