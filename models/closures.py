"""Closures: runs of weeks in which a series that otherwise always sells sold nothing.

A shop that is shut for months says nothing about demand: its zeros are passed over like missing
weeks, and sums of demand hold it as if it were open (``sums_as_if_open``). Whether a run is a
closure is settled in its fourth week, from what had been seen until then, and for good; how long it
then lasts changes nothing. Panels in which single zeros are common have no closures.

Its first three weeks are closed from the fourth on, in hindsight: forecasts at a past origin inside
them pass over up to three zeros that were still read as demand at the time. That is all that later
weeks change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.compiled import compiled
from models.panel import Groups, Panel, alive, group_sums
from models.types import Bools, Floats, Ints

SHORTEST = 4
OPEN_BEFORE = 8
RARE = 0.02
SEASON_KNOWN, SEASON_MOST = 4, 3.0


@dataclass(frozen=True, slots=True)
class Closures:
    """``closed`` (S, T): weeks to pass over. ``lasting`` (S,): weeks that one at the end lasts."""

    closed: Bools
    lasting: Ints


@compiled
def _single_zeros(y: Floats, zeros: Ints, known: Ints) -> None:
    """Add, by the week in which it is told, zeros outside long runs and weeks known (T,)."""
    n_weeks = y.shape[1]
    for i in range(y.shape[0]):
        run, begun = 0, False
        for t in range(n_weeks):
            v = y[i, t]
            if v == 0.0:
                run += 1
                continue
            if begun and run < SHORTEST:
                zeros[t] += run
                known[t] += run
            run = 0
            if not np.isnan(v):
                begun = True
                known[t] += 1


@compiled
def _close(y: Floats, common: Bools, closed: Bools, lasting: Ints) -> None:
    """Fill closed weeks of every series, and how long a closure at the end lasts."""
    n_weeks = y.shape[1]
    for i in range(y.shape[0]):
        run = sold = zeros = shut = 0
        is_closed = False
        for t in range(n_weeks):
            if y[i, t] == 0.0:
                run += 1
                if run == SHORTEST:
                    rare = zeros <= max(1.0, RARE * (sold + zeros)) and not common[t]
                    is_closed = sold >= OPEN_BEFORE and rare and shut < sold
                continue
            if run and is_closed:
                closed[i, t - run : t] = True
                shut += run
            elif run and sold:
                zeros += run
            run, is_closed = 0, False
            if not np.isnan(y[i, t]):
                sold += 1
        if run and is_closed:
            closed[i, n_weeks - run :] = True
            lasting[i] = run


def closures(y: Floats) -> Closures:
    """Return the closures of a panel's demand (S, T)."""
    n_series, n_weeks = y.shape
    out = Closures(np.zeros((n_series, n_weeks), dtype=bool), np.zeros(n_series, dtype=np.int64))
    if not n_series or n_weeks < SHORTEST:
        return out
    zeros, known = np.zeros(n_weeks, dtype=np.int64), np.zeros(n_weeks, dtype=np.int64)
    values = np.ascontiguousarray(y)
    _single_zeros(values, zeros, known)
    common = np.cumsum(zeros) > RARE * np.cumsum(known)
    _close(values, common, out.closed, out.lasting)
    return out


def gaps(panel: Panel) -> Bools:
    """Return (S, T) weeks of which nothing is known though the series goes on: no stock, no record.

    From a series' first known week to its last one, or to the end where it is alive.
    """
    seen = ~np.isnan(panel.y)
    begun = np.cumsum(seen, axis=1) > 0
    later = np.cumsum(seen[:, ::-1], axis=1)[:, ::-1] > 0
    return np.asarray(~seen & begun & (later | alive(panel)[:, None]))


def open_weeks(panel: Panel) -> Panel:
    """Return the panel with closed weeks unknown, and how long closures at its end have lasted.

    What a series that has ended since did not sell after its last sale is an end and no closure:
    unknown too. ``closed`` is every week in which a series goes on and says nothing, closed or not.
    """
    found = closures(panel.y)
    if not np.isnan(panel.y).any() and not found.closed.any():
        return panel
    y = np.where(found.closed, np.nan, panel.y)
    shut = replace(panel, y=y, closed_for=found.lasting)
    found.lasting[~alive(shut)] = 0
    silent = gaps(shut)
    if not found.lasting.any():
        shut = replace(shut, closed_for=None)
    return replace(shut, closed=silent) if silent.any() else shut


@compiled
def _expected(y: Floats, t: int, period: int) -> float:
    """Return what a series with weeks y (T,) is expected to sell in week t, from weeks before t."""
    total = before = 0.0
    n = pairs = 0
    for u in range(t - 1, -1, -1):
        if n == OPEN_BEFORE:
            break
        if np.isnan(y[u]):
            continue
        total, n = total + y[u], n + 1
        if u >= period and not np.isnan(y[u - period]):
            before, pairs = before + y[u - period], pairs + 1
    season = np.nan
    year = y[t - period] if t >= period else np.nan
    if pairs >= SEASON_KNOWN and before > 0.0 and not np.isnan(year):
        season = min(max(year / (before / pairs), 1.0 / SEASON_MOST), SEASON_MOST)
    level = total / n if n else np.nan
    return level if np.isnan(season) else level * season


@compiled
def _fill(y: Floats, closed: Bools, period: int, out: Floats) -> None:
    """Put into closed weeks of out what their series is expected to sell were it on sale."""
    for i in range(y.shape[0]):
        for t in range(y.shape[1]):
            if closed[i, t]:
                out[i, t] = _expected(y[i], t, period)


def as_if_open(y: Floats, closed: Bools | None, period: int) -> Floats:
    """Return demand (S, T), nan where closed, with those weeks filled from weeks before each alone.

    With the mean of the eight known weeks before it, times last year's same week over the mean of
    the same eight a year before, in [1/3, 3], where four of those at least are known, and it is.
    """
    if closed is None:
        return y
    out = y.copy()
    _fill(np.ascontiguousarray(y), closed, period, out)
    return out


def sums_as_if_open(y: Floats, closed: Bools | None, groups: Groups, period: int) -> Floats:
    """Return (G, T) sums of demand that do not dip where members are closed.

    Members' forecasts are those of open series: set beside the sums', both mean the same.
    """
    return group_sums(as_if_open(y, closed, period), groups)


def reopening(lasting: Ints, ahead: Ints) -> Floats:
    """Return (S, H) probabilities that a closure is over ``ahead`` (H,) weeks on: h / (r + h).

    r: the weeks that it has lasted, ``lasting`` (S,). 1 for a series that is open.
    """
    weeks = ahead[None, :].astype(np.float64)
    return np.asarray(weeks / (lasting[:, None] + weeks))


def open_again(closed_for: Ints | None, ahead: Ints) -> Floats | None:
    """Return ``reopening`` chances, None where no series of a panel is closed."""
    if closed_for is None or not closed_for.any():
        return None
    return reopening(closed_for, ahead)


def thinned(made: Floats, quantiles: tuple[float, ...], open_: Floats) -> Floats:
    """Return quantiles (S, H, Q) of demand that is zero unless open, with chance open_ (S, H).

    At level tau: 0 where tau <= 1 - pi, else the quantile at (tau - 1 + pi) / pi, between the
    published levels by linear interpolation.
    """
    out, levels = made.copy(), np.asarray(quantiles)
    for i, h in np.argwhere(open_ < 1.0) if len(levels) else ():
        pi = open_[i, h]
        inside = (levels - 1.0 + pi) / max(pi, 1e-9)
        shown = np.interp(inside, levels, made[i, h])
        out[i, h] = np.where(inside <= 0.0, 0.0, shown)
    return out


def thinned_sums(made: Floats, quantiles: tuple[float, ...], open_: Floats, mean: Floats) -> Floats:
    """Return quantiles (S, H, Q) of demand summed from horizon 1 of series that may be closed.

    ``made``: those of open series, whose weeks have the ``mean`` (S, H). Once open, a series has
    been so for a part of the weeks: sums are scaled by the mean share that they then hold.
    """
    whole = np.cumsum(mean, axis=1)
    told = np.cumsum(mean * open_, axis=1) / open_
    share = np.where(whole > 0, np.minimum(told / np.where(whole > 0, whole, 1.0), 1.0), 1.0)
    shared = np.where((open_ < 1.0)[:, :, None], made * share[:, :, None], made)
    return np.asarray(np.maximum.accumulate(thinned(shared, quantiles, open_), axis=1))
