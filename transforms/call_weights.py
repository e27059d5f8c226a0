"""Weights of called customers: a cohort that was dialled more than its share speaks for less.

Customers are called from lists by cohort. Within a quarter, a cohort's share among those dialled
against its share among those who could have been is how unequally it was chosen; its conversations
weigh the inverse. Only what data tell is used: who is eligible is known where orders and checkouts
reach back over the whole quarter and name their customers.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of
from transforms.contracts.exports import WEIGHTING
from transforms.hearing import WHOLE

WINDOW_WEEKS = 13
"""Weeks up to a week's own, by whose lists and customers its weights are told."""
MOST = 4
"""Weights are at most this, and at least its inverse: no few conversations decide a week."""
EQUAL, COHORT, UNKNOWN = WEIGHTING
_WINDOW = timedelta(weeks=WINDOW_WEEKS)
_BEFORE = timedelta(weeks=WINDOW_WEEKS - 1)
_WEIGHTS = {"week_start": pl.Date(), "cohort": pl.String(), "weight": pl.Int64()}


def called(attempts: pl.DataFrame) -> pl.DataFrame:
    """_source, conversation_id, cohort of conversations that came of a call, one row each."""
    key = [SOURCE, "conversation_id"]
    return (
        attempts.filter(pl.col("conversation_id").is_not_null())
        .sort(*key, "attempted_at", "attempt_id")
        .unique(subset=key, keep="first", maintain_order=True)
        .select(*key, "cohort")
    )


def cohort_weights(
    attempts: pl.DataFrame,
    order_lines: pl.DataFrame,
    checkouts: pl.DataFrame,
    *,
    timezone: str,
    week_start: str,
) -> pl.DataFrame:
    """week_start, cohort, weight in sixteenths; weeks for which it cannot be known are left out.

    Eligible within the quarter are customers who ordered (recent), ordered a second time or later
    (repeat), or left a checkout open (abandoner). A week's weights are unknown where a cohort that
    was dialled lacks its data over the whole quarter, or has fewer eligible customers than dialled
    ones: then the data do not show whom the list was drawn from. Rounded to sixteenths, so that
    one late order rarely moves them.
    """
    days = _Days(timezone, week_start)
    dialled = days.weekly(attempts, "attempted_at", "cohort", "customer_id")
    if dialled.is_empty():
        return pl.DataFrame(schema=_WEIGHTS)
    orders = days.weekly(order_lines, "ordered_at", "customer_id", "order_id")
    repeated = _repeated(orders)
    begun = days.weekly(checkouts, "started_at", "customer_id", "completed_order_id")
    left = begun.filter(pl.col("completed_order_id").is_null())
    sources = {"recent": (orders, orders), "repeat": (repeated, orders), "abandoner": (left, begun)}
    eligible = [
        _within_quarter(rows.with_columns(pl.lit(cohort).alias("cohort")))
        .rename({"customers": "eligible"})
        .filter(pl.col("week_start") >= pl.lit(known["week_start"].min(), dtype=pl.Date) + _BEFORE)
        for cohort, (rows, known) in sources.items()
    ]
    asked = _within_quarter(dialled).rename({"customers": "dialled"})
    both = asked.join(pl.concat(eligible), on=["week_start", "cohort"], how="left")
    sound = (pl.col("eligible") >= pl.col("dialled")).fill_null(False).all().over("week_start")
    return both.filter(sound).with_columns(_weight().alias("weight")).select(
        [pl.col(n).cast(t) for n, t in _WEIGHTS.items()]
    ).sort("week_start", "cohort")  # fmt: skip


def _weight() -> pl.Expr:
    """Share among the eligible over share among the dialled, in sixteenths."""
    n, a = pl.col("eligible"), pl.col("dialled")
    share = n * a.sum().over("week_start") / (n.sum().over("week_start") * a)
    return (share * WHOLE).round().clip(WHOLE // MOST, WHOLE * MOST).cast(pl.Int64)


class _Days:
    """Events as distinct rows by business week."""

    def __init__(self, timezone: str, week_start: str) -> None:
        self.timezone, self.week_start = timezone, week_start

    def weekly(self, events: pl.DataFrame, at: str, *columns: str) -> pl.DataFrame:
        week = week_of(local_day(at, self.timezone), self.week_start).alias("week_start")
        named = events.filter(pl.col("customer_id").is_not_null())
        return named.select(week, SOURCE, *columns).unique()


def _repeated(orders: pl.DataFrame) -> pl.DataFrame:
    """Orders of customers who had ordered before."""
    key = [SOURCE, "customer_id"]
    nth = pl.struct("week_start", "order_id").rank("ordinal").over(key)
    return orders.filter(nth > 1)


def _within_quarter(rows: pl.DataFrame) -> pl.DataFrame:
    """week_start, cohort, customers: distinct ones with a row in the quarter up to each week.

    A customer counts from each of its weeks for a quarter, or until its next one renews it.
    """
    key = [SOURCE, "cohort", "customer_id"]
    stays = (
        rows.select(*key, "week_start")
        .unique()
        .sort(*key, "week_start")
        .with_columns(pl.col("week_start").shift(-1).over(key).alias("_next"))
        .with_columns(pl.min_horizontal(pl.col("week_start") + _WINDOW, "_next").alias("_until"))
    )
    begun = stays.group_by("cohort", "week_start").agg(pl.len().cast(pl.Int64).alias("n"))
    ended = stays.group_by("cohort", pl.col("_until").alias("week_start")).agg(
        -pl.len().cast(pl.Int64).alias("n")
    )
    steps = pl.concat([begun, ended]).group_by("cohort", "week_start").agg(pl.col("n").sum())
    if steps.is_empty():
        return pl.DataFrame(schema={**_WEIGHTS, "customers": pl.Int64()}).drop("weight")
    week = pl.col("week_start")
    weeks = steps.select(pl.date_range(week.min(), week.max(), "7d"))
    grid = steps.select("cohort").unique().join(weeks, how="cross")
    return (
        grid.join(steps, on=["cohort", "week_start"], how="left")
        .sort("cohort", "week_start")
        .select(
            "week_start", "cohort",
            pl.col("n").fill_null(0).cum_sum().over("cohort").alias("customers"),
        )
        .filter(pl.col("customers") > 0)
    )  # fmt: skip


def weighted(
    conversations: pl.DataFrame,
    attempts: pl.DataFrame,
    weights: pl.DataFrame,
    *,
    timezone: str,
    week_start: str,
) -> pl.DataFrame:
    """`conversations`, in their order, with `weight` in sixteenths and `weighting` of each.

    `weighting`: equal (nobody chose whom to hear), cohort (weighted by how its cohort was dialled),
    unknown (it came of a call list, but how unequal that was cannot be told: it weighs as one).
    """
    week = week_of(local_day("started_at", timezone), week_start)
    joined = (
        conversations.join(
            called(attempts), on=[SOURCE, "conversation_id"], how="left", maintain_order="left"
        )
        .with_columns(week.alias("_week"))
        .join(
            weights,
            left_on=["_week", "cohort"],
            right_on=["week_start", "cohort"],
            how="left",
            maintain_order="left",
        )
    )
    how = (
        pl.when(pl.col("cohort").is_null())
        .then(pl.lit(EQUAL))
        .when(pl.col("weight").is_null())
        .then(pl.lit(UNKNOWN))
        .otherwise(pl.lit(COHORT))
    )
    told = joined.with_columns(how.alias("weighting"), pl.col("weight").fill_null(WHOLE))
    return told.drop("cohort", "_week")


def weighting_by_week(
    conversations: pl.DataFrame, *, timezone: str, week_start: str
) -> pl.DataFrame:
    """week_start, weighting: unknown or cohort where any conversation of the week is."""
    week = week_of(local_day("started_at", timezone), week_start).alias("week_start")
    told = conversations.group_by(week).agg(pl.col("weighting").unique().alias("_all"))
    how = (
        pl.when(pl.col("_all").list.contains(UNKNOWN))
        .then(pl.lit(UNKNOWN))
        .when(pl.col("_all").list.contains(COHORT))
        .then(pl.lit(COHORT))
        .otherwise(pl.lit(EQUAL))
    )
    return told.select("week_start", how.alias("weighting"))
