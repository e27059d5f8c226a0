"""Rates with honest intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from models.types import Floats, Ints

MIN_PRIOR_WEIGHT = 2.0
MAX_PRIOR_WEIGHT = 2000.0


@dataclass(frozen=True, slots=True)
class Rates:
    """Arrays of equal length: raw rate (nan where n is 0), shrunk rate, and its interval."""

    rate: Floats
    shrunk: Floats
    lo: Floats
    hi: Floats


def prior_weight(k: Floats, n: Floats, parent: Floats) -> float:
    """How many conversations the parent's rate is worth as a prior for its parts.

    Moment estimator of the beta-binomial (Kleinman 1973): the spread of the parts' rates around
    the parent's beyond what counting alone makes. `k` successes of `n`, `parent` the prior mean
    of each; parts without trials are ignored. Bounded, so that neither a lucky agreement nor a
    single outlier decides.
    """
    told = (n > 0) & (parent > 0) & (parent < 1)
    k, n, parent = k[told], n[told], parent[told]
    if len(n) < 3:
        return MAX_PRIOR_WEIGHT
    variance = parent * (1 - parent)
    chi = float(np.sum((k - n * parent) ** 2 / (n * variance)))
    excess = (chi - len(n)) / max(float(np.sum(n - 1)), 1.0)
    if excess <= 0:
        return MAX_PRIOR_WEIGHT
    rho = min(excess, 1 / (1 + MIN_PRIOR_WEIGHT))
    return float(np.clip(1 / rho - 1, MIN_PRIOR_WEIGHT, MAX_PRIOR_WEIGHT))


def shrunk_rates(k: Ints, n: Ints, parent: Floats, weight: float, *, level: float = 0.95) -> Rates:
    """Rates drawn towards `parent` by a beta prior worth `weight` trials, with equal-tailed bounds.

    Where n is 0 the raw rate is nan and the shrunk one is the parent's: nothing was learnt.
    Where `parent` is nan nothing at all is known and every figure is nan.
    """
    kf, nf = k.astype(np.float64), n.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(nf > 0, kf / nf, np.nan)
        a = weight * parent + kf + 1e-9
        b = weight * (1 - parent) + nf - kf + 1e-9
        shrunk = a / (a + b)
        tail = (1 - level) / 2
        lo, hi = stats.beta.ppf(tail, a, b), stats.beta.ppf(1 - tail, a, b)
    return Rates(rate, shrunk, lo, hi)
