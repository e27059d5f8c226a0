"""What sales tell a plan: prices, weekdays, and whether a SKU sells in whole units."""

from __future__ import annotations

import polars as pl

from transforms.calendar import WEEKDAYS, local_day, week_of
from transforms.demand import COUNTED, MILLI

PRICE_WEEKS = 13
CURRENCY_CODE = "^[A-Za-z]{3}$"
WEEKDAY_WEEKS = 26


def weekdays(sold: pl.DataFrame, week_start: str) -> pl.DataFrame:
    """Units by day of the week over the newest 26 weeks: category (null: all), day_0 … day_6.

    ``sold``: day, category, milli. day_0 is the week's first day. The newest week may be unfinished
    and is left out.
    """
    first = WEEKDAYS.index(week_start) + 1
    at = (pl.col("day").dt.weekday().cast(pl.Int32) - first) % 7
    week = week_of(pl.col("day"), week_start)
    newest = week.max()
    recent = (week < newest) & (week >= newest - pl.duration(weeks=WEEKDAY_WEEKS))
    days = [
        (pl.col("milli").filter(pl.col("_at") == i).sum() / MILLI).alias(f"day_{i}")
        for i in range(7)
    ]
    kept = sold.filter(recent).with_columns(at.alias("_at"))
    whole = kept.select(pl.lit(None, dtype=pl.String).alias("category"), *days)
    return pl.concat([whole, kept.group_by("category").agg(*days).sort("category")])


def pieces(sold: pl.DataFrame) -> pl.DataFrame:
    """Sku and whether each of its sales was of whole units."""
    return sold.group_by("sku").agg((pl.col("milli") % MILLI == 0).all().alias("pieces"))


def prices(order_lines: pl.LazyFrame, timezone: str, week_start: str) -> pl.DataFrame:
    """sku, unit_price, currency: mean price of a unit over the newest 13 weeks with a priced sale.

    In whole thousandths, so that no order of rows matters. Null price where those weeks hold
    several currencies; lines without a price, or at nothing, tell none. A currency is a code of
    three letters (ISO 4217): whatever else stands in the column is none.
    """
    weekly = (
        order_lines.filter(COUNTED, pl.col("unit_price") > 0, pl.col("quantity") > 0)
        .select(
            "sku",
            pl.when(pl.col("currency").str.contains(CURRENCY_CODE)).then("currency"),
            week_of(local_day("ordered_at", timezone), week_start).alias("_week"),
            _milli(pl.col("quantity")).alias("_milli"),
            _milli(pl.col("quantity") * pl.col("unit_price")).alias("_value"),
        )
        .group_by("sku", "currency", "_week")
        .agg(pl.col("_milli", "_value").sum())
        .collect(engine="streaming")
    )
    rank = pl.col("_week").rank("dense", descending=True).over("sku")
    return (
        weekly.filter(rank <= PRICE_WEEKS)
        .group_by("sku")
        .agg(
            (pl.col("_value").sum() / pl.col("_milli").sum()).round(4).alias("unit_price"),
            pl.col("currency").drop_nulls().n_unique().alias("_currencies"),
            pl.col("currency").drop_nulls().min().alias("currency"),
        )
        .select(
            "sku",
            pl.when(pl.col("_currencies") <= 1).then("unit_price").alias("unit_price"),
            pl.when(pl.col("_currencies") == 1).then("currency").alias("currency"),
        )
        .sort("sku")
    )


def _milli(value: pl.Expr) -> pl.Expr:
    return (value * MILLI).round().cast(pl.Int64)
