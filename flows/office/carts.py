"""cart_recovery: what calling about carts left behind changes."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.office.given import Given
from models.office.recovery import MIN_ARM, recovery_rows
from models.office.verdicts import against
from transforms.calendar import last_complete_week
from transforms.contracts import EXPORTS
from transforms.contracts.office_columns import NO_TARGET
from transforms.office import carts
from transforms.office.periods import periods


def cart_recovery(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if reason := given.has("checkouts", "order_lines"):
        return reason
    asked, rules = given.night.settings.office.carts, given.rules
    orders = given.orders
    lots = carts.drawn(given.shown("assignments"), asked.experiment, asked.held_out)
    ended = carts.ended(given.shown("checkouts"), orders)
    mine, others = carts.with_carts(lots, ended), carts.unassigned(lots, ended)
    ripe = last_complete_week(given.as_of - carts.LONG, rules.latency_days, rules.week_start)
    seen = carts.placed(
        pl.concat([mine, others.select(mine.columns)]),
        periods(ripe),
        timezone=rules.timezone,
        week_start=rules.week_start,
    )
    if seen.is_empty():
        return "no cart was left in the 26 weeks before the last 14 days"
    called = carts.with_attempts(seen, given.shown("call_attempts"))
    counts = carts.counts(carts.with_orders(called, orders))
    return {"cart_recovery": _table(given, counts)}


def _table(given: Given, counts: pl.DataFrame) -> pl.DataFrame:
    contract = EXPORTS["cart_recovery"]
    told = recovery_rows(counts, carts.CALLED, carts.HELD_OUT)
    target = pl.lit(given.night.settings.office.carts.target_difference)
    enough = pl.col("eligible") >= MIN_ARM
    compared = against(
        pl.col("difference_lo"), pl.col("difference_hi"), target, target, enough=enough
    )
    drawn = pl.col("arm") != carts.UNASSIGNED
    money = pl.col("revenue_cents") / 100
    judged = told.with_columns(
        pl.when(drawn)
        .then(pl.lit("randomised"))
        .otherwise(pl.lit("observational"))
        .alias("design"),
        money.alias("revenue"),
        pl.when(pl.col("eligible") > 0)
        .then(money / pl.col("eligible"))
        .alias("revenue_per_eligible"),
        pl.when(pl.col("arm") == carts.CALLED)
        .then(compared)
        .otherwise(pl.lit(NO_TARGET))
        .alias("verdict"),
    )
    typed = judged.select([pl.col(c.name).cast(c.dtype) for c in contract.columns])
    return typed.sort(contract.order)
