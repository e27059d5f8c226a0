"""Statements that a night publishes, each with how well it is shown: from a lot down to an anecdote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from transforms.contracts.office_columns import MIN_PEOPLE, MIN_SHOWN

RANDOMISED, TRIANGULATED, SINGLE, ANECDOTE = (
    "randomised", "triangulated", "single_channel", "anecdote",
)  # fmt: skip
LONG = "13 weeks"
Statement = dict[str, Any]


def statements(tables: Mapping[str, pl.DataFrame]) -> list[Statement]:
    """Every statement of the night's tables that can be graded, in a fixed order.

    Each has statement_id, table, statement, grade, why, n, n_channels, value, lo and hi.
    """
    channels = _channels(tables.get("triangulation"))
    found = [
        *_carts(tables.get("cart_recovery")),
        *_said(tables.get("reason_shares"), channels),
        *_leads(tables.get("signal_evidence"), channels),
        *_requests(tables.get("requests")),
    ]
    return sorted(found, key=lambda one: str(one["statement_id"]))


def _channels(frame: pl.DataFrame | None) -> dict[str, tuple[str, int, int]]:
    """By signal the newest grade of the 13 weeks, its channels, and people who carry it."""
    if frame is None:
        return {}
    rows = frame.filter(pl.col("channel") == "(all)", pl.col("period") == LONG).sort("period_end")
    told = rows.select("signal", "grade", "n_channels", "k").iter_rows()
    return {signal: (grade, channels, k) for signal, grade, channels, k in told}


def _newest(frame: pl.DataFrame, *conditions: pl.Expr) -> pl.DataFrame:
    rows = frame.filter(pl.col("period") == LONG, *conditions)
    return rows.filter(pl.col("period_end") == pl.col("period_end").max())


def _carts(frame: pl.DataFrame | None) -> Iterator[Statement]:
    if frame is None:
        return
    for row in _newest(frame, pl.col("arm") == "called").iter_rows(named=True):
        if row["difference"] is None:
            continue
        yield {
            "statement_id": "cart_recovery",
            "table": "cart_recovery",
            "statement": "calling about a cart left behind changes the share who order within 14 days",
            "grade": RANDOMISED,
            "why": "a lot decided who was called",
            "n": row["eligible"],
            "n_channels": 1,
            "value": row["difference"],
            "lo": row["difference_lo"],
            "hi": row["difference_hi"],
        }


def _said(
    frame: pl.DataFrame | None, channels: Mapping[str, tuple[str, int, int]]
) -> Iterator[Statement]:
    """What people of a cohort say. Channels are compared of everybody alone, so no other cohort is confirmed."""
    if frame is None:
        return
    for row in _newest(frame, pl.col("reason") != "(none)", pl.col("k") > 0).iter_rows(named=True):
        alone = ("C", 1, row["k"])
        heard = channels.get(row["reason"], alone) if row["cohort"] == "everybody" else alone
        best = "corrected" if row["share_corrected"] is not None else "weighted"
        yield {
            "statement_id": f"reason_shares/{row['cohort']}/{row['reason']}",
            "table": "reason_shares",
            "statement": f"people of the cohort {row['cohort']} give the reason {row['reason']}",
            **_graded(heard, row["n_people"], row["k"]),
            "n": row["n_people"],
            "n_channels": heard[1],
            "value": row[f"share_{best}"],
            "lo": row[f"{best}_lo"],
            "hi": row[f"{best}_hi"],
        }


def _graded(heard: tuple[str, int, int], n: int, k: int) -> dict[str, str]:
    grade, many, _ = heard
    if n < MIN_PEOPLE or k < MIN_SHOWN:
        return {"grade": ANECDOTE, "why": f"{k} of {n} people: too few for a share"}
    if grade in ("A", "B"):
        return {"grade": TRIANGULATED, "why": f"{many} channels agree (triangulation: {grade})"}
    if many > 1:
        return {"grade": SINGLE, "why": f"{many} channels disagree: none is confirmed by another"}
    return {"grade": SINGLE, "why": "one channel, or not compared across channels"}


def _leads(
    frame: pl.DataFrame | None, channels: Mapping[str, tuple[str, int, int]]
) -> Iterator[Statement]:
    """Signals that lead something: tested out of sample, but nobody drew a lot."""
    if frame is None:
        return
    for row in frame.filter(pl.col("status") == "confirmed").iter_rows(named=True):
        heard = channels.get(row["signal"], ("C", 1, row["n_mentions"]))
        scope = row["category"] or "all categories together"
        yield {
            "statement_id": f"signal_evidence/{row['signal']}/{row['target']}/{row['category'] or ''}",
            "table": "signal_evidence",
            "statement": f"{row['signal']} leads {row['target']} of {scope} by {row['lead_weeks']} weeks",
            **_graded(heard, row["n_conversations"], row["n_mentions"]),
            "n": row["n_conversations"],
            "n_channels": heard[1],
            "value": row["effect"],
            "lo": row["effect_lo"],
            "hi": row["effect_hi"],
        }


def _requests(frame: pl.DataFrame | None) -> Iterator[Statement]:
    if frame is None:
        return
    for row in frame.iter_rows(named=True):
        few = row["n_customers"] < MIN_SHOWN
        many = row["n_channels"] > 1
        grade = ANECDOTE if few else TRIANGULATED if many else SINGLE
        why = f"{row['n_customers']} people in {row['n_channels']} channel(s)"
        yield {
            "statement_id": f"requests/{row['origin']}/{row['language'] or ''}/{row['idea']}",
            "table": "requests",
            "statement": f"customers ask for: {row['idea']}",
            "grade": grade,
            "why": why,
            "n": row["n_heard"],
            "n_channels": row["n_channels"],
            "value": row["share"],
            "lo": row["lo"],
            "hi": row["hi"],
        }
