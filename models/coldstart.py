"""New products: how those of their category began tells how they will begin.

A launch curve is demand by age relative to what a mature series of the category sold in the same
week, so season and trend are out of it. A product that has not sold yet is its category's mature
level ahead times the curve at its age. The curve is pooled over the launches seen, each category's
shrunk to the panel's. Launches of the first weeks of the data are no launches: nobody saw them
begin. From its first complete week on a series speaks for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from models.panel import Groups, first_known, group_sums
from models.types import Bools, Floats, Ints

PATH_WEEKS = 13
MATURE_WEEKS = 26
UNSEEN_WEEKS = 9
EDGES = (0, 1, 2, 3, 4, 6, 9, 13, 18, 26, 39, 52)
LAST = EDGES[-1] - 1
CAP = 10.0
PRIOR_LAUNCHES, PRIOR_SERIES = 10.0, 5.0
MIN_LAUNCHES = 5
DEFAULT_LOG_SD = 1.0


@dataclass(frozen=True, slots=True)
class Curves:
    """What launches looked like.

    ``curve`` (G, 52): relative demand by age. ``reference`` (G, T): what a mature series sold.
    ``paths`` (N, PATH_WEEKS): first weeks of past launches over what the curve gave them, all
    weeks known. ``launches``: how many were seen.
    """

    curve: Floats
    reference: Floats
    paths: Floats
    launches: int


@dataclass(frozen=True, slots=True)
class Cold:
    """Cold starts of S series over H horizons: of those that are ``unbegun`` (S,).

    mean (S, H), quantiles weekly (S, H, Q) and cumulative (S, H, Q'), nan elsewhere.
    """

    mean: Floats
    unbegun: Bools
    weekly: Floats
    cumulative: Floats


@dataclass(frozen=True, slots=True)
class Ahead:
    """Where forecasts stand: known weeks, weeks skipped, horizon, and each series' first week.

    ``starts`` (S,) counts weeks from the panel's first; a planned launch lies at T or beyond.
    ``lift`` (S, H): by what drivers known ahead multiply demand; None: by nothing.
    """

    n_weeks: int
    gap: int
    horizon: int
    starts: Ints
    lift: Floats | None = None

    def age(self) -> Ints:
        """Return (S, H) ages in weeks at each horizon; negative before the start."""
        week = self.n_weeks + self.gap + np.arange(self.horizon)
        return np.asarray(week[None, :] - self.starts[:, None], dtype=np.int64)


def mature_level(values: Floats, mature: Bools, groups: Groups) -> Floats:
    """Return (G, W) means of values (S, W) over mature series, each shrunk to the panel's."""
    known = mature & ~np.isnan(values)
    sums = np.nan_to_num(group_sums(np.where(known, values, 0.0), groups))
    counts = np.nan_to_num(group_sums(known.astype(np.float64), groups))
    n = counts.sum(axis=0)
    panel = np.where(n >= MIN_LAUNCHES, sums.sum(axis=0) / np.maximum(n, 1.0), np.nan)
    alone = (sums + PRIOR_SERIES * np.nan_to_num(panel)) / (counts + PRIOR_SERIES)
    return np.asarray(np.where(np.isnan(panel), np.nan, alone))


def launch_curves(y: Floats, groups: Groups) -> Curves:
    """Return the launch curves of a panel (S, T); 1 at every age where no launch was seen."""
    n_weeks = y.shape[1]
    first = first_known(y)
    age = np.arange(n_weeks)[None, :] - first[:, None]
    reference = mature_level(y, age >= MATURE_WEEKS, groups)
    launched = (first >= UNSEEN_WEEKS) & (first < n_weeks)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.minimum(y / reference[groups.codes], CAP)
    ratio = np.where(launched[:, None] & np.isfinite(ratio), ratio, np.nan)
    curve = _curve(ratio, age, groups)
    return Curves(curve, reference, _paths(ratio, first, curve[groups.codes]), int(launched.sum()))


def _curve(ratio: Floats, age: Ints, groups: Groups) -> Floats:
    """Return (G, 52) mean ratios by age, in steps that widen, shrunk from group to panel."""
    widths = np.diff(EDGES)
    out = np.ones((groups.n, EDGES[-1]))
    for low, width in zip(EDGES[:-1], widths, strict=True):
        inside = (age >= low) & (age < low + width) & ~np.isnan(ratio)
        total = np.bincount(
            groups.codes, np.where(inside, ratio, 0.0).sum(axis=1), minlength=groups.n
        )
        count = np.bincount(groups.codes, inside.sum(axis=1), minlength=groups.n)
        panel = (total.sum() + 1.0) / (count.sum() + 1.0)
        prior = PRIOR_LAUNCHES * width
        out[:, low : low + width] = ((total + prior * panel) / (count + prior))[:, None]
    return out


def _paths(ratio: Floats, first: Ints, curve: Floats) -> Floats:
    """Return (N, PATH_WEEKS) first weeks of launches over their curve, those wholly known."""
    n_weeks = ratio.shape[1]
    whole = np.nonzero(first + PATH_WEEKS <= n_weeks)[0]
    weeks = first[whole, None] + np.arange(PATH_WEEKS)
    paths = ratio[whole[:, None], weeks] / np.maximum(curve[whole, :PATH_WEEKS], 1e-9)
    return np.asarray(paths[~np.isnan(paths).any(axis=1)])


def cold_starts(
    y: Floats,
    groups: Groups,
    own: Floats,
    ahead: Ahead,
    quantiles: tuple[Sequence[float], Sequence[float]],
) -> Cold:
    """Return the cold starts of the series that have no complete week yet, planned ones included.

    y (S, T) demand without what drivers did to it, nan before launch; own (S, H) the series' own
    forecasts of it, of which those of mature series give the level ahead; ``quantiles``: weekly and
    cumulative levels. What is returned has the drivers ahead in it.
    """
    in_reach = ahead.starts < ahead.n_weeks + ahead.gap + ahead.horizon
    unbegun = np.isnan(y).all(axis=1) & in_reach
    if not unbegun.any():
        return _none(own.shape, quantiles)
    curves = launch_curves(y, groups)
    mature = (ahead.n_weeks - ahead.starts >= MATURE_WEEKS)[:, None] & (own > 0)
    level = mature_level(own, np.broadcast_to(mature, own.shape), groups)[groups.codes]
    age = ahead.age()
    shape = np.take_along_axis(_whole(curves.curve)[groups.codes], np.clip(age, 0, LAST), axis=1)
    unbegun &= np.isfinite(level).all(axis=1)
    meant = shape * level if ahead.lift is None else shape * level * ahead.lift
    mean = np.where(unbegun[:, None], np.where(age >= 0, meant, 0.0), np.nan)
    weekly, cumulative = _quantiles(mean, age, curves, unbegun, quantiles)
    return Cold(mean, unbegun, weekly, cumulative)


def _none(shape: tuple[int, ...], quantiles: tuple[Sequence[float], Sequence[float]]) -> Cold:
    """Return the cold starts of series of which all have begun; the arrays take no memory."""
    weekly, summed = (np.broadcast_to(np.nan, (*shape, len(q))) for q in quantiles)
    return Cold(np.broadcast_to(np.nan, shape), np.zeros(shape[0], dtype=bool), weekly, summed)


def _whole(curve: Floats) -> Floats:
    """Return curves (G, 52) of whole weeks: the first of past launches began on any of its days.

    Which part of a planned first week counts is told by its day (``models.life.on_sale``).
    """
    out = curve.copy()
    out[:, 0] = np.maximum(curve[:, 0], curve[:, 1])
    return out


def _quantiles(
    mean: Floats,
    age: Ints,
    curves: Curves,
    unbegun: Bools,
    quantiles: tuple[Sequence[float], Sequence[float]],
) -> tuple[Floats, Floats]:
    """Return weekly and cumulative quantiles of series without a sale, from past launches.

    Past launches' first weeks over their curve, once week by week, once summed along each path.
    """
    weekly = np.full((*mean.shape, len(quantiles[0])), np.nan)
    summed = np.full((*mean.shape, len(quantiles[1])), np.nan)
    if not unbegun.any():
        return weekly, summed
    rows = np.nonzero(unbegun)[0]
    weekly[rows] = mean[rows][:, :, None] * _spread(curves.paths.reshape(-1), quantiles[0])
    for row in rows:
        at = np.clip(age[row], 0, PATH_WEEKS - 1)
        if len(curves.paths) < MIN_LAUNCHES:
            unit = np.tile(_spread(curves.paths[:0, 0], quantiles[1]), (len(at), 1))
            summed[row] = np.cumsum(mean[row])[:, None] * unit
        else:
            paths = np.cumsum(curves.paths[:, at] * mean[row], axis=1)
            summed[row] = np.quantile(paths, quantiles[1], axis=0).T
    return weekly, np.maximum.accumulate(summed, axis=1)


def _spread(ratios: Floats, quantiles: Sequence[float]) -> Floats:
    """Return (Q,) quantiles of demand over its mean; lognormal where few launches were seen."""
    if len(ratios) < MIN_LAUNCHES * PATH_WEEKS:
        z = ndtri(np.asarray(quantiles))
        return np.asarray(np.exp(DEFAULT_LOG_SD * z - DEFAULT_LOG_SD**2 / 2))
    return np.asarray(np.quantile(ratios, quantiles))
