"""metric_status and metric_weeks: critical metrics on control charts, before exceptions are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

import polars as pl

from flows.desk import Desk
from flows.office.given import Given
from flows.office.sendings import items_sent
from models.office.ratio import with_ratio
from models.office.status import Course, Rules, course, newest
from models.office.watched import status_rows, week_rows
from transforms.calendar import last_complete_week
from transforms.contracts import EXPORTS
from transforms.exceptions.owners import with_owners
from transforms.office import learnt, metrics
from transforms.office.metrics import METRICS, Metric, signal_metric

Weeks = pl.DataFrame | str
"""week_start, k and n (or value, error and n), or why there are none."""


def watched(given: Given) -> Desk:
    """The two tables; a failure leaves them out and the night goes on."""
    desk = Desk()
    desk.make("metric_status", lambda: metric_tables(given), beside=("metric_weeks",))
    return desk


def metric_tables(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The tables, or why there are none."""
    every = _chosen(given)
    found = {one.name: _counted(given, one) for one in every}
    there = {name: weeks for name, weeks in found.items() if not isinstance(weeks, str)}
    if not any(weeks.height for weeks in there.values()):
        return "nothing is given of which a metric could be counted"
    last = {one.name: _last(given, one) for one in every}
    counts = metrics.gathered(there, last)
    told: list[tuple[Metric, Course, dict[str, Any]]] = []
    for one in every:
        drawn = _drawn(given, one, counts.filter(pl.col("metric") == one.name))
        row = newest(drawn, last[one.name])
        lacking = found[one.name]
        told.append((one, drawn, row | {"why": lacking} if isinstance(lacking, str) else row))
    rules = given.night.settings.office.metrics.rules
    rows = status_rows(
        [({"metric": m.name, "meaning": m.meaning, "kind": m.kind, "better": m.better}, c, r) for m, c, r in told],
        _targets(given), rules,
    )  # fmt: skip
    made = {
        "metric_status": _owned(given, rows),
        "metric_weeks": week_rows([(m.name, c) for m, c, _ in told]),
    }
    return {
        name: frame.with_columns(pl.lit(given.as_of).alias("as_of"))
        .select(pl.col(c.name).cast(c.dtype) for c in EXPORTS[name].columns)
        .sort(EXPORTS[name].order)
        for name, frame in made.items()
    }


def _chosen(given: Given) -> list[Metric]:
    """The metrics that are watched, ours first, then one of each signal."""
    rules = given.night.settings.office.metrics
    every = [*METRICS, *(signal_metric(name) for name in given.rules.signals)]
    return [one for one in every if rules.watched is None or one.name in rules.watched]


def _drawn(given: Given, one: Metric, counts: pl.DataFrame) -> Course:
    rules = given.night.settings.office.metrics
    freeze = partial(metrics.frozen_before, months=rules.freeze_months, frozen_on=rules.frozen_on)
    made = Rules(rules.rules, rules.baseline_weeks, rules.calm_weeks)
    return course(counts, one.kind, freeze, made)


def _last(given: Given, one: Metric) -> date:
    """First day of the newest week of the metric that no longer changes."""
    office, rules = given.night.settings.office, given.rules
    days = {
        "insight_rate": office.insights.settle_days,
        "acknowledged_share": office.distribution.days,
    }.get(one.name, one.settle_days)
    return last_complete_week(given.as_of - timedelta(days=days), rules.latency_days, rules.week_start)  # fmt: skip


def _targets(given: Given) -> dict[str, tuple[float, float]]:
    office = given.night.settings.office
    told: dict[str, tuple[float, float]] = {"connect_rate": office.connect.target}
    if office.insights.target is not None:
        told["insight_rate"] = office.insights.target
    return told | office.metrics.targets


def _owned(given: Given, rows: pl.DataFrame) -> pl.DataFrame:
    names = ("sku", "kind_", "signal", "category", "target")
    blank = rows.select(
        pl.col("metric").alias("series_id"),
        *(pl.lit(None, pl.String).alias(name.strip("_")) for name in names),
    )
    told = with_owners(blank, given.shown("owners"), "", given.as_of)
    mine = pl.when(told["owner_from"] == "input").then(told["owner"])
    return rows.with_columns(pl.select(mine.alias("owner")).to_series())


# -- counts --------------------------------------------------------------------------------------
def _counted(given: Given, one: Metric) -> Weeks:
    if one.name in _COUNTED:
        return _COUNTED[one.name](given)
    rates = given.tables.get("signals_weekly")
    if rates is None or rates.is_empty():
        return "nothing that customers said is counted"
    return metrics.spoken(rates, one.name.removesuffix("_share"))


def _connected(given: Given) -> Weeks:
    lacking = given.has("call_attempts")
    return lacking or metrics.connected(given.shown("call_attempts"), *_calendar(given))


def _calendar(given: Given) -> tuple[str, str]:
    return given.rules.timezone, given.rules.week_start


def _insights(given: Given) -> Weeks:
    if (lacking := given.has("insights", "call_attempts")) is not None:
        return lacking
    notes, calendar = given.shown("insights"), _calendar(given)
    calls = learnt.calls_had(given.shown("call_attempts"), *calendar).filter(
        pl.col("conversation_id").is_not_null()
    )
    first = learnt.first_whole_week(notes, *calendar)
    rows = learnt.with_insights(calls, learnt.insights_by_conversation(notes))
    return metrics.shares(
        rows.filter(pl.col("week_start") >= pl.lit(first, dtype=pl.Date)), pl.col("whole_n") > 0
    )


def _acknowledged(given: Given) -> Weeks:
    if (lacking := given.has("distributions")) is not None:
        return lacking
    return metrics.shares(items_sent(given), pl.col("acknowledged"))


def _one_star(given: Given) -> Weeks:
    lacking = given.has("conversations")
    return lacking or metrics.one_star(given.shown("conversations"), *_calendar(given))


def _returned(given: Given) -> Weeks:
    if (lacking := given.has("refunds", "order_lines")) is not None:
        return lacking
    refunds = given.shown("refunds").filter(pl.col("order_id").is_not_null())
    if refunds.is_empty():
        return "no refund names its order"
    lines = given.lines_with("order_id", "ordered_at", "cancelled_at", "is_test")
    return metrics.returned(lines, refunds, *_calendar(given))


def _late(given: Given) -> Weeks:
    lacking = given.has("shipments")
    return lacking or metrics.late(given.shown("shipments"), *_calendar(given))


def _completed(given: Given) -> Weeks:
    if (lacking := given.has("checkouts", "order_lines")) is not None:
        return lacking
    lines = given.lines_with("order_id", "ordered_at")
    return metrics.completed(given.shown("checkouts"), lines, *_calendar(given))


def _errors(given: Given) -> Weeks:
    past = given.tables.get("backtest_forecasts")
    if past is None or past.is_empty():
        return "there is no record of past forecasts"
    weeks = metrics.errors(past, given.night.settings.forecast.backtest_step_weeks)
    return with_ratio(weeks, "off", "actual")


_COUNTED: Mapping[str, Callable[[Given], Weeks]] = {
    "connect_rate": _connected,
    "insight_rate": _insights,
    "acknowledged_share": _acknowledged,
    "one_star_share": _one_star,
    "return_share": _returned,
    "late_share": _late,
    "completed_share": _completed,
    "forecast_wape": _errors,
}
