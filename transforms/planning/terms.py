"""How each SKU is ordered: its own settings, its product's, its category's, else the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from transforms.plans import one_per_sku

NAMES = ("service_level", "lead_time_days", "lead_time_std_days", "review_period_days")
BY_PRODUCT = ("lead_time_days", "lead_time_std_days", "review_period_days")
SOURCED = {
    "service_level": "service_level_source",
    "lead_time_days": "lead_time_source",
    "review_period_days": "review_period_source",
}
Given = Mapping[str, float]
"""Some of ``NAMES``."""


@dataclass(frozen=True, slots=True)
class PlanRules:
    """What of the settings decides a plan. ``default`` names each of ``NAMES``."""

    default: Given
    categories: Mapping[str, Given] = field(default_factory=dict)
    skus: Mapping[str, Given] = field(default_factory=dict)
    stale_inventory_days: int = 3
    overdue_receipt_days: int = 14
    excess_days: int = 91
    currency: str = ""


def lead_in_days() -> pl.Expr:
    """Whole days from a night's order to its receipt: a part of a day counts as one."""
    return pl.col("lead_time_days").ceil().cast(pl.Int64)


def arrives_on(as_of: date) -> pl.Expr:
    """The day on which an order placed on the night of ``as_of`` arrives."""
    return (pl.lit(as_of) + pl.duration(days=lead_in_days())).cast(pl.Date)


def _given(kind: str, rows: Mapping[str, Given]) -> pl.DataFrame:
    """One row per name in ``kind``, and each term that it sets."""
    names = sorted(rows)
    return pl.DataFrame(
        {kind: names, **{term: [rows[name].get(term) for name in names] for term in NAMES}},
        schema={kind: pl.String(), **dict.fromkeys(NAMES, pl.Float64())},
    )


def with_terms(skus: pl.DataFrame, products: pl.DataFrame, rules: PlanRules) -> pl.DataFrame:
    """``skus`` (sku, category …) with the four terms, moq and pack_size (null: none), and sources.

    ``products`` as known at the night; a lead time of one source counts, the first in the order of
    their names. An moq or pack_size of 0 is none; a review period of 0 days is one of 1 day.
    """
    names = [*BY_PRODUCT, "moq", "pack_size"]
    own = one_per_sku(products).select("sku", *(pl.col(n).alias(f"_product_{n}") for n in names))
    by_sku = _given("sku", rules.skus).rename({n: f"_sku_{n}" for n in NAMES})
    by_category = _given("category", rules.categories).rename({n: f"_category_{n}" for n in NAMES})
    joined = (
        skus.join(own, on="sku", how="left")
        .join(by_sku, on="sku", how="left")
        .join(by_category, on="category", how="left")
    )
    positive = [
        pl.when(pl.col(f"_product_{n}") > 0).then(f"_product_{n}").alias(n)
        for n in ("moq", "pack_size")
    ]
    sources = [_source(term).alias(name) for term, name in SOURCED.items()]
    values = [_value(term, rules.default[term]) for term in NAMES]
    return (
        joined.with_columns(*sources, *values, *positive)
        .with_columns(pl.max_horizontal("review_period_days", pl.lit(1.0)))
        .drop(pl.selectors.starts_with("_"))
    )


def _origins(term: str) -> list[tuple[str, str]]:
    product = [("product", f"_product_{term}")] if term in BY_PRODUCT else []
    return [("sku_setting", f"_sku_{term}"), *product, ("category_setting", f"_category_{term}")]


def _value(term: str, default: float) -> pl.Expr:
    columns = [pl.col(name) for _, name in _origins(term)]
    return pl.coalesce(*columns, pl.lit(default, dtype=pl.Float64)).alias(term)


def _source(term: str) -> pl.Expr:
    named = [pl.when(pl.col(n).is_not_null()).then(pl.lit(said)) for said, n in _origins(term)]
    return pl.coalesce(*named, pl.lit("default"))
