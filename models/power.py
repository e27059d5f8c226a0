"""How many conversations a week would be enough to hear a lead worth having."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from models.types import Floats

WORTH_R2 = 0.20
POWER = 0.8
ALPHA_OVER_LAGS = 0.05 / 8
PLAN_WEEKS = 104


def needed_correlation(weeks: int) -> float:
    """Return the correlation found with power .8 at .05 over eight lags in so many weeks."""
    z = float(ndtri(1 - ALPHA_OVER_LAGS / 2) + ndtri(POWER))
    return float(np.tanh(z / np.sqrt(max(weeks - 3, 1))))


def conversations_needed(mentions: Floats, taggable: Floats, weeks: int) -> float:
    """Return conversations a week that would find a lead explaining a fifth; nan = unknown.

    A rate from n conversations carries binomial noise p (1 - p) / n, which attenuates a true
    correlation by the root of its reliability v / (v + noise); v is the variance of the true rate,
    the observed one less its noise. Not estimable where v is not above zero.
    """
    known = taggable > 0
    if known.sum() < 26:
        return float("nan")
    n, rate = taggable[known], mentions[known] / taggable[known]
    share = float(mentions[known].sum() / n.sum())
    binomial = share * (1 - share)
    weight = n / n.sum()
    observed = float((weight * (rate - share) ** 2).sum())
    true = observed - binomial * float((weight / n).sum())
    reliability = needed_correlation(max(weeks, PLAN_WEEKS)) ** 2 / WORTH_R2
    if true <= 0 or binomial <= 0 or reliability >= 1:
        return float("nan")
    return float(binomial / true * reliability / (1 - reliability))
