"""Critical metrics counted by week: of how many, how often; and which baseline judges which week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of
from transforms.people import person

COUNTS: dict[str, pl.DataType] = {
    "metric": pl.String(), "week_start": pl.Date(), "k": pl.Int64(), "n": pl.Int64(),
    "value": pl.Float64(), "lo": pl.Float64(), "hi": pl.Float64(),
}  # fmt: skip
"""Weeks of metrics. Of shares k of n; of values `value` and its limits, k null."""
RETURN_DAYS, CHECKOUT_DAYS = 28, 7
"""Days after which an order's returns, and a checkout's order, are taken to have come."""
WEEKS = 104
"""Newest weeks that are counted."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What a metric is. `settle_days`: how long after its end a week still changes."""

    name: str
    meaning: str
    better: str
    kind: str = "share"
    settle_days: int = 0


METRICS: tuple[Metric, ...] = (
    Metric("connect_rate", "people who answered, of those dialled in the week", "higher"),
    Metric("insight_rate", "recorded calls that gave an insight with quote, action and owner", "higher"),
    Metric("acknowledged_share", "things sent in the week that at least two teams acknowledged within seven days", "higher", settle_days=7),
    Metric("one_star_share", "reviewers of the week who gave one star", "lower"),
    Metric("return_share", f"orders of the week of which something was returned within {RETURN_DAYS} days", "lower", settle_days=RETURN_DAYS),
    Metric("late_share", "parcels promised for the week that came later, or have not come", "lower"),
    Metric("completed_share", f"checkouts begun in the week that became an order within {CHECKOUT_DAYS} days", "higher", settle_days=CHECKOUT_DAYS),
    Metric("forecast_wape", "error of the longest forecasts of units (WAPE of means over SKUs)", "lower", "value"),
)  # fmt: skip
GOOD_WORDS = ("repeat_intent",)
NEUTRAL_WORDS = ("stocking_up", "gift_purchase", "product_question")


def signal_metric(signal: str) -> Metric:
    """The metric of a signal: the share of taggable conversations that carry it."""
    better = "neither" if signal in NEUTRAL_WORDS else "higher" if signal in GOOD_WORDS else "lower"
    said = signal.replace("_", " ")
    return Metric(f"{signal}_share", f"conversations of the week that carry {said}", better)


def _week(column: str, timezone: str, week_start: str) -> pl.Expr:
    return week_of(local_day(column, timezone), week_start).alias("week_start")


def shares(rows: pl.DataFrame, hit: pl.Expr) -> pl.DataFrame:
    """week_start, k and n of `rows`, one each."""
    return rows.group_by("week_start").agg(
        hit.fill_null(value=False).sum().cast(pl.Int64).alias("k"), pl.len().cast(pl.Int64).alias("n")
    )  # fmt: skip


def connected(attempts: pl.DataFrame, timezone: str, week_start: str) -> pl.DataFrame:
    """People dialled in each week (n), and those of them who answered (k)."""
    people = attempts.group_by(
        _week("attempted_at", timezone, week_start), pl.col("customer_id")
    ).agg(pl.col("connected").any())
    return shares(people, pl.col("connected"))


def one_star(conversations: pl.DataFrame, timezone: str, week_start: str) -> pl.DataFrame:
    """Reviewers of each week (n), and those whose last review of it has one star (k)."""
    key = [SOURCE, "conversation_id"]
    rated = conversations.filter(
        pl.col("channel") == "review", pl.col("rating").is_between(1, 5)
    ).with_columns(_week("started_at", timezone, week_start), person().alias("who"))
    last = rated.sort("started_at", *key).unique(
        ["week_start", "who"], keep="last", maintain_order=True
    )
    return shares(last, (pl.col("rating") + 0.5).floor() == 1)


def returned(
    lines: pl.DataFrame, refunds: pl.DataFrame, timezone: str, week_start: str
) -> pl.DataFrame:
    """Orders of each week (n), and those of which something came back within RETURN_DAYS (k)."""
    key = [SOURCE, "order_id"]
    sold = lines.lazy().filter(
        pl.col("cancelled_at").is_null(), ~pl.col("is_test").fill_null(value=False)
    )
    orders = sold.group_by(key).agg(pl.col("ordered_at").min()).collect(engine="streaming")
    first = refunds.group_by(key).agg(pl.col("refunded_at").min())
    told = orders.join(first, on=key, how="left")
    soon = pl.col("refunded_at") - pl.col("ordered_at") <= timedelta(days=RETURN_DAYS)
    return shares(told.with_columns(_week("ordered_at", timezone, week_start)), soon)


def late(shipments: pl.DataFrame, timezone: str, week_start: str) -> pl.DataFrame:
    """Parcels promised for a day of each week (n), and those that came on a later day, or never (k)."""
    promised = shipments.filter(pl.col("promised_at").is_not_null())
    days = local_day("delivered_at", timezone) > local_day("promised_at", timezone)
    missed = days.fill_null(value=True)
    return shares(promised.with_columns(_week("promised_at", timezone, week_start)), missed)


def completed(
    checkouts: pl.DataFrame, lines: pl.DataFrame, timezone: str, week_start: str
) -> pl.DataFrame:
    """Checkouts begun in each week (n), and those whose order came within CHECKOUT_DAYS (k)."""
    key = [SOURCE, "completed_order_id"]
    named = lines.lazy().select(SOURCE, "ordered_at", pl.col("order_id").alias(key[1]))
    orders = named.group_by(key).agg(pl.col("ordered_at").min()).collect(engine="streaming")
    told = checkouts.join(orders, on=key, how="left")
    soon = pl.col("ordered_at") - pl.col("started_at") <= timedelta(days=CHECKOUT_DAYS)
    return shares(told.with_columns(_week("started_at", timezone, week_start)), soon)


def spoken(rates: pl.DataFrame, signal: str) -> pl.DataFrame:
    """Taggable conversations of each week (n), and those that carry `signal` (k); of signals_weekly."""
    mine = rates.filter(
        pl.col("signal") == signal, pl.col("category").is_null(), pl.col("in_series")
    )
    return mine.group_by("week_start").agg(
        pl.col("conversations_with_signal").sum().alias("k"),
        pl.col("conversations_taggable").sum().alias("n"),
    )


def errors(backtest: pl.DataFrame, step: int) -> pl.DataFrame:
    """What SKUs' forecasts of each week were off by (lists off and actual), and SKUs (n).

    Of means of the longest `step` horizons of backtest_forecasts: so every week up to the newest is
    forecast once, and from about as far away.
    """
    mine = backtest.filter(pl.col("target") == "units", pl.col("level") == "sku")
    far = mine.filter(pl.col("horizon") > pl.col("horizon").max() - step)
    rows = far.sort("week_start", "series_id", "cutoff").with_columns(
        (pl.col("mean") - pl.col("actual")).abs().alias("off")
    )
    return rows.group_by("week_start", maintain_order=True).agg("off", "actual", n=pl.len())


def gathered(found: Mapping[str, pl.DataFrame], last_week: Mapping[str, date]) -> pl.DataFrame:
    """All metrics' weeks (COUNTS) in one frame, up to the last settled week of each."""
    parts = [pl.DataFrame(schema=COUNTS)]
    for name, frame in found.items():
        last = last_week[name]
        seen = frame.filter(
            pl.col("week_start") <= last, pl.col("week_start") > last - timedelta(weeks=WEEKS)
        ).with_columns(pl.lit(name).alias("metric"))
        parts.append(
            seen.select(
                (pl.col(c) if c in seen.columns else pl.lit(None).alias(c)).cast(t)
                for c, t in COUNTS.items()
            )
        )
    return pl.concat(parts).sort("metric", "week_start")


def frozen_before(week: date, months: int, frozen_on: date | None) -> date | None:
    """The day before which the baseline of `week` ends; None: the week is not judged.

    The first day of the newest span of `months` in the year that begins no later than the week; a
    day that is set holds for all weeks from it on.
    """
    if frozen_on is not None:
        return frozen_on if week >= frozen_on else None
    return date(week.year, (week.month - 1) // months * months + 1, 1)
