"""Coherence: sums that are exact, and bottoms moved to the category's forecast where that wins.

Published means and contributions are multiples of 2**-10, so float sums of them are exact in any
order and every level equals the sum of its members, bit for bit, while no sum passes 2**43 (8.8
million million) units: beyond, 53 bits do not hold a multiple of 2**-10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.panel import Groups
from models.parallel import SHARD, over_shards
from models.types import Floats, Ints

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


@compiled
def _losses(  # noqa: PLR0917 - compiled code takes plain arrays
    forecast: Floats,
    actual: Floats,
    scale: Floats,
    codes: Ints,
    factors: Floats,
    band: tuple[int, int],
    square: bool,  # noqa: FBT001 - no keywords in compiled code
    start: int,
    stop: int,
    out: Floats,
) -> None:
    """Add the losses of rows start..stop-1 to out (P, O), one row for each of the factors."""
    for i in range(start, stop):
        inverse, g = 1.0 / scale[i], codes[i]
        for j in range(forecast.shape[1]):
            for h in range(band[0], band[1]):
                f, y = forecast[i, j, h], actual[i, j, h]
                if np.isnan(f) or np.isnan(y):
                    continue
                for p in range(factors.shape[0]):
                    e = abs(f * factors[p, g, j, h] - y) * inverse
                    out[p, j] += e * e if square else e


@dataclass(frozen=True, slots=True)
class Judged:
    """Inner forecasts and actuals (N, O, H), the scale (N,) of their errors, a band of horizons."""

    forecast: Floats
    actual: Floats
    scale: Floats
    band: tuple[int, int]

    def quarters(self, factors: Floats, groups: Groups, *, square: bool = False) -> Floats:
        """Return (P, 4) sums of absolute (or squared) scaled errors by quarters of the origins.

        Forecasts are multiplied by each of the factors (P, G, O, H), those of their group. A
        quarter without origins is 0.
        """
        n = len(self.forecast)
        starts = range(0, n, SHARD)
        parts = np.zeros((len(starts), len(factors), self.forecast.shape[1]))

        def work(start: int, stop: int) -> None:
            _losses(
                self.forecast, self.actual, self.scale, groups.codes, factors, self.band, square,
                start, stop, parts[start // SHARD],
            )  # fmt: skip

        over_shards(n, work)
        by_origin = parts.sum(axis=0)
        return np.stack([part.sum(axis=1) for part in np.array_split(by_origin, 4, axis=1)], axis=1)


def pulled(ratio: Floats) -> Floats:
    """Return (P, G, O, H) the ratios (G, O, H) to the power of each of PULLS, none first."""
    return np.stack([ratio**pull for pull in PULLS])


def better(now: Floats, before: Floats, gain: float, quarters: int = 4) -> bool:
    """Return whether losses fell by a gain in all, and at all in so many quarters of the past.

    Where a quarter is without origins there is too little past to tell.
    """
    fell = int((now < before).sum()) if (before > 0).all() else 0
    return fell >= quarters and float(now.sum()) < (1 - gain) * float(before.sum())


def choose_pull(bottom: Judged, summed: Judged, factors: Floats, groups: Groups) -> float:
    """Return how far (0, .5, 1: a power) bottoms' means are scaled to their sums' own forecast.

    ``summed``: the sums of the bottoms' forecasts; ``factors``: ``pulled`` of the sums' own
    forecasts over these. Means are there to be added up. A pull must lower the sums' absolute
    error by 1 %, and in three quarters of the past, without raising the bottoms' squared error by
    more than 3 %: the squared one, because means of skewed demand lie above what lowers the
    absolute error.
    """
    alone = Groups(np.arange(groups.n, dtype=np.int64), groups.n)
    before, *now = summed.quarters(factors, alone)
    good = [better(one, before, MUST_GAIN, MOST_QUARTERS) for one in now]
    if not any(good):
        return 0.0
    squares = bottom.quarters(factors, groups, square=True).sum(axis=1)
    best, least = 0.0, np.inf
    for pull, one, square, pays in zip(PULLS[1:], now, squares[1:], good, strict=True):
        if pays and one.sum() < least and square <= (1 + MAY_LOSE) * squares[0]:
            best, least = pull, float(one.sum())
    return best


def choose_centre_pull(bottom: Judged, factors: Floats, groups: Groups) -> float:
    """Return how far the bottoms' medians follow their groups' ratios: as far as it pays for them.

    ``factors``: ``pulled`` of the ratios. Sums of medians mean nothing, so the bottoms' own
    absolute error must fall by a fifth of a percent, and in each quarter of the past.
    """
    before, *now = bottom.quarters(factors, groups)
    best, least = 0.0, np.inf
    for pull, one in zip(PULLS[1:], now, strict=True):
        if better(one, before, CENTRE_MUST_GAIN) and one.sum() < least:
            best, least = pull, float(one.sum())
    return best


def pull_ratio(sums: Floats, category: Floats) -> Floats:
    """Return category forecast over the sum of its members', in [.5, 2]; 1 where unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = category / sums
    return np.clip(np.where(np.isfinite(ratio) & (sums > 0), ratio, 1.0), 0.5, 2.0)
