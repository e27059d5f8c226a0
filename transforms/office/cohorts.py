"""Who could be called: each cohort's customers, what tells them apart, and why some must not be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day
from transforms.identity import FORGOTTEN

UNKNOWN = "(unknown)"
PENCE = 100
TERCILES = 3
FRAME = {
    "customer_id": pl.String(),
    "event_on": pl.Date(),
    "pence": pl.Int64(),
    "sku": pl.String(),
    "orders": pl.Int64(),
}
"""A customer of a cohort: the day and value (in hundredths) of what put them there, one SKU of it."""


@dataclass(frozen=True, slots=True)
class CohortRules:
    """Usable conversations wanted in each period, and how many days back the cohort reaches."""

    target: int
    period: str
    days: int


@dataclass(frozen=True, slots=True)
class CallRules:
    """What of the settings decides who is called; `cohorts` in the order in which they are drawn."""

    cohorts: Mapping[str, CohortRules]
    conversations_per_month: int
    consent_required: bool
    purposes: tuple[str, ...]
    rest_days: int
    holdout_share: float
    usable_share: float
    even_share: float
    salt: str


def orders_of(order_lines: pl.DataFrame, since: date, timezone: str) -> pl.DataFrame:
    """customer_id, orders (all of them), and event_on, pence, sku of the newest order since `since`.

    The newest order's value is of its lines that count; its SKU is that of its dearest line. Values
    are whole hundredths, so that sums do not depend on the order of rows.
    """
    counted = pl.col("cancelled_at").is_null() & ~pl.col("is_test").fill_null(value=False)
    real = order_lines.lazy().filter(counted & pl.col("customer_id").is_not_null())
    order = [SOURCE, "order_id"]
    pence = (pl.col("quantity") * pl.col("unit_price") * PENCE).round().cast(pl.Int64, strict=False)
    lines = (
        real.filter(_about(since) <= pl.col("ordered_at"))
        .select("customer_id", *order, "ordered_at", "sku", pence.fill_null(0).alias("pence"))
        .collect()
        .filter(local_day("ordered_at", timezone) >= since)
    )
    who = lines.lazy().select("customer_id").unique()
    theirs = real.join(who, on="customer_id", how="semi").select("customer_id", *order).unique()
    orders = theirs.group_by("customer_id").agg(pl.len().cast(pl.Int64).alias("orders"))
    totals = orders.collect(engine="streaming")
    newest = (
        lines.sort("pence", "sku", descending=[True, False])
        .group_by("customer_id", *order, maintain_order=True)
        .agg(pl.col("ordered_at").max(), pl.col("pence").sum(), pl.col("sku").first())
        .sort("ordered_at", *order)
        .unique("customer_id", keep="last", maintain_order=True)
    )
    on = local_day("ordered_at", timezone).alias("event_on")
    return (
        newest.select("customer_id", on, "pence", "sku")
        .join(totals, on="customer_id")
        .select(list(FRAME))
        .sort("customer_id")
    )


def _about(day: date) -> pl.Expr:
    """A moment before `day` begins in any time zone: it spares looking at the day of what is older."""
    return pl.lit(datetime.combine(day - timedelta(days=2), time(), UTC))


def carts_of(
    checkouts: pl.DataFrame, order_lines: pl.DataFrame, since: date, timezone: str
) -> pl.DataFrame:
    """The newest cart since `since` of each customer who left one and has ordered nothing after it."""
    named = checkouts.filter(pl.col("customer_id").is_not_null())
    recent = named.filter(local_day("started_at", timezone) >= since)
    left = (
        recent.filter(pl.col("completed_order_id").is_null())
        .sort("started_at", SOURCE, "checkout_id")
        .unique("customer_id", keep="last", maintain_order=True)
    )
    counted = pl.col("cancelled_at").is_null() & ~pl.col("is_test").fill_null(value=False)
    bought = (
        order_lines.lazy()
        .filter(counted)
        .join(left.lazy().select("customer_id"), on="customer_id", how="semi")
        .group_by("customer_id", SOURCE, "order_id")
        .agg(pl.col("ordered_at").max())
    )
    orders = (
        bought.group_by("customer_id")
        .agg(pl.len().cast(pl.Int64).alias("orders"), pl.col("ordered_at").max().alias("_last"))
        .collect(engine="streaming")
    )
    pence = (pl.col("value") * PENCE).round().cast(pl.Int64, strict=False).fill_null(0)
    return (
        left.join(orders, on="customer_id", how="left")
        .filter((pl.col("_last") < pl.col("started_at")).fill_null(value=True))
        .select(
            "customer_id",
            local_day("started_at", timezone).alias("event_on"),
            pence.alias("pence"),
            "sku",
            pl.col("orders").fill_null(0),
        )
        .sort("customer_id")
    )


def cohort_frame(
    cohort: str, orders: pl.DataFrame, carts: pl.DataFrame, since: date
) -> pl.DataFrame:
    """The customers of a cohort, but nobody who was forgotten.

    recent: bought since then; repeat: did so for the second time or later; abandoner: left a cart.
    """
    found = carts if cohort == "abandoner" else orders
    if cohort == "repeat":
        found = found.filter(pl.col("orders") > 1)
    here = pl.col("event_on") >= since
    return found.filter(here & ~pl.col("customer_id").str.starts_with(FORGOTTEN))


def stratified(frame: pl.DataFrame, categories: pl.DataFrame) -> pl.DataFrame:
    """`frame` with family, value_tercile (1: least), customer_kind and stratum.

    Terciles are of this frame; equal values are in one. Who ordered at most once is new.
    """
    rank = pl.col("pence").rank("min").cast(pl.Int64)
    tercile = (1 + (rank - 1) * TERCILES // pl.len()).cast(pl.Int64)
    kind = pl.when(pl.col("orders") > 1).then(pl.lit("returning")).otherwise(pl.lit("new"))
    return (
        frame.join(categories.rename({"category": "family"}), on="sku", how="left")
        .with_columns(
            pl.col("family").fill_null(UNKNOWN),
            tercile.alias("value_tercile"),
            kind.alias("customer_kind"),
        )
        .with_columns(
            pl.concat_str("family", "customer_kind", "value_tercile", separator=" | ").alias(
                "stratum"
            )
        )
        .sort("customer_id")
    )


def consent_of(consents: pl.DataFrame, purposes: tuple[str, ...], on: date) -> pl.DataFrame:
    """customer_id, consent (given, refused) of everybody whose latest decision still counts on `on`.

    Of each purpose the latest decision counts, of two at one moment the refusal; one that has
    expired counts no more. One refusal of any purpose that calls have, or of every purpose, is a
    refusal. Decisions of purposes that calls do not have say nothing.
    """
    mine = pl.col("purpose").is_null() | pl.col("purpose").str.to_lowercase().is_in(list(purposes))
    latest = (
        consents.filter(mine & pl.col("customer_id").is_not_null())
        .sort("decided_at", "may_contact", descending=[False, True])
        .unique(["customer_id", "purpose"], keep="last", maintain_order=True)
        .filter((pl.col("expires_on") >= on).fill_null(value=True))
    )
    told = latest.group_by("customer_id").agg(pl.col("may_contact").all().alias("_all"))
    said = pl.when("_all").then(pl.lit("given")).otherwise(pl.lit("refused"))
    return told.select("customer_id", said.alias("consent")).sort("customer_id")


def last_contact(attempts: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """customer_id, last_contacted_on: the day of the last dial in any cohort."""
    day = local_day("attempted_at", timezone).max().alias("last_contacted_on")
    return attempts.group_by("customer_id").agg(day).drop_nulls().sort("customer_id")


def with_phone(customers: pl.DataFrame) -> pl.Series | None:
    """Customers of whom a phone number is known; None: no number of anybody is."""
    known = customers.filter(pl.col("phone").is_not_null())["customer_id"].drop_nulls().unique()
    return known.sort() if len(known) else None


@dataclass(frozen=True, slots=True)
class Known:
    """What tells whether a customer may be called on a day."""

    consent: pl.DataFrame
    contacted: pl.DataFrame
    phones: pl.Series | None
    listed: pl.DataFrame
    """customer_id, last_listed_on: when the newest list that holds them was drawn."""


def barred(frame: pl.DataFrame, known: Known, rules: CallRules, on: date) -> pl.DataFrame:
    """`frame` with consent, last_contacted_on and `barred`: the first reason not to call; null: none."""
    rested = on - timedelta(days=rules.rest_days)
    told = frame
    for part in (known.consent, known.contacted, known.listed):
        told = told.join(part, on="customer_id", how="left", maintain_order="left")
    phone = pl.lit(value=True)
    if known.phones is not None:
        phone = pl.col("customer_id").is_in(known.phones.implode())
    silent = pl.col("consent").is_null() & pl.lit(rules.consent_required)
    why = (
        pl.when(pl.col("consent") == "refused")
        .then(pl.lit("refused"))
        .when(silent)
        .then(pl.lit("no_consent"))
        .when(pl.col("last_contacted_on") > rested)
        .then(pl.lit("contacted_lately"))
        .when(pl.col("last_listed_on") > rested)
        .then(pl.lit("listed_lately"))
        .when(~phone)
        .then(pl.lit("no_phone"))
    )
    return told.with_columns(why.alias("barred")).drop("last_listed_on")
