"""Passages in the lake into the table of emerging phrases, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from flows.knowledge import Picture, Rules, Tags
from flows.lake import Lake
from models.phrase_trends import MIN_TOTAL, emerging, trends
from transforms import phrase_windows as windows
from transforms.asof import visible
from transforms.contracts import EXPORTS, INPUTS
from transforms.phrases import MIN_PEOPLE, PASSAGE, added_up, people_saying, without_parts
from transforms.signals import UNATTRIBUTED
from transforms.stopwords import STOP_WORDS
from transforms.waterfall import quote

SHOWN = 25
"""Phrases of a week and scope that are shown though their rise may be chance."""
COVERED = 0.5
"""A signal covers a phrase that at least this share of its passages carry."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What one pass over the passages told.

    `heard`: the passages (`phrase_windows.heard_passages`). `phrases`: week_start, category,
    language, size, phrase, people; `totals`: the same over all phrases. `one_in`: of how many
    phrases one is kept although few say it.
    """

    shown: list[date]
    heard: pl.DataFrame
    phrases: pl.DataFrame
    totals: pl.DataFrame
    one_in: int


class Passages:
    """Texts of taggable passages as a night sees them; one batch in memory at a time."""

    def __init__(self, lake: Lake, as_of: date, heard: pl.DataFrame) -> None:
        self._lake, self._as_of, self._heard = lake, as_of, heard

    def batches(self, weeks: Sequence[date]) -> Iterator[tuple[date, pl.DataFrame]]:
        """Each week's batches, oldest first; the text beside what `heard` tells."""
        for week in weeks:
            own = self._heard.filter(pl.col("week_start") == week)
            for batch in own.partition_by("batch", maintain_order=True):
                yield week, self.texts(batch)

    def texts(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """`wanted` with the text of each passage."""
        stored = self._lake.versions("passages", self._as_of).select(*PASSAGE, "text")
        found = stored.join(wanted.select(PASSAGE).lazy(), on=list(PASSAGE), how="semi")
        return wanted.join(found.collect(), on=list(PASSAGE), maintain_order="left")


def count_phrases(
    lake: Lake, as_of: date, now: Picture, tags: Tags, rules: Rules
) -> Counted | None:
    """Phrases of the last weeks and those before; None where no passage was heard in them."""
    shown, weeks = windows.window(now.last_week)
    there = visible(lake.versions("passages", as_of), INPUTS["passages"], as_of, rules.timezone)
    judged = tags.judged.filter("taggable").join(
        there.select(PASSAGE).collect(), on=list(PASSAGE), how="semi"
    )
    heard = windows.heard_passages(
        now.conversations,
        judged.select(*PASSAGE, "language"),
        weeks,
        unattributed=UNATTRIBUTED,
        timezone=rules.timezone,
        week_start=rules.week_start,
    )
    if heard.is_empty():
        return None
    passages = Passages(lake, as_of, heard)
    one_in = heard.height // windows.BATCH + 1
    candidates = _candidates(passages, shown)
    phrases, totals = _counts(passages, weeks, candidates, one_in)
    return Counted(shown, heard, phrases, totals, one_in)


def _candidates(passages: Passages, shown: list[date]) -> pl.Series:
    """Hashes of the phrases that enough people said in one of the shown weeks."""
    found = [pl.Series("_hash", [], dtype=pl.UInt64)]
    for week in shown:
        counts = [
            windows.fingerprints(windows.said_in(batch, STOP_WORDS))
            for _, batch in passages.batches([week])
        ]
        if counts:
            found.append(windows.shown_often(counts))
    return pl.concat(found).unique().sort()


def _counts(
    passages: Passages, weeks: list[date], candidates: pl.Series, one_in: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    phrases, totals = [], []
    for week in weeks:
        parts, sums = [], []
        for _, batch in passages.batches([week]):
            said = windows.said_in(batch, STOP_WORDS)
            counts = people_saying(said)
            sums.append(counts.group_by(windows.SCOPE).agg(pl.col("people").sum()))
            parts.append(windows.kept(counts, candidates, one_in))
        if parts:
            label = pl.lit(week).alias("week_start")
            phrases.append(added_up(parts).select(label, pl.all()))
            added = pl.concat(sums).group_by(windows.SCOPE).agg(pl.col("people").sum())
            totals.append(added.select(label, pl.all()))
    return pl.concat(phrases), pl.concat(totals).sort(
        "week_start", *windows.SCOPE, nulls_last=False
    )


def phrase_stats(
    lake: Lake, as_of: date, counted: Counted, tags: Tags, *, quotes: bool
) -> pl.DataFrame:
    """The table phrase_stats, but for pseudonyms of its examples; quotes only where allowed."""
    told = [_week(counted, week) for week in counted.shown]
    found = without_parts(pl.concat(told))
    if found.is_empty():
        return EXPORTS["phrase_stats"].empty()
    passages = Passages(lake, as_of, counted.heard)
    voices = _voices(passages, counted.shown, found)
    key = ["week_start", *windows.SCOPE, "phrase"]
    found = found.join(
        windows.covered(voices, tags.tags), on=key, how="left", nulls_equal=True
    ).with_columns(
        (pl.col("emerging") & (pl.col("signal_share").fill_null(0.0) < COVERED)).alias(
            "is_candidate"
        )
    )
    return _with_examples(found, windows.examples(voices), passages, quotes=quotes)


def _week(counted: Counted, week: date) -> pl.DataFrame:
    """What is shown of a week: all that emerges, and of each scope what rose most."""
    all_of_it = windows.periods(counted.phrases, week)
    asked = windows.asked(all_of_it, counted.one_in, MIN_TOTAL)
    often = all_of_it.filter(pl.col("people") >= MIN_PEOPLE)
    found = windows.with_sayings(often, counted.totals, week)
    made = trends(
        found["people"].to_numpy(),
        found["people_before"].to_numpy(),
        found["sayings"].to_numpy(),
        found["sayings_before"].to_numpy(),
        asked=asked,
    )
    error = pl.col("log_odds") / pl.col("z")
    return (
        found.with_columns(
            pl.lit(week).alias("week_start"),
            pl.Series("log_odds", made.log_odds),
            pl.Series("z", made.z),
            pl.Series("p_value", made.p),
            pl.Series("q_value", made.q),
            pl.Series("emerging", emerging(made)),
        )
        .filter(pl.col("log_odds") > 0)
        .with_columns(
            (pl.col("log_odds") - 1.96 * error).alias("log_odds_lo"),
            (pl.col("log_odds") + 1.96 * error).alias("log_odds_hi"),
            pl.struct(-pl.col("z"), "phrase").rank("ordinal").over("category").alias("_rank"),
        )
        .filter(pl.col("emerging") | (pl.col("_rank") <= SHOWN))
        .drop("_rank")
    )


def _voices(passages: Passages, weeks: list[date], found: pl.DataFrame) -> pl.DataFrame:
    """Who said the shown phrases where: of each category, and of everything (null)."""
    key = ["week_start", *windows.SCOPE, "phrase"]
    wanted, parts = found.select(key), []
    everything = pl.lit(None, dtype=pl.String).alias("category")
    for week, batch in passages.batches(weeks):
        own = wanted.filter(pl.col("week_start") == week)
        said = windows.said_in(batch, STOP_WORDS)
        split = said.filter(pl.col("category").is_not_null())
        both = (split, said.with_columns(everything))
        parts += [one.join(own, on=key, how="semi", nulls_equal=True) for one in both]
    columns = [*key, *PASSAGE, "person", "started_at"]
    return pl.concat([part.select(columns) for part in parts])


def _with_examples(
    found: pl.DataFrame, examples: pl.DataFrame, passages: Passages, *, quotes: bool
) -> pl.DataFrame:
    key = ["week_start", *windows.SCOPE, "phrase"]
    for place in (1, 2):
        mine = examples.filter(pl.col("place") == place).drop("place")
        found = found.join(mine, on=key, how="left", nulls_equal=True).rename(
            {"passage_id": f"example_{place}"}
        )
        told = passages.texts(found.filter("is_candidate").select(
            "_source", "_version", "conversation_id",
            pl.col(f"example_{place}").alias("passage_id")).drop_nulls().unique()
        ) if quotes else None  # fmt: skip
        found = _quoted(found, told, place).drop("_source", "_version", "conversation_id")
    contract = EXPORTS["phrase_stats"]
    return found.select([pl.col(c.name).cast(c.dtype) for c in contract.columns]).sort(
        contract.order, nulls_last=False
    )


def _quoted(found: pl.DataFrame, told: pl.DataFrame | None, place: int) -> pl.DataFrame:
    name = f"quote_{place}"
    if told is None:
        return found.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    words = told.select(
        "_source", "_version", "conversation_id", pl.col("passage_id").alias(f"example_{place}"),
        pl.col("text").map_elements(quote, return_dtype=pl.String).alias(name),
    )  # fmt: skip
    joined = found.join(
        words, on=["_source", "_version", "conversation_id", f"example_{place}"], how="left"
    )
    return joined.with_columns(pl.when("is_candidate").then(name).alias(name))
