"""How many conversations a week would be enough to hear a lead worth having."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from models.types import Floats

WORTH_R2 = 0.20
POWER = 0.8
ALPHA_OVER_LAGS = 0.05 / 8
PLAN_WEEKS = 156
LEARNING_WEEKS = 50
DEPARTURE_R2 = 0.87


def needed_correlation(weeks: int) -> float:
    """Return the correlation that a lead test at .05 over eight leads finds with power .8.

    Of the weeks given, ``LEARNING_WEEKS`` teach season, trend and autocorrelation and say little
    about the lead (measured: power of the test itself at 104 and 156 weeks).
    """
    z = float(ndtri(1 - ALPHA_OVER_LAGS / 2) + ndtri(POWER))
    return float(np.tanh(z / np.sqrt(max(weeks - LEARNING_WEEKS - 3, 1))))


def conversations_needed(mentions: Floats, taggable: Floats) -> float:
    """Return conversations a week that would find a signal worth a fifth; nan = unknown.

    In a scope with so many, the lead test finds at .05, with power .8 in three years (156 weeks),
    a signal that explains a fifth of what is new in demand; adoption asks more. In two years the
    test would find it in no more than three of four cases, whatever was said. A rate from n
    conversations carries binomial noise p (1 - p) / n, which attenuates a true correlation by the
    root of its reliability v / (v + noise) (Spearman 1904); v is the variance of the true rate, the
    observed one less its noise. ``DEPARTURE_R2`` of it remains in departures from a smoothed past.
    Not estimable where v is not above zero.
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
    reliability = needed_correlation(PLAN_WEEKS) ** 2 / (WORTH_R2 * DEPARTURE_R2)
    if true <= 0 or binomial <= 0 or reliability >= 1:
        return float("nan")
    return float(binomial / true * reliability / (1 - reliability))
