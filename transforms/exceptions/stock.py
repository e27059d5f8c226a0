"""Stock that runs out before more can come, and stock that nobody will want for long."""

from __future__ import annotations

from datetime import date

import polars as pl

from transforms.exceptions.found import conformed, day, number, units
from transforms.planning.terms import arrives_on

LEAST_UNITS = 1.0
SHORT_SHARE = 0.05
"""A shortage of less than this share of the protection period's demand is no exception."""
GRAVE_SHARE = 0.10
"""A shortage of this share of the protection period's demand is grave."""
SOON_DAYS = 14
"""A week to the next weekly review and one for the fastest way: who waits for that review is late."""
LEAST_EXCESS_DAYS = 7.0
"""Excess of less than a week's demand is no exception: forecasts move by more between two nights."""
LONG_COVER_DAYS = 365.0


def stock_outs(plan: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """SKUs of inventory_plan that lose sales which an order placed tonight comes too late for.

    An ordinary order is no exception: what it can still save is in the plan. High: stock has
    probably run out before the order arrives and within SOON_DAYS, and the loss is grave; so high
    ones are those that cannot wait for the next review, and not every shortage.
    """
    wanted = pl.col("lost_sales_units")
    rows = plan.filter(
        (pl.col("plan_status") == "planned")
        & (wanted >= pl.max_horizontal(LEAST_UNITS, SHORT_SHARE * pl.col("final_units")))
    ).with_columns(arrives_on(as_of).alias("_arrives"))  # fmt: skip
    soon = pl.col("stockout_date_p50") <= pl.min_horizontal(
        "_arrives", pl.lit(as_of) + pl.duration(days=SOON_DAYS)
    )
    grave = wanted >= GRAVE_SHARE * pl.col("final_units")
    when = (
        pl.when(pl.col("available_units") <= 0).then(pl.lit("is out of stock"))
        .when(pl.col("stockout_date_p50").is_not_null())
        .then(pl.lit("runs out about ") + day("stockout_date_p50"))
        .otherwise(pl.lit("may run out"))
    )  # fmt: skip
    early = pl.lit(" (1 chance in 10 by ") + day("stockout_date_p10") + pl.lit(")")
    ordered = (
        pl.when(pl.col("on_order_units") > 0)
        .then(pl.lit("ask the supplier to bring forward the ") + units("on_order_units")
              + pl.lit(" on order"))
        .otherwise(pl.lit("order ") + units("suggested_order_units")
                   + pl.lit(" by the fastest way"))
    )  # fmt: skip
    return conformed(
        rows.with_columns(
            pl.lit("stock_out").alias("kind"),
            pl.when((soon & grave).fill_null(value=False)).then(pl.lit("high")).otherwise(pl.lit("medium"))
            .alias("severity"),
            (when + pl.when(pl.col("stockout_date_p10").is_not_null()).then(early)
             .otherwise(pl.lit("")) + pl.lit("; an order placed now arrives about ")
             + day("_arrives") + pl.lit(": ") + units("lost_sales_units")
             + pl.lit(" cannot be served")).alias("headline"),
            (ordered + pl.lit("; until then slow its promotions and tell customers when it is back"))
            .alias("action"),
            wanted.alias("units_at_risk"),
            pl.col("lost_sales_value").alias("value_at_risk"),
            pl.col("available_units").alias("observed"),
            pl.col("final_units").alias("expected"),
            pl.col("stockout_date_p50").alias("due_on"),
            *_series(),
        )
    )  # fmt: skip


def overstocks(plan: pl.DataFrame) -> pl.DataFrame:
    """SKUs of inventory_plan with stock above the order-up-to level and a long period's demand.

    Medium where stock lasts a year or nobody wants it, low else. What is bound in it is its cost:
    without one it has no value, for the price of a sale that is not wanted is nobody's loss.
    """
    daily = (pl.col("final_units") / pl.col("protection_days")).fill_null(0.0)
    least = pl.max_horizontal(LEAST_UNITS, LEAST_EXCESS_DAYS * daily)
    rows = plan.filter(pl.col("excess_units") >= least)
    long = (pl.col("days_of_cover") > LONG_COVER_DAYS) | pl.col("days_of_cover").is_null()
    cover = (
        pl.when(pl.col("days_of_cover").is_null()).then(pl.lit("no demand is expected for it"))
        .otherwise(pl.lit("stock lasts ") + number("days_of_cover") + pl.lit(" days"))
    )  # fmt: skip
    return conformed(
        rows.with_columns(
            pl.lit("overstock").alias("kind"),
            pl.when(long).then(pl.lit("medium")).otherwise(pl.lit("low")).alias("severity"),
            (units("excess_units") + pl.lit(" more than needed: ") + cover).alias("headline"),
            (pl.when(pl.col("on_order_units") > 0)
             .then(pl.lit("cancel or put off the ") + units("on_order_units")
                   + pl.lit(" on order; then promote it, or bundle it with what sells"))
             .otherwise(pl.lit("stop ordering; promote it, or bundle it with what sells")))
            .alias("action"),
            pl.col("excess_units").alias("units_at_risk"),
            pl.col("excess_value").alias("value_at_risk"),
            pl.col("unit_cost").alias("unit_price"),
            pl.col("available_units").alias("observed"),
            pl.col("order_up_to_units").alias("expected"),
            *_series(),
        )
    )  # fmt: skip


def _series() -> list[pl.Expr]:
    return [
        pl.lit("units").alias("target"),
        pl.lit("sku").alias("level"),
        pl.col("sku").alias("series_id"),
        pl.col("currency").fill_null("currency").alias("value_unit"),
        pl.lit(1, dtype=pl.Int64).alias("n"),
    ]
