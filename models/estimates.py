"""Rates with honest intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from models.types import Floats, Ints

MIN_PRIOR_WEIGHT = 2.0
MAX_PRIOR_WEIGHT = 2000.0
USUAL_SPREAD = 0.02
"""Intra-class correlation of weekly rates before any is seen, and how far it may be from that."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Arrays of equal length: raw rate (nan where n is 0), shrunk rate, and its interval."""

    rate: Floats
    shrunk: Floats
    lo: Floats
    hi: Floats


def prior_weights(k: Floats, n: Floats, parent: Floats, week: Ints) -> Floats:
    """How many conversations the parent's rate is worth as a prior, for each row, as of its week.

    Moment estimator of the beta-binomial (Kleinman 1973): the spread of the rows' rates around
    the parent's beyond what counting alone makes. `k` successes of `n`, `parent` the prior mean
    and `week` a number from 0 for each row; a row's weight rests on weeks up to its own, so that
    a later week never changes an earlier one. Rows without trials are ignored, fewer than three
    rest on the parent. While few trials leave the spread in doubt (its estimate has variance 2 m / N²
    for m rows of N trials) it is drawn to a usual one: taken for none, intervals would be far too
    narrow. Bounded, so that neither a lucky agreement nor one outlier decides.
    """
    if not len(n):
        return np.empty(0)
    told = (n > 0) & (parent > 0) & (parent < 1)
    variance = np.where(told, parent * (1 - parent), 1.0)
    trials = np.where(told, n, 1.0)
    chi = np.where(told, (k - n * parent) ** 2 / (trials * variance), 0.0)
    weeks = int(week.max()) + 1
    sums = [
        np.cumsum(np.bincount(week, weights=part, minlength=weeks))
        for part in (chi, told.astype(np.float64), np.where(told, np.maximum(n - 1, 0.0), 0.0))
    ]
    excess = (sums[0] - sums[1]) / np.maximum(sums[2], 1.0)
    doubt = 2 * sums[1] / np.maximum(sums[2], 1.0) ** 2
    prior = USUAL_SPREAD**2
    excess = (excess * prior + USUAL_SPREAD * doubt) / (prior + doubt)
    excess = excess + np.sqrt(prior * doubt / (prior + doubt))
    rho = np.clip(excess, 1 / (1 + MAX_PRIOR_WEIGHT), 1 / (1 + MIN_PRIOR_WEIGHT))
    weight = np.where(sums[1] < 3, MAX_PRIOR_WEIGHT, 1 / rho - 1)
    return np.asarray(weight[week], dtype=np.float64)


def shrunk_rates(
    k: Floats | Ints,
    n: Floats | Ints,
    parent: Floats,
    weight: Floats | float,
    *,
    level: float | None = 0.95,
) -> Rates:
    """Rates drawn towards `parent` by a beta prior worth `weight` trials, with equal-tailed bounds.

    `k` and `n` may be effective numbers, no whole ones. Where n is 0 the raw rate is nan and the
    shrunk one is the parent's: nothing was learnt. Bounds always hold the shrunk rate: of a signal
    so rare that the mean of the posterior lies beyond its upper quantile, the bound is that mean.
    Where `parent` is nan nothing at all is known and every figure is nan. `level` None: bounds are
    not asked for, and nan.
    """
    kf, nf = k.astype(np.float64), n.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(nf > 0, kf / nf, np.nan)
        a = weight * parent + kf + 1e-9
        b = weight * (1 - parent) + nf - kf + 1e-9
        shrunk = a / (a + b)
        if level is None:
            return Rates(rate, shrunk, np.full(len(nf), np.nan), np.full(len(nf), np.nan))
        tail = (1 - level) / 2
        lo, hi = stats.beta.ppf(tail, a, b), stats.beta.ppf(1 - tail, a, b)
    return Rates(rate, shrunk, np.minimum(lo, shrunk), np.maximum(hi, shrunk))
