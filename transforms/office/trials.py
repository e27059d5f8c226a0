"""Experiments as units and orders: who was eligible in which arm, and what each ordered meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day
from transforms.contracts.effect_columns import OBSERVATIONAL, RANDOMISED

CONTROL = "control"
HELD = (CONTROL, "holdout")
UNITS = {"customer_id": pl.String(), "arm": pl.String()}
ORDERS = {
    "customer_id": pl.String(),
    "arm": pl.String(),
    "cents": pl.Int64(),
    "currency": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One registered experiment. `until`: moment up to which orders count; `over`: it has ended."""

    experiment: str
    design: str
    starts_at: datetime
    ends_at: datetime | None
    until: datetime
    over: bool
    registered_before: bool
    treatment_share: float | None
    primary: str
    expected_lift: float | None
    category: str | None
    sku: str | None


def end_of(as_of: date, timezone: str) -> datetime:
    """The moment at which `as_of` is over, in UTC."""
    midnight = datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(timezone))
    return midnight.astimezone(UTC)


def day_of(moment: datetime, timezone: str) -> date:
    """The business day that a moment in UTC falls on."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def span_of(trial: Trial, timezone: str) -> tuple[date, date]:
    """The first day of a trial, and the day after its last."""
    return day_of(trial.starts_at, timezone), day_of(trial.until, timezone)


def trials(experiments: pl.DataFrame, lots: pl.DataFrame, end: datetime) -> list[Trial]:
    """Experiments that have begun by `end`, by name. Without a design it is what `lots` tell."""
    drawn = set(lots["experiment_id"].unique())
    begun = experiments.filter(pl.col("starts_at") < end).sort("experiment_id", SOURCE)
    rows = begun.unique("experiment_id", keep="first", maintain_order=True).iter_rows(named=True)
    return [_trial(row, end, drawn=row["experiment_id"] in drawn) for row in rows]


def _trial(row: dict[str, object], end: datetime, *, drawn: bool) -> Trial:
    ends = row["ends_at"]
    over = isinstance(ends, datetime) and ends <= end
    told = row["announced_at"]
    starts = row["starts_at"]
    assert isinstance(starts, datetime)  # noqa: S101 - required by the contract
    return Trial(
        experiment=str(row["experiment_id"]),
        design=str(row["design"] or (RANDOMISED if drawn else OBSERVATIONAL)),
        starts_at=starts,
        ends_at=ends if isinstance(ends, datetime) else None,
        until=ends if isinstance(ends, datetime) and over else end,
        over=over,
        registered_before=isinstance(told, datetime) and told <= starts,
        treatment_share=_number(row["treatment_share"]),
        primary=str(row["primary_metric"] or "conversion"),
        expected_lift=_number(row["expected_lift"]),
        category=None if row["category"] is None else str(row["category"]),
        sku=None if row["sku"] is None else str(row["sku"]),
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None


def units(lots: pl.DataFrame, trial: Trial) -> tuple[pl.DataFrame, int]:
    """customer_id, arm, assigned_at of those eligible, by customer, and how many were left out.

    A person with lots in two arms (one person with two accounts) is in neither.
    """
    mine = lots.filter(
        pl.col("experiment_id") == trial.experiment,
        pl.col("customer_id").is_not_null(),
        pl.col("assigned_at").is_between(trial.starts_at, trial.until, closed="left"),
    )
    arm = pl.when(pl.col("arm").is_in(HELD)).then(pl.lit(CONTROL)).otherwise("arm")
    people = (
        mine.group_by("customer_id")
        .agg(
            arm.min().alias("arm"),
            (arm.n_unique() > 1).alias("_crossed"),
            pl.col("assigned_at").min(),
        )
        .sort("customer_id")
    )
    kept = people.filter(~pl.col("_crossed")).drop("_crossed")
    return kept, people.height - kept.height


def sold_lines(lines: pl.LazyFrame, categories: pl.DataFrame) -> pl.LazyFrame:
    """Order lines that stand, with cents (null: no price) and category: neither cancelled nor tests."""
    real = pl.col("cancelled_at").is_null() & ~pl.col("is_test").fill_null(value=False)
    cents = (pl.col("unit_price") * pl.col("quantity") * 100).round().cast(pl.Int64)
    return (
        lines.filter(real)
        .select(
            SOURCE, "order_id", "sku", "customer_id", "ordered_at", "currency", cents.alias("cents")
        )
        .join(categories.lazy().select("sku", "category"), on="sku", how="left")
    )


def scoped(rows: pl.LazyFrame, trial: Trial) -> pl.LazyFrame:
    """Rows (sku, category) of the product or category that the experiment is about."""
    if trial.sku is not None:
        return rows.filter(pl.col("sku") == trial.sku)
    return rows if trial.category is None else rows.filter(pl.col("category") == trial.category)


def orders_of(sold: pl.LazyFrame) -> pl.DataFrame:
    """One row an order: customer_id, ordered_at, cents (null: a line has no price) and currency."""
    priced = pl.col("cents").is_not_null().all()
    return (
        sold.group_by(SOURCE, "order_id")
        .agg(
            pl.col("customer_id").min(),
            pl.col("ordered_at").min(),
            pl.when(priced).then(pl.col("cents").sum()).alias("cents"),
            pl.col("currency").min(),
        )
        .sort(SOURCE, "order_id")
        .collect()
    )


def bought(people: pl.DataFrame, sold: pl.LazyFrame, trial: Trial) -> pl.DataFrame:
    """ORDERS of the eligible from their lot to the end of the trial, of what it is about."""
    recent = sold.filter(
        pl.col("ordered_at").is_between(trial.starts_at, trial.until, closed="left")
    )
    mine = scoped(recent, trial).join(people.lazy(), on="customer_id")
    after = mine.filter(pl.col("ordered_at") >= pl.col("assigned_at"))
    found = orders_of(after).join(people.select("customer_id", "arm"), on="customer_id")
    return found.select(list(ORDERS))


def daily(
    sold: pl.LazyFrame, checkouts: pl.LazyFrame, trial: Trial, timezone: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What an observational design is counted from: orders (day, cents, currency) and checkouts by day.

    Checkouts: day, started, completed. All up to the end of the trial.
    """
    orders = orders_of(scoped(sold.filter(pl.col("ordered_at") < trial.until), trial))
    by_day = orders.select(local_day("ordered_at", timezone).alias("day"), "cents", "currency")
    begun = scoped(checkouts.filter(pl.col("started_at") < trial.until), trial)
    carts = (
        begun.group_by(local_day("started_at", timezone).alias("day"))
        .agg(
            pl.len().cast(pl.Int64).alias("started"),
            pl.col("completed_order_id").count().cast(pl.Int64).alias("completed"),
        )
        .sort("day")
        .collect()
    )
    return by_day.sort("day", "cents", "currency"), carts
