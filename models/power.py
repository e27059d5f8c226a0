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
MIN_WEEKS = 26


def needed_correlation(weeks: int) -> float:
    """Return the correlation that a lead test at .05 over eight leads finds with power .8.

    Of the weeks given, ``LEARNING_WEEKS`` teach season, trend and autocorrelation and say little
    about the lead (measured: power of the test itself at 104 and 156 weeks).
    """
    z = float(ndtri(1 - ALPHA_OVER_LAGS / 2) + ndtri(POWER))
    return float(np.tanh(z / np.sqrt(max(weeks - LEARNING_WEEKS - 3, 1))))


def conversations_needed(mentions: Floats, taggable: Floats) -> Floats:
    """Return conversations a week (...) that would find a signal worth a fifth; nan = unknown.

    ``mentions`` and ``taggable`` are (..., T). With so many a week in its scope, the lead test finds
    at .05, with power .8 in three years (156 weeks), a signal that explains a fifth of what is new
    in demand; adoption asks more. In two years the test would find it in no more than three of four
    cases, whatever was said. A rate from n conversations carries binomial noise p (1 - p) / n, which
    attenuates a true correlation by the root of its reliability v / (v + noise) (Spearman 1904); v
    is the variance of the true rate, the observed one less its noise. ``DEPARTURE_R2`` of it remains
    in departures from a smoothed past. Not estimable where v is not above zero.
    """
    n = np.broadcast_to(np.where(taggable > 0, taggable, 0.0), mentions.shape)
    total = np.maximum(n.sum(axis=-1), 1e-300)
    heard = np.where(n > 0, mentions, 0.0)
    share = heard.sum(axis=-1) / total
    binomial = share * (1 - share)
    away = np.where(n > 0, heard / np.maximum(n, 1e-300) - share[..., None], 0.0)
    true = ((n * away**2).sum(axis=-1) - binomial * (n > 0).sum(axis=-1)) / total
    reliability = needed_correlation(PLAN_WEEKS) ** 2 / (WORTH_R2 * DEPARTURE_R2)
    known = ((n > 0).sum(axis=-1) >= MIN_WEEKS) & (true > 0) & (binomial > 0) & (reliability < 1)
    needed = binomial / np.where(known, true, 1.0) * reliability / (1 - reliability)
    return np.asarray(np.where(known, needed, np.nan))
