"""Coherence: sums that are exact, and bottoms moved to the category's forecast where that wins.

Published means and contributions are multiples of 2**-10, so float sums of them are exact in any
order and every level equals the sum of its members, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.panel import Groups, group_sums
from models.types import Floats

GRAIN = 1024.0
PULLS = (0.0, 0.5, 1.0)
MUST_GAIN, CENTRE_MUST_GAIN = 0.01, 0.002
MAY_LOSE, MOST_QUARTERS = 0.03, 3


def to_grain(values: Floats) -> Floats:
    """Return values rounded to the nearest multiple of 2**-10."""
    return np.round(values * GRAIN) / GRAIN


def towards_zero(values: Floats) -> Floats:
    """Return values cut to a multiple of 2**-10 towards zero."""
    return np.trunc(values * GRAIN) / GRAIN


def deltas_of(baseline: Floats, share: Floats) -> Floats:
    """Return (K, S, H) contributions of K signals, ``share`` (K, S, H) of a rounded baseline.

    Their sum takes away at most nine tenths of the baseline; cut towards zero, so that baseline
    plus all of them is never negative.
    """
    if share.shape[0] == 0:
        return np.zeros(share.shape)
    total = share.sum(axis=0)
    squeeze = np.where(total < -0.9, -0.9 / np.minimum(total, -1e-12), 1.0)
    return towards_zero(baseline[None] * (share * squeeze[None]))


@dataclass(frozen=True, slots=True)
class Judged:
    """Inner forecasts and actuals of one band, (N, O, B), and the scale (N,) of their errors."""

    forecast: Floats
    actual: Floats
    scale: Floats

    def quarters(self, power: float, factor: Floats | float = 1.0) -> Floats:
        """Return (4,) sums of absolute scaled errors to a power, by quarters of the origins.

        Forecasts are multiplied by a factor. A quarter without origins is 0.
        """
        error = np.abs(self.forecast * factor - self.actual) / self.scale[:, None, None]
        by_origin = np.nansum(error**power, axis=(0, 2))
        return np.array([part.sum() for part in np.array_split(by_origin, 4)])


def _better(now: Floats, before: Floats, gain: float, quarters: int = 4) -> bool:
    """Return whether losses fell by a gain in all, and at all in so many quarters of the past.

    Where a quarter is without origins there is too little past to tell.
    """
    fell = int((now < before).sum()) if (before > 0).all() else 0
    return fell >= quarters and float(now.sum()) < (1 - gain) * float(before.sum())


def choose_pull(bottom: Judged, above: Judged, groups: Groups) -> float:
    """Return how far (0, .5, 1: a power) bottoms' means are scaled to their sums' own forecast.

    Means are there to be added up. A pull must lower the sums' absolute error by 1 %, and in three
    quarters of the past, without raising the bottoms' squared error by more than 3 %: the squared
    one, because means of skewed demand lie above what lowers the absolute error.
    """
    sums = group_sums(bottom.forecast, groups)
    ratio = pull_ratio(sums, above.forecast)
    summed = Judged(sums, above.actual, above.scale)
    before = summed.quarters(1.0)
    limit = (1 + MAY_LOSE) * bottom.quarters(2.0).sum()
    best, least = 0.0, np.inf
    for pull in PULLS[1:]:
        moved = ratio**pull
        now = summed.quarters(1.0, moved)
        if not _better(now, before, MUST_GAIN, MOST_QUARTERS) or now.sum() >= least:
            continue
        if bottom.quarters(2.0, moved[groups.codes]).sum() <= limit:
            best, least = pull, float(now.sum())
    return best


def choose_centre_pull(bottom: Judged, ratio: Floats) -> float:
    """Return how far the bottoms' medians follow a ratio (N, O, B): as far as it pays for them.

    Sums of medians mean nothing, so the bottoms' own absolute error must fall by a fifth
    of a percent, and in each quarter of the past.
    """
    before = bottom.quarters(1.0)
    best, least = 0.0, np.inf
    for pull in PULLS[1:]:
        now = bottom.quarters(1.0, ratio**pull)
        if _better(now, before, CENTRE_MUST_GAIN) and now.sum() < least:
            best, least = pull, float(now.sum())
    return best


def pull_ratio(sums: Floats, category: Floats) -> Floats:
    """Return category forecast over the sum of its members', in [.5, 2]; 1 where unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = category / sums
    return np.clip(np.where(np.isfinite(ratio) & (sums > 0), ratio, 1.0), 0.5, 2.0)
