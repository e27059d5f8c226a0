"""Control charts: how far a week lies from a frozen baseline, on the scale of a normal deviate.

Shares: p-chart (Shewhart 1931), or Laney's (2002) p' where the baseline's weeks differ by more than
counting makes. Values: individuals and moving range. All weeks are told in one unit, z, so that limits
lie at -3 and 3 and run rules are the same for every chart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats
from statsmodels.stats.proportion import proportions_chisquare

from models.types import Bools, Floats

LIMIT = 3.0
LEAST_WEEKS = 12
"""Weeks of a baseline below which no limit is told."""
LEAST_EVENTS = 5.0
"""Events, and non-events, in the baseline below which a share's centre is not known."""
RANGE_MEAN = 1.128
"""Mean of the range of two normal deviates (d2 of Shewhart)."""
RANGE_DF = 0.62
"""Degrees of freedom of a mean moving range, for each difference (Patnaik's approximation)."""
OVERDISPERSED = 0.05
CLOSE = 1.282
"""Standard errors from which the baseline's weeks hang together (one-sided 10 %)."""
STEPS = 60
TINY = 1e-9
"""Spread beside the mean below which values do not vary: what is left is rounding."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was usual. `spread` is the standard deviation of a week in units of `chart`'s own.

    Of p and laney_p that of a binomial score (1: counting alone), of individuals that of the value.
    `df`: degrees of freedom of the spread (inf: known). `weight`: trials of a share, weeks of a value.
    `linked`: weeks resemble their neighbours, so runs say nothing and only the limits count.
    """

    chart: str
    centre: float
    spread: float
    df: float
    weight: float
    weeks: int
    autocorrelation: float
    linked: bool


def share_baseline(k: Floats, n: Floats) -> Baseline | None:
    """The baseline of weekly shares k of n (n above 0); None: too little to tell what is usual.

    Laney's p' where the chi-squared test of equal shares rejects at 5 %; its spread is that of the
    weeks' scores by moving range, and never below 1.
    """
    total, hits = float(n.sum()), float(k.sum())
    if len(n) < LEAST_WEEKS or min(hits, total - hits) < LEAST_EVENTS:
        return None
    centre = hits / total
    z = scores(k, n, centre)
    uneven = proportions_chisquare(k, n)[1] < OVERDISPERSED
    moving, df = _moving(z)
    together, linked = _together(z)
    if linked:
        spread, df = max(moving, float(z.std(ddof=1)), 1.0), len(z) - 1.0
    else:
        spread = max(moving, 1.0) if uneven else 1.0
    known = spread == 1.0
    chart = "p" if known else "laney_p"
    return Baseline(chart, centre, spread, np.inf if known else df, total, len(n), together, linked)


def value_baseline(values: Floats) -> Baseline | None:
    """The baseline of weekly values: mean, and spread by moving range; None: too few, or all alike."""
    if len(values) < LEAST_WEEKS:
        return None
    spread, df = _moving(values)
    together, linked = _together(values)
    if linked:
        spread, df = max(spread, float(values.std(ddof=1))), len(values) - 1.0
    if not spread > TINY * abs(float(values.mean())):
        return None
    weeks = len(values)
    return Baseline(
        "individuals", float(values.mean()), spread, df, float(weeks), weeks, together, linked
    )


def _moving(values: Floats) -> tuple[float, float]:
    """Standard deviation by mean moving range, and its degrees of freedom."""
    steps = np.abs(np.diff(values))
    return float(steps.mean()) / RANGE_MEAN, RANGE_DF * len(steps)


def _together(values: Floats) -> tuple[float, bool]:
    """Correlation of weeks with the next, and whether it is beyond chance."""
    apart = values - values.mean()
    square = float(apart @ apart)
    if square <= 0:
        return 0.0, False
    found = float(apart[1:] @ apart[:-1]) / square
    return found, found > CLOSE / np.sqrt(len(values))


def scores(k: Floats, n: Floats, centre: float) -> Floats:
    """Normal deviates of counts `k` of `n` where the share is `centre`; k may be fractional.

    By the tail of a beta distribution with half a count on each side, which lies within a hair of the
    binomial tail with half the weight of what is seen (mid-p): right where few events make the usual
    score skew.
    """
    above = special.betainc(k + 0.5, n - k + 0.5, centre)
    below = special.betainc(n - k + 0.5, k + 0.5, 1 - centre)
    tiny = 1e-300
    high, low = -special.ndtri(np.maximum(above, tiny)), special.ndtri(np.maximum(below, tiny))
    return np.asarray(np.where(above < below, high, low), dtype=np.float64)


def share_z(k: Floats, n: Floats, base: Baseline) -> Floats:
    """How far each week's share lies from the baseline, as a normal deviate.

    Doubt about the centre, and about the spread (Student's t), is in it.
    """
    return _normal(scores(k, n, base.centre) / _scale(n, base), base)


def value_z(values: Floats, base: Baseline) -> Floats:
    """The same of values."""
    width = base.spread * np.sqrt(1 + 1 / base.weight)
    return _normal((values - base.centre) / width, base)


def _scale(n: Floats, base: Baseline) -> Floats:
    return np.asarray(base.spread * np.sqrt(1 + n / base.weight))


def _normal(t: Floats, base: Baseline) -> Floats:
    if np.isinf(base.df):
        return t
    tail = np.maximum(stats.t.sf(np.abs(t), base.df), 1e-300)
    return np.asarray(np.sign(t) * -special.ndtri(tail))


def _reach(base: Baseline) -> float:
    """Distance of the limits in units of the spread: 3, more where the spread is in doubt."""
    if np.isinf(base.df):
        return LIMIT
    return float(stats.t.isf(special.ndtr(-LIMIT), base.df))


def share_limits(n: Floats, base: Baseline) -> tuple[Floats, Floats]:
    """Shares at which z is -3 and 3 in weeks of `n` trials; 0 and 1 where no count reaches that far."""
    bound = _reach(base) * _scale(n, base)
    return _inverse(-bound, n, base.centre), _inverse(bound, n, base.centre)


def _inverse(z: Floats, n: Floats, centre: float) -> Floats:
    """Shares whose score is `z`, by halving; within [0, 1]."""
    lo, hi = np.zeros_like(n), n.copy()
    for _ in range(STEPS):
        mid = (lo + hi) / 2
        high = scores(mid, n, centre) > z
        lo, hi = np.where(high, lo, mid), np.where(high, mid, hi)
    found = (lo + hi) / 2 / n
    return np.asarray(np.where(found < TINY, 0.0, np.where(found > 1 - TINY, 1.0, found)))


def value_limits(base: Baseline) -> tuple[float, float]:
    """Values at which z is -3 and 3."""
    width = _reach(base) * base.spread * float(np.sqrt(1 + 1 / base.weight))
    return base.centre - width, base.centre + width


def beyond(z: Floats) -> Bools:
    """Weeks outside the limits."""
    return np.asarray(np.abs(z) > LIMIT)
