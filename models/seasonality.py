"""Season and common weekly factor, pooled by category: a series' own year or two is mostly noise.

Every value used at an origin comes from weeks before it (a trailing year before the first year is
over uses that whole first year, which only origins after it may read), and is the same, bit for
bit, however many weeks are known after it: origins may be computed once for several cutoffs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.panel import Grid, Groups, group_sums, one_group
from models.parallel import over_shards
from models.types import Bools, Floats, Ints

WEEKS_PER_YEAR = 365.25 / 7
HARMONICS = 2
CAP = 5.0
RIDGE = 1.0
MIN_OBSERVED = 8
FLOOR = 0.1


@dataclass(frozen=True, slots=True)
class Season:
    """Multiplicative season (G, O, T+H) as seen from each origin, and weekly factor (G, T).

    ``known`` (O,) is False at origins with less than a year behind them, or nothing known in it:
    neither is to be used there.
    """

    known: Bools
    season: Floats
    factor: Floats


def has_year(n_weeks: int, period: int) -> bool:
    """Return whether n_weeks hold a year and enough more to learn a season from."""
    return n_weeks >= period + 8


@compiled
def _trailing(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats, period: int, start: int, stop: int, mean: Floats, ratio: Floats
) -> None:
    """Fill trailing means, and demand over them, of series start..stop-1."""
    n_weeks = y.shape[1]
    total, count = np.empty(n_weeks), np.empty(n_weeks)
    for i in range(start, stop):
        summed, seen = 0.0, 0.0
        for t in range(n_weeks):
            if not np.isnan(y[i, t]):
                summed, seen = summed + y[i, t], seen + 1.0
            total[t], count[t] = summed, seen
        for t in range(n_weeks):
            last = t if t >= period or n_weeks < period else period - 1
            a, n = total[last], count[last]
            if last >= period:
                a, n = a - total[last - period], n - count[last - period]
            m = a / n if n >= MIN_OBSERVED else np.nan
            mean[i, t] = m
            ratio[i, t] = min(y[i, t] / m, CAP) if m > 0 and not np.isnan(y[i, t]) else np.nan


def _both(y: Floats, period: int) -> tuple[Floats, Floats]:
    mean, ratio, values = np.empty(y.shape), np.empty(y.shape), np.ascontiguousarray(y)
    over_shards(len(y), lambda start, stop: _trailing(values, period, start, stop, mean, ratio))
    return mean, ratio


def trailing_mean(y: Floats, period: int) -> Floats:
    """Return (S, T) means of the last year of known weeks; nan where fewer than 8 are known.

    Before the first year is over, the mean of that whole year where it is known.
    """
    return _both(y, period)[0]


def relative(y: Floats, period: int) -> Floats:
    """Return (S, T) demand over its trailing one-year mean, at most 5; nan where not known."""
    return _both(y, period)[1]


def group_means(ratio: Floats, groups: Groups) -> Floats:
    """Return (G, T) means over the series of each group; nan where no series is known."""
    counts = group_sums((~np.isnan(ratio)).astype(np.float64), groups)
    return np.asarray(group_sums(ratio, groups) / np.maximum(counts, 1.0))


def _middle_half(ratio: Floats) -> tuple[Floats, Floats, Floats]:
    """Return per week the mean and variance of the middle half of the rows, and the row count."""
    ordered = np.sort(ratio, axis=0)
    n = (~np.isnan(ratio)).sum(axis=0)
    low = n // 4
    size = np.maximum(n - 2 * low, 1)
    zero = np.zeros((1, ratio.shape[1]))
    sums = np.vstack([zero, np.cumsum(np.nan_to_num(ordered), axis=0)])
    squares = np.vstack([zero, np.cumsum(np.nan_to_num(ordered) ** 2, axis=0)])
    column = np.arange(ratio.shape[1])
    top = np.maximum(n - low, low)
    mean = (sums[top, column] - sums[low, column]) / size
    spread = (squares[top, column] - squares[low, column]) / size - mean**2
    return np.where(n > 0, mean, np.nan), np.maximum(spread, 0.0), n.astype(np.float64)


def _scaled(index: Floats, plain: Floats, period: int) -> tuple[Floats, float]:
    """Return an index over its first-year mean, and that mean; plain means where half are zero."""
    head = index[: period + 1]
    base = float(np.nanmean(head)) if (~np.isnan(head)).any() else 0.0
    if base >= 0.05:
        return index / base, base
    head = plain[: period + 1]
    base = float(np.nanmean(head)) if (~np.isnan(head)).any() else 1.0
    return plain / max(base, 1e-9), max(base, 1e-9)


def common_factor(ratio: Floats, groups: Groups, period: int) -> Floats:
    """Return (G, T) weekly factors: the panel's trimmed mean, moved to the group's as data allow.

    A group's own deviation counts with weight 1 - noise / signal, cumulated up to each week only.
    """
    mean, _, _ = _middle_half(ratio)
    plain = group_means(ratio, one_group(len(ratio)))[0]
    panel, _ = _scaled(mean, plain, period)
    panel = np.where(np.isnan(panel), 1.0, panel)
    out = np.tile(panel, (groups.n, 1))
    if groups.n == 1:
        return np.maximum(out, FLOOR)
    own_plain = group_means(ratio, groups)
    for g in range(groups.n):
        mean, spread, n = _middle_half(ratio[groups.codes == g])
        own, base = _scaled(mean, own_plain[g], period)
        noise = np.where(n > 1, 2.5 * spread / np.maximum(n - 1, 1) / base**2, np.inf)
        away = np.where(np.isnan(own) | (n <= 1), 0.0, own - panel)
        noise = np.where(np.isfinite(noise), noise, 0.0)
        weight = 1 - np.cumsum(noise) / np.maximum(np.cumsum(away**2), 1e-12)
        weight[:period] = weight[min(period, len(weight) - 1)]
        out[g] += np.clip(weight, 0.0, 1.0) * away
    return np.maximum(out, FLOOR)


def harmonics(n: int, period: int, count: int = HARMONICS) -> Floats:
    """Return (n, 2 count) sines and cosines of a year of ``period`` weeks.

    Taken one by one: a vector unit's may differ in the last bit with the length of the array.
    """
    step = 2 * math.pi / (period * WEEKS_PER_YEAR / 52)
    waves = [[f(k * step * t) for k in range(1, count + 1) for f in (math.sin, math.cos)]
             for t in range(n)]  # fmt: skip
    return np.asarray(waves, dtype=np.float64).reshape(n, 2 * count)


def _fourier(index: Floats, x: Floats, origins: Ints) -> tuple[Floats, Floats]:
    """Return (G, O, P) ridge coefficients and their variances from weeks before each origin."""
    n_groups, n_weeks = index.shape
    size = x.shape[1]
    beta = np.zeros((n_groups, len(origins), size))
    variance = np.full_like(beta, 1e6)
    penalty = RIDGE * np.eye(size)
    penalty[0, 0] = 1e-6
    for g in range(n_groups):
        seen = ~np.isnan(index[g])
        weeks = x[:n_weeks] * seen[:, None]
        target = np.where(seen, index[g], 0.0)
        gram = np.cumsum(weeks[:, :, None] * weeks[:, None, :], axis=0)
        moment = np.cumsum(weeks * target[:, None], axis=0)
        power = np.cumsum(target**2)
        n = np.cumsum(seen)
        rows = origins - 1
        solved = np.linalg.solve(gram[rows] + penalty, moment[rows][:, :, None])[:, :, 0]
        explained = (solved * moment[rows]).sum(axis=1)
        noise = np.maximum(power[rows] - explained, 0.0) / np.maximum(n[rows] - size, 4)
        inverse = np.linalg.inv(gram[rows] + penalty)
        beta[g] = solved
        variance[g] = 2.0 * noise[:, None] * np.diagonal(inverse, axis1=1, axis2=2)
        beta[g, n[rows] < 26], variance[g, n[rows] < 26] = 0.0, 1e6
    return beta, variance


def fourier_season(ratio: Floats, groups: Groups, grid: Grid) -> Floats:
    """Return (G, O, T+gap+H) seasons in [.3, 3] as seen from each origin.

    Coefficients are shrunk from the group's to the panel's by their sampling variance.
    """
    n_weeks = ratio.shape[1]
    span = n_weeks + grid.gap + grid.horizon
    waves = harmonics(span, grid.period)
    trend = np.arange(span) / grid.period - 1.0
    x = np.column_stack([np.ones(span), trend, waves])
    own, variance = _fourier(group_means(ratio, groups), x, grid.origins)
    pooled, _ = _fourier(group_means(ratio, one_group(len(ratio))), x, grid.origins)
    if groups.n > 1:
        away = own - pooled
        trusted = variance < 1e5
        excess = np.where(trusted, away**2 - variance, 0.0).sum(axis=0)
        tau2 = np.maximum(excess / np.maximum(trusted.sum(axis=0), 1), 1e-6)
        own = pooled + away * tau2 / (tau2 + variance)
    shape = np.ones((*own.shape[:2], span))
    for p in range(waves.shape[1]):
        shape += own[:, :, 2 + p, None] * waves[:, p]
    return np.asarray(np.clip(shape, 0.3, 3.0))


def weekly_factor(ratio: Floats, groups: Groups, grid: Grid) -> tuple[Bools, Floats]:
    """Return at which origins (O,) a factor of last year is known, and factors (G, T).

    ``ratio`` (S, T) is ``relative`` demand. Where none is known, the factor is not to be used.
    """
    n_weeks = ratio.shape[1]
    told = np.cumsum((~np.isnan(ratio)).any(axis=0))
    known = (grid.origins > grid.period) & (told[np.maximum(grid.origins, 1) - 1] > 0)
    if not known.any():
        return known, np.ones((groups.n, n_weeks))
    return known, common_factor(ratio, groups, grid.period)


def pooled_season(y: Floats, groups: Groups, grid: Grid) -> Season:
    """Return season and weekly factor of every group; both 1 when a year is not known yet."""
    ratio = relative(y, grid.period)
    known, factor = weekly_factor(ratio, groups, grid)
    if not known.any():
        span = y.shape[1] + grid.gap + grid.horizon
        return Season(known, np.ones((groups.n, len(known), span)), factor)
    return Season(known, fourier_season(ratio, groups, grid), factor)


def seasons_at(season: Season | None, n_groups: int, grid: Grid, span: int) -> Floats:
    """Return (G, O, span) season as seen from each origin; 1 without any or in the first year."""
    if season is None:
        return np.ones((n_groups, len(grid.origins), span))
    told = np.broadcast_to(season.known, grid.origins.shape) & (grid.origins > grid.period)
    return np.where(told[:, None], season.season, 1.0)
