"""The founding articles' numbers, and where ours stand beside each of them. Never priors, never targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

UNREFERENCED = "unreferenced"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A number that somebody claims, and which of our figures it is to be held beside.

    `table`, `where` (column to value) and `newest` (the column whose greatest value counts) name one
    row; `figure` the columns of its value, limits and number of observations.
    """

    name: str
    claim: str
    lo: float
    hi: float
    unit: str
    source: str
    evidence: str
    table: str
    where: Mapping[str, object] = field(default_factory=dict)
    newest: str = ""
    figure: tuple[str, str, str, str] = ("share", "lo", "hi", "n")


_DTC, _NONE = "article on running a direct-to-consumer brand by customer conversations", ""
_CONNECT = {"kind": "rate", "unit": "people", "dimension": "all", "window_weeks": 13}
_SPEED = ("median_days", "median_lo", "median_hi", "n")
BENCHMARKS = (
    Benchmark(
        "abandon_for_price", "11 % of those who leave a cart name the price first", 0.11, 0.11,
        "share", _DTC, UNREFERENCED, "reason_shares",
        {"cohort": "abandoner", "reason": "price_objection", "period": "13 weeks"}, "period_end",
        ("first_share", "first_lo", "first_hi", "n_people"),
    ),
    Benchmark(
        "connect_rate", "30 to 40 % of people called answer", 0.30, 0.40, "share", _DTC,
        UNREFERENCED, "connect_rate", _CONNECT, "window_end", ("rate", "lo", "hi", "n"),
    ),
    Benchmark(
        "carts_recovered_by_phone", "55 % of carts are recovered by phone", 0.55, 0.55, "share",
        _DTC, UNREFERENCED, "cart_recovery", {"arm": "called", "period": "13 weeks"}, "period_end",
        ("recovered_share", "recovered_share_lo", "recovered_share_hi", "reached"),
    ),
    Benchmark(
        "survey_response", "2 to 5 % answer a survey", 0.02, 0.05, "share", _DTC, UNREFERENCED,
        "touchpoint_yield", {"channel": "survey", "window_weeks": 13}, "window_end",
        ("rate", "lo", "hi", "n"),
    ),
    Benchmark(
        "quick_wins", "quick wins take 2 to 4 weeks from insight to change", 14.0, 28.0, "days",
        _DTC, UNREFERENCED, "action_speed", {"dimension": "all", "day": 28}, "as_of", _SPEED,
    ),
    Benchmark(
        "conversion_lift", "exact delivery dates raise conversion by 27 %", 0.27, 0.27, "ratio - 1",
        _DTC, UNREFERENCED, "lifts", {"metric": "conversion"}, "as_of",
        ("lift", "lift_lo", "lift_hi", "n"),
    ),
    Benchmark(
        "order_value_lift", "addressing concerns raises the average order by 27 %", 0.27, 0.27,
        "ratio - 1", _DTC, UNREFERENCED, "lifts", {"metric": "average_order_value"}, "as_of",
        ("lift", "lift_lo", "lift_hi", "n"),
    ),
    Benchmark(
        "roas_lift", "copy in customers' words raises the return on advertising by 40 %", 0.40, 0.40,
        "ratio - 1", _DTC, UNREFERENCED, _NONE,
    ),
)  # fmt: skip
"""The articles name no source for any of them."""
NOT_MEASURED = "nothing of ours measures it: only a test of copy could"


def ours(one: Benchmark, tables: Mapping[str, pl.DataFrame]) -> tuple[dict[str, float | None], str]:
    """Our figure (value, lo, hi, n) beside a benchmark, and why there is none ("": there is one)."""
    nothing: dict[str, float | None] = dict.fromkeys(("value", "lo", "hi", "n"))
    if not one.table:
        return nothing, NOT_MEASURED
    frame = tables.get(one.table)
    if frame is None:
        return nothing, f"the night has no table {one.table}"
    wanted = {*one.where, one.newest, *one.figure}
    if wanted - set(frame.columns):
        return nothing, f"{one.table} has no such figure"
    rows = frame.filter([pl.col(name) == value for name, value in one.where.items()])
    if rows.is_empty():
        said = " and ".join(f"{name} {value}" for name, value in one.where.items())
        return nothing, f"{one.table} has no row of {said}"
    row = rows.sort(one.newest).row(-1, named=True)
    told = {name: row[column] for name, column in zip(nothing, one.figure, strict=True)}
    return told, "" if told["value"] is not None else f"{one.table} tells no {one.figure[0]} yet"
