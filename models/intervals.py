"""Quantiles from past origins' errors: skew kept, pooled by category, calibrated out of block.

An error is divided by a scale that grows with the forecast (power .6) and by the series' own
dispersion, shrunk to its category's. The pooled shape of what remains gives the quantiles. The
same functions serve weekly demand and demand summed over horizons: the sums of one origin's errors
are taken jointly, so dependence between weeks is in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri, stdtrit

from models.panel import Groups
from models.types import Bools, Floats, Ints

POWER = 0.6
PRIOR_DISPERSION = 0.6
MAX_PANEL_SERIES, MAX_GROUP_SERIES, MAX_CALIBRATION_SERIES = 1500, 300, 600
BLOCKS = 4


@dataclass(frozen=True, slots=True)
class Past:
    """Past forecasts and what happened, (S, O, H), nan = none; ``weeks`` (O,) of the first."""

    forecast: Floats
    actual: Floats
    weeks: Ints


@dataclass(frozen=True, slots=True)
class Plan:
    """Bands of horizons (0-based, end excluded), quantiles, and how many weeks each column sums.

    ``sums`` (H,): None means one week each; scales grow with it.
    """

    bands: tuple[tuple[int, int], ...]
    quantiles: tuple[float, ...]
    sums: Floats | None = None


@dataclass(frozen=True, slots=True)
class Errors:
    """Scaled errors of one band: u (S, O, B) over B horizons, nan = none; target weeks (O, B).

    ``overlap``: by how much sums over weeks repeat each other (1 = single weeks): so many fewer
    errors count as independent.
    """

    u: Floats
    weeks: Ints
    overlap: float = 1.0

    def independent(self) -> float:
        """Return about how many target weeks' worth of errors there is."""
        return len(np.unique(self.weeks)) / self.overlap


@dataclass(frozen=True, slots=True)
class Shape:
    """What one band learnt: dispersion (S,), pooled quantiles (G, Q), stretch below and above."""

    dispersion: Floats
    quantiles: Floats
    below: float
    above: float


def series_mean(y: Floats) -> Floats:
    """Return (S,) means of the weeks known, at least a hair above zero."""
    seen = ~np.isnan(y)
    total = np.where(seen, y, 0.0).sum(axis=1)
    return np.asarray(np.maximum(total / np.maximum(seen.sum(axis=1), 1), 1e-6))


def spread(forecast: Floats, mean: Floats) -> Floats:
    """Return the error scale at a forecast: mean * (max(f, .2 mean) / mean) ** .6."""
    m = mean.reshape(-1, *([1] * (forecast.ndim - 1)))
    return np.asarray(m * (np.maximum(forecast, 0.2 * m) / m) ** POWER)


def default_shape(quantiles: Sequence[float]) -> Floats:
    """Return (Q,) normal quantiles whose mean absolute value is 1: for no errors at all."""
    return np.asarray(ndtri(np.asarray(quantiles)) * np.sqrt(np.pi / 2))


def _some(rows: Ints, most: int) -> Ints:
    """Return at most ``most`` of the rows, evenly spread: a cap on cost that needs no chance."""
    if len(rows) <= most:
        return rows
    return rows[(np.arange(most) * len(rows)) // most]


def _quantiles(values: Floats, quantiles: Sequence[float]) -> Floats | None:
    known = values[~np.isnan(values)]
    return None if len(known) == 0 else np.quantile(known, quantiles)


def _dispersion(u: Floats, groups: Groups, n_weeks: float) -> Floats:
    """Return (S,) mean absolute scaled errors, shrunk to the group's and the panel's."""
    size = np.nan_to_num(np.abs(u)).sum(axis=(1, 2))
    rows = (~np.isnan(u)).sum(axis=(1, 2)).astype(np.float64)
    panel = (size.sum() + PRIOR_DISPERSION) / (rows.sum() + 1.0)
    by_group = np.bincount(groups.codes, weights=size, minlength=groups.n)
    group_rows = np.bincount(groups.codes, weights=rows, minlength=groups.n)
    group = ((by_group + 20 * panel) / (group_rows + 20))[groups.codes]
    weight = n_weeks * rows / max(rows.max(initial=0.0), 1.0)
    mean = size / np.maximum(rows, 1.0)
    return np.asarray(np.maximum((weight * mean + 6 * group) / (weight + 6), 0.05 * panel))


def _pooled(z: Floats, groups: Groups, quantiles: Sequence[float], n_weeks: float) -> Floats:
    """Return (G, Q) quantiles of z pooled by group, weighted against the panel's and a default."""
    every = np.arange(len(z))
    start = default_shape(quantiles)
    panel = _quantiles(z[_some(every, MAX_PANEL_SERIES)], quantiles)
    if panel is None:
        return np.tile(start, (groups.n, 1))
    panel = (n_weeks * panel + 3 * start) / (n_weeks + 3)
    out = np.tile(panel, (groups.n, 1))
    if groups.n == 1:
        return out
    for g in range(groups.n):
        rows = every[groups.codes == g]
        own = _quantiles(z[_some(rows, MAX_GROUP_SERIES)], quantiles) if len(rows) else None
        if own is not None:
            out[g] = (len(rows) * own + 3 * panel) / (len(rows) + 3)
    return out


def _median_shift(z: Floats, weeks: Ints, panel_median: float) -> float:
    """Return how much of the pooled median to take off: weeks share shocks, so it is noisy."""
    present = np.unique(weeks)
    z = z[_some(np.arange(len(z)), 800)]
    medians = []
    for week in present:
        values = z[:, weeks == week]
        values = values[~np.isnan(values)]
        if len(values):
            medians.append(float(np.median(values)))
    if len(medians) < 4 or panel_median == 0.0:
        return 0.0
    noise = float(np.var(medians)) / (len(medians) / 6)
    return (1.0 - float(np.clip(1 - noise / panel_median**2, 0.0, 1.0))) * panel_median


def _centred(errors: Errors, groups: Groups, quantiles: Sequence[float]) -> tuple[Floats, Floats]:
    """Return dispersion (S,) and pooled quantiles (G, Q) with the noisy part of the median off."""
    n_weeks = errors.independent()
    d = _dispersion(errors.u, groups, n_weeks)
    z = errors.u / d[:, None, None]
    pooled = _pooled(z, groups, quantiles, n_weeks)
    middle = int(np.argmin(np.abs(np.asarray(quantiles) - 0.5)))
    panel_median = float(pooled[:, middle].mean())
    return d, pooled - _median_shift(z, errors.weeks, panel_median)


def _held_out(
    errors: Errors, keep: Bools, groups: Groups, quantiles: Sequence[float]
) -> tuple[Floats, Floats]:
    """Return how far held-out errors lie below and above, in units of q50-q10 and q90-q50."""
    train = replace(errors, u=np.where(keep[None], errors.u, np.nan))
    d, pooled = _centred(train, groups, quantiles)
    place = {round(q, 3): i for i, q in enumerate(quantiles)}
    low, mid, high = (pooled[groups.codes, place[q]] for q in (0.1, 0.5, 0.9))
    z = errors.u[:, ~keep] / d[:, None]
    below = (mid[:, None] - z) / np.maximum(mid - low, 1e-9)[:, None]
    above = (z - mid[:, None]) / np.maximum(high - mid, 1e-9)[:, None]
    return below[~np.isnan(below)], above[~np.isnan(above)]


def small_sample_factor(n_series: int, n_weeks: float) -> float:
    """Return by how much quantiles widen because few independent errors were seen.

    Neighbouring weeks overlap, so about one in six counts; series of a panel share shocks and add
    little. The factor is Student's t over the normal at the 90th percentile.
    """
    freedom = max(n_weeks / 6 * max(n_series, 1) ** 0.25, 4.0)
    return float(stdtrit(freedom, 0.9) / ndtri(0.9))


def _stretch(errors: Errors, groups: Groups, quantiles: Sequence[float]) -> tuple[float, float]:
    """Return factors for both halves so that held-out blocks of weeks leave 10 % outside each."""
    present = np.unique(errors.weeks[(~np.isnan(errors.u)).any(axis=0)])
    needed = {0.1, 0.5, 0.9} <= {round(q, 3) for q in quantiles}
    if len(present) < 2 * BLOCKS or not needed:
        return 1.0, 1.0
    rows = _some(np.arange(len(errors.u)), MAX_CALIBRATION_SERIES)
    some = replace(errors, u=errors.u[rows])
    _, codes = np.unique(groups.codes[rows], return_inverse=True)
    pools = Groups(codes.astype(np.int64), int(codes.max()) + 1)
    below, above = [], []
    for block in np.array_split(present, BLOCKS):
        keep = ~((errors.weeks >= block[0]) & (errors.weeks <= block[-1]))
        low, high = _held_out(some, keep, pools, quantiles)
        below.append(low)
        above.append(high)
    factors = [float(np.quantile(np.concatenate(part), 0.9)) for part in (below, above)]
    return float(np.clip(factors[0], 0.7, 2.0)), float(np.clip(factors[1], 0.7, 2.0))


def learn(errors: Errors, groups: Groups, quantiles: Sequence[float]) -> Shape:
    """Return the calibrated shape of one band's errors."""
    d, pooled = _centred(errors, groups, quantiles)
    below, above = _stretch(errors, groups, quantiles)
    wider = small_sample_factor(len(errors.u), errors.independent())
    return Shape(d, pooled, below * wider, above * wider)


def apply(
    shape: Shape, forecast: Floats, scale: Floats, groups: Groups, quantiles: Sequence[float]
) -> Floats:
    """Return (S, B, Q) quantiles around forecasts (S, B): >= 0 and never decreasing in Q."""
    middle = int(np.argmin(np.abs(np.asarray(quantiles) - 0.5)))
    centre = shape.quantiles[:, middle : middle + 1]
    away = shape.quantiles - centre
    stretched = centre + np.where(away < 0, shape.below, shape.above) * away
    unit = (shape.dispersion[:, None] * stretched[groups.codes])[:, None, :]
    out = np.maximum(forecast[:, :, None] + scale[:, :, None] * unit, 0.0)
    return np.asarray(np.maximum.accumulate(out, axis=2))


def by_horizon(u: Floats) -> Floats:
    """Return (H,) mean absolute scaled errors over the panel.

    A horizon without any takes the last before it; 1 when there is none at all.
    """
    rows = (~np.isnan(u)).sum(axis=(0, 1))
    size = np.nan_to_num(np.abs(u)).sum(axis=(0, 1)) / np.maximum(rows, 1)
    out, last = np.ones(u.shape[2]), 0.0
    for h in range(u.shape[2]):
        last = float(size[h]) if rows[h] and size[h] > 0 else last
        out[h] = last if last > 0 else 1.0
    return out


def band_quantiles(
    past: Past, forecast: Floats, mean: Floats, groups: Groups, plan: Plan
) -> Floats:
    """Return (S, H, Q) quantiles of forecasts (S, H) from past ones; ``mean`` (S,) sets scales."""
    n = np.ones(forecast.shape[1]) if plan.sums is None else plan.sums
    u = (past.actual - past.forecast) / (n * spread(past.forecast / n, mean))
    growth = by_horizon(u)
    u = u / growth
    scale = n * spread(forecast / n, mean) * growth
    target = past.weeks[:, None] + np.arange(forecast.shape[1])[None, :]
    out = np.zeros((*forecast.shape, len(plan.quantiles)))
    for low, high in plan.bands:
        known = not np.isnan(u[:, :, low:high]).all()
        a, b = (low, high) if known else plan.bands[0]
        overlap = (1.0 + float(n[a:b].mean())) / 2
        shape = learn(Errors(u[:, :, a:b], target[:, a:b], overlap), groups, plan.quantiles)
        out[:, low:high] = apply(
            shape, forecast[:, low:high], scale[:, low:high], groups, plan.quantiles
        )
    return out
