"""How much promotions lift demand: effects per series, shrunk to its category's and the panel's.

A promoted week is set against the series' own level of the weeks around it. Its multiplier is
1 + a (exp(q) - 1): a is the share of the week's days that are promoted, q the log uplift of a
whole promoted week, linear in discount and kind. Effects maximise a quasi-likelihood of counts
(unbiased for means, at home with zeros, single bulk orders capped) and are shrunk twice by
empirical Bayes: categories to the panel, series to their category. Standard errors are clustered
by week, because what is promoted together shares that week's luck; a kind never seen keeps the
effect of all kinds at its discount.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.exposures import AFTER, ANY, DISCOUNT, Drivers
from models.panel import Groups, group_sums
from models.promotion_weeks import levels, moments, week_multipliers
from models.types import Floats, Singles

PRIOR_SD = {ANY: 0.7, DISCOUNT: 3.0, AFTER: 0.2}
KIND_SD = 0.5
MIN_WEEKS = 3
MIN_OWN = 4
WIDE = 4.0
STEPS = 6


@dataclass(frozen=True, slots=True)
class Uplift:
    """Log uplift of a whole promoted week: coefficients (S, K) on the drivers' ``names``.

    ``top_discount``: the greatest that was seen; what lies beyond is taken as that.
    """

    beta: Floats
    top_discount: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """The promoted weeks before a cutoff: demand, its level around, exposures."""

    y: Floats
    level: Floats
    x: Singles
    on: int
    after: int
    groups: Groups

    def moments(self, beta: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        s, k = len(self.y), len(self.x)
        gram, score, spread = np.zeros((s, k, k)), np.zeros((s, k)), np.zeros((s, 2))
        weekly = np.zeros((self.groups.n, self.y.shape[1], k))
        moments(
            self.y, self.level, self.x, beta, self.on, self.after, self.groups.codes,
            gram, score, spread, weekly,
        )  # fmt: skip
        return gram, score, spread, weekly


def _precision(gram: Floats, weekly: Floats, noise: float) -> tuple[Floats, Floats]:
    """Return the inverse information and the precision of effects, clustered by week."""
    weeks, size = int((weekly != 0).any(axis=1).sum()), len(gram)
    inverse = np.asarray(np.linalg.pinv(gram))
    meat = weekly.T @ weekly * (weeks / max(weeks - size, 1))
    return inverse, np.asarray(np.linalg.pinv(inverse @ meat @ inverse + noise * inverse))


def spread_of(estimate: Floats, variance: Floats) -> Floats:
    """Return (K,) variances of true effects about their mean, from estimates (N, K) less noise.

    A moment estimator, weighted by precision; 1e-6 where fewer than three are known or they
    differ by no more than their noise.
    """
    out = np.full(estimate.shape[1], 1e-6)
    for k in range(estimate.shape[1]):
        known = np.isfinite(variance[:, k]) & np.isfinite(estimate[:, k])
        e, v = estimate[known, k], variance[known, k]
        if len(e) < MIN_WEEKS:
            continue
        tau2 = 0.01
        for _ in range(30):
            weight = 1 / (v + tau2) ** 2
            tau2 = max(float((weight * (e**2 - v)).sum() / weight.sum()), 1e-6)
        out[k] = tau2
    return out


def _panel_effects(seen: _Seen, prior: Floats) -> Floats:
    """Return (K,) effects of the whole panel, shrunk to none."""
    beta = np.zeros(len(prior))
    if not np.isfinite(seen.level).any():
        return beta
    for _ in range(STEPS):
        gram, score, spread, weekly = seen.moments(np.tile(beta, (len(seen.y), 1)))
        count = spread[:, 1].sum()
        if count < MIN_WEEKS:
            return np.zeros(len(prior))
        noise = max(float(spread[:, 0].sum() / max(count - len(prior), 1)), 0.2)
        inverse, precision = _precision(gram.sum(axis=0), weekly.sum(axis=0), noise)
        target = beta + inverse @ score.sum(axis=0)
        beta = np.linalg.solve(precision + np.diag(1 / prior), precision @ target)
    return beta


def _category_effects(seen: _Seen, panel: Floats) -> Floats:
    """Return (G, K) effects: each category's own, shrunk to the panel's."""
    groups, size = seen.groups, len(panel)
    out = np.tile(panel, (groups.n, 1))
    if groups.n < MIN_WEEKS:
        return out
    gram, score, spread, weekly = seen.moments(np.tile(panel, (len(seen.y), 1)))
    noise = max(float(spread[:, 0].sum() / max(spread[:, 1].sum() - size, 1)), 0.2)
    grams, scores = group_sums(gram, groups), group_sums(score, groups)
    away = np.full((groups.n, size), np.nan)
    variance = np.full((groups.n, size), np.inf)
    precisions = np.zeros((groups.n, size, size))
    for g in range(groups.n):
        if (weekly[g] != 0).any(axis=1).sum() < MIN_WEEKS:
            continue
        inverse, precisions[g] = _precision(grams[g], weekly[g], noise)
        away[g] = inverse @ scores[g]
        seen_too = np.diag(grams[g]) > 1e-6
        variance[g] = np.where(seen_too, np.diag(np.linalg.pinv(precisions[g])), np.inf)
    ridge = np.diag(1 / spread_of(away, variance))
    for g in range(groups.n):
        moved = np.linalg.solve(precisions[g] + ridge, precisions[g] @ np.nan_to_num(away[g]))
        out[g] += moved
    return out


def _series_effects(seen: _Seen, category: Floats) -> Floats:
    """Return (S, K) effects: each series' own, shrunk to its category's."""
    beta = category[seen.groups.codes]
    gram, score, spread, _ = seen.moments(beta)
    overall = float(spread[:, 0].sum() / max(spread[:, 1].sum(), 1))
    noise = 1.5 * np.maximum((spread[:, 0] + 10 * overall) / (spread[:, 1] + 10), 0.2)
    precision = gram / noise[:, None, None]
    pull = score / noise[:, None]
    inverse = np.linalg.inv(precision + 1e-6 * np.eye(beta.shape[1]))
    variance = np.diagonal(inverse, axis1=1, axis2=2)
    told = (variance < WIDE) & (spread[:, 1:] >= MIN_OWN)
    away = np.where(told, np.einsum("skl,sl->sk", inverse, pull), np.nan)
    ridge = np.diag(1 / spread_of(away, np.where(told, variance, np.inf)))
    moved = np.linalg.solve(precision + ridge, pull[:, :, None])[:, :, 0]
    return np.asarray(beta + moved)


def _places(drivers: Drivers) -> tuple[int, int]:
    return drivers.names.index(ANY), drivers.names.index(AFTER)


def uplift(y: Floats, drivers: Drivers, groups: Groups) -> Uplift:
    """Return the effects of promotions as told by demand y (S, T) and nothing later.

    The level around a promoted week is at first that of weeks without any promotion, then that of
    all weeks with the effects found taken out.
    """
    n_weeks = y.shape[1]
    x = np.ascontiguousarray(drivers.x[:, :, :n_weeks])
    if not drivers.names or not x.any():
        return Uplift(np.zeros((len(y), len(drivers.names))), 0.0)
    on, after = _places(drivers)
    prior = np.array([PRIOR_SD.get(name, KIND_SD) ** 2 for name in drivers.names])
    plain = ~(x != 0).any(axis=0)
    clean, level = np.ascontiguousarray(y), np.empty_like(y)
    beta = np.zeros((len(y), len(x)))
    for weeks in (plain, np.ones_like(plain)):
        levels(clean, weeks, level)
        seen = _Seen(y, level, x, on, after, groups)
        panel = _panel_effects(seen, prior)
        beta = _series_effects(seen, _category_effects(seen, panel))
        clean = y / promotion_multipliers(Uplift(beta, 1.0), drivers)[:, :n_weeks]
    return Uplift(beta, _top_discount(drivers, n_weeks))


def _top_discount(drivers: Drivers, n_weeks: int) -> float:
    """Return the greatest discount of the first n weeks; 0 where there is none."""
    if DISCOUNT not in drivers.names:
        return 0.0
    share = drivers.x[drivers.names.index(ANY), :, :n_weeks]
    cut = drivers.x[drivers.names.index(DISCOUNT), :, :n_weeks]
    return float(np.max(np.where(share > 0, cut / np.where(share > 0, share, 1), 0), initial=0))


def promotion_multipliers(effect: Uplift, drivers: Drivers) -> Floats:
    """Return (S, N) by what promotions multiply demand; 1 where there is none.

    Discounts beyond the greatest seen count as that one; LOG_LOW and LOG_HIGH bound the uplift.
    """
    s, n = drivers.x.shape[1:]
    out = np.ones((s, n))
    if not drivers.names or not effect.beta.any():
        return out
    on, after = _places(drivers)
    x = drivers.x
    if DISCOUNT in drivers.names:
        k = drivers.names.index(DISCOUNT)
        x = x.copy()
        x[k] = np.minimum(x[k], x[on] * np.float32(effect.top_discount))
    week_multipliers(np.ascontiguousarray(x), np.ascontiguousarray(effect.beta), on, after, out)
    return out
