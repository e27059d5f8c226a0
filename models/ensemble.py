"""Weights of the experts by backtest, per category and horizon band, shrunk to equal families.

Recipe: minimise the recency-weighted p-norm of the combined error on the simplex, with a relative
entropy pull of each level (panel, group, series) towards its parent; iteratively reweighted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.grams import Trials, grams_of
from models.levels import EXPERTS, FAMILIES
from models.panel import Grid, Groups, group_sums
from models.simplex import on_simplex
from models.types import Floats, Singles

HALF_LIFE_WEEKS = 26.0
MEAN_POWER = 1.85
CENTRE_POWER = 1.0
KAPPA_PANEL, KAPPA_GROUP, KAPPA_SERIES = 0.1, 1.0, 4.0


@dataclass(frozen=True, slots=True)
class Weights:
    """(S, E) weights of one horizon band: for the mean, and for the centre of the distribution."""

    mean: Singles
    centre: Singles


@dataclass(frozen=True, slots=True)
class Aim:
    """One step of the weighting: prior (E,), power of the loss, whether series get their own."""

    prior: Singles
    power: float
    per_series: bool


def prior(*, seasonal: bool, extra: int = 0) -> Floats:
    """Return (E + extra,) prior weights: equal families, equal inside.

    Without a year the seasonal families have none; ``extra`` experts are one family more, last.
    """
    families = [[EXPERTS.index(n) for n in f] for f in (FAMILIES if seasonal else FAMILIES[:1])]
    if extra:
        families.append([len(EXPERTS) + i for i in range(extra)])
    out = np.zeros(len(EXPERTS) + extra)
    for family in families:
        out[family] = 1.0 / len(families) / len(family)
    return out


def _by_group(grams: Singles, groups: Groups) -> Floats:
    """Return (G, E, E) sums over the series of each group, added in their order."""
    return np.asarray(np.nan_to_num(group_sums(grams, groups)))


def _level(sums: Floats, parents: Singles, kappa: float, iterations: int) -> Singles:
    return on_simplex(sums.astype(np.float32), parents, kappa, iterations)


def _solve(
    trials: Trials, groups: Groups, band: tuple[int, int], current: Singles, aim: Aim
) -> Singles:
    """Return weights (S, E) after one reweighting by the errors of the ``current`` ones.

    Only the proportions inside a Gram matrix matter, so sums stand for means.
    """
    grams = grams_of(trials, current, band, aim.power)
    by_group = _by_group(grams, groups)
    everyone = by_group.sum(axis=0, keepdims=True)
    panel = _level(everyone, aim.prior[None], KAPPA_PANEL / trials.span, 400)
    parents = np.repeat(panel, groups.n, axis=0)
    chosen = _level(by_group, parents, KAPPA_GROUP / trials.span, 150)[groups.codes]
    if not aim.per_series:
        return chosen
    return on_simplex(grams, chosen, KAPPA_SERIES / trials.span, 60)


def band_weights(
    trials: Trials, groups: Groups, band: tuple[int, int], *, seasonal: bool
) -> Weights:
    """Return the weights of every series for one band of horizons (0-based, end excluded)."""
    n_series, n_experts = len(trials.rows), trials.forecasts.shape[3]
    start = prior(seasonal=seasonal, extra=n_experts - len(EXPERTS)).astype(np.float32)
    weights = np.tile(start, (n_series, 1))
    if len(trials.at) == 0 or n_series == 0:
        return Weights(weights, weights)
    for per_series in (False, True):
        aim = Aim(start, CENTRE_POWER, per_series)
        weights = _solve(trials, groups, band, weights, aim)
    mean = _solve(trials, groups, band, weights, Aim(start, MEAN_POWER, per_series=True))
    return Weights(mean, weights)


def row_decay(grid: Grid, n_weeks: int) -> Floats:
    """Return (O, H) row weights that halve with every 26 weeks of the target week's age."""
    week = grid.origins[:, None] + grid.gap + np.arange(grid.horizon)[None, :]
    age = n_weeks - 1 - week
    return np.asarray(0.5 ** (np.maximum(age, 0) / HALF_LIFE_WEEKS))


def error_scale(y: Floats) -> Floats:
    """Return (S,) mean absolute weekly change, at least a tenth of the mean, never zero."""
    seen = ~np.isnan(y)
    n = np.maximum(seen.sum(axis=1), 1)
    mean = np.where(seen, y, 0.0).sum(axis=1) / n
    change = np.abs(np.diff(y, axis=1))
    pairs = ~np.isnan(change)
    total = np.where(pairs, change, 0.0).sum(axis=1) / np.maximum(pairs.sum(axis=1), 1)
    return np.asarray(np.maximum(np.maximum(total, 0.1 * mean), 1e-6))
