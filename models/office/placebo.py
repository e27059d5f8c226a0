"""Before and after a date, beside the same at dates when nothing was changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models.office.lifts import NOTHING, Limits, placebo_limits
from models.office.trials import CONVERSION, ORDER_VALUE, PER_ELIGIBLE, beside
from models.types import Floats, Ints
from transforms.contracts.effect_columns import RUNNING, TRIMS

MOST, FEWEST = 104, 19
"""Placebo dates, a week apart, newest first; with fewer no difference has p <= .05."""
APART = 4
"""Windows that do not overlap, below which nobody knows how much such differences vary."""


@dataclass(frozen=True, slots=True)
class Days:
    """Daily sums (days,) of a metric's numerator and of what it is divided by, and of the units."""

    value: Floats
    per: Floats


def dates(start: int, length: int) -> Ints:
    """Days at which a placebo may begin: its weeks after end before `start`, those before are known."""
    latest = start - length
    found = np.arange(latest, length - 1, -7)[:MOST]
    return found.astype(np.int64)


def means(days: Days, at: Ints, length: int) -> tuple[Floats, Floats]:
    """Means of the `length` days before each date and of those from it on; nan where nothing is."""
    top, below = (np.concatenate([[0.0], np.cumsum(x)]) for x in (days.value, days.per))

    def mean(first: Ints, last: Ints) -> Floats:
        n = below[last] - below[first]
        return np.where(n > 0, (top[last] - top[first]) / np.where(n > 0, n, 1.0), np.nan)

    return mean(at - length, at), mean(at, at + length)


def before_and_after(days: Days, start: int, length: int, *, over: bool) -> dict[str, Any]:
    """Control (before), treated (after), difference with limits, placebos and the verdict.

    `start`: the day of the change, counted from the first of `days`; `length` days are compared with
    as many before. Before or after without a unit there is nothing to tell.
    """
    row: dict[str, Any] = {"n_placebo": 0, "p_placebo": None, "verdict": "not_enough_data"}
    if start < length or length < 1:
        return row | _named(None, None, NOTHING)
    a, b = (float(x[0]) for x in means(days, np.array([start]), length))
    if np.isnan(a) or np.isnan(b):
        return row | _named(None, None, NOTHING)
    first, second = means(days, dates(start, length), length)
    placebos = (second - first)[~np.isnan(second - first)]
    row["n_placebo"] = len(placebos)
    apart = start // length - 1
    if len(placebos) < FEWEST or apart < APART:
        return row | _named(a, b, (b - a, None, None))
    limits, p = placebo_limits(b - a, placebos, apart)
    verdict = beside(limits[1], limits[2], 0.0)
    if not over:
        verdict = RUNNING
    elif p > 0.05:
        verdict = "undetermined"
    return row | _named(a, b, limits) | {"p_placebo": p, "verdict": verdict}


METRICS = (
    (CONVERSION, "raw", "completed", "started"),
    *((ORDER_VALUE, trim, trim, "valued") for trim in TRIMS),
    *((PER_ELIGIBLE, trim, trim, "started") for trim in TRIMS),
)
"""Metric, trim, and the daily sums that it divides."""


def observed_rows(
    daily: pl.DataFrame, start: int, length: int, *, over: bool, primary: str
) -> list[dict[str, Any]]:
    """Rows of `lifts` of an observational design, without its dates.

    `daily`: one row a day from the first known one with placed, valued, raw, winsorised, started,
    completed; the change came on day `start`. Without any checkout only orders' values are compared.
    """
    sums = {
        name: daily[name].cast(pl.Float64).to_numpy() for name in daily.columns if name != "day"
    }
    spans = {
        "control": slice(max(start - length, 0), max(start, 0)),
        "arm": slice(start, start + length),
    }
    rows = []
    for metric, trim, top, below in METRICS:
        if not sums[below].sum():
            continue
        row = before_and_after(Days(sums[top], sums[below]), start, length, over=over)
        counts = {f"n_{name}": int(sums[below][span].sum()) for name, span in spans.items()}
        counts |= {f"k_{name}": int(sums["placed"][span].sum()) for name, span in spans.items()}
        rows.append(
            row | counts
            | {"arm": "after", "metric": metric, "trim": trim, "is_primary": metric == primary}
        )  # fmt: skip
    return rows


def _named(a: float | None, b: float | None, difference: Limits) -> dict[str, Any]:
    value, lo, hi = difference
    return {
        "control": a, "treated": b,
        "difference": value, "difference_lo": lo, "difference_hi": hi,
    }  # fmt: skip
