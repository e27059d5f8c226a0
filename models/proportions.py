"""Shares of a count with their interval."""

from __future__ import annotations

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from models.types import Floats, Ints


def wilson(
    k: Ints | Floats, n: Ints | Floats, *, level: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Share `k`/`n` with lower and upper end (Wilson 1927); nan where `n` is 0.

    Counts may be fractional: of an effective number of trials.
    """
    told = n > 0
    trials = np.where(told, n, 1)
    lo, hi = proportion_confint(np.where(told, k, 0), trials, alpha=1 - level, method="wilson")
    share = np.where(told, k / trials, np.nan)
    lo, hi = np.where(k > 0, lo, 0.0), np.where(k < n, hi, 1.0)
    return share, np.where(told, lo, np.nan), np.where(told, hi, np.nan)
