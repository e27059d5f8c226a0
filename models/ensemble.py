"""Weights of the experts by backtest, per category and horizon band, shrunk to equal families.

Recipe: minimise the recency-weighted p-norm of the combined error on the simplex, with a relative
entropy pull of each level (panel, group, series) towards its parent; iteratively reweighted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from models.compiled import compiled
from models.grams import Bands, Trials, grams_of, known_in
from models.levels import EXPERTS, FAMILIES, LAST_YEAR, LEVEL
from models.panel import Grid, Groups, group_sums
from models.parallel import over_shards
from models.seasonality import has_year
from models.simplex import on_simplex
from models.types import Floats, Singles

Family: TypeAlias = tuple[str, ...]

HALF_LIFE_WEEKS = 26.0
MEAN_POWER = 1.85
CENTRE_POWER = 1.0
KAPPA_PANEL, KAPPA_GROUP, KAPPA_SERIES = 0.1, 2.0, 8.0
STEPS_PANEL, STEPS_GROUP, STEPS_SERIES = 200, 80, 40


@dataclass(frozen=True, slots=True)
class Aim:
    """One step of the weighting: prior (E,), and whether series get weights of their own."""

    prior: Singles
    per_series: bool


def families_tried(n_weeks: int, period: int) -> tuple[Family, ...]:
    """Return the families that n_weeks let past origins try: levels, last year's week, then all."""
    if has_year(n_weeks, period + 4):
        return FAMILIES
    return (LEVEL, LAST_YEAR) if n_weeks > period else (LEVEL,)


def prior(families: Sequence[Family] = FAMILIES, extra: int = 0) -> Floats:
    """Return (E + extra,) prior weights: equal families, equal inside; none for those not named.

    ``extra`` experts, last, are one family more.
    """
    members = [[EXPERTS.index(name) for name in family] for family in families]
    if extra:
        members.append([len(EXPERTS) + i for i in range(extra)])
    out = np.zeros(len(EXPERTS) + extra)
    for family in members:
        out[family] = 1.0 / len(members) / len(family)
    return out


def _by_group(grams: Singles, groups: Groups) -> Floats:
    """Return (G, E, E) sums over the series of each group, added in their order."""
    return np.asarray(np.nan_to_num(group_sums(grams, groups)))


def _level(sums: Floats, parents: Singles, kappa: float, iterations: int) -> Singles:
    return on_simplex(sums.astype(np.float32), parents, kappa, iterations)


def _solved(grams: Singles, groups: Groups, span: float, aim: Aim) -> Singles:
    """Return one band's weights (S, E) from its Gram matrices (S, E, E).

    Only the proportions inside a matrix matter, so sums stand for means.
    """
    by_group = _by_group(grams, groups)
    everyone = by_group.sum(axis=0, keepdims=True)
    panel = _level(everyone, aim.prior[None], KAPPA_PANEL / span, STEPS_PANEL)
    parents = np.repeat(panel, groups.n, axis=0)
    chosen = _level(by_group, parents, KAPPA_GROUP / span, STEPS_GROUP)[groups.codes]
    if not aim.per_series:
        return chosen
    return on_simplex(grams, chosen, KAPPA_SERIES / span, STEPS_SERIES)


def _band_weights(
    trials: Trials, groups: Groups, band: tuple[int, int], start: Singles
) -> tuple[Singles, Singles]:
    """Return weights (S, E) of one band for the mean and for the centre, from a prior (E,)."""
    pairs = known_in(trials, band)
    centre = np.tile(start, (len(trials.rows), 1))
    for per_series in (False, False, True):
        grams = grams_of(trials, pairs, centre, CENTRE_POWER)
        centre = _solved(grams, groups, trials.span, Aim(start, per_series))
    grams = grams_of(trials, pairs, centre, MEAN_POWER)
    return _solved(grams, groups, trials.span, Aim(start, per_series=True)), centre


def weights_of(
    trials: Trials, groups: Groups, bands: Bands, families: Sequence[Family] = FAMILIES
) -> Singles:
    """Return (2, B, S, E): weights in each band for the mean, and for the distribution's centre.

    ``families``: those that were tried (``families_tried``); the others have no weight.
    """
    n_series, n_experts = len(trials.rows), trials.forecasts.shape[3]
    start = prior(families, n_experts - len(EXPERTS)).astype(np.float32)
    out = np.empty((2, len(bands), n_series, n_experts), dtype=np.float32)
    out[:] = start
    if len(trials.at) and n_series:
        for b, band in enumerate(bands):
            out[0, b], out[1, b] = _band_weights(trials, groups, band, start)
    return out


def row_decay(grid: Grid, n_weeks: int) -> Floats:
    """Return (O, H) row weights that halve with every 26 weeks of the target week's age."""
    week = grid.origins[:, None] + grid.gap + np.arange(grid.horizon)[None, :]
    age = n_weeks - 1 - week
    return np.asarray(0.5 ** (np.maximum(age, 0) / HALF_LIFE_WEEKS))


@compiled
def _scales(y: Floats, start: int, stop: int, out: Floats) -> None:
    """Fill the scales of rows start..stop-1."""
    for i in range(start, stop):
        n = pairs = 0
        total = change = 0.0
        before = np.nan
        for t in range(y.shape[1]):
            v = y[i, t]
            if not np.isnan(v):
                n += 1
                total += v
                if not np.isnan(before):
                    pairs += 1
                    change += abs(v - before)
            before = v
        out[i] = max(change / max(pairs, 1), 0.1 * total / max(n, 1), 1e-6)


def error_scale(y: Floats) -> Floats:
    """Return (S,) mean absolute weekly change, at least a tenth of the mean, never zero."""
    out, values = np.empty(len(y)), np.ascontiguousarray(y)
    over_shards(len(y), lambda start, stop: _scales(values, start, stop, out))
    return out
