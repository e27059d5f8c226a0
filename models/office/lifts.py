"""What a change did to a share, how many units a lift needs, and what placebos say of a difference."""

from __future__ import annotations

import numpy as np
from scipy import stats
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    samplesize_proportions_2indep_onetail,
)

from models.types import Floats, Ints

Limits = tuple[float | None, float | None, float | None]
"""A value with its 95 % limits; None: cannot be told."""
NOTHING: Limits = (None, None, None)
POWER, ALPHA = 0.8, 0.05


def share_difference(k: int, n: int, k0: int, n0: int) -> Limits:
    """k/n - k0/n0 (Newcombe 1998, method 10)."""
    if min(n, n0) == 0:
        return NOTHING
    lo, hi = confint_proportions_2indep(k, n, k0, n0, method="newcomb", compare="diff")
    return k / n - k0 / n0, float(lo), float(hi)


def share_ratio(k: int, n: int, k0: int, n0: int) -> Limits:
    """(k/n) / (k0/n0) with limits on the log scale (Katz et al. 1978); nothing where a count is 0."""
    if min(k, k0) == 0:
        return NOTHING
    lo, hi = confint_proportions_2indep(k, n, k0, n0, method="log", compare="ratio")
    return (k / n) / (k0 / n0), float(lo), float(hi)


def sample_ratio(counts: Ints, shares: Floats) -> float:
    """Probability of arms at least as unequal as `counts`, had each unit fallen by `shares` (chi²)."""
    return float(stats.chisquare(counts, counts.sum() * shares).pvalue)


def winsorised(amounts: Floats, share: float = 0.99) -> float:
    """The amount above which amounts count as this one; infinite where there are none."""
    return float(np.quantile(amounts, share)) if len(amounts) else np.inf


def needed_for_share(control: float, lift: float) -> int | None:
    """Customers that each arm needs to find control * (1 + lift) at 80 % power, two-sided 5 %."""
    if not 0 < control < 1 or lift <= 0 or control * (1 + lift) >= 1:
        return None
    found = samplesize_proportions_2indep_onetail(
        control * lift, control, power=POWER, ratio=1, alpha=ALPHA
    )
    return int(np.ceil(found))


def needed_for_mean(mean: float, sd: float, lift: float) -> int | None:
    """Units that each arm needs to find a mean larger by `lift`, relatively (t test)."""
    if mean <= 0 or sd <= 0 or lift <= 0:
        return None
    found = TTestIndPower().solve_power(effect_size=lift * mean / sd, alpha=ALPHA, power=POWER)
    return int(np.ceil(found))


def placebo_limits(difference: float, placebos: Floats, apart: int) -> tuple[Limits, float]:
    """`difference` with limits as wide as differences at dates without a change, and its p value.

    Their root mean square about 0 is the error of such a comparison; `apart` of them do not
    overlap, hence Student's t with so many degrees of freedom. p: the share of all dates, this
    one counted, whose difference is as large.
    """
    error = float(np.sqrt(np.mean(placebos**2)))
    reach = float(stats.t.ppf(1 - ALPHA / 2, apart)) * error
    p = (1 + int((np.abs(placebos) >= abs(difference)).sum())) / (1 + len(placebos))
    return (difference, difference - reach, difference + reach), p
