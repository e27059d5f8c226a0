"""Which passages each week's phrases come from, and what the counted phrases amount to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of
from transforms.people import person
from transforms.phrases import MIN_PEOPLE, PASSAGE, phrases_of

WEEKS_BEFORE = 12
WEEKS_SHOWN = 4
BATCH = 20_000
"""Passages read at once."""
SCOPE = ("category", "language", "size")
_SAID = ("week_start", *SCOPE, "phrase")


def window(last_week: date) -> tuple[list[date], list[date]]:
    """The weeks that are shown, and all that are counted for them, oldest first."""
    shown = [last_week - timedelta(weeks=i) for i in reversed(range(WEEKS_SHOWN))]
    before = [shown[0] - timedelta(weeks=i) for i in reversed(range(1, WEEKS_BEFORE + 1))]
    return shown, before + shown


def heard_passages(
    conversations: pl.DataFrame,
    judged: pl.DataFrame,
    weeks: Sequence[date],
    *,
    unattributed: str,
    timezone: str,
    week_start: str,
) -> pl.DataFrame:
    """Taggable passages of the weeks, with week_start, started_at, category, person and batch.

    `judged` bears the identity of taggable passages and their language. All passages of a person
    in a week are in one batch of about `BATCH` passages. Sorted.
    """
    about = conversations.select(
        SOURCE,
        "conversation_id",
        "started_at",
        pl.when(pl.col("category") != unattributed).then("category").alias("category"),
        person().alias("_who"),
        week_of(local_day("started_at", timezone), week_start).alias("week_start"),
    ).filter(pl.col("week_start").is_in(list(weeks)))
    heard = judged.join(about, on=[SOURCE, "conversation_id"])
    batches = (pl.len() // BATCH + 1).over("week_start")
    return (
        heard.with_columns(pl.col("_who").rank("dense").cast(pl.Int64).alias("person"))
        .with_columns((pl.col("person") % batches).alias("batch"))
        .drop("_who")
        .sort("week_start", "batch", *PASSAGE)
    )


def said_in(batch: pl.DataFrame, stop_words: Mapping[str, Collection[str]]) -> pl.DataFrame:
    """What a batch of passages (with text) says: its columns but the text, and size and phrase."""
    numbered = batch.drop("text").with_row_index("_row")
    return phrases_of(batch, stop_words).join(numbered, on="_row").drop("_row")


def fingerprints(said: pl.DataFrame) -> pl.DataFrame:
    """_hash, people: how many people of a batch said each phrase, in few bytes."""
    return said.select("person", _hash()).unique().group_by("_hash").agg(pl.len().alias("people"))


def shown_often(counts: Sequence[pl.DataFrame]) -> pl.Series:
    """Hashes of phrases that enough people said in one week; `counts` are that week's batches."""
    sums = pl.concat(counts).group_by("_hash").agg(pl.col("people").sum())
    return sums.filter(pl.col("people") >= MIN_PEOPLE)["_hash"]


def kept(said: pl.DataFrame, candidates: pl.Series, one_in: int) -> pl.DataFrame:
    """Candidates, and one in so many of all phrases: from these it is told how many there are."""
    wanted = pl.col("_hash").is_in(candidates.implode()) | _sampled(one_in)
    return said.with_columns(_hash()).filter(wanted).drop("_hash")


def _hash() -> pl.Expr:
    return pl.concat_str("language", pl.lit(" "), "phrase").hash(seed=7).alias("_hash")


def _sampled(one_in: int) -> pl.Expr:
    return pl.col("_hash") % one_in == 0


def periods(weekly: pl.DataFrame, week: date) -> pl.DataFrame:
    """Per scope and phrase: people now, people_before, first_week, of `week` and those before it.

    `weekly` bears week_start, category, language, size, phrase, people.
    """
    begin = week - timedelta(weeks=WEEKS_BEFORE)
    inside = weekly.filter(pl.col("week_start").is_between(begin, week))
    now = pl.col("week_start") == week
    return inside.group_by(*SCOPE, "phrase").agg(
        pl.col("people").filter(now).sum(),
        pl.col("people").filter(~now).sum().alias("people_before"),
        pl.col("week_start").min().alias("first_week"),
    )


def with_sayings(found: pl.DataFrame, totals: pl.DataFrame, week: date) -> pl.DataFrame:
    """`periods` with sayings and sayings_before: all people's phrases of the same size and scope."""
    sums = periods(totals.with_columns(pl.lit("").alias("phrase")), week)
    named = sums.select(*SCOPE, sayings="people", sayings_before="people_before")
    return found.join(named, on=list(SCOPE), how="left", nulls_equal=True).sort(
        *SCOPE, "phrase", nulls_last=False
    )


def asked(found: pl.DataFrame, one_in: int, min_total: int) -> int:
    """How many phrases of all scopes were said often enough to be asked about."""
    often = pl.col("people") + pl.col("people_before") >= min_total
    return one_in * found.with_columns(_hash()).filter(often & _sampled(one_in)).height


def covered(voices: pl.DataFrame, tags: pl.DataFrame) -> pl.DataFrame:
    """Per week, scope and phrase: the commonest signal of its passages, and its share of them.

    `voices`: week_start, category, language, size, phrase and the passage; `tags`: passage, signal.
    Both are null where no passage carries a signal.
    """
    key = list(_SAID)
    signals = tags.select(*PASSAGE, "signal").unique()
    passages = voices.group_by(key).agg(pl.len().alias("_all"))
    shares = (
        voices.join(signals, on=list(PASSAGE))
        .group_by(*key, "signal")
        .agg(pl.len().alias("_n"))
        .sort(*key, pl.col("_n"), "signal", descending=[False] * 5 + [True, False])
        .unique(subset=key, keep="first", maintain_order=True)
    )
    return passages.join(shares, on=key, how="left", nulls_equal=True).select(
        *key, "signal", (pl.col("_n") / pl.col("_all")).alias("signal_share")
    )


def examples(voices: pl.DataFrame, n: int = 2) -> pl.DataFrame:
    """Per week, scope and phrase: the passages of the first `n` people to say it, by `place`."""
    key = [*_SAID]
    order = [*key, "started_at", *PASSAGE]
    first = voices.sort(order, nulls_last=False).unique(
        subset=[*key, "person"], keep="first", maintain_order=True
    )
    place = pl.int_range(pl.len()).over(key)
    return first.with_columns((place + 1).alias("place")).filter(pl.col("place") <= n).select(
        *key, "place", *PASSAGE
    )  # fmt: skip
