"""How far a table may stray from its own past before a check fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

MAD_TO_SIGMA = 1.4826
"""Median absolute deviation to standard deviation, for a normal distribution."""

CLUSTER = 20
"""Rows that come together, such as the lines of one order: they are null together, too."""

COLLAPSE = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds. Every one can be configured; the defaults were set on real shops' nights.

    weeks: same weekdays looked back at. min_history: fewer of them is not enough data.
    min_rows: rows below which a share or quantile is not enough data. deviations: robust standard
    deviations allowed. day_ratio, week_ratio, quantile_ratio, tail_ratio, per_order_ratio: factors always
    allowed either way. null_drift, mix_drift, coverage_drift: shares always allowed.
    coverage_floor: a key that fewer rows than this find is broken, however long it has been so.
    future_share: rows dated after the night. fresh_days: age always allowed, beside latency.
    """

    weeks: int = 10
    min_history: int = 4
    min_rows: int = 50
    deviations: float = 4.0
    day_ratio: float = 2.5
    week_ratio: float = 10.0
    quantile_ratio: float = 2.0
    tail_ratio: float = 3.0
    per_order_ratio: float = 2.0
    null_drift: float = 0.10
    mix_drift: float = 0.15
    coverage_drift: float = 0.10
    coverage_floor: float = 0.5
    future_share: float = 0.001
    fresh_days: int = 2


def spread(history: Sequence[float]) -> float:
    """Robust standard deviation of `history`: scaled median absolute deviation."""
    middle = median(history)
    return MAD_TO_SIGMA * median(abs(value - middle) for value in history)


def count_band(history: Sequence[float], *, ratio: float, deviations: float) -> tuple[float, float]:
    """Allowed counts around the median of `history`, never below 0.

    Either a factor of `ratio`, or `deviations` robust or Poisson standard deviations: the wider.
    However wild the history, a fall to a tenth that chance cannot explain is never allowed.
    """
    middle = median(history)
    chance = deviations * sqrt(max(middle, 1.0))
    half = max(deviations * spread(history), chance)
    collapse = min(middle / COLLAPSE, middle - chance)
    lo = max(0.0, collapse, min(middle / ratio, middle - half))
    return lo, max(middle * ratio, middle + half)


def ratio_band(history: Sequence[float], *, ratio: float, deviations: float) -> tuple[float, float]:
    """Allowed values of a positive measure: by factor or robust deviations, whichever is wider."""
    middle = median(history)
    half = deviations * spread(history)
    return max(0.0, min(middle / ratio, middle - half)), max(middle * ratio, middle + half)


def share_band(
    history: Sequence[float], *, n: int, drift: float, deviations: float
) -> tuple[float, float]:
    """Allowed shares among `n`: `drift`, robust or binomial deviations, whichever is wider.

    Rows come in orders and conversations, so `n` counts for `n / CLUSTER` independent ones.
    """
    middle = median(history)
    noise = sqrt(middle * (1.0 - middle) * CLUSTER / n) if n else 1.0
    half = max(drift, deviations * spread(history), deviations * noise)
    return max(0.0, middle - half), min(1.0, middle + half)
