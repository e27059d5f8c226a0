"""Quantiles of slow movers' counts: negative binomials, put right by what past ones came to.

Each past count stands for a stretch of chance under its negative binomial (the randomised
probability transform). How those stretches lie, pooled over series of like volume, says which
level of the negative binomial is truly the level asked for; that one is published. So zeros,
overdispersion and skew are those of the data, and every quantile is a whole number.
Source of the transform: Czado, Gneiting and Held 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from models.compiled import compiled
from models.types import Bools, Floats, Ints

SLOW_BELOW = 10.0
CLASS_EDGES = (0.5, 2.0, 10.0, 50.0)
LEAST_DISPERSION, MOST_DISPERSION = 0.01, 20.0
PRIOR_SQUARES = 10.0
MOST_SERIES = 400
TAILS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075)
CHANCES = np.array(
    [0.0, *TAILS, *np.arange(0.1, 0.901, 0.05), *(1 - x for x in reversed(TAILS)), 1.0]
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Past counts ``actual`` and expected ones ``rate`` (S, O, B), and ``ahead`` (S, B) expected.

    ``mean`` (S,) of the same kind of count sets the least rate; ``pools`` (S,) are 0..P-1;
    ``n_weeks`` is about how many independent target weeks there are; ``wider`` (P,) widens.
    ``unseen`` (B,): relative standard deviation ahead that no past count shows; ``young`` (S,): by
    how many variances of one week's count the rate is less sure than past ones were (none sold
    in k weeks may well be half a unit in k: Jeffreys).
    """

    actual: Floats
    rate: Floats
    ahead: Floats
    mean: Floats
    pools: Ints
    n_weeks: float
    wider: Floats
    unseen: Floats
    young: Floats


@compiled
def _see_whole(actual: Floats, out: Ints) -> None:
    """Fill out (S,): 1 where all known values are whole numbers, 0 where one is not, -1 if none."""
    for i in range(actual.shape[0]):
        for j in range(actual.shape[1]):
            for h in range(actual.shape[2]):
                v = actual[i, j, h]
                if not np.isnan(v) and out[i] != 0:
                    out[i] = 1 if v == np.rint(v) else 0


def whole_rows(actual: Floats) -> Bools:
    """Return (S,) which series (S, O, H) are in whole numbers.

    One of which nothing is known is taken to be as all the others.
    """
    seen = np.full(len(actual), -1)
    _see_whole(actual, seen)
    others = bool((seen == 1).any() and not (seen == 0).any())
    return np.asarray((seen == 1) | ((seen < 0) & others))


def volume_classes(mean: Floats) -> Ints:
    """Return (S,) classes of weekly means: under .5, 2, 10, 50 units, above."""
    return np.searchsorted(np.array(CLASS_EDGES), mean, side="right").astype(np.int64)


@compiled
def _moments(actual: Floats, rate: Floats, least: Floats, out: Floats) -> None:
    """Fill out (S, 3): sums of excess variance, of squared rates, and how many were known."""
    for i in range(actual.shape[0]):
        for j in range(actual.shape[1]):
            for h in range(actual.shape[2]):
                y, m = actual[i, j, h], max(rate[i, j, h], least[i])
                if np.isnan(y) or np.isnan(rate[i, j, h]):
                    continue
                out[i, 0] += (y - m) * (y - m) - m
                out[i, 1] += m * m
                out[i, 2] += 1.0


@compiled
def _transforms(  # noqa: PLR0917 - compiled code takes plain arrays
    actual: Floats, rate: Floats, least: Floats, dispersion: Floats, chances: Floats, out: Floats
) -> int:
    """Add to out, at each chance, how much of every count's stretch lies below; return counts."""
    n = 0
    for i in range(actual.shape[0]):
        a = dispersion[i]
        r = 1.0 / a
        for j in range(actual.shape[1]):
            for h in range(actual.shape[2]):
                y, m = actual[i, j, h], max(rate[i, j, h], least[i])
                if np.isnan(y) or np.isnan(rate[i, j, h]):
                    continue
                step = a * m / (1.0 + a * m)
                p, low = np.exp(-r * np.log1p(a * m)), 0.0
                for k in range(int(y)):
                    low += p
                    p *= (k + r) / (k + 1.0) * step
                low = min(low, 1.0)
                wide = max(min(low + p, 1.0) - low, 1e-12)
                for c in range(len(chances)):
                    out[c] += min(max((chances[c] - low) / wide, 0.0), 1.0)
                n += 1
    return n


@compiled
def _quantiles(  # noqa: PLR0917 - compiled code takes plain arrays
    rate: Floats,
    least: Floats,
    dispersion: Floats,
    unseen: Floats,
    young: Floats,
    at: Floats,
    out: Floats,
) -> None:
    """Fill out (S, B, Q) with the least counts whose chance reaches ``at`` (S, Q), ascending."""
    for i in range(rate.shape[0]):
        for h in range(rate.shape[1]):
            m = max(rate[i, h], least[i] + 0.5 * young[i])
            a = dispersion[i] + unseen[h] * unseen[h] + young[i] * (1.0 / m + dispersion[i])
            r = 1.0 / a
            step = a * m / (1.0 + a * m)
            p, k = np.exp(-r * np.log1p(a * m)), 0
            reached = p
            for q in range(at.shape[1]):
                while reached < at[i, q] and k < 100_000:
                    p *= (k + r) / (k + 1.0) * step
                    k += 1
                    reached += p
                out[i, h, q] = k


def dispersions(counts: Counts, least: Floats) -> Floats:
    """Return (S,) a in variance = rate + a rate^2: the series' own, shrunk to its pool's."""
    moments = np.zeros((len(counts.actual), 3))
    _moments(counts.actual, counts.rate, least, moments)
    share = counts.n_weeks / max(float(moments[:, 2].max(initial=0.0)), 1.0)
    excess, squares = moments[:, 0] * share, moments[:, 1] * share
    by_pool = np.bincount(counts.pools, weights=excess) + 1.0
    pool = np.clip(by_pool / (np.bincount(counts.pools, weights=squares) + 5.0), 0.02, 5.0)
    prior = PRIOR_SQUARES * pool[counts.pools]
    own = (np.maximum(excess, -squares) + prior) / (squares + PRIOR_SQUARES)
    return np.asarray(np.clip(own, LEAST_DISPERSION, MOST_DISPERSION))


def true_levels(counts: Counts, least: Floats, a: Floats, quantiles: Sequence[float]) -> Floats:
    """Return (P, Q) levels of the negative binomials at which the quantiles asked for lie."""
    wanted = np.asarray(quantiles)
    out = np.zeros((len(counts.wider), len(wanted)))
    for pool in range(len(out)):
        rows = np.flatnonzero(counts.pools == pool)
        picked = rows
        if len(rows) > MOST_SERIES:
            picked = rows[(np.arange(MOST_SERIES) * len(rows)) // MOST_SERIES]
        below = np.zeros(len(CHANCES))
        n = _transforms(
            counts.actual[picked], counts.rate[picked], least[picked], a[picked], CHANCES, below
        )
        weight = counts.n_weeks * len(rows) / (len(rows) + 2.0)
        seen = below / n if n else CHANCES
        level = np.interp(wanted, (weight * seen + 3 * CHANCES) / (weight + 3), CHANCES)
        moved = ndtri(np.clip(level, 1e-4, 1 - 1e-4)) * counts.wider[pool]
        out[pool] = np.maximum.accumulate(ndtr(moved))
    return out


def count_quantiles(counts: Counts, quantiles: Sequence[float]) -> Floats:
    """Return (S, B, Q) whole-number quantiles of the counts ahead, never decreasing in Q."""
    least = np.maximum(0.1 * counts.mean, 0.005)
    a = dispersions(counts, least)
    levels = true_levels(counts, least, a, quantiles)
    out = np.zeros((*counts.ahead.shape, len(quantiles)))
    _quantiles(counts.ahead, least, a, counts.unseen, counts.young, levels[counts.pools], out)
    return out
