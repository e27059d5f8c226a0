"""How much the feasts of a calendar move demand: pooled over panel and category.

Effects are a ridge regression of the log index of demand on the exposures of feasts, both less
their own local level (Robinson 1988), with one prior variance that maximises the marginal
likelihood: where feasts tell nothing it is zero and so are the effects. A feast seen once has half
of that variance.
"""

from __future__ import annotations

import numpy as np

from models.panel import Groups, group_sums, one_group
from models.seasonality import relative, trailing_mean
from models.types import Floats

REACH = 6
MIN_WEEKS = 20
OVERDISPERSION = 0.1
FLOOR_SD = 0.01
MAX_LOG = 0.9
SPREADS = (0.0, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.25, 0.4)


def _local(values: Floats, known: Floats) -> Floats:
    """Return rows less the mean of the known weeks around each; rows (R, T), known (T,)."""
    n = values.shape[1]
    apart = np.abs(np.arange(n)[:, None] - np.arange(n)[None])
    near = np.where((apart <= REACH) & (apart > 0), 1.0 - apart / (REACH + 1), 0.0) * known[None]
    total = near.sum(axis=1)
    around = np.einsum("tu,ru->rt", near, values) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, values - around, 0.0)


def log_index(y: Floats, groups: Groups, period: int) -> Floats:
    """Return (G, T) logs of mean demand relative to each series' own year; nan where unknown."""
    ratio, mean = relative(y, period), trailing_mean(y, period)
    weight = np.where(np.isnan(ratio), np.nan, mean / (1 + OVERDISPERSION * mean))
    with np.errstate(invalid="ignore", divide="ignore"):
        index = group_sums(ratio * weight, groups) / group_sums(weight, groups)
        return np.asarray(np.log(np.maximum(index, 0.05)))


def _noise(away: Floats, x: Floats) -> float:
    """Return the robust variance of weeks that no feast touches, at least FLOOR_SD squared."""
    plain = np.abs(x).sum(axis=0) < 0.2
    values = away[plain] if plain.sum() >= 10 else away
    middle = float(np.median(np.abs(values)))
    return max((1.4826 * middle) ** 2, float(np.mean(np.minimum(values**2, 9 * middle**2))),
               FLOOR_SD**2)  # fmt: skip


def _evidence(away: Floats, x: Floats, prior: Floats, noise: float) -> float:
    """Return the log likelihood of a residual (T,) when effects vary by ``prior`` (J,)."""
    cover = noise * np.eye(len(away)) + (x.T * prior) @ x
    sign, size = np.linalg.slogdet(cover)
    return float(-0.5 * (size + away @ np.linalg.solve(cover, away))) if sign > 0 else -np.inf


def _posterior(away: Floats, x: Floats, prior: Floats, noise: float) -> Floats:
    """Return (J,) mean effects given a residual (T,)."""
    cover = noise * np.eye(len(away)) + (x.T * prior) @ x
    return np.asarray(prior * (x @ np.linalg.solve(cover, away)))


def _fit(index: Floats, x: Floats, times: Floats) -> Floats:
    """Return (R, J) effects on the rows of an index (R, T), with one prior variance for all."""
    out = np.zeros((len(index), len(x)))
    rows = []
    for r, row in enumerate(index):
        known = (~np.isnan(row)).astype(np.float64)
        if known.sum() < MIN_WEEKS:
            continue
        use = known > 0
        away = _local(np.nan_to_num(row)[None], known)[0, use]
        local = _local(x, known)[:, use]
        rows.append((r, away, local, _noise(away, local)))
    if not rows:
        return out
    scores = [
        sum(_evidence(a, h, times * sd**2, noise) for _, a, h, noise in rows) for sd in SPREADS
    ]
    best = SPREADS[int(np.argmax(scores))]
    for r, away, local, noise in rows:
        out[r] = _posterior(away, local, times * best**2, noise)
    return out


def feast_effects(y: Floats, feasts: Floats, groups: Groups, period: int) -> Floats:
    """Return (G, J) log effects of feasts, told by demand y (S, T): categories shrunk to panel.

    ``feasts`` (J, >= T) are exposures; y is demand with the effects of promotions taken out.
    """
    n_weeks = y.shape[1]
    if not len(feasts) or n_weeks < MIN_WEEKS:
        return np.zeros((groups.n, len(feasts)))
    x = feasts[:, :n_weeks]
    happened = x.sum(axis=1)
    times = np.clip(happened / 2, 0.0, 1.0)
    panel = _fit(log_index(y, one_group(len(y)), period), x, times)[0]
    if groups.n == 1:
        return np.asarray(panel[None])
    left = log_index(y, groups, period) - (panel @ x)[None]
    return np.asarray(panel[None] + _fit(left, x, times))


def feast_multipliers(effects: Floats, feasts: Floats) -> Floats:
    """Return (G, N) by what feasts multiply demand."""
    return np.asarray(np.exp(np.clip(effects @ feasts, -MAX_LOG, MAX_LOG)))
