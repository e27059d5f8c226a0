"""Who gave which reasons, by cohort and period: each person once, whatever they say how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of
from transforms.office.periods import PERIOD
from transforms.people import person

EVERYBODY = "everybody"
NOTHING = "(none)"
"""Stands for the reason of people who gave none of those that are counted."""
NEAR = timedelta(days=28)
"""A conversation this near a refund, before or after it, is one of somebody who returned."""
WHOLE = 256
"""Weight of a conversation that nobody chose; weights are whole, so sums do not depend on order."""
MOST_PASSAGES = 30
LEAST_CHANCE = 0.001
_CONVERSATION = (SOURCE, "conversation_id")
_PASSAGE = (*_CONVERSATION, "passage_id")
CELL = (*PERIOD, "cohort")


@dataclass(frozen=True, slots=True)
class Complaints:
    """Which conversations are complaints: those of these channels, and reviews of so few stars."""

    channels: tuple[str, ...] = ("ticket",)
    most_stars: float = 2.0


def cohorts(
    conversations: pl.DataFrame,
    attempts: pl.DataFrame,
    refunds: pl.DataFrame,
    order_lines: pl.DataFrame | None,
    complaints: Complaints,
) -> pl.DataFrame:
    """_source, conversation_id, cohort: every cohort that a conversation speaks for.

    recent, abandoner, repeat: it came of a call to that cohort. returned: its customer was refunded
    within `NEAR` of it. complained: by `complaints`. everybody: all of them. `order_lines`: None where no
    refund tells its order.
    """
    key = list(_CONVERSATION)
    called = attempts.filter(pl.col("conversation_id").is_not_null()).select(*key, "cohort")
    unhappy = conversations.filter(
        pl.col("channel").is_in(list(complaints.channels))
        | ((pl.col("channel") == "review") & (pl.col("rating") <= complaints.most_stars))
    )
    return (
        pl.concat(
            [
                called,
                _named(_returned(conversations, refunds, order_lines), "returned"),
                _named(unhappy, "complained"),
                _named(conversations, EVERYBODY),
            ]
        )
        .unique()
        .sort(*key, "cohort")
    )


def _named(conversations: pl.DataFrame, cohort: str) -> pl.DataFrame:
    return conversations.select(*_CONVERSATION, pl.lit(cohort).alias("cohort"))


def _returned(
    conversations: pl.DataFrame, refunds: pl.DataFrame, order_lines: pl.DataFrame | None
) -> pl.DataFrame:
    """Conversations of customers within `NEAR` of a refund of theirs."""
    if order_lines is None:
        return conversations.clear().select(_CONVERSATION)
    back = refunds.lazy().select(SOURCE, "order_id").unique()
    buyers = (
        order_lines.lazy()
        .filter(pl.col("customer_id").is_not_null())
        .select(SOURCE, "order_id", "customer_id")
        .join(back, on=[SOURCE, "order_id"], how="semi")
        .unique()
        .collect(engine="streaming")
    )
    gave_back = refunds.select(SOURCE, "order_id", "refunded_at").unique()
    times = gave_back.join(buyers, on=[SOURCE, "order_id"]).select("customer_id", "refunded_at")
    talked = conversations.filter(pl.col("customer_id").is_not_null())
    near = talked.join(times, on="customer_id").filter(
        (pl.col("started_at") - pl.col("refunded_at")).abs() <= NEAR
    )
    return near.select(_CONVERSATION).unique()


def people_heard(
    conversations: pl.DataFrame,
    taggable: pl.DataFrame,
    attempts: pl.DataFrame,
    weeks: pl.DataFrame,
    *,
    timezone: str,
    week_start: str,
) -> pl.DataFrame:
    """Taggable conversations of the periods in `weeks`, with period, person, passages and weight.

    `passages` counts those that could carry a signal. `weight` (in 1/`WHOLE`) is what its cohort
    weighs over the chance with which its customer was drawn; that chance is asked of the attempt
    that led to it, and where any attempt of a cohort tells none, it is left out for the cohort.
    """
    counted = taggable.group_by(_CONVERSATION).agg(pl.len().alias("passages"))
    week = week_of(local_day("started_at", timezone), week_start).alias("week_start")
    return (
        conversations.join(counted, on=list(_CONVERSATION))
        .join(_chances(attempts), on=list(_CONVERSATION), how="left", maintain_order="left")
        .with_columns(week, person().rank("dense").alias("person"), _weight().alias("weight"))
        .join(weeks, on="week_start")
        .select(*PERIOD, *_CONVERSATION, "person", "started_at", "passages", "weight")
    )


def _chances(attempts: pl.DataFrame) -> pl.DataFrame:
    """selection_probability of the conversations that came of an attempt."""
    led = attempts.filter(pl.col("conversation_id").is_not_null())
    told = pl.col("selection_probability").is_not_null().all().over("cohort")
    return (
        led.filter(told)
        .sort(*_CONVERSATION, "attempted_at", "attempt_id")
        .unique(list(_CONVERSATION), keep="first", maintain_order=True)
        .select(*_CONVERSATION, "selection_probability")
    )


def _weight() -> pl.Expr:
    chance = pl.col("selection_probability").fill_null(1.0).clip(LEAST_CHANCE, 1.0)
    return (pl.col("weight") * (WHOLE / 16) / chance).round().cast(pl.Int64)


def people_of(heard: pl.DataFrame, cohort: pl.DataFrame) -> pl.DataFrame:
    """One row per period, cohort and person: passages, conversations, and the first one's weight."""
    cells = heard.join(cohort, on=list(_CONVERSATION))
    return (
        cells.sort(*CELL, "person", "started_at", *_CONVERSATION)
        .group_by(*CELL, "person", maintain_order=True)
        .agg(
            pl.col("passages").sum().clip(1, MOST_PASSAGES).cast(pl.Int64),
            pl.len().cast(pl.Int64).alias("conversations"),
            pl.col("weight").first(),
        )
    )


def mentions_of(
    heard: pl.DataFrame, cohort: pl.DataFrame, mentions: pl.DataFrame, order: pl.DataFrame
) -> pl.DataFrame:
    """One row per period, cohort, person and signal: passages with it, and when it came first.

    `mentions` bear conversation, passage, signal and span_start; `order` the passages' position.
    `place` ranks a person's signals by when they were first mentioned.
    """
    said = (
        mentions.group_by(*_PASSAGE, "signal")
        .agg(pl.col("span_start").min())
        .join(order.unique(list(_PASSAGE), keep="first"), on=list(_PASSAGE), how="left")
    )
    cells = heard.select(*PERIOD, *_CONVERSATION, "person", "started_at").join(
        cohort, on=list(_CONVERSATION)
    )
    first = ["started_at", *_CONVERSATION, "said_at", "position", "passage_id", "span_start"]
    found = (
        cells.join(said, on=list(_CONVERSATION))
        .sort(*CELL, "person", *first, "signal", nulls_last=True)
        .group_by(*CELL, "person", "signal", maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("said"))
    )
    place = pl.int_range(pl.len()).over([*CELL, "person"])
    return found.with_columns(place.alias("place"))


def cells(people: pl.DataFrame, said: pl.DataFrame, signals: Sequence[str]) -> pl.DataFrame:
    """How many people, of which weight, by how many passages they have and how many carry a signal.

    One row per period, cohort, signal, passages and said (0: without it), with people, weight and
    weight_squares. Every signal has rows in every cohort that was heard.
    """
    key = [*CELL, "signal", "passages", "said"]
    sums = (
        pl.len().cast(pl.Int64).alias("people"),
        pl.col("weight").sum(),
        (pl.col("weight") ** 2).sum().alias("weight_squares"),
    )
    whole = people.group_by(*CELL, "passages").agg(sums)
    names = pl.DataFrame({"signal": list(signals)}, schema={"signal": pl.String})
    carried = said.filter(pl.col("signal").is_in(list(signals))).join(people, on=[*CELL, "person"])
    with_it = (
        carried.with_columns(pl.min_horizontal("said", "passages").alias("said"))
        .group_by(key)
        .agg(sums)
    )
    taken = with_it.group_by(*CELL, "signal", "passages").agg(
        pl.col("people", "weight", "weight_squares").sum().name.prefix("_")
    )
    numbers = ("people", "weight", "weight_squares")
    without = (
        whole.join(names, how="cross")
        .join(taken, on=[*CELL, "signal", "passages"], how="left")
        .with_columns(pl.col(n) - pl.col(f"_{n}").fill_null(0) for n in numbers)
        .with_columns(pl.lit(0, pl.Int64).alias("said"))
        .filter(pl.col("people") > 0)
    )
    columns = [*key, *numbers]
    return pl.concat([without.select(columns), with_it.select(columns)]).sort(key)


def with_nothing(people: pl.DataFrame, said: pl.DataFrame, signals: Sequence[str]) -> pl.DataFrame:
    """`said` of `signals` alone, and the reason `NOTHING` of everybody who gave none of them."""
    who = [*CELL, "person"]
    mine = said.filter(pl.col("signal").is_in(list(signals)))
    silent = people.select(who).join(mine, on=who, how="anti")
    nothing = silent.with_columns(
        pl.lit(NOTHING).alias("signal"),
        pl.lit(1, pl.Int64).alias("said"),
        pl.lit(0, pl.Int64).alias("place"),
    )
    return pl.concat([mine, nothing.select(pl.col(n).cast(t) for n, t in mine.schema.items())])


def first_reasons(people: pl.DataFrame, said: pl.DataFrame, signals: Sequence[str]) -> pl.DataFrame:
    """Per period and cohort how many people gave each reason first: exclusive, adding up to all.

    Columns: CELL, reason, first_k, n_people, n_conversations; a row for every signal and for
    `NOTHING`. `said` as `with_nothing` gives it.
    """
    who = [*CELL, "person"]
    first = said.filter(pl.col("place") == pl.col("place").min().over(who))
    counts = first.group_by(*CELL, pl.col("signal").alias("reason")).agg(
        pl.len().cast(pl.Int64).alias("first_k")
    )
    names = pl.DataFrame({"reason": [*signals, NOTHING]}, schema={"reason": pl.String})
    whole = people.group_by(CELL).agg(
        pl.len().cast(pl.Int64).alias("n_people"),
        pl.col("conversations").sum().alias("n_conversations"),
    )
    return (
        whole.join(names, how="cross")
        .join(counts, on=[*CELL, "reason"], how="left")
        .with_columns(pl.col("first_k").fill_null(0))
        .sort(*CELL, "reason")
    )
