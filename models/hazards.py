"""Hazard by lag: how much of what was sold comes back, or makes a customer write, weeks later.

Learnt by regression of each week's outcome on the sales of its own and the sixteen weeks before:
a sale that has had no time to come back says nothing yet, so no correction for it is needed.
Non-negative, piecewise constant in the lag, smooth, shrunk from group to panel. Old weeks count
less and less. What is used at an origin comes from weeks before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.panel import Groups
from models.types import Floats, Ints

LOWS = np.array([0, 1, 2, 3, 4, 5, 7, 9, 13], dtype=np.int64)
HIGHS = np.array([0, 1, 2, 3, 4, 6, 8, 12, 16], dtype=np.int64)
REACH = 16
FIRST_WEEK, MIN_WEEKS = 8, 8
HALF_LIFE = 104.0
SMOOTH_WEEKS, SHAPE_WEEKS, RATE_WEEKS = 8.0, 52.0, 8.0
MIN_DISPERSION = 0.5
SHARE_LIMIT, USUAL_LIMIT, FEW = 0.25, 6.0, 5.0
SWEEPS = 60
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Moments:
    """Weighted sums over the weeks before each origin, per group.

    gram (G, O, P, P), moment (G, O, P), bulk (G, O, P) the sum of the regressors, power (G, O) of
    the squared outcome, count (G, O) of the weeks.
    """

    gram: Floats
    moment: Floats
    bulk: Floats
    power: Floats
    count: Floats


@dataclass(frozen=True, slots=True)
class Hazards:
    """Hazard by lag bucket (G, O, P); dispersion (G, O): variance over expectation."""

    rate: Floats
    dispersion: Floats


@compiled
def bucket(total: Floats, week: int, low: int, high: int) -> float:
    """Return units sold low..high weeks before a week; total holds running sums from -REACH on."""
    end = week + REACH - low + 1
    start = week + REACH - high
    sold: float = total[end] - total[start]
    return sold


@compiled
def running_sums(units: Floats, out: Floats) -> None:
    """Fill out (T + REACH + 1) with running sums; before the first week, the first weeks' mean."""
    n = min(FIRST_WEEK, len(units))
    head = 0.0
    for t in range(n):
        head += units[t] / n
    out[0] = 0.0
    for t in range(REACH):
        out[t + 1] = out[t] + head
    for t in range(len(units)):
        out[REACH + t + 1] = out[REACH + t] + units[t]


@compiled
def _believed(y: Floats, units: Floats, came: Floats, sold: Floats) -> None:
    """Fill came with what of y is no correction, and sold with units less what is one."""
    n_series, n_weeks = y.shape
    total = np.empty(n_weeks + REACH + 1)
    for i in range(n_series):
        running_sums(units[i], total)
        mean, n = 0.0, 0
        for t in range(n_weeks):
            came[i, t], sold[i, t] = y[i, t], units[i, t]
            if not np.isnan(y[i, t]):
                limit = max(SHARE_LIMIT * bucket(total, t, 1, REACH), USUAL_LIMIT * mean, FEW)
                came[i, t] = y[i, t] if y[i, t] <= limit else mean
                sold[i, t] = max(units[i, t] - (y[i, t] - came[i, t]), 0.0)
                n += 1
                mean += (came[i, t] - mean) / n
            total[t + REACH + 1] = total[t + REACH] + sold[i, t]


def believed(y: Floats, units: Floats) -> tuple[Floats, Floats]:
    """Return outcome and units (N, T) without corrections: bulk orders that are taken back.

    What comes in one week beyond a quarter of all that was sold in the ``REACH`` weeks before,
    beyond six times the row's usual and beyond a handful, tells of a cancelled order rather than
    of a rate. It counts neither as sold in that week nor as outcome, which becomes the usual; sales
    of weeks before stay as they were known then.
    """
    came, sold = np.empty_like(y), np.empty_like(units)
    _believed(y, units, came, sold)
    return came, sold


@compiled
def _week(  # noqa: PLR0917 - compiled code takes plain arrays
    total: Floats, t: int, v: float, recency: float, x: Floats, sums: Floats
) -> None:
    """Add week t's moments to a row's sums: Gram, moment, regressors, squared outcome, weeks.

    A week counts by its precision: the variance grows with what may come back, and with its
    square for a week far above the row's own mean, so that one bulk order does not decide.
    """
    window = bucket(total, t, 0, REACH)
    if not window > 0:
        return
    size = len(LOWS)
    usual = total[t + REACH] / (t + REACH) * (REACH + 1)
    w = recency / (window * (1.0 + 0.5 * window / max(usual, TINY)))
    for p in range(size):
        x[p] = bucket(total, t, LOWS[p], HIGHS[p])
        sums[p, size] += w * x[p] * v
        sums[p, size + 1] += w * x[p]
        for q in range(p + 1):
            sums[p, q] += w * x[p] * x[q]
    sums[size, 0] += w * v * v
    sums[size, 1] += recency


@compiled
def _learn(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats, units: Floats, codes: Ints, origins: Ints, recency: Floats, out: Floats
) -> None:
    """Add every row's sums over the weeks before each origin to its group's, out (G, O, ...)."""
    n_weeks, size = y.shape[1], len(LOWS)
    total, x = np.empty(n_weeks + REACH + 1), np.empty(size)
    sums = np.empty((size + 1, size + 2))
    for i in range(y.shape[0]):
        running_sums(units[i], total)
        sums[:] = 0.0
        t = 0
        for j in range(len(origins)):
            while t < origins[j]:
                if t >= FIRST_WEEK and not np.isnan(y[i, t]):
                    _week(total, t, y[i, t], recency[t], x, sums)
                t += 1
            for p in range(size + 1):
                for q in range(size + 2):
                    out[codes[i], j, p, q] += sums[p, q] / recency[t]


@compiled
def _descend(gram: Floats, moment: Floats, start: Floats) -> Floats:
    """Return argmin of x'Gx / 2 - m'x over x >= 0, by coordinate descent from start."""
    x = start.copy()
    for _ in range(SWEEPS):
        for p in range(len(x)):
            if gram[p, p] <= 0:
                continue
            slope = moment[p]
            for q in range(len(x)):
                slope -= gram[p, q] * x[q]
            x[p] = max(x[p] + slope / gram[p, p], 0.0)
    return x


@compiled
def _descend_all(gram: Floats, moment: Floats, start: Floats) -> Floats:
    out = np.empty_like(start)
    for g in range(gram.shape[0]):
        for j in range(gram.shape[1]):
            out[g, j] = _descend(gram[g, j], moment[g, j], start[g, j])
    return out


def recency(n_weeks: int, half_life: float) -> Floats:
    """Return (n_weeks + 1,) weights of weeks that double with every half-life.

    Over the weight of an origin they are the discounts of the weeks before it.
    """
    return np.asarray(2.0 ** (np.arange(n_weeks + 1) / half_life))


def _moments(y: Floats, units: Floats, groups: Groups, origins: Ints) -> Moments:
    size = len(LOWS)
    sums = np.zeros((groups.n, len(origins), size + 1, size + 2))
    _learn(y, units, groups.codes, origins, recency(y.shape[1], HALF_LIFE), sums)
    half = np.tril(sums[..., :size, :size], -1)
    return Moments(
        gram=np.tril(sums[..., :size, :size]) + np.swapaxes(half, -1, -2),
        moment=sums[..., :size, size],
        bulk=sums[..., :size, size + 1],
        power=sums[..., size, 0],
        count=sums[..., size, 1],
    )


def _roughness() -> Floats:
    """Return (P, P) of the squared differences between neighbouring lags' hazards."""
    step = np.diff(np.eye(len(LOWS)), axis=0)
    return np.asarray(step.T @ step)


def _panel_hazard(own: Moments) -> Floats:
    """Return (O, P) the hazard of everything, smoothed by some average weeks' worth of penalty."""
    gram, moment, count = own.gram.sum(axis=0), own.moment.sum(axis=0), own.count.sum(axis=0)
    week = np.trace(gram, axis1=-2, axis2=-1) / np.maximum(count, TINY) / len(LOWS)
    penalty = (SMOOTH_WEEKS * week + TINY)[:, None, None] * _roughness()
    flat = moment.sum(axis=-1) / np.maximum(gram.sum(axis=(-2, -1)), TINY)
    start = np.repeat(np.maximum(flat, 0.0)[:, None], len(LOWS), axis=1)
    return np.asarray(_descend_all((gram + penalty)[None], moment[None], start[None])[0])


def _dispersion(own: Moments, rate: Floats) -> Floats:
    """Return (G, O) weighted squared residuals over expectations, shrunk to the panel's."""
    fitted = np.einsum("gop,gopq,goq->go", rate, own.gram, rate)
    left = np.maximum(own.power - 2 * (own.moment * rate).sum(axis=-1) + fitted, 0.0)
    meant = (own.bulk * rate).sum(axis=-1)
    panel = left.sum(axis=0) / np.maximum(meant.sum(axis=0), TINY)
    prior = RATE_WEEKS * meant / np.maximum(own.count, TINY)
    shrunk = (left + prior * panel) / np.maximum(meant + prior, TINY)
    return np.asarray(np.maximum(np.where(meant > 0, shrunk, panel), MIN_DISPERSION))


def hazards(y: Floats, units: Floats, groups: Groups, origins: Ints) -> Hazards:
    """Return hazards as learnt from the weeks before each origin; 0 where nothing was learnt.

    y (N, T), nan = not known; units (N, T), never nan. A group's hazard is the panel's at the
    group's own rate, changed in shape by what it knows beyond ``SHAPE_WEEKS``.
    """
    own = _moments(y, units, groups, origins)
    panel = _panel_hazard(own)
    weeks = np.maximum(own.count, TINY)[..., None]
    told = own.moment.sum(axis=-1)
    hoped = np.einsum("gopq,oq->go", own.gram, panel)
    prior = RATE_WEEKS * hoped / weeks[..., 0]
    rate = np.where(hoped > 0, (told + prior) / np.maximum(hoped + prior, TINY), 1.0)
    centre = rate[..., None] * panel[None]
    pull = SHAPE_WEEKS * np.diagonal(own.gram, axis1=-2, axis2=-1) / weeks + TINY
    tied = own.gram + pull[..., None] * np.eye(len(LOWS))
    made = _descend_all(tied, own.moment + pull * centre, centre)
    return Hazards(made, _dispersion(own, made))


@compiled
def add_totals(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats, units: Floats, rate: Floats, codes: Ints, origins: Ints, recency: Floats, out: Floats
) -> None:
    """Add to out (N, O, 2) the discounted outcome, and what the hazard expected of it."""
    n_series, n_weeks = y.shape
    total, bulk = np.empty(n_weeks + REACH + 1), np.empty(len(LOWS))
    for i in range(n_series):
        running_sums(units[i], total)
        bulk[:] = 0.0
        came, t = 0.0, 0
        for j in range(len(origins)):
            while t < origins[j]:
                if t >= FIRST_WEEK and not np.isnan(y[i, t]):
                    w = recency[t]
                    came += w * y[i, t]
                    for p in range(len(LOWS)):
                        bulk[p] += w * bucket(total, t, LOWS[p], HIGHS[p])
                t += 1
            back = 1.0 / recency[t]
            out[i, j, 0] = came * back
            for p in range(len(LOWS)):
                out[i, j, 1] += rate[codes[i], j, p] * bulk[p] * back


@compiled
def add_paths(  # noqa: PLR0917 - compiled code takes plain arrays
    units: Floats, ahead: Floats, rate: Floats, codes: Ints, origins: Ints, out: Floats
) -> None:
    """Fill out (S, O, gap + H) with hazards times what was sold before and is forecast after."""
    n_series, n_weeks = units.shape
    reach = out.shape[2]
    past, path = np.empty(n_weeks + REACH + 1), np.empty(n_weeks + REACH + 1 + reach)
    for i in range(n_series):
        running_sums(units[i], past)
        for j in range(len(origins)):
            o = origins[j]
            path[: o + REACH + 1] = past[: o + REACH + 1]
            for h in range(reach):
                path[o + REACH + 1 + h] = path[o + REACH + h] + ahead[i, j, h]
            for h in range(reach):
                expected = 0.0
                for p in range(len(LOWS)):
                    expected += rate[codes[i], j, p] * bucket(path, o + h, LOWS[p], HIGHS[p])
                out[i, j, h] = expected
