"""Cheap experts: what each simple rule forecasts for each series, at every origin, in one pass.

An expert at origin o reads weeks before o only. Censored or missing weeks (nan) are passed over,
never read as zero. Experts that need last year fall back to a smoothed level where it is unknown.
Few and diverse: on real panels each further level, season or factor cost more than it gave.
"""

from __future__ import annotations

import numpy as np

from models.compiled import compiled
from models.ownseason import own_season
from models.panel import Grid, Groups, first_known
from models.parallel import over_shards
from models.rooted import QUICK, SLOW, news_gains
from models.seasonality import relative, weekly_factor
from models.types import Bools, Floats, Ints, Singles
from models.yearly import factor_rows, fourier_rows, median, smooth, window_mean, year_rows

LEVEL = ("ses15", "ses40", "last", "mean52", "med8", "med52")
LAST_YEAR = ("year_ratio", "year_lift")
FOURIER = ("fourier_median", "fourier30", "root_slow", "root_quick")
FACTOR = ("factor40", "factor_mean")
EXPERTS = (*LEVEL, *LAST_YEAR, *FOURIER, *FACTOR)
FAMILIES = (LEVEL, LAST_YEAR, FOURIER, FACTOR)
FLAT = EXPERTS.index("ses15")
AT_YEAR, AT_FOURIER, AT_FACTOR = 6, 8, 12


@compiled
def _level_rows(y: Floats, origins: Ints, horizon: int, out: Singles) -> None:
    """Fill the level experts (columns 0..5) of one series; out is (O, H, E)."""
    quick = slow = last = 0.0
    n, t = 0, 0
    buffer = np.empty(64)
    for j in range(len(origins)):
        while t < origins[j]:
            v = y[t]
            t += 1
            if np.isnan(v):
                continue
            n += 1
            slow, quick, last = smooth(slow, v, 0.15, n), smooth(quick, v, 0.4, n), v
        if n == 0:
            continue
        mean52, med52 = window_mean(y, t - 52, t), median(y, t, 52, buffer)
        med8 = median(y, t, 8, buffer)
        for h in range(horizon):
            row = out[j, h]
            row[0], row[1], row[2] = slow, quick, last
            row[3] = slow if np.isnan(mean52) else mean52
            row[4] = slow if np.isnan(med8) else med8
            row[5] = slow if np.isnan(med52) else med52


@compiled
def _all_rows(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats,
    first: Ints,
    groups: Ints,
    origins: Ints,
    period: int,
    coefficients: Floats,
    waves: Floats,
    gains: Floats,
    factor: Floats,
    known: Bools,
    begin: int,
    stop: int,
    out: Singles,
) -> None:
    """Fill (S, O, H, E) of series begin..stop-1; origins before a series' start are nan."""
    horizon = out.shape[2]
    for i in range(begin, stop):
        start = 0
        while start < len(origins) and origins[start] <= first[i]:
            start += 1
        out[i, :start] = np.nan
        if start == len(origins):
            continue
        own, rows, own_known = origins[start:], out[i, start:], known[start:]
        _level_rows(y[i], own, horizon, rows)
        year_rows(y[i], first[i], own, horizon, period, AT_YEAR, rows)
        season = coefficients[i, start:]
        fourier_rows(y[i], first[i], own, season, waves, gains, period, AT_FOURIER, rows)
        factor_rows(y[i], first[i], own, factor[groups[i]], own_known, period, AT_FACTOR, rows)


def expert_forecasts(y: Floats, groups: Groups, grid: Grid) -> Singles:
    """Return (S, O, H, E) forecasts of every expert; nan where a series had not begun.

    What stands at an origin is the same bit for bit whichever other origins are asked for and
    however many weeks are known after it.
    """
    reach = grid.gap + grid.horizon
    out = np.empty((y.shape[0], len(grid.origins), reach, len(EXPERTS)), dtype=np.float32)
    if not len(grid.origins):
        return out[:, :, grid.gap :]
    ratio = relative(y, grid.period)
    known, factor = weekly_factor(ratio, groups, grid)
    season = own_season(y, ratio, groups, grid)
    gains = np.stack([news_gains(y.shape[1], drift) for drift in (SLOW, QUICK)])
    values, first = np.ascontiguousarray(y), first_known(y)

    def work(begin: int, stop: int) -> None:
        _all_rows(
            values, first, groups.codes, grid.origins, grid.period,
            season.coefficients, season.waves, gains, factor, known, begin, stop, out,
        )  # fmt: skip

    over_shards(len(y), work)
    return np.ascontiguousarray(out[:, :, grid.gap :])


def targets(y: Floats, grid: Grid) -> Floats:
    """Return (S, O, H) actual values of the forecast weeks; nan where not known (yet)."""
    n_weeks, horizon = y.shape[1], grid.horizon
    padded = np.concatenate([y, np.full((y.shape[0], horizon), np.nan)], axis=1)
    week = grid.origins[:, None] + grid.gap + np.arange(horizon)[None, :]
    return padded[:, np.minimum(week, n_weeks + horizon - 1)]


def inner_origins(n_weeks: int, period: int, stride: int) -> Ints:
    """Return ascending inner origins (weeks known at each), the newest one week before the end.

    A year of them where a year and more is known before the oldest; else what a short history
    gives; none for one or two weeks.
    """
    oldest = max(period + 4, n_weeks - 52) if n_weeks >= period + 12 else max(12, n_weeks - 52)
    if n_weeks < 26:
        oldest = max(2, n_weeks // 2)
    return np.arange(n_weeks - 1, oldest - 1, -stride, dtype=np.int64)[::-1].copy()
