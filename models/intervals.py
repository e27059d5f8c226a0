"""Quantiles from past origins' errors: skew kept, pooled by volume, calibrated out of block.

An error is divided by a scale that grows with the forecast (power .6) and by the series' own
dispersion, shrunk to its category's. The shape of what remains, pooled over series of like volume,
gives the quantiles; blocks of weeks held out say by how much to stretch it, and how few
independent errors there are says how much more. Slow movers in whole numbers have quantiles of
counts instead (models/counts.py). The same functions serve weekly demand and demand summed over
horizons: the sums of one origin's errors are taken jointly, so dependence between weeks is in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from models.compiled import compiled
from models.counts import SLOW_BELOW, Counts, count_quantiles, volume_classes, whole_rows
from models.panel import Groups
from models.scales import Scaling, by_horizon, dispersion, spread, unseen_season, youth
from models.shapes import Errors, lasting, pooled_shape, shared, some, stretch, widening
from models.types import Bools, Floats, Ints

MAX_POOL_SERIES = 400


@dataclass(frozen=True, slots=True)
class Past:
    """Past forecasts and what happened, (S, O, H), nan = none; ``weeks`` (O,) of the first.

    ``rate``: past means, where ``forecast`` is another middle of the distribution; counts of slow
    movers stand about it. None: the forecasts are means themselves.
    """

    forecast: Floats
    actual: Floats
    weeks: Ints
    rate: Floats | None = None
    optimism: Floats | None = None

    def hidden(self, band: int) -> float | None:
        """Return what past errors hide in one band, None where nobody measured it."""
        if self.optimism is None or np.isnan(self.optimism[band]):
            return None
        return float(self.optimism[band])


@dataclass(frozen=True, slots=True)
class Plan:
    """Bands of horizons (0-based, end excluded), quantiles, and how many weeks each column sums.

    ``sums`` (H,): None means one week each; scales grow with it. ``about_mean``: forecasts are
    means, so the errors' mean is what should be nought, and the median keeps its distance to it;
    sums are always taken so. ``year``: weeks of one; before a history has it, the season is unseen.
    """

    bands: tuple[tuple[int, int], ...]
    quantiles: tuple[float, ...]
    sums: Floats | None = None
    about_mean: bool = False
    year: int = 52


@dataclass(frozen=True, slots=True)
class _Steady:
    """Which rows (R,) sell steadily; means and whether in whole numbers, (S,) of all."""

    mean: Floats
    rows: Ints
    whole: Bools


def series_mean(y: Floats) -> Floats:
    """Return (S,) means of the weeks known, at least a hair above zero."""
    seen = ~np.isnan(y)
    total = np.where(seen, y, 0.0).sum(axis=1)
    return np.asarray(np.maximum(total / np.maximum(seen.sum(axis=1), 1), 1e-6))


@compiled
def _apply(  # noqa: PLR0917 - compiled code takes plain arrays
    forecast: Floats,
    scale: Floats,
    centre: Floats,
    season: Floats,
    reach: Floats,
    pools: Ints,
    whole: Bools,
    out: Floats,
) -> None:
    """Fill out (S, B, Q): forecast + scale * (centre + season * reach), the last two by pool.

    Quantiles are >= 0, ascending, and whole numbers where asked. A pool below 0 leaves its row.
    """
    for i in range(out.shape[0]):
        p = pools[i]
        if p < 0:
            continue
        for h in range(out.shape[1]):
            last = 0.0
            for q in range(out.shape[2]):
                v = forecast[i, h] + scale[i, h] * (centre[p] + season[i, h] * reach[p, q])
                v = np.rint(v) if whole[i] else v
                last = max(last, v)
                out[i, h, q] = last


def _with_season(extra: Floats, scale: Floats, reach: Floats, quantiles: Sequence[float]) -> Floats:
    """Return (S, B) factors on the reach that add ``extra`` (S, B) deviations in quadrature."""
    if not extra.any():
        return np.ones(extra.shape)
    wanted = np.asarray(quantiles)
    edges = np.argmin(np.abs(wanted - 0.1)), np.argmin(np.abs(wanted - 0.9))
    half = (reach[:, edges[1]] - reach[:, edges[0]])[:, None] * scale / 2
    share = float(ndtri(0.9)) * extra / np.maximum(half, 1e-9)
    return np.asarray(np.minimum(np.sqrt(1 + share**2), 20.0))


def _unseen(past: Past, plan: Plan, horizon: int) -> Floats:
    return unseen_season(past.weeks, horizon, plan.year, summed=plan.sums is not None)


def _sampled(pools: Ints, n_pools: int) -> Ints:
    """Return ascending rows, at most MAX_POOL_SERIES of each class."""
    picked = [some(np.flatnonzero(pools == p), MAX_POOL_SERIES) for p in range(n_pools)]
    return np.sort(np.concatenate(picked))


def _among(codes: Ints) -> Groups:
    """Return groups renumbered without gaps."""
    present, dense = np.unique(codes, return_inverse=True)
    return Groups(dense.astype(np.int64), len(present))


def _moving(
    past: Past, forecast: Floats, groups: Groups, plan: Plan, *, steady: _Steady, out: Floats
) -> None:
    """Fill the rows of out (S, H, Q) of series that sell steadily."""
    n = np.ones(forecast.shape[1]) if plan.sums is None else plan.sums
    scaling = Scaling(past.forecast, past.actual, steady.mean, n, steady.rows)
    size, known = scaling.sizes()
    growth = by_horizon(size * np.sqrt(n), known) / np.sqrt(n)
    scale = n * spread(forecast / n, steady.mean) * growth
    target = past.weeks[:, None] + np.arange(forecast.shape[1])[None, :]
    unseen = _unseen(past, plan, forecast.shape[1])
    young = np.sqrt(1 + youth(past.forecast, past.weeks)[:, None] * n)
    classes = _among(volume_classes(steady.mean[steady.rows]))
    pools = np.full(len(forecast), -1)
    pools[steady.rows] = classes.codes
    sample = _sampled(pools, classes.n)
    u, within = scaling.errors(sample) / growth, _among(groups.codes[sample])
    middle = int(np.argmin(np.abs(np.asarray(plan.quantiles) - 0.5)))
    for b, (low, high) in enumerate(plan.bands):
        band = (low, high) if known[:, low:high].any() else plan.bands[0]
        cut = slice(*band)
        n_weeks = len(np.unique(target[:, cut]))
        independent = n_weeks * 2 / (1.0 + float(n[cut].mean()))
        sizes = (size[:, cut] / growth[cut]).sum(axis=1)
        d = dispersion(sizes, known[:, cut].sum(axis=1), groups, independent)
        about = plan.about_mean or plan.sums is not None
        errors = Errors(
            u[:, :, cut], target[:, cut], pools[sample], classes.n, independent, about
        )  # fmt: skip
        z = errors.u / d[sample][:, None, None]
        shape = pooled_shape(z, errors, plan.quantiles)
        below, above = stretch(errors, within, plan.quantiles)
        away = shape - shape[:, middle : middle + 1]
        alike = lasting(z) if plan.sums is None else 0.75 + 3 / (len(steady.rows) + 3)
        ahead = 1 + alike * (band[0] + band[1] + 1) / 2
        wider = widening(1 / shared(z, errors), n_weeks / ahead, past.hidden(b))
        reach = np.where(away < 0, below, above) * wider * away
        here, sized = forecast[:, low:high], scale[:, low:high] * d[:, None]
        season = _with_season(unseen[low:high] * here, sized, reach[pools], plan.quantiles)
        season = season * young[:, low:high]
        _apply(here, sized, shape[:, middle], season, reach, pools, steady.whole, out[:, low:high])


def _slow(past: Past, rate: Floats, mean: Floats, plan: Plan) -> Floats:
    """Return (S, H, Q) quantiles of whole-number slow movers; sums have a shape per horizon."""
    horizon = rate.shape[1]
    unseen = _unseen(past, plan, horizon)
    known = past.forecast if past.rate is None else past.rate
    target = past.weeks[:, None] + np.arange(horizon)[None, :]
    young = youth(known, past.weeks)
    pools = _among(volume_classes(mean))
    sizes = np.bincount(pools.codes)
    bands = plan.bands if plan.sums is None else tuple((h, h + 1) for h in range(horizon))
    out = np.zeros((*rate.shape, len(plan.quantiles)))
    for b, (low, high) in enumerate(bands):
        n = 1.0 if plan.sums is None else float(plan.sums[low])
        hidden = past.hidden(b) if plan.sums is None else None
        seen = ~np.isnan(past.actual[:, :, low:high]).all(axis=0)
        n_weeks = len(np.unique(target[:, low:high][seen]))
        wider = [widening(s**0.5, n_weeks / (1 + n / 4), hidden) for s in sizes]
        counts = Counts(
            past.actual[:, :, low:high], known[:, :, low:high], rate[:, low:high], mean * n,
            pools.codes, n_weeks / ((1 + n) / 2), np.array(wider), unseen[low:high],
            young * n,
        )  # fmt: skip
        out[:, low:high] = count_quantiles(counts, plan.quantiles)
    return out if plan.sums is None else np.maximum.accumulate(out, axis=1)


def band_quantiles(
    past: Past,
    forecast: Floats,
    mean: Floats,
    groups: Groups,
    plan: Plan,
    *,
    rate: Floats | None = None,
) -> Floats:
    """Return (S, H, Q) quantiles of forecasts (S, H) from past ones; ``mean`` (S,) sets scales.

    ``rate`` (S, H): the mean forecasts, where ``forecast`` is another middle. Whole-number series
    have whole-number quantiles.
    """
    whole = whole_rows(past.actual)
    slow = whole & (mean < SLOW_BELOW)
    out = np.zeros((*forecast.shape, len(plan.quantiles)))
    if not slow.all():
        steady = _Steady(mean, np.flatnonzero(~slow), whole)
        _moving(past, forecast, groups, plan, steady=steady, out=out)
    if slow.any():
        ahead = forecast if rate is None else rate
        out[slow] = _slow(_rows(past, slow), ahead[slow], mean[slow], plan)
    return out


@compiled
def _scale(before: Floats, factor: Floats, rising: bool, out: Floats) -> None:  # noqa: FBT001
    """Fill out (N, H, Q): quantiles times a factor (N, H), whole where all of a row's were."""
    for i in range(before.shape[0]):
        whole = True
        for v in before[i].ravel():
            whole = whole and v == np.rint(v)
        for h in range(before.shape[1]):
            for q in range(before.shape[2]):
                v = before[i, h, q] * factor[i, h]
                v = np.rint(v) if whole else v
                out[i, h, q] = max(v, out[i, h - 1, q]) if rising and h else v


def scaled(quantiles: Floats, factor: Floats, *, rising: bool = False) -> Floats:
    """Return quantiles (N, H, Q) times a factor (N, H): what signals add moves them in proportion.

    A series of whole numbers stays one. ``rising``: of sums, which never fall with the horizon.
    """
    out = np.empty(quantiles.shape)
    _scale(np.ascontiguousarray(quantiles), np.ascontiguousarray(factor), rising, out)
    return out


def kept_whole(before: Floats, after: Floats) -> Floats:
    """Return quantiles (N, H, Q) after something moved them: a series of whole numbers stays so.

    A series is one of whole numbers where all its quantiles were.
    """
    whole = (before == np.rint(before)).all(axis=(1, 2))
    return np.asarray(np.where(whole[:, None, None], np.rint(after), after))


def _rows(past: Past, part: Bools) -> Past:
    rate = None if past.rate is None else past.rate[part]
    return replace(past, forecast=past.forecast[part], actual=past.actual[part], rate=rate)
