"""What a night publishes of words beside signals: phrases, audits, and warnings where words drift."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from flows.audits import tag_audit
from flows.keys import keyring
from flows.knowledge import Picture, Tags
from flows.masking import pseudonyms
from flows.night import Night, phrase_books, rules_of
from flows.optional import Optionals
from flows.phrases import Counted, Passages, count_phrases, phrase_stats
from flows.voices import voices
from transforms import word_drift as moved
from transforms.asof import visible
from transforms.contracts import INPUTS
from transforms.expectations import Verdicts, Words, judge_words
from transforms.phrases import PASSAGE

LOG = logging.getLogger("hearcast")
JUDGED = ("inputs", "words")
"""What is judged before publishing, in this order."""


@dataclass(slots=True)
class Said(Optionals):
    """Tables to publish, and lines that people should read."""

    lines: tuple[str, ...] = ()
    counted: Counted | None = None
    """What one pass over the newest passages told; None: there were none, or nobody listened."""


def said_tables(night: Night, now: Picture, tags: Tags, deaf: str | None) -> Said:
    """Emerging phrases and audits. Where one fails, its table is left out and the night goes on."""
    said = Said()
    said.make("phrase_stats", partial(_phrases, night, now, tags, said, deaf))
    said.make("voices", partial(_voices, night, tags, said))
    said.make("tag_audit", partial(_audited, night))
    said.make("tagger_bridges", partial(_bridged, now))
    return said


def _phrases(
    night: Night, now: Picture, tags: Tags, said: Said, deaf: str | None
) -> pl.DataFrame | str:
    """The table of phrases, or why there is none; warnings about drift go to `said`."""
    if deaf is not None:
        return deaf
    counted = count_phrases(night.lake, night.as_of, now, tags, rules_of(night.settings))
    if not now.conversations.is_empty():
        verdicts = judge_words(_drift(night, now, tags, counted))
        keep_verdicts(night, "words", verdicts)
        said.lines = tuple(verdicts.warnings)
        for line in said.lines:
            LOG.warning(line)
    if counted is None:
        return "no passage that can be tagged is known of the last weeks"
    said.counted = counted
    quotes = night.settings.privacy.publish_quotes
    found = phrase_stats(night.lake, night.as_of, counted, tags, quotes=quotes)
    key = keyring(night.settings, night.lake).current
    return pseudonyms(found, ("example_1", "example_2"), lambda: key)


def _voices(night: Night, tags: Tags, said: Said) -> pl.DataFrame | str:
    """The table of quotes, or why there is none. It needs what was counted for phrases."""
    privacy = night.settings.privacy
    if not privacy.publish_quotes:
        return "[privacy] publish_quotes is off"
    if said.counted is None:
        return "no passage that can be tagged is known of the last weeks"
    passages = Passages(night.lake, night.as_of, said.counted.heard)
    mask_orders = privacy.order_numbers == "mask"
    books = phrase_books(night.settings)
    found = voices(passages, said.counted, tags, books, mask_orders=mask_orders)
    key = keyring(night.settings, night.lake).current
    return pseudonyms(found, ("passage_id",), lambda: key)


def _audited(night: Night) -> pl.DataFrame | str:
    """The table of audits, or why there is none."""
    found = tag_audit(night.lake, night.as_of)
    return found if found.height else "no audit of the tagger has been read in"


def _bridged(now: Picture) -> pl.DataFrame | str:
    """The table of bridges, or why there is none."""
    return now.bridges if now.bridges.height else "no upstream tagger changed its version"


def _drift(night: Night, now: Picture, tags: Tags, counted: Counted | None) -> Words:
    """How tags, channels, languages and words of the last weeks stand beside those before."""
    last, rules = now.last_week, rules_of(night.settings)
    weeks = moved.weeks_of(now.conversations, timezone=rules.timezone, week_start=rules.week_start)
    shown = visible(
        night.lake.versions("passages", night.as_of),
        INPUTS["passages"],
        night.as_of,
        rules.timezone,
    )
    spoken = shown.filter(pl.col("speaker").fill_null("unknown") != "agent").select(PASSAGE)
    judged = tags.judged.join(spoken.collect(), on=list(PASSAGE), how="semi")
    languages = moved.weekly_languages(weeks, judged)
    mixes = {
        "tag": moved.mix_shift(moved.weekly_mentions(weeks, now.said), "signal", last),
        "channel": moved.mix_shift(moved.weekly_channels(weeks), "channel", last),
        "language": moved.mix_shift(languages, "language", last),
    }
    unknown = []
    if counted is not None:
        single = (pl.col("size") == 1) & pl.col("category").is_null()
        unknown = moved.unknown_words(counted.phrases.filter(single), last, counted.one_in)
    return Words(
        mixes,
        moved.share_shifts(moved.weekly_signals(now.rates), "signal", last),
        moved.share_shifts(languages, "language", last),
        unknown,
    )


# -- verdicts -----------------------------------------------------------------------------------
def _documents(night: Night, what: str) -> Path:
    return night.path(f"{what}_docs").with_suffix(".json")


def keep_verdicts(night: Night, what: str, verdicts: Verdicts) -> None:
    """Leaves what was judged for publication; `what` is one of `JUDGED`."""
    night.keep({f"{what}_checks": verdicts.checks})
    _documents(night, what).write_text(json.dumps(list(verdicts.docs)))


def judgements(night: Night) -> tuple[pl.DataFrame, list[Mapping[str, Any]]]:
    """All that was judged before publishing, sorted, with its documents for Data Docs."""
    there = [what for what in JUDGED if night.path(f"{what}_checks").is_file()]
    checks = pl.concat([night.take(f"{what}_checks") for what in there]).sort("table", "check")
    return checks, [
        doc for what in there for doc in json.loads(_documents(night, what).read_text())
    ]
