"""Cheap experts: what each simple rule forecasts for each series, at every origin, in one pass.

An expert at origin o reads weeks before o only. Censored or missing weeks (nan) are passed over,
never read as zero. Experts that need last year fall back to a smoothed level where it is unknown.
"""

from __future__ import annotations

import numpy as np

from models.compiled import compiled
from models.panel import Grid, Groups, first_known
from models.parallel import over_shards
from models.seasonality import Season
from models.types import Bools, Floats, Ints, Singles

LEVEL = ("ses05", "ses15", "ses40", "ses80", "mean52", "med26", "damped", "theta", "sba")
LAST_YEAR = ("sn", "sn_ratio", "sn_diff")
FOURIER = ("fourier",)
FACTOR = ("factor15", "factor40")
EXPERTS = (*LEVEL, *LAST_YEAR, *FOURIER, *FACTOR)
FAMILIES = (LEVEL, LAST_YEAR, FOURIER, FACTOR)
FLAT = EXPERTS.index("ses15")


@compiled
def _smooth(level: float, value: float, alpha: float, count: int) -> float:
    """Return the level after its count-th observation: a running mean until alpha is larger."""
    moved: float = level + max(alpha, 1.0 / count) * (value - level)
    return moved


@compiled
def _median(y: Floats, end: int, window: int, buffer: Floats) -> float:
    """Return the median of the values known in the window of weeks before end."""
    n = 0
    for t in range(max(0, end - window), end):
        v = y[t]
        if np.isnan(v):
            continue
        j = n
        while j > 0 and buffer[j - 1] > v:
            buffer[j] = buffer[j - 1]
            j -= 1
        buffer[j] = v
        n += 1
    if n == 0:
        return np.nan
    middle: float = buffer[n // 2] if n % 2 else 0.5 * (buffer[n // 2 - 1] + buffer[n // 2])
    return middle


@compiled
def _window_mean(y: Floats, start: int, end: int) -> float:
    """Return the mean of the values known in weeks start..end-1, nan when there is none."""
    total, n = 0.0, 0
    for t in range(max(0, start), end):
        if not np.isnan(y[t]):
            total += y[t]
            n += 1
    return total / n if n else np.nan


@compiled
def _level_rows(y: Floats, origins: Ints, horizon: int, out: Singles) -> None:
    """Fill the level experts (columns 0..8) of one series; out is (O, H, E)."""
    l05 = l15 = l40 = l80 = level = trend = size = gap = 0.0
    n, since, demands, j = 0, 0, 0, 0
    st = sy = stt = sty = 0.0
    buffer = np.empty(64)
    last = origins[-1]
    for t in range(last + 1):
        while j < len(origins) and origins[j] == t:
            if n > 0:
                mean52 = _window_mean(y, t - 52, t)
                med26 = _median(y, t, 26, buffer)
                mean52 = l15 if np.isnan(mean52) else mean52
                med26 = l15 if np.isnan(med26) else med26
                slope = 0.0
                if n >= 26:
                    spread = stt - st * st / n
                    slope = (sty - st * sy / n) / spread if spread > 0 else 0.0
                sba = 0.95 * size / gap if demands > 0 else 0.0
                damp, drift = 1.0, 0.0
                for h in range(horizon):
                    damp *= 0.9
                    drift += damp
                    row = out[j, h]
                    row[0], row[1], row[2], row[3] = l05, l15, l40, l80
                    row[4], row[5] = mean52, med26
                    row[6] = max(level + trend * drift, 0.0)
                    row[7] = max(l15 + 0.5 * (h + 4) * slope, 0.0)
                    row[8] = sba
            j += 1
        if t == last or np.isnan(y[t]):
            continue
        v = y[t]
        n += 1
        since += 1
        l05 = _smooth(l05, v, 0.05, n)
        l15 = _smooth(l15, v, 0.15, n)
        l40 = _smooth(l40, v, 0.4, n)
        l80 = _smooth(l80, v, 0.8, n)
        before = level
        level = _smooth(level + 0.9 * trend, v, 0.2, n)
        if n > 1:
            trend = 0.05 * (level - before) + 0.95 * 0.9 * trend
        st, sy, stt, sty = st + t, sy + v, stt + t * t, sty + t * v
        if v > 0:
            demands += 1
            size = _smooth(size, v, 0.1, demands)
            gap = _smooth(gap, float(since), 0.1, demands)
            since = 0


@compiled
def _year_rows(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats, first: int, origins: Ints, horizon: int, period: int, out: Singles
) -> None:
    """Fill the last-year experts (columns 9..11) from ses15 and the same week a year before."""
    for j in range(len(origins)):
        o = origins[j]
        known = o - first >= period + 1
        mean = _window_mean(y, o - 52, o)
        now = _window_mean(y, o - 8, o)
        then = _window_mean(y, o - 8 - period, o - period)
        ratio, lift = 1.0, 0.0
        if o - first >= period + 8 and not (np.isnan(now) or np.isnan(then) or np.isnan(mean)):
            if then + 0.25 * mean > 0:
                ratio = min(max((now + 0.25 * mean) / (then + 0.25 * mean), 0.5), 2.0)
            lift = 0.7 * (now - then)
        for h in range(horizon):
            row = out[j, h]
            week = o + h - period
            while week >= o:
                week -= period
            if not known or week < first or np.isnan(y[week]):
                row[9] = row[10] = row[11] = row[1]
                continue
            v = y[week]
            left = y[week - 1] if week > 0 and not np.isnan(y[week - 1]) else v
            right = y[week + 1] if week + 1 < o and not np.isnan(y[week + 1]) else v
            row[9] = v
            row[10] = v * ratio
            row[11] = max(0.25 * (left + 2 * v + right) + lift, 0.0)


@compiled
def _season_rows(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats,
    first: int,
    origins: Ints,
    horizon: int,
    period: int,
    season: Floats,
    factor: Floats,
    known: Bools,
    out: Singles,
) -> None:
    """Fill the Fourier and factor experts (columns 12..14); season is (O, T+H), factor (T,)."""
    f15 = f40 = 0.0
    n, t = 0, 0
    for j in range(len(origins)):
        o = origins[j]
        while t < o:
            if not np.isnan(y[t]):
                n += 1
                f15 = _smooth(f15, y[t] / factor[t], 0.15, n)
                f40 = _smooth(f40, y[t] / factor[t], 0.4, n)
            t += 1
        usable = known[j]
        level, k = 0.0, 0
        if usable:
            for w in range(max(first, o - 70), o):
                if not np.isnan(y[w]):
                    k += 1
                    level = _smooth(level, y[w] / season[j, w], 0.1, k)
        for h in range(horizon):
            row = out[j, h]
            week = o + h - period
            while week >= o:
                week -= period
            if not usable or k == 0 or week < 0:
                row[12] = row[13] = row[14] = row[1]
                continue
            row[12] = level * season[j, o + h]
            row[13] = f15 * factor[week]
            row[14] = f40 * factor[week]


@compiled
def _all_rows(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats,
    first: Ints,
    groups: Ints,
    origins: Ints,
    period: int,
    season: Floats,
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
        own, rows, g = origins[start:], out[i, start:], groups[i]
        _level_rows(y[i], own, horizon, rows)
        _year_rows(y[i], first[i], own, horizon, period, rows)
        _season_rows(
            y[i], first[i], own, horizon, period, season[g, start:], factor[g], known[start:], rows
        )


def expert_forecasts(y: Floats, groups: Groups, grid: Grid, season: Season) -> Singles:
    """Return (S, O, H, E) forecasts of every expert; nan where a series had not begun.

    What stands at an origin is the same bit for bit whichever other origins are asked for and
    however many weeks are known after it.
    """
    reach = grid.gap + grid.horizon
    out = np.empty((y.shape[0], len(grid.origins), reach, len(EXPERTS)), dtype=np.float32)
    values, first = np.ascontiguousarray(y), first_known(y)
    seasons, factor = np.ascontiguousarray(season.season), np.ascontiguousarray(season.factor)

    def work(begin: int, stop: int) -> None:
        _all_rows(
            values, first, groups.codes, grid.origins, grid.period,
            seasons, factor, season.known, begin, stop, out,
        )  # fmt: skip

    if len(grid.origins):
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
