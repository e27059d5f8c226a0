"""Order lines as sums: all that a plan asks of them, so that no line of many millions is held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from transforms.calendar import local_day
from transforms.demand import COUNTED, MILLI, placed, sku_categories
from transforms.planning.sales import pieces, prices


@dataclass(frozen=True, slots=True)
class Lines:
    """What order lines tell a plan.

    `named`: sku, category, ordered_at (the latest) of all lines, for `transforms.demand.sku_categories`.
    `categories`: sku, category. `sold`: day, sku, category, channel (null), milli of those that are demand.
    `pieces`: sku, pieces. `prices`: as `transforms.planning.sales.prices`.
    """

    named: pl.DataFrame
    categories: pl.DataFrame
    sold: pl.DataFrame
    pieces: pl.DataFrame
    prices: pl.DataFrame


def summed(
    lines: pl.LazyFrame,
    products: pl.DataFrame,
    masked: Callable[[pl.DataFrame], list[pl.Expr]],
    *,
    timezone: str,
    week_start: str,
) -> Lines:
    """`lines` (order_lines as known at a night) in a few passes, each of which keeps sums only.

    `masked` gives, for frames of names, what columns stand for in published rows: names are replaced
    before anything is counted by them.
    """
    named = _collected(lines.group_by("sku", "category", "channel").agg(pl.col("ordered_at").max()))
    said = lines.with_columns(masked(named))
    named = named.with_columns(masked(named))
    categories = sku_categories(named, products)
    skus = pl.Enum(named["sku"].unique().sort())
    real = said.filter(COUNTED).select(
        local_day("ordered_at", timezone).alias("day"),
        pl.col("sku").cast(skus),
        "channel",
        (pl.col("quantity") * MILLI).round().cast(pl.Int64).alias("milli"),
    )
    broken = pl.col("milli") % MILLI != 0
    days = _collected(
        real.group_by("day", "sku").agg(pl.col("milli").sum(), broken.any().alias("_broken"))
    )
    sold = days.drop("_broken").with_columns(pl.col("sku").cast(pl.String), channel=_NOBODY)
    return Lines(
        named.drop("channel"),
        categories,
        placed(sold, categories),
        _whole(days, real),
        prices(said, timezone, week_start),
    )


_NOBODY = pl.lit(None, dtype=pl.String)


def _whole(days: pl.DataFrame, real: pl.LazyFrame) -> pl.DataFrame:
    """`pieces` of what was sold a day and channel; who never sold a part of a unit needs no sums for it."""
    broken = days.group_by("sku").agg(pl.col("_broken").any())
    parted = broken.filter("_broken").select("sku")
    whole = broken.filter(~pl.col("_broken")).select("sku", pl.lit(value=True).alias("pieces"))
    if parted.height:
        theirs = real.join(parted.lazy(), on="sku", how="semi")
        sums = _collected(theirs.group_by("day", "sku", "channel").agg(pl.col("milli").sum()))
        whole = pl.concat([whole, pieces(sums)])
    return whole.with_columns(pl.col("sku").cast(pl.String)).sort("sku")


def _collected(frame: pl.LazyFrame) -> pl.DataFrame:
    return frame.collect(engine="streaming")
