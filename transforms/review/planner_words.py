"""Adopted leads and redacted quotes by category, for the planner's page."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from transforms.review.leads import adopted_rows
from transforms.review.numbers import words
from transforms.review.parts import Night

HEARD_WEEKS = 26
WHOLE = ""
"""Stands for all categories: no category is named so."""


def lead_words(night: Night, start: date) -> list[dict[str, Any]]:
    """Every adopted lead with its evidence and, week by week, how often it was heard.

    `heard`: first week counted from `start`, conversations with the signal, conversations taggable.
    """
    evidence = night.table("signal_evidence")
    if evidence is None:
        return []
    heard = night.table("signals_weekly")
    return [
        {
            "signal": r["signal"],
            "target": r["target"],
            "category": r["category"] or WHOLE,
            "lead": r["lead_weeks"],
            "effect": [r["effect"], r["effect_lo"], r["effect_hi"]],
            "q": r["q_value"],
            "mentions": r["n_mentions"],
            "conversations": r["n_conversations"],
            "since": None if r["adopted_since"] is None else r["adopted_since"].isoformat(),
            "heard": _heard(heard, r["signal"], r["category"], start),
        }
        for r in adopted_rows(evidence).iter_rows(named=True)
    ]


def _heard(
    weekly: pl.DataFrame | None, signal: str, category: str | None, start: date
) -> list[Any]:
    if weekly is None:
        return []
    mine = weekly.filter(
        pl.col("signal") == signal,
        pl.col("category").eq_missing(category),
        ~pl.col("is_partial"),
        pl.col("week_start") >= start,
    )
    counts = (
        mine.group_by("week_start")
        .agg(pl.col("conversations_with_signal").sum(), pl.col("conversations_taggable").sum())
        .sort("week_start")
        .tail(HEARD_WEEKS)
    )
    return [
        [(week - start).days // 7, with_signal, taggable]
        for week, with_signal, taggable in counts.iter_rows()
    ]


def quotes_by_category(night: Night) -> dict[str, list[list[str]]]:
    """Category to (side, quote, what about, signal): only what is published, already redacted."""
    found: dict[str, list[list[str]]] = {}
    voices = night.table("voices")
    if voices is not None:
        ordered = voices.filter(pl.col("quote").is_not_null()).sort(
            pl.col("category").fill_null(WHOLE), "signal", pl.col("side") != "for", "place"
        )
        for r in ordered.iter_rows(named=True):
            said = f"{words(r['signal'])}, {r['said_on'].day} {r['said_on']:%b %Y}"
            _add(found, r["category"], [r["side"], r["quote"], said, r["signal"]])
    phrases = night.table("phrase_stats")
    if phrases is not None:
        spoken = phrases.filter(pl.col("quote_1").is_not_null()).sort(
            "week_start", "q_value", "phrase", descending=[True, False, False], nulls_last=True
        )
        for r in spoken.iter_rows(named=True):
            for text in (r["quote_1"], r["quote_2"]):
                if text is not None:
                    _add(found, r["category"], ["for", text, f"“{r['phrase']}”", ""])
    return found


def _add(found: dict[str, list[list[str]]], category: str | None, row: list[str]) -> None:
    rows = found.setdefault(category or WHOLE, [])
    if all(row[1] != other[1] for other in rows):
        rows.append(row)
