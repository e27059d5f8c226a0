"""Sums over promoted weeks, compiled: levels around them, multipliers, scores and information."""

from __future__ import annotations

import numpy as np

from models.compiled import compiled
from models.types import Bools, Floats, Ints, Singles

OVERDISPERSION = 0.15
CAP = 5.0
DECAY = 0.75
NEAR = 0.35
OWN_WEIGHT = 0.1
LOG_LOW, LOG_HIGH = -1.6, 2.3
"""A whole promoted week is never said to sell less than a fifth or more than tenfold."""


@compiled
def _around(v: Floats, plain: Bools, mean: float, out: Floats) -> None:
    """Fill the level of the plain weeks around each week, itself left out; nan where far off."""
    n = len(v)
    total, weight = 0.0, 0.0
    left, heavy = np.zeros(n), np.zeros(n)
    for t in range(n):
        left[t], heavy[t] = total, weight
        usable = plain[t] and not np.isnan(v[t])
        total = DECAY * (total + (v[t] if usable else 0.0))
        weight = DECAY * (weight + (1.0 if usable else 0.0))
    total, weight = 0.0, 0.0
    for i in range(n):
        t = n - 1 - i
        whole = weight + heavy[t]
        if whole >= NEAR:
            out[t] = (total + left[t] + OWN_WEIGHT * mean) / (whole + OWN_WEIGHT)
        else:
            out[t] = np.nan
        usable = plain[t] and not np.isnan(v[t])
        total = DECAY * (total + (v[t] if usable else 0.0))
        weight = DECAY * (weight + (1.0 if usable else 0.0))


@compiled
def levels(y: Floats, plain: Bools, out: Floats) -> None:
    """Fill (S, T) levels of the plain weeks around; nan where there are none near."""
    for i in range(y.shape[0]):
        total, n = 0.0, 0
        for t in range(y.shape[1]):
            if plain[i, t] and not np.isnan(y[i, t]):
                total += y[i, t]
                n += 1
        if n == 0:
            out[i] = np.nan
        else:
            _around(y[i], plain[i], total / n, out[i])


@compiled
def _multiplier(  # noqa: PLR0917 - compiled code takes plain arrays
    x: Singles, i: int, t: int, beta: Floats, on: int, after: int
) -> tuple[float, float]:
    """Return a week's multiplier, and exp(q) over it: by what exposures act on its log."""
    share = float(x[on, i, t]) + float(x[after, i, t])
    if share <= 0.0:
        return 1.0, 1.0
    q = 0.0
    for k in range(x.shape[0]):
        q += float(x[k, i, t]) * beta[k]
    q = min(max(q / share, LOG_LOW), LOG_HIGH)
    lift = np.exp(q)
    m = 1.0 + share * (lift - 1.0)
    return m, lift / m


@compiled
def week_multipliers(x: Singles, beta: Floats, on: int, after: int, out: Floats) -> None:
    """Fill (S, N) multipliers."""
    for i in range(out.shape[0]):
        for t in range(out.shape[1]):
            out[i, t] = _multiplier(x, i, t, beta[i], on, after)[0]


@compiled
def moments(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats,
    level: Floats,
    x: Singles,
    beta: Floats,
    on: int,
    after: int,
    codes: Ints,
    gram: Floats,
    score: Floats,
    spread: Floats,
    weekly: Floats,
) -> None:
    """Fill per series the information (S, K, K), score (S, K), sum of squares and count (S, 2).

    Also ``weekly`` (G, T, K): the score by category and week.
    """
    size = x.shape[0]
    row = np.zeros(size)
    for i in range(y.shape[0]):
        g = codes[i]
        for t in range(y.shape[1]):
            if np.isnan(y[i, t]) or not level[i, t] > 0:
                continue
            if x[on, i, t] + x[after, i, t] <= 0:
                continue
            m, pull = _multiplier(x, i, t, beta[i], on, after)
            mu = level[i, t] * m
            weight = mu / (1.0 + OVERDISPERSION * mu)
            away = min(y[i, t], CAP * (mu + np.sqrt(mu))) / mu - 1.0
            for k in range(size):
                row[k] = float(x[k, i, t]) * pull
            for k in range(size):
                if row[k] == 0.0:
                    continue
                score[i, k] += weight * away * row[k]
                weekly[g, t, k] += weight * away * row[k]
                for j in range(size):
                    gram[i, k, j] += weight * row[k] * row[j]
            spread[i, 0] += weight * away * away
            spread[i, 1] += 1.0
