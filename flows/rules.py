"""What decides how events become weeks and series, where what was said, and what they come to at a cutoff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from models.panel import Known
from transforms.asof import SOURCE, VERSION
from transforms.demand import Demand


@dataclass(frozen=True, slots=True)
class Rules:
    """What of the settings decides how events become weeks and series."""

    timezone: str
    week_start: str
    levels: tuple[str, ...]
    signals: tuple[str, ...]
    latency_days: int
    upstream: tuple[str, ...] = ()
    """Signals that another system's tags decide; ours are not counted for them."""
    horizon_weeks: int = 13
    country: str = "none"
    """Whose feasts are known to come; "none": nobody's."""
    max_shared: int = 20
    """An e-mail or phone that more customer ids share joins nobody."""
    max_emails: int = 2
    """A phone that goes with more e-mail addresses joins nobody."""
    max_phones: int = 3
    """An e-mail that goes with more phones joins nobody."""
    max_ids: int = 40
    """Customers of more ids than this stay apart."""


@dataclass(frozen=True, slots=True)
class Tags:
    """Where what was said, over every version of every passage.

    `tags`: _source, _version, conversation_id, passage_id, signal, span_start, span_end, tagger,
    tagger_version, confidence. `taggable`: _source, _version, conversation_id, passage_id of the
    passages that could carry a signal. `judged`: the same columns of every passage, whether it is
    taggable, and its language (null: unknown). All are empty where there are no passages.
    """

    tags: pl.DataFrame
    taggable: pl.DataFrame
    judged: pl.DataFrame = field(default_factory=pl.DataFrame)

    def told(self, passages: pl.DataFrame, _: date) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Passages that could carry a signal, and mentions, of the `passages` that a cutoff shows."""
        passage = [SOURCE, VERSION, "conversation_id", "passage_id"]
        there = passages.select(passage)
        heard = self.taggable.join(there, on=passage, how="semi")
        return heard, self.tags.join(there, on=passage, how="semi")


@dataclass(frozen=True, slots=True)
class Picture:
    """The models' inputs at one cutoff, with the counts that they came from."""

    known: Known
    demand: Mapping[str, Demand]
    rates: pl.DataFrame
    conversations: pl.DataFrame
    said: pl.DataFrame
    censored: pl.DataFrame
    identity: Mapping[str, pl.DataFrame]
    first_week: date | None
    last_week: date
    bridges: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Changes of an upstream tagger's version, as `transforms.bridging.BRIDGES` names them."""
