"""What a customer may still buy and spend, as exact distributions: nothing is drawn.

While alive, purchases to come are the lesser of a Poisson number at the customer's rate (a gamma:
together negative binomial) and a geometric number of what leaving allows, which are independent of
each other given the history (Fader, Hardie and Lee 2005):

    P(N >= n) = P(alive) P(K >= n) B(a, b+x+n-1) / B(a, b+x)

What n of them bring, over the customer's scale, is Gamma(p n) / Gamma(s) with s = q + p (x + 1): a
beta prime (Fader and Hardie 2013).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import special
from scipy.stats import norm

from models.office.lifetime import Habits, Histories, p_alive
from models.office.spending import Spending
from models.types import Floats, Ints

TOLD_APART = 24
STEP = 1.06
"""Numbers of purchases up to 24 are told apart; of more, every one 6 % above the one before."""
NEGLIGIBLE, MOST = 1e-7, 4_096
POINTS, LEAST_POINTS = 240, 5
LEAST_SHAPE = 2.25
"""Below a shape of 2 spend has no variance: that of 2.25 is taken, the tail beyond told by nobody."""
CHUNK = 4_000


@dataclass(frozen=True, slots=True)
class Counts:
    """Purchases to come of N histories: P(n), (N, nodes), at ``nodes``; E(n) and E(n²), (N,).

    What the chances of a history leave to 1 is that of none.
    """

    nodes: Ints
    chance: Floats
    mean: Floats
    square: Floats

    @property
    def variance(self) -> Floats:
        """Return (N,) variances of the purchases."""
        return np.asarray(self.square - self.mean**2)


def nodes_up_to(most: int) -> Ints:
    """Return ascending numbers of purchases, 1 first, of which the last is at least ``most``."""
    out = list(range(1, TOLD_APART + 1))
    while out[-1] < most:
        out.append(int(np.ceil(out[-1] * STEP)))
    return np.array(out[: int(np.searchsorted(out, most)) + 1], dtype=np.int64)


def at_least(habits: Habits, seen: Histories, weeks: float) -> Floats:
    """Return (N, M) the chance of at least 1 .. M purchases within ``weeks``.

    M is where the greatest falls below 1e-7, or 4,096.
    """
    shape = habits.r + seen.x
    odds = weeks / (habits.alpha + seen.span + weeks)
    exact = (1.0 - odds) ** shape
    more, stays, alive = 1.0 - exact, np.ones(len(shape)), p_alive(habits, seen)
    rows = [alive * more]
    for n in range(1, MOST):
        exact = exact * (shape + n - 1) / n * odds
        more = np.maximum(more - exact, 0.0)
        stays = stays * (habits.b + seen.x + n - 1) / (habits.a + habits.b + seen.x + n - 1)
        rows.append(alive * more * stays)
        if rows[-1].max(initial=0.0) < NEGLIGIBLE:
            break
    return np.stack(rows, axis=1)


def counts(habits: Habits, seen: Histories, weeks: float) -> Counts:
    """Return the distribution of purchases within ``weeks``; between nodes a number is shared."""
    more = at_least(habits, seen, weeks)
    most = more.shape[1]
    number = np.arange(1, most + 1)
    just = more - np.concatenate([more[:, 1:], np.zeros((len(more), 1))], axis=1)
    nodes = nodes_up_to(most)
    above = np.searchsorted(nodes, number)
    below = np.maximum(above - 1, 0)
    up = (number - nodes[below]) / np.maximum(nodes[above] - nodes[below], 1)
    chance = np.zeros((len(more), len(nodes)))
    for n in range(most):
        chance[:, above[n]] += just[:, n] * (up[n] if above[n] else 1.0)
        if above[n] and up[n] < 1.0:
            chance[:, below[n]] += just[:, n] * (1.0 - up[n])
    mean, square = np.zeros(len(more)), np.zeros(len(more))
    for n in range(most):
        mean += more[:, n]
        square += (2 * n + 1) * more[:, n]
    return Counts(nodes, chance, mean, square)


def spent_variance(told: Counts, spent: Spending, shape: float) -> Floats:
    """Return (N,) variances of what is spent, over the customer's scale."""
    s = max(shape, LEAST_SHAPE)
    square = (spent.p**2 * told.square + spent.p * told.mean) / ((s - 1) * (s - 2))
    return np.asarray(square - (spent.p * told.mean / (s - 1)) ** 2)


def spent_quantiles(
    told: Counts, spent: Spending, shape: float, levels: tuple[float, ...]
) -> Floats:
    """Return (N, levels) quantiles of what is spent, over scale: the least value reached so often.

    Between points, which lie where each number of purchases has its own mass, the distribution is
    taken as straight.
    """
    each = max(LEAST_POINTS, POINTS // len(told.nodes))
    score = norm.cdf(np.linspace(-3.0, 3.0, each))
    own = special.betaincinv(spent.p * told.nodes[:, None], shape, score[None, :])
    points = np.unique(np.concatenate([[0.0], own.ravel()]))
    points = points[points < 1.0]
    reached = special.betainc(spent.p * told.nodes[:, None], shape, points[None, :])
    value = points / (1.0 - points)
    out = np.zeros((len(told.chance), len(levels)))
    for start in range(0, len(out), CHUNK):
        chance = told.chance[start : start + CHUNK]
        below = np.repeat(1.0 - chance.sum(axis=1)[:, None], len(points), axis=1)
        for n, one in enumerate(reached):
            below += chance[:, n, None] * one
        for place, level in enumerate(levels):
            out[start : start + CHUNK, place] = _crossed(below, value, level)
    return out


def _crossed(below: Floats, value: Floats, level: float) -> Floats:
    """Return (N,) where rows of ``below`` (N, G), which rise over ``value`` (G,), reach a level."""
    at = np.minimum((below < level).sum(axis=1), len(value) - 1)
    row, before = np.arange(len(below)), np.maximum(at - 1, 0)
    low, high = below[row, before], below[row, at]
    rise = np.where(high > low, high - low, 1.0)
    part = np.where(at > 0, np.clip((level - low) / rise, 0.0, 1.0), 0.0)
    return np.asarray(value[before] + part * (value[at] - value[before]))


def by_purchases(seen: Histories) -> list[tuple[float, slice, Histories]]:
    """Return each number of purchases, where its histories lie, and these; they are sorted by it."""
    edges = np.flatnonzero(np.diff(seen.x, prepend=np.nan, append=np.nan) != 0)
    spans = [slice(int(i), int(j)) for i, j in pairwise(edges)]
    return [
        (float(seen.x[at.start]), at, replace(seen, x=seen.x[at], last=seen.last[at], span=seen.span[at]))
        for at in spans
    ]  # fmt: skip
