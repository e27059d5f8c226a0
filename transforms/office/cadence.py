"""Calls of each programme by its weeks, months or quarters, beside what was wanted."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.calendar import local_day
from transforms.office.cohorts import CallRules
from transforms.office.spans import span_of, span_start

ALL = "all"
SHOWN = {"week": 53, "month": 24, "quarter": 8}
"""Newest periods shown, of each length."""


def cadence(
    attempts: pl.DataFrame, rules: CallRules, *, as_of: date, timezone: str, week_start: str
) -> pl.DataFrame:
    """Rows of programme_cadence: every period since the first call of all, those without calls too.

    People count once in a period, however often they were dialled. A period that is not over, or in
    which calls began after its first day, is partial.
    """
    day = local_day("attempted_at", timezone).alias("_day")
    usable = pl.coalesce("completed", "connected") & pl.col("connected")
    calls = attempts.select("cohort", "customer_id", "connected", day, usable.alias("_usable"))
    begun = min([as_of, *calls["_day"].drop_nulls().to_list()])
    plans = {name: (one.period, one.target) for name, one in rules.cohorts.items()}
    plans[ALL] = ("month", rules.conversations_per_month)
    parts = []
    for programme, (kind, target) in plans.items():
        mine = calls if programme == ALL else calls.filter(pl.col("cohort") == programme)
        spans = _spans(kind, begun, as_of, week_start)
        counted = mine.group_by(span_start(pl.col("_day"), kind, week_start).alias("period_start"))
        people = pl.col("customer_id")
        found = counted.agg(
            pl.len().cast(pl.Int64).alias("dials_n"),
            people.n_unique().cast(pl.Int64).alias("attempted_n"),
            people.filter("connected").n_unique().cast(pl.Int64).alias("connected_n"),
            people.filter("_usable").n_unique().cast(pl.Int64).alias("completed_n"),
        )
        told = {"programme": programme, "period": kind, "target_n": target}
        parts.append(
            spans.join(found, on="period_start", how="left").with_columns(
                *(pl.lit(value).alias(name) for name, value in told.items())
            )
        )
    rows = pl.concat(parts).with_columns(
        pl.col("dials_n", "attempted_n", "connected_n", "completed_n").fill_null(0)
    )
    return _judged(rows, as_of, begun)


def _spans(kind: str, begun: date, as_of: date, week_start: str) -> pl.DataFrame:
    rows: list[tuple[date, date]] = []
    day = as_of
    while len(rows) < SHOWN[kind] and (not rows or rows[-1][0] > begun):
        rows.append(span_of(day, kind, week_start))
        day = rows[-1][0] - timedelta(days=1)
    schema = {"period_start": pl.Date, "period_end": pl.Date}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _judged(rows: pl.DataFrame, as_of: date, begun: date) -> pl.DataFrame:
    days = (pl.col("period_end") - pl.col("period_start")).dt.total_days() + 1
    passed = (pl.lit(as_of) - pl.col("period_start")).dt.total_days() + 1
    over = pl.col("period_end") <= as_of
    left = days - passed
    done, target = pl.col("completed_n"), pl.col("target_n")
    wanted = target > 0
    elapsed = pl.min_horizontal(passed / days, pl.lit(1.0))
    partial = ~over | (pl.col("period_start") < begun)
    verdict = (
        pl.when(~wanted)
        .then(pl.lit("no_target"))
        .when(done >= target)
        .then(pl.lit("met"))
        .when(~partial)
        .then(pl.lit("missed"))
        .when((done >= target * elapsed) & ~over)
        .then(pl.lit("on_pace"))
        .otherwise(pl.lit("behind"))
    )
    short = (target - done).clip(lower_bound=0)
    pace = pl.when(~over).then(pl.when(left > 0).then(short / left).otherwise(None))
    return rows.with_columns(
        pl.lit(as_of).alias("as_of"),
        partial.alias("is_partial"),
        pl.when(wanted).then(done / target).alias("attainment"),
        elapsed.alias("elapsed_share"),
        pace.alias("pace_needed_per_day"),
        verdict.alias("verdict"),
    )
