"""Whether words, tags and those who speak are still what they were: the last 4 weeks and 12 before.

Population stability index (PSI) of shares p now and q before: sum of (p - q) log(p / q). It says how
far a mix has moved, not why: a tagger that lost a phrase file, a new form, or a real change of mind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import log, sqrt

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of
from transforms.phrases import MIN_PEOPLE

NOW_WEEKS, BEFORE_WEEKS = 4, 12
SMOOTH = 0.5
"""Added to each count, so that a share of nothing has a logarithm."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a mix moved: `psi`, with the counts it rests on and how many names it has."""

    psi: float
    n_now: int
    n_before: int
    names: int

    @property
    def chance(self) -> float:
        """What chance alone reaches about once in ten thousand: its mean and four deviations."""
        free = max(self.names - 1, 1)
        return (free + 4 * sqrt(2 * free)) * (1 / max(self.n_now, 1) + 1 / max(self.n_before, 1))


@dataclass(frozen=True, slots=True)
class Shares:
    """A share now and before, each with its number."""

    now: float
    before: float
    n_now: int
    n_before: int


def _period(week: pl.Expr, last: date) -> pl.Expr:
    """`now`, `before`, or null outside both."""
    first = last - timedelta(weeks=NOW_WEEKS - 1)
    begin = first - timedelta(weeks=BEFORE_WEEKS)
    return (
        pl.when(week.is_between(first, last))
        .then(pl.lit("now"))
        .when(week.is_between(begin, first, closed="left"))
        .then(pl.lit("before"))
    )


def _counts(weekly: pl.DataFrame, names: list[str], last: date) -> pl.DataFrame:
    """names, now, before: `n` summed over both periods; sorted."""
    period = _period(pl.col("week_start"), last)
    return (
        weekly.with_columns(period.alias("_period"))
        .drop_nulls("_period")
        .group_by(names)
        .agg(
            pl.col("n").filter(pl.col("_period") == one).sum().alias(one)
            for one in ("now", "before")
        )
        .sort(names, nulls_last=False)
    )


def mix_shift(weekly: pl.DataFrame, name: str, last: date) -> Shift:
    """PSI of the mix of `name` over week_start, `name`, n."""
    counts = _counts(weekly, [name], last)
    now, before = counts["now"].to_list(), counts["before"].to_list()
    psi = 0.0
    whole = [sum(now) + SMOOTH * len(now), sum(before) + SMOOTH * len(before)]
    for a, b in zip(now, before, strict=True):
        p, q = (a + SMOOTH) / whole[0], (b + SMOOTH) / whole[1]
        psi += (p - q) * log(p / q)
    return Shift(psi, sum(now), sum(before), len(now))


def share_shifts(weekly: pl.DataFrame, name: str, last: date) -> dict[str, Shares]:
    """By `name`: share of `k` in `n` now and before, over week_start, `name`, n, k."""
    every = _counts(weekly, [name], last)
    those = _counts(weekly.with_columns(n=pl.col("k")), [name], last)
    rows = every.join(those, on=name, nulls_equal=True, suffix="_k").sort(name, nulls_last=False)
    return {
        str(one): Shares(
            now_k / now if now else 0.0, before_k / before if before else 0.0, now, before
        )
        for one, now, before, now_k, before_k in rows.iter_rows()
    }


def weeks_of(conversations: pl.DataFrame, *, timezone: str, week_start: str) -> pl.DataFrame:
    """_source, conversation_id, channel, week_start of each conversation."""
    week = week_of(local_day("started_at", timezone), week_start).alias("week_start")
    return conversations.select(SOURCE, "conversation_id", "channel", week)


def weekly_mentions(weeks: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """week_start, signal, n: conversations with each signal."""
    key = [SOURCE, "conversation_id"]
    told = said.select(*key, "signal").unique().join(weeks, on=key)
    return told.group_by("week_start", "signal").agg(pl.len().cast(pl.Int64).alias("n"))


def weekly_signals(rates: pl.DataFrame) -> pl.DataFrame:
    """week_start, signal, n, k: taggable conversations of the business, and those with the signal."""
    return rates.filter(pl.col("category").is_null()).select(
        "week_start", "signal",
        n="conversations_taggable", k="conversations_with_signal",
    )  # fmt: skip


def weekly_channels(weeks: pl.DataFrame) -> pl.DataFrame:
    """week_start, channel, n: conversations of each channel."""
    return weeks.group_by("week_start", "channel").agg(pl.len().cast(pl.Int64).alias("n"))


def weekly_languages(weeks: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """week_start, language, n, k: passages of each language that an agent did not say, and taggable ones.

    `judged` bears _source, conversation_id, language (null: unknown), taggable.
    """
    return (
        judged.join(weeks, on=[SOURCE, "conversation_id"])
        .group_by("week_start", pl.col("language").fill_null("unknown"))
        .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("taggable").sum().cast(pl.Int64).alias("k"))
    )


def unknown_words(words: pl.DataFrame, last: date, one_in: int) -> list[Shares]:
    """Share of words that no other block of four weeks has, of each block of the sixteen; newest first.

    `words` bear week_start, language, phrase, people: single words, of which those that few say are
    one in `one_in` only. Each block is compared with the twelve other weeks, so that the blocks can
    be compared with each other; `before` is unused.
    """
    if words.is_empty():
        return []
    key = ["language", "phrase"]
    block = ((pl.lit(last) - pl.col("week_start")).dt.total_days() // (7 * NOW_WEEKS)).alias(
        "_block"
    )
    # Words that enough people said in one of the newest weeks are all there; others stand for many.
    often = ((pl.col("_block") == 0) & (pl.col("people") >= MIN_PEOPLE)).any().over(key)
    counted = words.with_columns(block).with_columns(
        (pl.col("people") * pl.when(often).then(1).otherwise(one_in)).alias("_n")
    )
    by_word = counted.group_by(*key, "_block").agg(pl.col("_n").sum())
    alone = by_word.with_columns((pl.len().over(key) == 1).alias("_alone"))
    sums = alone.group_by("_block").agg(
        pl.col("_n").filter("_alone").sum().alias("unknown"), pl.col("_n").sum().alias("n")
    )
    return [Shares(k / n if n else 0.0, 0.0, n, 0) for _, k, n in sums.sort("_block").iter_rows()]
