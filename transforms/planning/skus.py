"""Every SKU that a plan has to speak of, and whether it can still be ordered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from transforms.demand import UNCATEGORISED, sku_categories
from transforms.planning.terms import arrives_on
from transforms.plans import one_per_sku, planned

NAMED_IN = ("order_lines", "products", "inventory_daily", "expected_receipts")


def every_sku(shown: Mapping[str, pl.DataFrame], listed: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One row per SKU of sales, products, stock and deliveries, sorted.

    Columns: sku, category, series_status (of ``listed``: series_listed of units, null: none),
    ended (no longer sold), ends_on (planned end), unit_cost. ``shown``: the tables of ``NAMED_IN``
    as known at the night.
    """
    skus = pl.concat([shown[name].select("sku") for name in NAMED_IN]).unique().sort("sku")
    categories = sku_categories(shown["order_lines"], shown["products"])
    status = listed.filter((pl.col("target") == "units") & (pl.col("level") == "sku")).select(
        "sku", pl.col("status").alias("series_status")
    )
    products = one_per_sku(shown["products"])
    gone = pl.col("discontinued_on") <= as_of
    told = products.select("sku", "unit_cost", gone.fill_null(value=False).alias("_gone"))
    ends = planned(shown["products"], as_of).select("sku", "ends_on")
    ended = pl.col("_gone").fill_null(value=False) | (pl.col("series_status") == "discontinued")
    return (
        skus.join(categories, on="sku", how="left")
        .join(status, on="sku", how="left")
        .join(told, on="sku", how="left")
        .join(ends, on="sku", how="left")
        .with_columns(
            pl.col("category").fill_null(UNCATEGORISED),
            ended.fill_null(value=False).alias("ended"),
        )
        .drop("_gone")
        .sort("sku")
    )


def with_orderable(skus: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Adds ``orderable``: still sold on the day after an order placed tonight would arrive."""
    sold_from = arrives_on(as_of) + pl.duration(days=1)
    over = (pl.col("ends_on") <= sold_from).fill_null(value=False)
    return skus.with_columns((~over & ~pl.col("ended")).alias("orderable"))
