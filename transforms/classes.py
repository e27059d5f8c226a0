"""Classes of SKUs as planners use them: A, B, C by value and X, Y, Z by how steady they sell."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

WEEKS = 52
LEAST_WEEKS = 13
A_SHARE, B_SHARE = 0.80, 0.95
X_SPREAD, Y_SPREAD = 0.5, 1.0
NEW = "new"
SCALE = 1000


def sku_classes(demand_weekly: pl.DataFrame, prices: pl.DataFrame, before: date) -> pl.DataFrame:
    """Columns series_id, class_abc, class_xyz of every SKU that sold in the 52 weeks to `before`.

    By value: the SKUs that together make the first 80 % are A, up to 95 % B, the others C; value
    is units at `prices` (sku, unit_price), at the mean of all known ones where a SKU has none,
    and units where nobody tells a price. By spread: standard deviation over mean of the weeks on
    sale is at most .5 for X, 1 for Y, else Z. With fewer than 13 weeks a SKU is `new` by both.
    Only weeks that were over on `before` count, so that a class does not know what it judges.
    """
    week = pl.col("week_start")
    known = demand_weekly.filter(
        (pl.col("target") == "units") & (pl.col("level") == "sku") & ~pl.col("is_partial"),
        (week + timedelta(days=6) <= before) & (week > before - timedelta(weeks=WEEKS)),
    ).with_columns((pl.col("value") * SCALE).round().cast(pl.Int64).alias("_w"))
    sold = known.group_by("series_id").agg(
        pl.col("_w").sum(), (pl.col("_w") * pl.col("_w")).sum().alias("_w2"), pl.len().alias("_n")
    )
    return _classed(_valued(sold, prices)).select("series_id", "class_abc", "class_xyz").sort(
        "series_id"
    )  # fmt: skip


def _valued(sold: pl.DataFrame, prices: pl.DataFrame) -> pl.DataFrame:
    told = (
        prices.select(pl.col("sku").alias("series_id"), "unit_price").drop_nulls().sort("series_id")
    )
    cents = (told["unit_price"] * SCALE).round().cast(pl.Int64)
    usual = int(cents.sum()) / len(cents) if len(cents) else float(SCALE)
    told = told.select("series_id", cents.cast(pl.Float64).alias("_price"))
    return sold.join(told, on="series_id", how="left").with_columns(
        (pl.col("_w") * pl.col("_price").fill_null(usual)).round().cast(pl.Int64).alias("_value")
    )


def _classed(sold: pl.DataFrame) -> pl.DataFrame:
    rows = sold.sort("_value", "series_id", descending=[True, False])
    before = (pl.col("_value").cum_sum() - pl.col("_value")) / pl.col("_value").sum()
    n, total = pl.col("_n"), pl.col("_w")
    # Mean and variance from whole sums: the same bits whatever the order of weeks.
    spread = (pl.col("_w2") * n / (total.cast(pl.Float64) * total) - 1).clip(0).sqrt()
    few = n < LEAST_WEEKS
    return rows.with_columns(
        pl.when(few).then(pl.lit(NEW)).when(before < A_SHARE).then(pl.lit("A"))
        .when(before < B_SHARE).then(pl.lit("B")).otherwise(pl.lit("C")).alias("class_abc"),
        pl.when(few).then(pl.lit(NEW)).when(total == 0).then(pl.lit("Z"))
        .when(spread <= X_SPREAD).then(pl.lit("X")).when(spread <= Y_SPREAD).then(pl.lit("Y"))
        .otherwise(pl.lit("Z")).alias("class_xyz"),
    )  # fmt: skip
