"""Experts that look a year back: the same week, a Fourier season, a common weekly factor.

One series at a time, compiled. An expert at origin o reads weeks before o only; where a year back
nothing is known it says what the smoothed level (column 0) says. Columns: see models.levels.
"""

from __future__ import annotations

import numpy as np

from models.compiled import compiled
from models.rooted import root_rows
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
    gains: Floats,
    period: int,
    at: int,
    out: Singles,
) -> None:
    """Fill columns at..: season times the median, a quick level, and roots' levels, one a gain.

    The median is of 26 weeks, the quick level smoothed by .3 over 70. ``gains`` (K, T, 3):
    ``models.rooted.news_gains``.
    """
    horizon, last = out.shape[1], 2 + len(gains)
    season, buffer = np.empty(len(waves)), np.empty(64)
    plain, root = np.empty(len(y)), np.empty(len(y))
    for j in range(len(origins)):
        o = origins[j]
        level, quick, n = 0.0, 0.0, 0
        if o > period:
            _season(waves, coefficients[j], o + horizon, season)
            for w in range(first, o):
                plain[w] = v = y[w] / season[w]
                root[w] = np.sqrt(v)
                if w >= o - SEASON_WEEKS and not np.isnan(v):
                    n += 1
                    level, quick = smooth(level, v, 0.1, n), smooth(quick, v, 0.3, n)
        if n == 0:
            for c in range(last):
                out[j, :, at + c] = out[j, :, 0]
            continue
        middle = median(plain[first:o], o - first, 26, buffer)
        middle = level if np.isnan(middle) or o - first < 26 else middle
        for h in range(horizon):
            out[j, h, at] = season[o + h] * middle
            out[j, h, at + 1] = season[o + h] * quick
        for k in range(len(gains)):
            root_rows(root, first, o, season, gains[k], at + 2 + k, out[j])


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
    """Fill columns at, at+1: last year's common factor times two levels of demand over it.

    The levels: smoothed by .4; a year's sales over a year's factors.
    """
    quick, n, t = 0.0, 0, 0
    for j in range(len(origins)):
        o = origins[j]
        while t < o:
            if not np.isnan(y[t]):
                n += 1
                quick = smooth(quick, y[t] / factor[t], 0.4, n)
            t += 1
        if not known[j] or n == 0:
            out[j, :, at] = out[j, :, at + 1] = out[j, :, 0]
            continue
        sold = made = 0.0
        for w in range(max(first, o - 52), o):
            if not np.isnan(y[w]):
                sold, made = sold + y[w], made + factor[w]
        year = sold / made if made > 0 else quick
        for h in range(out.shape[1]):
            week = o + h - period
            while week >= o:
                week -= period
            out[j, h, at] = quick * factor[week]
            out[j, h, at + 1] = year * factor[week]
