"""One forecast taken apart: level, season, promotions, each signal, and what customers said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from transforms.privacy import redact_words_text

KNOWN_DELTAS = {"promotion_delta": "promotions", "holiday_delta": "holidays"}
"""Parts of the baseline that are known ahead; a night without them has no such column."""
USUAL_WEEKS = 52
QUOTE_WEEKS = 4
QUOTE_CHARS = 160


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of the waterfall: `units` are a level where `is_level`, else what is added."""

    name: str
    units: float
    is_level: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """What customers said in the week that acts: counts, and the share that is usual."""

    week_start: date
    with_signal: int
    taggable: int
    usual_share: float | None


def steps(row: Mapping[str, Any], contributions: pl.DataFrame) -> list[Step]:
    """The waterfall of one row of `forecasts`; added up, its parts are the forecast exactly.

    `contributions` are the row's forecast_contributions. Season and trend are what the baseline
    has beyond a flat line at the recent level and beyond what is known ahead.
    """
    ahead = [
        Step(name, float(row[column]), is_level=False)
        for column, name in KNOWN_DELTAS.items()
        if row.get(column)
    ]
    level, baseline = float(row["flat_mean"]), float(row["baseline_mean"])
    season = baseline - level - sum(step.units for step in ahead)
    said = contributions.sort("signal").select("signal", "delta").iter_rows()
    return [
        Step("recent level", level, is_level=True),
        Step("season and trend", season, is_level=False),
        *ahead,
        Step("baseline", baseline, is_level=True),
        *(Step(signal, float(delta), is_level=False) for signal, delta in said),
        Step("forecast", float(row["mean"]), is_level=True),
    ]


def override_steps(final: Mapping[str, Any]) -> list[Step]:
    """What planners' overrides add to a forecast; none where `final` is empty.

    `final` is the forecast's row of forecasts_final.
    """
    if not final:
        return []
    return [
        Step("overrides", float(final["override_delta"]), is_level=False),
        Step("with overrides", float(final["final_mean"]), is_level=True),
    ]


def evidence_for(evidence: pl.DataFrame, target: str, category: str, signal: str) -> dict[str, Any]:
    """The row of signal_evidence that moves a category: its own where adopted, else the pooled.

    Empty where neither is confirmed.
    """
    own = evidence.filter(
        pl.col("target") == target,
        pl.col("signal") == signal,
        pl.col("status") == "confirmed",
        pl.col("category").is_null() | (pl.col("category") == category),
    ).sort("category", nulls_last=True)
    return own.row(0, named=True) if own.height else {}


def heard(weekly: pl.DataFrame, signal: str, category: str | None, week: date) -> Heard | None:
    """What signals_weekly tells of a week, and of the year before it; None: nobody spoke."""
    mine = weekly.filter(pl.col("signal") == signal, pl.col("category").eq_missing(category))
    now = mine.filter(pl.col("week_start") == week)
    if not now.height or not now["conversations_taggable"].sum():
        return None
    begin = week - timedelta(weeks=USUAL_WEEKS)
    before = mine.filter(pl.col("week_start").is_between(begin, week, closed="left"))
    taggable = int(before["conversations_taggable"].sum())
    usual = int(before["conversations_with_signal"].sum()) / taggable if taggable else None
    counts = now.select("conversations_with_signal", "conversations_taggable").sum().row(0)
    return Heard(week, int(counts[0]), int(counts[1]), usual)


def spans(tags: pl.DataFrame, signal: str, scope: tuple[str, str], week: date) -> pl.DataFrame:
    """Tags to quote, best first: those of the SKU before those of its category, surest first, then newest.

    `scope` is (sku, category). Said in the week that acts or the three before; one a conversation.
    """
    sku, category = scope
    first, end = week - timedelta(weeks=QUOTE_WEEKS - 1), week + timedelta(days=7)
    inside = pl.col("said_at").dt.date().is_between(first, end, closed="left")
    mine = tags.filter(
        pl.col("signal") == signal,
        inside,
        (pl.col("sku") == sku) | (pl.col("category") == category),
    )
    return mine.sort(
        pl.col("sku").eq_missing(sku), "confidence", "said_at",
        "conversation_id", "passage_id", "span_start",
        descending=[True, True, True, False, False, False], nulls_last=True,
    ).unique("conversation_id", keep="first", maintain_order=True)  # fmt: skip


def quote(text: str, *, mask_orders: bool = False) -> str:
    """A passage as it may be shown: redacted, on one line, at most 160 characters.

    Cutting comes after redaction and never leaves half a placeholder.
    """
    safe = " ".join(redact_words_text(text, mask_orders=mask_orders).split())
    if len(safe) <= QUOTE_CHARS:
        return safe
    cut = safe[:QUOTE_CHARS].rsplit(" ", 1)[0]
    return (cut.rpartition("<")[0].rstrip() if cut.rfind("<") > cut.rfind(">") else cut) + " …"
