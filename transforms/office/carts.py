"""Carts left behind: who was drawn by lot to be called about theirs, who was reached, who bought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of
from transforms.office.periods import PERIOD

CALLED, HELD_OUT, UNASSIGNED = "called", "holdout", "unassigned"
LONG, SHORT = timedelta(days=14), timedelta(days=7)
"""Within which an order counts, and within which a cart must have been left before the lot."""
LEFT_AFTER = timedelta(days=1)
"""A cart that is still open by then was left, where no lot tells when it counted as such."""
COUNTS = (
    "eligible", "without_cart", "attempted", "reached", "ordered_7d", "ordered_14d",
    "recovered_7d", "recovered_14d", "ordered_before_attempt", "reached_ordered_14d",
    "revenue_cents",
)  # fmt: skip


def orders_of(order_lines: pl.DataFrame) -> pl.DataFrame:
    """order_id, customer_id, ordered_at, cents of orders that stand: neither cancelled nor tests."""
    real = pl.col("cancelled_at").is_null() & ~pl.col("is_test").fill_null(value=False)
    cents = (pl.col("unit_price").fill_null(0.0) * pl.col("quantity") * 100).round()
    return (
        order_lines.lazy()
        .filter(real)
        .select(
            SOURCE, "order_id", "customer_id", "ordered_at", cents.cast(pl.Int64).alias("cents")
        )
        .group_by(SOURCE, "order_id")
        .agg(pl.col("customer_id").min(), pl.col("ordered_at").min(), pl.col("cents").sum())
        .collect(engine="streaming")
    )


def drawn(assignments: pl.DataFrame, experiment: str, held_out: Sequence[str]) -> pl.DataFrame:
    """customer_id, arm, lot_at of those whom `experiment` drew: the first lot of each counts."""
    arm = pl.when(pl.col("arm").is_in(list(held_out))).then(pl.lit(HELD_OUT))
    return (
        assignments.filter(
            pl.col("experiment_id") == experiment, pl.col("customer_id").is_not_null()
        )
        .sort("customer_id", "assigned_at", "arm", SOURCE)
        .unique("customer_id", keep="first", maintain_order=True)
        .select("customer_id", arm.otherwise(pl.lit(CALLED)).alias("arm"), lot_at="assigned_at")
    )


def ended(checkouts: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Checkouts of known customers with ended_at, and with _ordered and cart_cents of the order that each became."""
    became = orders.select(
        SOURCE,
        pl.col("order_id").alias("completed_order_id"),
        pl.col("ordered_at").alias("_ordered"),
        pl.col("cents").alias("cart_cents"),
    )
    known = checkouts.filter(pl.col("customer_id").is_not_null())
    return known.join(became, on=[SOURCE, "completed_order_id"], how="left").with_columns(
        pl.coalesce("_ordered", "completed_at").alias("ended_at")
    )


def with_carts(lots: pl.DataFrame, carts: pl.DataFrame) -> pl.DataFrame:
    """`lots` with the newest of `carts` (as `ended` gives them) that each customer had open at the lot.

    It was begun in the 14 days before.
    has_cart: there is one. ended_at and cart_cents: when it became an order that stands, and of
    which value; null where it did not. A cart that was completed before the lot is not open.
    """
    pairs = lots.join(carts, on="customer_id").filter(
        (pl.col("started_at") <= pl.col("lot_at"))
        & (pl.col("started_at") > pl.col("lot_at") - LONG)
        & (pl.col("ended_at").is_null() | (pl.col("ended_at") > pl.col("lot_at")))
        & ~(pl.col("completed_order_id").is_not_null() & pl.col("ended_at").is_null())
    )
    newest = pairs.sort("customer_id", "started_at", "checkout_id", SOURCE).unique(
        "customer_id", keep="last", maintain_order=True
    )
    told = newest.select(
        "customer_id",
        pl.lit(value=True).alias("has_cart"),
        pl.when(pl.col("_ordered").is_not_null()).then("ended_at").alias("ended_at"),
        "cart_cents",
    )
    return lots.join(told, on="customer_id", how="left").with_columns(
        pl.col("has_cart").fill_null(value=False)
    )


def unassigned(lots: pl.DataFrame, carts: pl.DataFrame) -> pl.DataFrame:
    """Customers who left one of `carts` (as `ended` gives them) and were in no lot.

    Rows of `with_carts`, one a customer and cart. Their clock begins when the cart had been open for a day.
    """
    left = carts.filter(
        pl.col("ended_at").is_null() | (pl.col("ended_at") > pl.col("started_at") + LEFT_AFTER),
        ~(pl.col("completed_order_id").is_not_null() & pl.col("ended_at").is_null()),
    )
    return left.join(lots, on="customer_id", how="anti").select(
        "customer_id",
        pl.lit(UNASSIGNED).alias("arm"),
        (pl.col("started_at") + LEFT_AFTER).alias("lot_at"),
        pl.lit(value=True).alias("has_cart"),
        pl.when(pl.col("_ordered").is_not_null()).then("ended_at").alias("ended_at"),
        "cart_cents",
    )


def placed(
    carts: pl.DataFrame, weeks: pl.DataFrame, *, timezone: str, week_start: str
) -> pl.DataFrame:
    """`carts` of the periods in `weeks`; of several of one customer in a period the first."""
    week = week_of(local_day("lot_at", timezone), week_start).alias("week_start")
    return (
        carts.with_columns(week)
        .join(weeks, on="week_start")
        .sort(*PERIOD, "customer_id", "lot_at", "ended_at", "cart_cents", nulls_last=True)
        .unique([*PERIOD, "arm", "customer_id"], keep="first", maintain_order=True)
    )


def with_attempts(carts: pl.DataFrame, attempts: pl.DataFrame) -> pl.DataFrame:
    """`carts` with first_attempt and reached: calls of the abandoner cohort in the 14 days from the lot."""
    calls = attempts.filter(pl.col("cohort") == "abandoner").select(
        "customer_id", "attempted_at", "connected"
    )
    mine = carts.select("customer_id", "lot_at").unique().join(calls, on="customer_id")
    inside = pl.col("attempted_at").is_between("lot_at", pl.col("lot_at") + LONG, closed="left")
    told = (
        mine.filter(inside)
        .group_by("customer_id", "lot_at")
        .agg(
            pl.col("attempted_at").min().alias("first_attempt"),
            pl.col("connected").any().alias("reached"),
        )
    )
    return carts.join(told, on=["customer_id", "lot_at"], how="left").with_columns(
        pl.col("reached").fill_null(value=False)
    )


def with_orders(carts: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """`carts` with bought_at and cents: of the order that the cart became, else the customer's next.

    `after_attempt`: the same, counted from the first attempt: an order before it is not looked at.
    """
    recent = pl.col("ordered_at") > carts["lot_at"].min()
    own = orders.filter(recent).join(carts, on="customer_id", how="semi")
    found = _next(carts, own, "lot_at", "next")
    found = _next(found, own, "first_attempt", "later")
    became = pl.col("ended_at").is_not_null()
    late = became & (pl.col("ended_at") > pl.col("first_attempt"))
    return found.with_columns(
        pl.when(became).then("ended_at").otherwise("next_at").alias("bought_at"),
        pl.when(became).then("cart_cents").otherwise("next_cents").alias("cents"),
        pl.when(late).then("ended_at").otherwise("later_at").alias("after_attempt"),
    )


def _next(carts: pl.DataFrame, orders: pl.DataFrame, since: str, name: str) -> pl.DataFrame:
    """`carts` with <name>_at and <name>_cents of the customer's first order after `since`."""
    sought = carts.filter(pl.col(since).is_not_null()).select("customer_id", since).unique()
    times = orders.sort("ordered_at", "cents", "order_id").select(
        "customer_id",
        pl.col("ordered_at").alias(f"{name}_at"),
        pl.col("cents").alias(f"{name}_cents"),
    )
    found = sought.sort(since).join_asof(
        times,
        left_on=since,
        right_on=f"{name}_at",
        by="customer_id",
        strategy="forward",
        allow_exact_matches=False,
        check_sortedness=False,
        coalesce=False,
    )
    return carts.join(found, on=["customer_id", since], how="left")


def counts(carts: pl.DataFrame) -> pl.DataFrame:
    """One row per period and arm, with COUNTS. Customers without an open cart are not eligible.

    ordered: within so many days of the lot, whoever called. recovered: reached, and ordered within
    so many days after the first attempt.
    """

    def within(at: str, since: str, span: timedelta) -> pl.Expr:
        return (pl.col(at) <= pl.col(since) + span).fill_null(value=False)

    here, reached = pl.col("has_cart"), pl.col("reached")
    ordered = within("bought_at", "lot_at", LONG)
    before = (pl.col("bought_at") <= pl.col("first_attempt")).fill_null(value=False)
    told = {
        "eligible": here,
        "without_cart": ~here,
        "attempted": here & pl.col("first_attempt").is_not_null(),
        "reached": here & reached,
        "ordered_7d": here & within("bought_at", "lot_at", SHORT),
        "ordered_14d": here & ordered,
        "recovered_7d": here & reached & within("after_attempt", "first_attempt", SHORT),
        "recovered_14d": here & reached & within("after_attempt", "first_attempt", LONG),
        "ordered_before_attempt": here & before,
        "reached_ordered_14d": here & reached & ordered,
    }
    cents = pl.when(here & ordered).then("cents").otherwise(0).sum().alias("revenue_cents")
    return (
        carts.group_by(*PERIOD, "arm")
        .agg(*(e.sum().cast(pl.Int64).alias(n) for n, e in told.items()), cents.cast(pl.Int64))
        .sort(*PERIOD, "arm")
    )
