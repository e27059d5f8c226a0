"""Planned launches and ends of products, as far as they were told by a cutoff."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import week_of

TOLD_ON = "_told_on"
"""Day from which a row's plans count as told; without the column, plans are never used."""
NEW_WEEKS = 8


def one_per_sku(products: pl.DataFrame) -> pl.DataFrame:
    """One row per SKU: where several sources name it, the first in order of their names."""
    return products.sort(SOURCE, "sku").unique(subset="sku", keep="first", maintain_order=True)


def planned(products: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What products tell of the time after `as_of`: sku, starts_on, ends_on (null: nothing).

    A date of the past is history, known to whoever looks back from its own day. One that lies
    ahead counts only where the row itself had been delivered by `as_of`.
    """
    told = (
        pl.col(TOLD_ON) <= as_of if TOLD_ON in products.columns else pl.lit(value=False)
    ).fill_null(value=False)
    ahead = {
        new: pl.when(told & (pl.col(old) > as_of)).then(pl.col(old)).alias(new)
        for new, old in (("starts_on", "launched_on"), ("ends_on", "discontinued_on"))
    }
    return one_per_sku(products).select("sku", **ahead)


def unsold(
    products: pl.DataFrame, sold: pl.Series, *, as_of: date, last_week: date, week_start: str
) -> pl.DataFrame:
    """Products on sale since some eight weeks, or to be, that have not sold anything yet.

    Columns: sku, category, first_week (that of the launch). `sold` are SKUs with any event.
    """
    known = one_per_sku(products).join(planned(products, as_of), on="sku", maintain_order="left")
    recent = last_week - timedelta(weeks=NEW_WEEKS - 1)
    launched = pl.col("launched_on").is_between(recent, as_of)
    gone = pl.col("discontinued_on") <= as_of
    return (
        known.filter(~pl.col("sku").is_in(sold.implode()))
        .filter((launched | pl.col("starts_on").is_not_null()) & ~gone.fill_null(value=False))
        .select("sku", "category", week_of(pl.col("launched_on"), week_start).alias("first_week"))
    )
