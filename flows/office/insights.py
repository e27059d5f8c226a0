"""insight_rate: conversations that taught something that can be acted on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from flows.office.given import Given
from models.office.insight import shares
from transforms.calendar import local_day, week_of
from transforms.contracts import EXPORTS
from transforms.office import learnt
from transforms.office.reached import windowed


def insight_rate(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if (lacking := given.has("insights")) is not None:
        return lacking
    if given.shown("call_attempts").is_empty() and given.said.now.conversations.is_empty():
        return "no conversations given"
    target = given.night.settings.office.insights.target
    calls, every = noted_calls(given), noted_conversations(given)
    parts = [
        *(learnt.counted(calls, name, name) for name in ("all", "cohort", "team")),
        learnt.counted(every, "channel", "channel"),
    ]
    if not sum(part.height for part in parts):
        return "insights have been noted for too short a time: no whole week is over"
    rows = shares(pl.concat(parts, how="diagonal"), target)
    silent = _unrecorded(given)
    key = ["window_weeks", "window_end", "dimension", "slice"]
    rows = rows.join(silent, on=key, how="left").with_columns(
        pl.when(pl.col("dimension") != "channel").then(pl.col("unrecorded_n").fill_null(0)),
        pl.lit(given.as_of).alias("as_of"),
    )
    return {"insight_rate": rows.select(EXPORTS["insight_rate"].names)}


def settled(given: Given) -> date:
    """First day of the newest week whose insights are all noted."""
    rules, days = given.rules, given.night.settings.office.insights.settle_days
    return learnt.settled_week(given.as_of, rules.latency_days, days, rules.week_start)


def learnt_of(given: Given) -> pl.DataFrame:
    """What was learnt of each conversation."""
    return learnt.insights_by_conversation(given.shown("insights"))


def noted_calls(given: Given) -> pl.DataFrame:
    """Recorded answered calls by window, with what was learnt of each."""
    return _noted(given, _calls(given).filter(pl.col("conversation_id").is_not_null()))


def noted_conversations(given: Given) -> pl.DataFrame:
    """Conversations of every channel by window, with what was learnt of each."""
    rules = given.rules
    week = week_of(local_day("started_at", rules.timezone), rules.week_start)
    channel = pl.col("channel").fill_null(learnt.UNKNOWN)
    every = given.said.now.conversations.select(*learnt.KEY, week.alias("week_start"), channel)
    return _noted(given, every)


def _calls(given: Given) -> pl.DataFrame:
    rules = given.rules
    rows = learnt.calls_had(given.shown("call_attempts"), rules.timezone, rules.week_start)
    return rows.with_columns(pl.lit("all").alias("all"))


def _noted(given: Given, rows: pl.DataFrame) -> pl.DataFrame:
    return learnt.with_insights(_within(given, rows), learnt_of(given))


def _within(given: Given, rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` once for each window in all of whose weeks insights were noted."""
    rules = given.rules
    first = learnt.first_whole_week(given.shown("insights"), rules.timezone, rules.week_start)
    shown = windowed(rows, settled(given))
    begins = pl.col("window_end") - pl.duration(weeks=pl.col("window_weeks")) + timedelta(days=1)
    return shown.filter(begins >= pl.lit(first, dtype=pl.Date))


def _unrecorded(given: Given) -> pl.DataFrame:
    """Answered calls without a conversation, by window and slice."""
    rows = _within(given, _calls(given).filter(pl.col("conversation_id").is_null()))
    return pl.concat(
        rows.group_by("window_weeks", "window_end", pl.col(name).alias("slice"))
        .agg(pl.len().cast(pl.Int64).alias("unrecorded_n"))
        .with_columns(pl.lit(name).alias("dimension"))
        for name in ("all", "cohort", "team")
    )
