"""Which passages each week's phrases come from, and what the counted phrases amount to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of
from transforms.people import person
from transforms.phrases import MIN_PEOPLE, PASSAGE, phrases_of

WEEKS_BEFORE = 12
WEEKS_SHOWN = 4
BATCH = 20_000
"""Passages whose phrases are counted at once."""
READ = 60_000
"""Passages whose texts are looked up at once: each time, all texts of the lake are gone through."""
SHOWN = 25
"""Phrases of a week and scope that are shown though their rise may be chance."""
COVERED = 0.5
"""A signal covers a phrase if at least this share of its passages carry it."""
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


def together(parts: Iterable[pl.DataFrame]) -> Iterator[list[pl.DataFrame]]:
    """Batches in their order, as many at a time as have `READ` passages, one at least."""
    some: list[pl.DataFrame] = []
    for part in parts:
        if some and sum(one.height for one in some) + part.height > READ:
            yield some
            some = []
        some.append(part)
    if some:
        yield some


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
    wanted = pl.col("_hash").is_in(candidates.implode()) | (pl.col("_hash") % one_in == 0)
    return said.with_columns(_hash()).filter(wanted).drop("_hash")


def _hash() -> pl.Expr:
    return pl.concat_str("language", pl.lit(" "), "phrase").hash(seed=7).alias("_hash")


def sampled(weekly: pl.DataFrame, one_in: int) -> pl.DataFrame:
    """One in so many of all phrases: those that are kept however few say them."""
    return weekly.filter(_hash() % one_in == 0)


def said_often(weekly: pl.DataFrame, week: date) -> pl.DataFrame:
    """Every week's rows of the phrases that enough people said in `week`."""
    key = [*SCOPE, "phrase"]
    often = weekly.filter(pl.col("week_start") == week, pl.col("people") >= MIN_PEOPLE)
    return weekly.join(often.select(key), on=key, how="semi", nulls_equal=True)


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
    """How many phrases of all scopes were said often enough to be asked about; `found`: those `sampled`."""
    often = pl.col("people") + pl.col("people_before") >= min_total
    return one_in * found.filter(often).height


def most_risen(found: pl.DataFrame, week: date) -> pl.DataFrame:
    """What is shown of a week: all that emerges, and of each category what rose most by z."""
    rank = pl.struct(-pl.col("z"), "phrase", "language").rank("ordinal").over("category")
    return found.filter(pl.col("emerging") | (rank <= SHOWN)).with_columns(
        pl.lit(week).alias("week_start")
    )


def voices(said: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Who said the found phrases where: of each category, and of everything (null)."""
    everything = pl.lit(None, dtype=pl.String).alias("category")
    split = said.filter(pl.col("category").is_not_null())
    wanted = found.select(_SAID)
    return pl.concat(
        one.select(*_SAID, *PASSAGE, "person", "started_at").join(
            wanted, on=list(_SAID), how="semi", nulls_equal=True
        )
        for one in (split, said.with_columns(everything))
    )


def with_coverage(found: pl.DataFrame, heard: pl.DataFrame, tags: pl.DataFrame) -> pl.DataFrame:
    """`found` with signal, signal_share and is_candidate.

    The commonest signal of a phrase's passages, and its share of them; null where none carries any.
    `heard` are its `voices`; `tags` bear passage and signal. A candidate emerges, and no signal
    covers it.
    """
    key = list(_SAID)
    signals = tags.select(*PASSAGE, "signal").unique()
    passages = heard.group_by(key).agg(pl.len().alias("_all"))
    shares = (
        heard.join(signals, on=list(PASSAGE))
        .group_by(*key, "signal")
        .agg(pl.len().alias("_n"))
        .sort(*key, "_n", "signal", descending=[*[False] * len(key), True, False])
        .unique(subset=key, keep="first", maintain_order=True)
    )
    share = (pl.col("_n") / pl.col("_all")).alias("signal_share")
    told = passages.join(shares, on=key, how="left", nulls_equal=True).select(*key, "signal", share)
    uncovered = pl.col("signal_share").fill_null(0.0) < COVERED
    return found.join(told, on=key, how="left", nulls_equal=True).with_columns(
        (pl.col("emerging") & uncovered).alias("is_candidate")
    )


def examples(heard: pl.DataFrame, n: int = 2) -> list[pl.DataFrame]:
    """The passage of the first person to say each phrase, of the second, and so on to the n-th.

    Per week, scope and phrase; columns of both and of the passage.
    """
    key = list(_SAID)
    first = heard.sort([*key, "started_at", *PASSAGE], nulls_last=False).unique(
        subset=[*key, "person"], keep="first", maintain_order=True
    )
    numbered = first.with_columns(pl.int_range(pl.len()).over(key).alias("_place"))
    return [numbered.filter(pl.col("_place") == place).select(*key, *PASSAGE) for place in range(n)]


def with_example(found: pl.DataFrame, example: pl.DataFrame, number: int) -> pl.DataFrame:
    """`found` with example_<number>, the passage's id, and, where `example` bears it, its quote.

    Only candidates are quoted.
    """
    quote = pl.col("quote") if "quote" in example.columns else pl.lit(None, dtype=pl.String)
    shown = example.select(
        *_SAID, pl.col("passage_id").alias(f"example_{number}"), quote.alias(f"quote_{number}")
    )
    joined = found.join(shown, on=list(_SAID), how="left", nulls_equal=True)
    quoted = pl.when("is_candidate").then(f"quote_{number}")
    return joined.with_columns(quoted.alias(f"quote_{number}"))
