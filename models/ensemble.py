"""Weights of the experts by backtest, per category and horizon band, shrunk to equal families.

Recipe: minimise the recency-weighted p-norm of the combined error on the simplex, with a relative
entropy pull of each level (panel, group, series) towards its parent; iteratively reweighted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.levels import EXPERTS, FAMILIES
from models.panel import Grid, Groups, group_sums, one_group
from models.types import Floats, Singles

HALF_LIFE_WEEKS = 26.0
MEAN_POWER = 1.85
CENTRE_POWER = 1.0
KAPPA_PANEL, KAPPA_GROUP, KAPPA_SERIES = 0.1, 1.0, 4.0


@dataclass(frozen=True, slots=True)
class Weights:
    """(S, E) weights of one horizon band: for the mean, and for the centre of the distribution."""

    mean: Floats
    centre: Floats


@dataclass(frozen=True, slots=True)
class Trials:
    """What inner origins tried.

    Expert forecasts (S, O, H, E), extra ones last, actual (S, O, H; nan = not scored), scale (S,), row weights
    decay (O, H), and ``span``: the weeks that the origins cover (more of them, less shrinkage).
    """

    forecasts: Singles
    actual: Floats
    scale: Floats
    decay: Floats
    span: float


@dataclass(frozen=True, slots=True)
class Aim:
    """One step of the weighting: prior (E,), power of the loss, whether series get their own."""

    prior: Floats
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


@compiled
def _gram(  # noqa: PLR0917 - compiled code takes plain arrays
    forecasts: Singles,
    actual: Floats,
    scale: Floats,
    decay: Floats,
    weights: Floats,
    low: int,
    high: int,
    power: float,
    out: Floats,
    mass: Floats,
) -> None:
    """Add each series' weighted Gram matrix of expert errors to out (S, E, E) and mass (S,)."""
    n_series, n_origins, _, n_experts = forecasts.shape
    error = np.empty(n_experts)
    for i in range(n_series):
        for j in range(n_origins):
            for h in range(low, high):
                y = actual[i, j, h]
                if np.isnan(y) or np.isnan(forecasts[i, j, h, 0]):
                    continue
                combined = 0.0
                for e in range(n_experts):
                    error[e] = (forecasts[i, j, h, e] - y) / scale[i]
                    combined += weights[i, e] * error[e]
                q = decay[j, h] * max(abs(combined), 0.2) ** (power - 2.0)
                mass[i] += decay[j, h]
                for a in range(n_experts):
                    qa = q * error[a]
                    for b in range(a + 1):
                        out[i, a, b] += qa * error[b]
        for a in range(n_experts):
            for b in range(a):
                out[i, b, a] = out[i, a, b]


@compiled
def _simplex(gram: Floats, parent: Floats, kappa: float, iterations: int) -> Floats:
    """Return weights that minimise w'Gw / 2m + kappa KL(w | parent), by exponentiated gradient."""
    n = len(parent)
    diagonal = np.empty(n)
    for a in range(n):
        diagonal[a] = gram[a, a]
    m = np.median(diagonal)
    if not m > 0:
        return parent.copy()
    step = 1.0 / (min(diagonal.max() / m, 20.0) + kappa)
    w = parent.copy()
    logs = np.log(parent + 1e-300)
    current = logs.copy()
    for _ in range(iterations):
        top = -1e300
        for a in range(n):
            slope = 0.0
            for b in range(n):
                slope += gram[a, b] * w[b]
            current[a] -= step * (slope / m + kappa * (current[a] - logs[a]))
            top = max(top, current[a])
        total = 0.0
        for a in range(n):
            w[a] = np.exp(current[a] - top)
            total += w[a]
        shift = top + np.log(total)
        for a in range(n):
            w[a] /= total
            current[a] -= shift
    return w


@compiled
def _simplex_all(grams: Floats, parents: Floats, kappa: float, iterations: int) -> Floats:
    """Return (N, E) weights, one problem per row; a row without errors keeps its parent."""
    out = np.empty(parents.shape)
    for i in range(len(grams)):
        out[i] = _simplex(grams[i], parents[i], kappa, iterations)
    return out


def _grouped(grams: Floats, mass: Floats, groups: Groups) -> Floats:
    sums = np.nan_to_num(group_sums(grams, groups))
    masses = np.bincount(groups.codes, weights=mass, minlength=groups.n)
    return np.asarray(sums / np.maximum(masses, 1e-12)[:, None, None])


def _solve(
    trials: Trials, groups: Groups, band: tuple[int, int], current: Floats, aim: Aim
) -> Floats:
    """Return weights (S, E) after one reweighting by the errors of the ``current`` ones."""
    n_series, n_experts = current.shape
    grams, mass = np.zeros((n_series, n_experts, n_experts)), np.zeros(n_series)
    _gram(
        trials.forecasts, trials.actual, trials.scale, trials.decay, current, *band, aim.power,
        grams, mass,
    )  # fmt: skip
    everyone = _grouped(grams, mass, one_group(n_series))
    panel = _simplex_all(everyone, aim.prior[None], KAPPA_PANEL / trials.span, 400)
    parents = np.tile(panel, (groups.n, 1))
    by_group = _grouped(grams, mass, groups)
    chosen = _simplex_all(by_group, parents, KAPPA_GROUP / trials.span, 150)[groups.codes]
    if not aim.per_series:
        return chosen
    own = grams / np.maximum(mass, 1e-12)[:, None, None]
    return _simplex_all(own, chosen, KAPPA_SERIES / trials.span, 60)


def band_weights(
    trials: Trials, groups: Groups, band: tuple[int, int], *, seasonal: bool
) -> Weights:
    """Return the weights of every series for one band of horizons (0-based, end excluded)."""
    n_series, _, _, n_experts = trials.forecasts.shape
    start = prior(seasonal=seasonal, extra=n_experts - len(EXPERTS))
    weights = np.tile(start, (n_series, 1))
    if trials.forecasts.shape[1] == 0 or n_series == 0:
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


@compiled
def _combine(forecasts: Singles, weights: Floats, out: Floats) -> None:
    """Fill out (S, O, H) with each row's weighted sum of experts; nan stays nan."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for h in range(out.shape[2]):
                total = 0.0
                for e in range(weights.shape[1]):
                    total += weights[i, e] * forecasts[i, j, h, e]
                out[i, j, h] = total


def combine(forecasts: Singles, weights: Floats) -> Floats:
    """Return (S, O, H) weighted sums over the last axis, in the order of the experts."""
    out = np.empty(forecasts.shape[:-1])
    _combine(forecasts, weights, out)
    return out
