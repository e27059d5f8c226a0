"""Stock and deliveries on the way, per SKU, as they stand at the end of a night's day."""

from __future__ import annotations

from datetime import date

import polars as pl

from transforms.asof import SOURCE
from transforms.demand import MILLI
from transforms.planning.terms import lead_in_days

COUNTS = {
    "sku": pl.String(),
    "inventory_date": pl.Date(),
    "_on_hand": pl.Int64(),
    "_on_order": pl.Int64(),
}


def _milli(name: str) -> pl.Expr:
    return (pl.col(name) * MILLI).round().cast(pl.Int64)


def counted_stock(inventory: pl.DataFrame) -> pl.DataFrame:
    """The newest count of each SKU, sources added up: sku, inventory_date (the oldest), milli.

    ``inventory`` is inventory_daily as known at the night. `_on_order` is null where no source
    tells it.
    """
    newest = inventory.sort("date").unique(subset=[SOURCE, "sku"], keep="last", maintain_order=True)
    told = pl.col("on_order").is_not_null()
    return newest.group_by("sku").agg(
        pl.col("date").min().alias("inventory_date"),
        _milli("on_hand").sum().alias("_on_hand"),
        pl.when(told.any()).then(_milli("on_order").sum()).alias("_on_order"),
    )


def promised(receipts: pl.DataFrame, as_of: date, overdue_days: int) -> pl.DataFrame:
    """Deliveries by SKU and promised day, as milli: sku, day (after as_of), milli, kind.

    kind: `ahead`, `overdue` (promised up to as_of), `lapsed` (longer ago than ``overdue_days``).
    """
    day = (pl.col("expected_on") - pl.lit(as_of)).dt.total_days()
    return (
        receipts.group_by("sku", "expected_on")
        .agg(_milli("quantity").sum().alias("milli"))
        .select(
            "sku",
            day.alias("day"),
            "milli",
            pl.when(day > 0)
            .then(pl.lit("ahead"))
            .when(day >= -overdue_days)
            .then(pl.lit("overdue"))
            .otherwise(pl.lit("lapsed"))
            .alias("kind"),
        )
        .sort("sku", "day")
    )


def _by_kind(deliveries: pl.DataFrame) -> pl.DataFrame:
    kinds = [
        pl.col("milli").filter(pl.col("kind") == kind).sum().alias(f"_{kind}")
        for kind in ("ahead", "overdue", "lapsed")
    ]
    return deliveries.group_by("sku").agg(*kinds)


def with_stock(
    skus: pl.DataFrame,
    inventory: pl.DataFrame,
    receipts: pl.DataFrame,
    sold: pl.DataFrame,
    *,
    as_of: date,
    stale_days: int,
    overdue_days: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``skus`` (sku, lead_time_days …) with its stock, and the deliveries counted on.

    ``sold``: sku, day, milli of what was sold. Stock is the newest count less what was sold since,
    not below 0: what came in since is not known. Where a count tells what is on order, overdue
    deliveries are believed up to what that leaves beside those ahead, and what no delivery is
    promised for is expected after a lead time. Overdue ones are expected tomorrow.

    Second: sku, day (after as_of, at least 1), units.
    """
    deliveries = promised(receipts, as_of, overdue_days)
    counts = counted_stock(inventory) if inventory.height else pl.DataFrame(schema=COUNTS)
    known = (
        skus.join(counts, on="sku", how="left")
        .join(_by_kind(deliveries), on="sku", how="left")
        .with_columns(pl.col("_ahead", "_overdue", "_lapsed").fill_null(0))
    )
    known = known.join(_sold_since(known, sold), on="sku", how="left").with_columns(
        pl.when(pl.col("inventory_date").is_not_null())
        .then(pl.col("_sold_since").fill_null(0))
        .alias("_sold_since")
    )
    room = (pl.col("_on_order") - pl.col("_ahead")).clip(lower_bound=0)
    believed = pl.min_horizontal("_overdue", room)  # all of it where nobody tells what is on order
    known = known.with_columns(believed.alias("_believed"))
    undated = pl.col("_on_order") - pl.col("_ahead") - pl.col("_believed")
    known = known.with_columns(pl.max_horizontal(undated.fill_null(0), 0).alias("_undated"))
    coming = _coming(known, deliveries)
    return _columns(known, coming, as_of, stale_days), coming


def _sold_since(known: pl.DataFrame, sold: pl.DataFrame) -> pl.DataFrame:
    dated = sold.join(known.select("sku", "inventory_date").drop_nulls(), on="sku")
    later = dated.filter(pl.col("day") > pl.col("inventory_date"))
    return later.group_by("sku").agg(pl.col("milli").sum().alias("_sold_since"))


def _coming(known: pl.DataFrame, deliveries: pl.DataFrame) -> pl.DataFrame:
    ahead = deliveries.filter(pl.col("kind") == "ahead").join(known, on="sku", how="semi")
    overdue = known.select("sku", pl.lit(1, pl.Int64).alias("day"), milli="_believed")
    lead = pl.max_horizontal(lead_in_days(), 1)
    undated = known.select("sku", lead.alias("day"), milli="_undated")
    every = pl.concat([ahead.select("sku", "day", "milli"), overdue, undated])
    return (
        every.filter(pl.col("milli") > 0)
        .group_by("sku", "day")
        .agg((pl.col("milli").sum() / MILLI).alias("units"))
        .sort("sku", "day")
    )


def _columns(
    known: pl.DataFrame, coming: pl.DataFrame, as_of: date, stale_days: int
) -> pl.DataFrame:
    age = (pl.lit(as_of) - pl.col("inventory_date")).dt.total_days()
    left = pl.max_horizontal(pl.col("_on_hand") - pl.col("_sold_since"), 0)
    available = pl.when(pl.col("_on_hand") < 0).then("_on_hand").otherwise(left)
    stock = pl.col("inventory_date").is_not_null()
    on_order = pl.col("_ahead") + pl.col("_believed") + pl.col("_undated")
    lapsed = pl.col("_lapsed") + pl.col("_overdue") - pl.col("_believed")
    milli = {
        "on_hand_units": pl.col("_on_hand"),
        "sold_since_units": pl.col("_sold_since"),
        "available_units": pl.when(stock).then(available),
        "on_order_units": on_order,
        "receipts_overdue_units": pl.col("_believed"),
        "receipts_lapsed_units": lapsed,
        "position_units": pl.when(stock).then(available + on_order),
    }
    first = coming.group_by("sku").agg(
        (pl.lit(as_of) + pl.duration(days=pl.col("day").min())).alias("next_receipt_on")
    )
    return (
        known.with_columns((value / MILLI).alias(name) for name, value in milli.items())
        .with_columns(
            age.cast(pl.Float64).alias("inventory_age_days"),
            (age > stale_days).fill_null(value=False).alias("inventory_stale"),
        )
        .join(first, on="sku", how="left")
        .drop(pl.selectors.starts_with("_"))
    )
