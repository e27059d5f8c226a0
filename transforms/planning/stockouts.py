"""Weeks in which a SKU was out of stock on some days, and what was sold on the others."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from transforms.calendar import WEEKDAYS, week_of
from transforms.demand import MILLI
from transforms.published import LEVEL_KEYS, series_id_of

OUT = [f"out_{i}" for i in range(7)]
_SCOPE = ("category", "sku", "channel")
LOST = ("observed_units", "unconstrained_units", "lost_units")


def out_weeks(inventory: pl.DataFrame, sold: pl.DataFrame, week_start: str) -> pl.DataFrame:
    """Each SKU's weeks with a day without stock at its end, sorted.

    Columns: sku, week_start, censored_share (of the days observed), out_0 … out_6 (whether that day
    of the week was out), sold_in and sold_out (units sold on days with stock, or without a count,
    and on the others). ``sold``: day, sku, milli.
    """
    daily = inventory.group_by("sku", "date").agg(
        (pl.col("on_hand") * MILLI).round().cast(pl.Int64).sum().alias("_stock")
    )
    first = WEEKDAYS.index(week_start) + 1
    days = daily.select(
        "sku",
        pl.col("date").alias("day"),
        week_of(pl.col("date"), week_start).alias("week_start"),
        ((pl.col("date").dt.weekday().cast(pl.Int32) - first) % 7).alias("_at"),
        (pl.col("_stock") <= 0).alias("_out"),
    )
    flags = [
        ((pl.col("_at") == i) & pl.col("_out")).any().alias(name) for i, name in enumerate(OUT)
    ]
    weeks = (
        days.group_by("sku", "week_start")
        .agg(pl.col("_out").mean().alias("censored_share"), *flags)
        .filter(pl.col("censored_share") > 0)
    )
    out = days.filter("_out").select("sku", "day", pl.lit(True).alias("_gone"))
    units = (
        sold.with_columns(week_of(pl.col("day"), week_start).alias("week_start"))
        .join(weeks, on=["sku", "week_start"], how="semi")
        .join(out, on=["sku", "day"], how="left")
        .group_by("sku", "week_start")
        .agg(
            (pl.col("milli").filter(pl.col("_gone").is_null()).sum() / MILLI).alias("sold_in"),
            (pl.col("milli").filter(pl.col("_gone").is_not_null()).sum() / MILLI).alias("sold_out"),
        )
    )
    return (
        weeks.join(units, on=["sku", "week_start"], how="left")
        .with_columns(pl.col("sold_in", "sold_out").fill_null(0.0))
        .sort("sku", "week_start")
    )


def summed_up(
    skus: pl.DataFrame, weekly: pl.DataFrame, levels: Sequence[str], categories: pl.DataFrame
) -> pl.DataFrame:
    """Rows of demand_unconstrained at every level of ``levels`` that has SKUs below it, and theirs.

    ``skus``: sku, week_start, the units of ``LOST``, method, censored_share, trained_on.
    ``weekly``: demand_weekly of units, of which levels above take what was sold.
    """
    key = ["level", "series_id", "week_start"]
    named = skus.join(categories, on="sku", how="left").with_columns(
        pl.lit(None, dtype=pl.String).alias("channel")
    )
    parts = [_placed(named, "sku")] if "sku" in levels else []
    for level in ("total", "category"):
        if level not in levels:
            continue
        keys = [*LEVEL_KEYS[level], "week_start"]
        lost = _placed(named.group_by(keys).agg(pl.col("lost_units").sum()), level)
        sold = weekly.select(*key, pl.col("value").alias("observed_units"))
        whole = lost.join(sold, on=key)
        made = whole.with_columns(
            (pl.col("observed_units") + pl.col("lost_units")).alias("unconstrained_units"),
            pl.lit("sum").alias("method"),
            pl.lit(True).alias("trained_on"),
        )
        share = pl.col("lost_units") / pl.col("unconstrained_units")
        parts.append(made.with_columns(share.fill_nan(0.0).alias("censored_share")))
    return pl.concat(parts, how="diagonal").with_columns(pl.lit("units").alias("target"))


def _placed(rows: pl.DataFrame, level: str) -> pl.DataFrame:
    keys = LEVEL_KEYS[level] if level != "sku" else ("category", "sku")
    empty = [pl.lit(None, dtype=pl.String).alias(n) for n in _SCOPE if n not in keys]
    return rows.with_columns(
        pl.lit(level).alias("level"), series_id_of(level).alias("series_id"), *empty
    )
