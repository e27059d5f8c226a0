"""Passages in the lake into the table of emerging phrases, a batch at a time."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from flows.knowledge import Picture, Rules, Tags
from flows.lake import Lake
from models.phrase_trends import MIN_TOTAL, with_trends
from transforms import phrase_windows as windows
from transforms.asof import visible
from transforms.contracts import EXPORTS, INPUTS
from transforms.phrases import PASSAGE, added_up, people_saying, without_parts
from transforms.signals import UNATTRIBUTED
from transforms.stopwords import STOP_WORDS
from transforms.waterfall import quote


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
    """Texts of taggable passages as a night sees them; a few batches in memory at a time."""

    def __init__(self, lake: Lake, as_of: date, heard: pl.DataFrame) -> None:
        self._lake, self._as_of, self._heard = lake, as_of, heard

    def batches(self, weeks: Sequence[date]) -> Iterator[tuple[date, pl.DataFrame]]:
        """Each week's batches, oldest first; the text beside what `heard` tells."""
        key = ["week_start", "batch"]
        own = self._heard.filter(pl.col("week_start").is_in(list(weeks)))
        for parts in windows.together(own.partition_by(key, maintain_order=True)):
            texts = self.texts(pl.concat(parts))
            for batch in texts.partition_by(key, maintain_order=True):
                yield batch["week_start"][0], batch

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
    for _, batches in _by_week(passages, shown):
        counts = [windows.fingerprints(windows.said_in(batch, STOP_WORDS)) for batch in batches]
        found.append(windows.shown_often(counts))
    return pl.concat(found).unique().sort()


def _counts(
    passages: Passages, weeks: list[date], candidates: pl.Series, one_in: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    phrases, totals = [], []
    for week, batches in _by_week(passages, weeks):
        parts, sums = [], []
        for batch in batches:
            counts = people_saying(windows.said_in(batch, STOP_WORDS))
            sums.append(counts.group_by(windows.SCOPE).agg(pl.col("people").sum()))
            parts.append(windows.kept(counts, candidates, one_in))
        label = pl.lit(week).alias("week_start")
        phrases.append(added_up(parts).select(label, pl.all()))
        added = pl.concat(sums).group_by(windows.SCOPE).agg(pl.col("people").sum())
        totals.append(added.select(label, pl.all()))
    return pl.concat(phrases), pl.concat(totals).sort(
        "week_start", *windows.SCOPE, nulls_last=False
    )


def _by_week(
    passages: Passages, weeks: Sequence[date]
) -> Iterator[tuple[date, Iterator[pl.DataFrame]]]:
    """Each week in which anything was said, and its batches, which are to be read before the next week's."""
    for week, batches in itertools.groupby(passages.batches(weeks), operator.itemgetter(0)):
        yield week, map(operator.itemgetter(1), batches)


def phrase_stats(
    lake: Lake, as_of: date, counted: Counted, tags: Tags, *, quotes: bool
) -> pl.DataFrame:
    """The table phrase_stats, but for pseudonyms of its examples; quotes only where allowed."""
    contract = EXPORTS["phrase_stats"]
    sampled = windows.sampled(counted.phrases, counted.one_in)
    found = without_parts(pl.concat([_week(counted, sampled, week) for week in counted.shown]))
    if found.is_empty():
        return contract.empty()
    passages = Passages(lake, as_of, counted.heard)
    heard = pl.concat(
        [
            windows.voices(windows.said_in(batch, STOP_WORDS), found)
            for _, batch in passages.batches(counted.shown)
        ]
    )
    found = windows.with_coverage(found, heard, tags.tags)
    for number, example in enumerate(windows.examples(heard), start=1):
        shown = _quoted(passages, example) if quotes else example
        found = windows.with_example(found, shown, number)
    typed = found.select([pl.col(c.name).cast(c.dtype) for c in contract.columns])
    return typed.sort(contract.order, nulls_last=False)


def _week(counted: Counted, sampled: pl.DataFrame, week: date) -> pl.DataFrame:
    """The phrases of one week that are shown, with their trends."""
    often = windows.periods(windows.said_often(counted.phrases, week), week)
    told = windows.with_sayings(often, counted.totals, week)
    asked = windows.asked(windows.periods(sampled, week), counted.one_in, MIN_TOTAL)
    return windows.most_risen(with_trends(told, asked=asked), week)


def _quoted(passages: Passages, example: pl.DataFrame) -> pl.DataFrame:
    """The examples with their words, as they may be shown."""
    texts = passages.texts(example.select(PASSAGE).unique(maintain_order=True))
    words = texts.select(
        *PASSAGE, pl.col("text").map_elements(quote, return_dtype=pl.String).alias("quote")
    )
    return example.join(words, on=list(PASSAGE), how="left", maintain_order="left")
