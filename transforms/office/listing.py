"""A call list from night to night: what has become of each customer on it, and what is at stake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from transforms.calendar import local_day
from transforms.office.cohorts import PENCE

REASONS = {
    "recent": "ordered on {} ({})",
    "repeat": "ordered on {}, not for the first time ({})",
    "abandoner": "left a cart on {} and has not ordered since ({})",
}
HELD = ("holdout", "control")
"""Arms of assignments whose customers are not to be called."""


def reason_of(programme: str) -> pl.Expr:
    """Why a customer is on the list, in plain words: what they did, when, and with what."""
    return pl.format(
        REASONS[programme], pl.col("event_on").dt.to_string("%Y-%m-%d"), pl.col("family")
    )


def arms_given(assignments: pl.DataFrame, programme: str) -> pl.DataFrame:
    """customer_id, arm and arm_prob of those whom the input assigns: it goes before the lot."""
    held = pl.col("arm").str.to_lowercase().is_in(HELD)
    return (
        assignments.filter(pl.col("experiment_id") == programme)
        .sort("assigned_at", "_source")
        .unique("customer_id", keep="first", maintain_order=True)
        .select(
            "customer_id",
            pl.when(held).then(pl.lit("holdout")).otherwise(pl.lit("call")).alias("_arm"),
            pl.col("probability").alias("_prob"),
        )
    )


def status_of(
    listed: pl.DataFrame, attempts: pl.DataFrame, barred_now: pl.DataFrame, timezone: str
) -> pl.DataFrame:
    """`listed` (customer_id, programme, arm, drawn_on …) with status and last_contacted_on.

    Dials after the day on which a list was drawn are of it, whatever their cohort. `barred_now`:
    customer_id and why they must not be called tonight, of which refusals and lost consents count.
    """
    day = local_day("attempted_at", timezone)
    dialled = attempts.select("customer_id", day.alias("_day"), "connected")
    since = (
        listed.select("customer_id", "programme", "drawn_on")
        .join(dialled, on="customer_id")
        .filter(pl.col("_day") > pl.col("drawn_on"))
        .group_by("customer_id", "programme")
        .agg(pl.col("connected").any().alias("_reached"), pl.col("_day").max().alias("_last"))
    )
    gone = barred_now.filter(pl.col("barred").is_in(["refused", "no_consent"]))
    barred = pl.col("customer_id").is_in(gone["customer_id"].implode())
    state = (
        pl.when(pl.col("arm") == "holdout")
        .then(pl.lit("holdout"))
        .when(pl.col("_reached"))
        .then(pl.lit("reached"))
        .when(barred)
        .then(pl.lit("do_not_call"))
        .when(pl.col("_reached").is_not_null())
        .then(pl.lit("attempted"))
        .otherwise(pl.lit("to_call"))
    )
    return (
        listed.join(since, on=["customer_id", "programme"], how="left")
        .with_columns(
            state.alias("status"),
            pl.max_horizontal("last_contacted_on", "_last").alias("last_contacted_on"),
        )
        .drop("_reached", "_last")
    )


def frame_counts(judged: pl.DataFrame, reasons: tuple[str, ...]) -> Mapping[str, int]:
    """How many of a cohort each reason keeps off the list, how many are left, and all of them."""
    told = dict(judged["barred"].value_counts().iter_rows())
    return {
        "in_cohort": judged.height,
        "eligible": int(told.get(None, 0)),
        **{name: int(told.get(name, 0)) for name in reasons},
    }


def value_at_stake(
    plan: pl.DataFrame | None, weekly: pl.DataFrame, categories: pl.DataFrame, since: date
) -> pl.DataFrame:
    """family, worth: what tonight's orders decide there, in money; else in units.

    Expected demand of the protection period at the price of a unit, where the plan has both for
    any SKU; otherwise units sold since `since`.
    """
    if plan is not None:
        priced = plan.filter(
            pl.col("final_units").is_not_null(), pl.col("unit_price").is_not_null()
        )
        if priced.height:
            pence = (pl.col("final_units") * pl.col("unit_price") * PENCE).round().cast(pl.Int64)
            named = priced.drop("category").join(categories, on="sku")
            return _summed(named, pence, 1 / PENCE)
    sold = weekly.filter(
        pl.col("level") == "category",
        pl.col("target") == "units",
        pl.col("week_start") >= since,
    )
    milli = (pl.col("value").fill_null(0.0) * 1000).round().cast(pl.Int64)
    return _summed(sold, milli, 1 / 1000)


def _summed(rows: pl.DataFrame, whole: pl.Expr, unit: float) -> pl.DataFrame:
    sums = rows.group_by("category").agg(whole.sum().alias("_sum"))
    worth = (pl.col("_sum") * unit).clip(lower_bound=0.0).alias("worth")
    return sums.select(pl.col("category").alias("family"), worth).sort("family")
