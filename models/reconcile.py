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
MUST_GAIN = 0.01
MAY_LOSE = 0.005


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

    def loss(self, factor: Floats | float = 1.0) -> float:
        """Return the sum of absolute scaled errors with forecasts multiplied by a factor."""
        error = np.abs(self.forecast * factor - self.actual) / self.scale[:, None, None]
        return float(np.nansum(error))


def choose_pull(bottom: Judged, category: Judged, groups: Groups) -> float:
    """Return how far (0, .5, 1: a power) bottoms are scaled to the category's own forecast.

    A pull must lower the categories' absolute error by 1 % without raising the bottoms' by more
    than half a percent.
    """
    sums = group_sums(bottom.forecast, groups)
    ratio = pull_ratio(sums, category.forecast)
    summed = Judged(sums, category.actual, category.scale)
    best, best_loss = 0.0, summed.loss() * (1 - MUST_GAIN)
    limit = bottom.loss() * (1 + MAY_LOSE)
    for pull in PULLS[1:]:
        moved = ratio**pull
        loss = summed.loss(moved)
        if loss < best_loss and bottom.loss(moved[groups.codes]) <= limit:
            best, best_loss = pull, loss
    return best


def pull_ratio(sums: Floats, category: Floats) -> Floats:
    """Return category forecast over the sum of its members', in [.5, 2]; 1 where unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = category / sums
    return np.clip(np.where(np.isfinite(ratio) & (sums > 0), ratio, 1.0), 0.5, 2.0)
