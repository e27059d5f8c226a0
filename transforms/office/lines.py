"""Order lines of many millions in small types: names that repeat as categories, customers as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from transforms.asof import DELETED, KNOWN_ON, SOURCE

ID = "customer_id"
CODED = (SOURCE, ID, "sku", "category", "currency")
"""Texts of which few differ, or which stand in many rows."""
KEPT = (
    *CODED, "order_id", "ordered_at", "quantity", "unit_price", "cancelled_at", "is_test",
    KNOWN_ON, DELETED,
)  # fmt: skip
"""Columns that the customer system's tables look at, and those that tell what was known on an earlier day."""
CENT = 100


def coded(lines: pl.LazyFrame) -> pl.DataFrame:
    """`lines` (order_lines as known on a day) with the columns `KEPT`, the texts in `CODED` as categories."""
    told = [pl.col(n).cast(pl.Categorical) if n in CODED else pl.col(n) for n in KEPT]
    return lines.select(told).collect(engine="streaming")


@dataclass(frozen=True, slots=True)
class Ids:
    """The different customer ids of coded order lines.

    `told`: _source and customer_id as given, one row for each. `rows`: which of them each line bears; null: none.
    """

    told: pl.DataFrame
    rows: pl.Series


def ids_of(lines: pl.DataFrame) -> Ids:
    """The ids of `lines` (`coded`), looked up by their numbers instead of compared as texts."""
    borne = lines[ID].is_not_null()
    theirs = borne.arg_true()
    customer, source = (
        lines[name].gather(theirs).to_physical().to_numpy().astype(np.int64)
        for name in (ID, SOURCE)
    )
    sources, place = np.unique(source, return_inverse=True)
    width = int(customer.max(initial=0)) + 1
    code = place * width + customer
    one = np.full(len(sources) * width, -1, np.int64)
    one[code] = np.arange(len(code))  # a line that bears it
    there = one >= 0
    number = np.cumsum(there) - 1
    told = lines.select(SOURCE, ID)[theirs.to_numpy()[one[there]]].cast(pl.String)
    rows = np.zeros(lines.height, np.uint32)
    rows[theirs.to_numpy()] = number[code]
    return Ids(told, pl.Series(rows).set(~borne, None))


def numbered(lines: pl.DataFrame, ids: Ids, persons: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    """`lines` (`coded`) with a number for each person as customer_id, and the persons by number.

    `persons` of each of `ids`. Numbers are in the order of the persons' ids: they sort and join as these do.
    """
    number = persons.rank("dense").cast(pl.UInt32) - 1
    return lines.with_columns(number.gather(ids.rows).alias(ID)), persons.unique().sort()


def named(lines: pl.DataFrame, everybody: pl.Series) -> pl.DataFrame:
    """Numbered `lines` with every text as such, and the person's id in the place of the number."""
    texts = [pl.col(n).cast(pl.String) for n in CODED if n in lines.columns and n != ID]
    return lines.with_columns(*texts, everybody.gather(lines[ID]).alias(ID))


def names(lines: pl.DataFrame) -> pl.DataFrame:
    """sku, category (texts) and ordered_at (the latest) of all `lines`, for `transforms.demand.sku_categories`."""
    found = lines.lazy().group_by("sku", "category").agg(pl.col("ordered_at").max())
    return found.collect(engine="streaming").with_columns(pl.col("sku", "category").cast(pl.String))


def sold(lines: pl.DataFrame, categories: pl.DataFrame) -> pl.LazyFrame:
    """customer_id, ordered_at, category and cents (null: no price) of `lines` (numbered) that stand.

    `categories`: sku and category of every SKU of `lines`. The category is an Enum in the order of the names.
    """
    real = pl.col("cancelled_at").is_null() & ~pl.col("is_test").fill_null(value=False)
    cents = (pl.col("unit_price") * pl.col("quantity") * CENT).round().cast(pl.Int64)
    category = _category_of(lines["sku"], categories)
    return (
        lines.lazy()
        .with_columns(category.alias("category"))
        .filter(real)
        .select(ID, "ordered_at", "category", cents.alias("cents"))
    )


def _category_of(skus: pl.Series, categories: pl.DataFrame) -> pl.Series:
    """The category of each of `skus` (categories of Polars, so that a number tells each)."""
    kinds = pl.Enum(categories["category"].unique().sort())
    known, number = (
        one.to_physical().to_numpy() for one in (categories["sku"].cast(pl.Categorical), skus)
    )
    place = np.zeros(int(known.max(initial=0)) + 1, np.uint32)
    place[known] = np.arange(len(known))
    return categories["category"].cast(kinds).gather(pl.Series(place[number]))
