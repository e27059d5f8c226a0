"""Experts that look a year back: the same week, a Fourier season, a common weekly factor.

One series at a time, compiled. An expert at origin o reads weeks before o only; where a year back
nothing is known it says what the smoothed level (column 0) says. Columns: see models.levels.
"""

from __future__ import annotations

import numpy as np

from models.compiled import compiled
from models.types import Bools, Floats, Ints, Singles

YOUNGEST = 26
"""Weeks of age from which a series' own week of last year, where known, is tried."""
SEASON_WEEKS = 70
LEAST, MOST = 0.3, 3.0


@compiled
def smooth(level: float, value: float, alpha: float, count: int) -> float:
    """Return the level after its count-th observation: a running mean until alpha is larger."""
    moved: float = level + max(alpha, 1.0 / count) * (value - level)
    return moved


@compiled
def median(y: Floats, end: int, window: int, buffer: Floats) -> float:
    """Return the median of the values known in the window of weeks before end, nan of none."""
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
def window_mean(y: Floats, start: int, end: int) -> float:
    """Return the mean of the values known in weeks start..end-1, nan when there is none."""
    total, n = 0.0, 0
    for t in range(max(0, start), end):
        if not np.isnan(y[t]):
            total += y[t]
            n += 1
    mean: float = total / n if n else np.nan
    return mean


@compiled
def _two_years(y: Floats, first: int, origin: int, week: int, period: int) -> float:
    """Return last year's week, averaged with the year's before, moved to last year's level."""
    v: float = y[week]
    before = week - period
    if before < first or before < 0 or np.isnan(y[before]):
        return v
    then = window_mean(y, before - 26, before + 26)
    now = window_mean(y, week - 26, min(week + 26, origin))
    if not then > 0:
        return v
    moved: float = 0.5 * v + 0.5 * min(y[before] * now / then, 5.0 * now)
    return moved


@compiled
def year_rows(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats, first: int, origins: Ints, horizon: int, period: int, at: int, out: Singles
) -> None:
    """Fill columns at, at+1: last year's week times, and plus, how the level moved since."""
    for j in range(len(origins)):
        o = origins[j]
        mean = window_mean(y, o - 52, o)
        now = window_mean(y, o - 8, o)
        then = window_mean(y, o - 8 - period, o - period)
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
            if o - first < YOUNGEST or week < first or np.isnan(y[week]):
                row[at] = row[at + 1] = row[0]
                continue
            v = y[week]
            left = y[week - 1] if week > first and not np.isnan(y[week - 1]) else v
            right = y[week + 1] if week + 1 < o and not np.isnan(y[week + 1]) else v
            row[at] = ratio * _two_years(y, first, o, week, period)
            row[at + 1] = max(0.25 * (left + 2 * v + right) + lift, 0.0)


@compiled
def _season(waves: Floats, coefficients: Floats, stop: int, out: Floats) -> None:
    """Fill out[:stop] with a season of weeks from Fourier coefficients, in [.3, 3]."""
    for w in range(stop):
        value = 1.0
        for a in range(waves.shape[1]):
            value += waves[w, a] * coefficients[a]
        out[w] = min(max(value, LEAST), MOST)


@compiled
def fourier_rows(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats,
    first: int,
    origins: Ints,
    coefficients: Floats,
    waves: Floats,
    period: int,
    at: int,
    out: Singles,
) -> None:
    """Fill columns at..at+2: season times level and trend, times the median, times a quick level.

    Levels are smoothed over 70 weeks, by .1 and .3; the first is averaged with the trend: least
    squares over all weeks, its slope times .7.
    """
    horizon = out.shape[1]
    season, plain, buffer = np.empty(len(waves)), np.empty(len(y)), np.empty(64)
    for j in range(len(origins)):
        o = origins[j]
        level, quick, n, k = 0.0, 0.0, 0, 0
        st = sy = stt = sty = 0.0
        if o > period:
            _season(waves, coefficients[j], o + horizon, season)
            for w in range(first, o):
                plain[w] = v = y[w] / season[w]
                if np.isnan(v):
                    continue
                k += 1
                st, sy, stt, sty = st + w, sy + v, stt + w * w, sty + w * v
                if w >= o - SEASON_WEEKS:
                    n += 1
                    level, quick = smooth(level, v, 0.1, n), smooth(quick, v, 0.3, n)
        if n == 0:
            for c in range(3):
                out[j, :, at + c] = out[j, :, 0]
            continue
        middle = median(plain[first:o], o - first, 26, buffer)
        middle = level if np.isnan(middle) or o - first < 26 else middle
        spread = stt - st * st / k
        slope = 0.7 * (sty - st * sy / k) / spread if spread > 0 and k >= 26 else 0.0
        for h in range(horizon):
            line = sy / k + slope * (o + h - st / k)
            out[j, h, at] = max(season[o + h] * 0.5 * (level + line), 0.0)
            out[j, h, at + 1] = season[o + h] * middle
            out[j, h, at + 2] = season[o + h] * quick


@compiled
def factor_rows(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats,
    first: int,
    origins: Ints,
    factor: Floats,
    known: Bools,
    period: int,
    at: int,
    out: Singles,
) -> None:
    """Fill columns at..at+2: last year's common factor times three levels of demand over it.

    The levels: smoothed by .4; the median of 20 weeks; a year's sales over a year's factors.
    """
    plain, buffer = np.empty(len(y)), np.empty(64)
    quick, n, t = 0.0, 0, 0
    for j in range(len(origins)):
        o = origins[j]
        while t < o:
            plain[t] = y[t] / factor[t]
            if not np.isnan(y[t]):
                n += 1
                quick = smooth(quick, plain[t], 0.4, n)
            t += 1
        if not known[j] or n == 0:
            for c in range(3):
                out[j, :, at + c] = out[j, :, 0]
            continue
        sold = made = 0.0
        for w in range(max(first, o - 52), o):
            if not np.isnan(y[w]):
                sold, made = sold + y[w], made + factor[w]
        middle = median(plain, o, 20, buffer)
        middle = quick if np.isnan(middle) else middle
        year = sold / made if made > 0 else quick
        for h in range(out.shape[1]):
            week = o + h - period
            while week >= o:
                week -= period
            out[j, h, at] = quick * factor[week]
            out[j, h, at + 1] = middle * factor[week]
            out[j, h, at + 2] = year * factor[week]
