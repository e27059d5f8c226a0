"""Small forecasts for tests of the planner's desk: two categories of two SKUs, three weeks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from transforms.contracts import EXPORTS
from transforms.contracts.columns import QUANTILES, quantile_name

AS_OF = date(2026, 11, 15)
MONDAY = date(2026, 11, 16)
SKUS = {"T1": "tea", "T2": "tea", "C1": "cups", "C2": "cups"}
MEANS = {"T1": 30.0, "T2": 10.0, "C1": 50.0, "C2": 0.0}


def week(number: int) -> date:
    """First day of the week of a horizon as of AS_OF."""
    return MONDAY + timedelta(weeks=number - 1)


def table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows of a published table; what they do not tell is null."""
    contract = EXPORTS[name]
    full = [{**dict.fromkeys(contract.names), **row} for row in rows]
    return pl.DataFrame(full, schema=dict(contract.schema), orient="row")


def forecasts(
    means: Mapping[str, float] = MEANS,
    *,
    as_of: date = AS_OF,
    first: date = MONDAY,
    weeks: int = 3,
    said: Mapping[str, float] | None = None,
    rung: str = "full",
    skus: Mapping[str, str] = SKUS,
) -> pl.DataFrame:
    """Units at three levels, coherent; `said` is what signals add to a SKU's mean."""
    rows = []
    for horizon in range(1, weeks + 1):
        for level, series, members in _series(skus, means):
            mean = sum(means[m] for m in members)
            words = sum((said or {}).get(m, 0.0) for m in members)
            rows.append(
                {
                    "as_of": as_of, "target": "units", "level": level, "series_id": series,
                    "week_start": first + timedelta(weeks=horizon - 1), "horizon": horizon,
                    "category": _category(level, series, skus),
                    "sku": series if level == "sku" else None,
                    "mean": mean, "baseline_mean": mean - words, "signal_delta": words,
                    "naive_mean": mean, "flat_mean": mean, "model": "experts", "rung": rung,
                    **{quantile_name(q): mean * (0.5 + q) for q in QUANTILES},
                }
            )  # fmt: skip
    return table("forecasts", rows)


def _series(
    skus: Mapping[str, str], means: Mapping[str, float]
) -> list[tuple[str, str, list[str]]]:
    there = [s for s in skus if s in means]
    categories = sorted({skus[s] for s in there})
    return [
        ("total", "total", there),
        *(("category", c, [s for s in there if skus[s] == c]) for c in categories),
        *(("sku", s, [s]) for s in there),
    ]


def _category(level: str, series: str, skus: Mapping[str, str]) -> str | None:
    if level == "total":
        return None
    return series if level == "category" else skus[series]


def contributions(parts: Mapping[tuple[str, str], float], **like: Any) -> pl.DataFrame:
    """What signals add, by (signal, sku), at every level and horizon."""
    rows = []
    for signal in sorted({s for s, _ in parts}):
        said = {sku: d for (s, sku), d in parts.items() if s == signal}
        frame = forecasts(said=said, **like)
        rows.append(
            frame.filter(pl.col("signal_delta") != 0).with_columns(
                pl.lit(signal).alias("signal"), pl.col("signal_delta").alias("delta")
            )
        )
    names = list(EXPORTS["forecast_contributions"].names)
    return pl.concat([frame.select(names) for frame in rows])


def evidence(*confirmed: tuple[str, str | None], as_of: date = AS_OF) -> pl.DataFrame:
    """signal_evidence with these signals and categories (None: pooled) confirmed for units."""
    rows: list[dict[str, Any]] = [
        {"as_of": as_of, "signal": signal, "target": "units", "category": category,
         "status": "confirmed", "lead_weeks": 2, "effect": 0.1, "adopted_since": date(2026, 9, 7),
         "change_reason": "adopted", "n_weeks": 100, "n_mentions": 90, "n_conversations": 900,
         "n_series": 2}
        for signal, category in confirmed
    ]  # fmt: skip
    return table("signal_evidence", rows)
