"""The planner's lines about signals and about how good the forecasts have been."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

POOR_COVERAGE = 0.6
"""An 80 % interval that covered less than this share is said to be too narrow."""


def signal_lines(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """What is adopted and why, what was tested and did not pass, and what it has been worth."""
    evidence = tables.get("signal_evidence")
    if evidence is None or evidence.is_empty():
        return ["", "Signals: none tested (no conversations with enough history)."]
    adopted = evidence.filter(pl.col("status") == "confirmed").sort("target", "signal", "category")
    counts = dict(evidence["status"].value_counts().iter_rows())
    others = ", ".join(
        f"{counts[s]} {s}" for s in ("candidate", "rejected", "insufficient") if s in counts
    )
    lines = ["", f"Signals: {adopted.height} of {evidence.height} tested pairs adopted ({others})."]
    return [
        *lines,
        *map(lead_line, adopted.iter_rows(named=True)),
        *_worth(tables.get("signal_value")),
    ]


def lead_line(row: Mapping[str, Any]) -> str:
    """One adopted signal with the evidence that speaks for it."""
    weeks = "1 week" if row["lead_weeks"] == 1 else f"{row['lead_weeks']} weeks"
    return (
        f"  {row['signal']} leads {row['target']} of {row['category'] or 'all categories'} by "
        f"{weeks}: {_percent(row['effect'])} per standard deviation "
        f"[{_percent(row['effect_lo'])}, {_percent(row['effect_hi'])}], "
        f"q {_small(row['q_value'])}, out of sample p {_small(row['oos_p_value'])}; "
        f"since {row['adopted_since']}"
    )


def _worth(value: pl.DataFrame | None) -> list[str]:
    """What signals saved in WAPE where they acted, on weeks that did not choose them."""
    if value is None or value.is_empty():
        return []
    whole = value.filter(pl.col("category").is_null()).drop_nulls("wape_gain_share")
    return [
        f"  worth at past cutoffs: {row['signal']} made the WAPE of {row['target']} "
        f"{_better(row['wape_gain_share'])} where it acted [{_better(row['wape_gain_share_lo'])} to "
        f"{_better(row['wape_gain_share_hi'])}], {row['n']} forecasts"
        for row in whole.sort("target", "signal").iter_rows(named=True)
    ]


def _percent(log_ratio: float | None) -> str:
    return "?" if log_ratio is None else f"{100 * math.expm1(log_ratio):+.1f} %"


def _better(share: float | None) -> str:
    """A share of the error saved, in words rather than by a sign."""
    if share is None:
        return "?"
    percents = round(100 * share, 1)
    return (
        "no different"
        if not percents
        else f"{abs(percents)}% {'better' if percents > 0 else 'worse'}"
    )


def _small(p: float | None) -> str:
    if p is None:
        return "?"
    return "< .001" if p < 0.001 else "= " + f"{p:.3f}".lstrip("0")


def record_lines(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """How good such forecasts were at past cutoffs, next to the simple ones."""
    accuracy = tables.get("accuracy")
    if accuracy is None or accuracy.is_empty():
        return [
            "",
            "Accuracy: unknown; a backtest needs the horizon and eight weeks more of history.",
        ]
    units = accuracy.filter(pl.col("target") == "units", pl.col("wape").is_not_null())
    cells = units.sort("level", "horizon_band", "model").partition_by(
        "level", "horizon_band", maintain_order=True
    )
    return ["", "Accuracy at past cutoffs (units; WAPE, lower is better):", *map(_cell, cells)]


def _cell(rows: pl.DataFrame) -> str:
    """One level and band; says where last year's week was better or intervals too narrow."""
    first = rows.row(0, named=True)
    wape = dict(rows.select("model", "wape").iter_rows())
    full, plain, naive = (wape.get(name) for name in ("full", "baseline", "seasonal_naive"))
    parts = []
    if full is not None and full != plain:
        parts.append(f"with signals {full:.1%}")
    if plain is not None:
        parts.append(f"without {plain:.1%}" if parts else f"ours {plain:.1%}")
    if naive is not None:
        parts.append(f"seasonal naive {naive:.1%}")
    if full is not None and naive is not None and naive < full:
        parts.append("WORSE than seasonal naive here: look twice")
    covered = dict(rows.select("model", "coverage_80").iter_rows()).get("full")
    if covered is not None and covered < POOR_COVERAGE:
        parts.append(f"80 % intervals covered only {covered:.0%}")
    return f"  {first['level']:<11} {first['horizon_band']:<6} {', '.join(parts)}"
