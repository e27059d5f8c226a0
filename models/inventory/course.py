"""Demand of the days ahead from the forecasts of weeks: what is expected, and its distribution.

Forecasts tell quantiles of demand summed over whole weeks from the start of horizon 1. A plan asks
for the days after as_of, in the middle of a week and up to the middle of another. Expected demand
is laid on days by the shares that weekdays have. The distribution of any such span keeps the shape
of the whole weeks' sums beside it, about its own mean m, with a variance of a m + b m²: noise of
its own and errors of the level, both read from how the published spread grows with the horizon.
A span of whole weeks has the published quantiles themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from models.types import Bools, Floats

WEEK = 7
TAIL_WEEKS = 4
"""Beyond the horizon demand goes on at the mean of as many last weeks."""
OUTER = 0.05, 0.95
_WIDTH = float(ndtri(OUTER[1]) - ndtri(OUTER[0]))
_LEAST = 1e-300
"""What is told by less is nothing: dividing by it may overflow."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Forecasts of N SKUs: means (N, H) of weeks, and quantiles (N, H, Q) of their sums from 1 on.

    ``levels`` (Q,) ascend. ``whole`` (N,): quantiles are whole numbers.
    """

    mean: Floats
    summed: Floats
    levels: tuple[float, ...]
    whole: Bools


@dataclass(frozen=True, slots=True)
class Running:
    """Where in horizon 1 the plan begins: ``passed`` days of it are over at the end of as_of.

    ``sold`` (N,): what the first ``seen`` days of it have sold; ``weekdays`` (N, 7): shares of a
    week's demand from its first day on, adding up to 1.
    """

    passed: int
    seen: int
    sold: Floats
    weekdays: Floats


@dataclass(frozen=True, slots=True)
class Course:
    """Demand after as_of by day: see ``expected`` and ``quantiles``; made by ``course_of``."""

    starts: Floats
    weeks: Floats
    days: Floats
    passed: int
    noise: Floats
    level: Floats
    shape: Floats
    reach: Floats
    weights_at: tuple[float, ...]
    whole: Bools

    @property
    def last_day(self) -> int:
        """Days after as_of that the forecast covers."""
        return int(WEEK * (self.weeks.shape[1] - 1) - self.passed)

    def expected(self, ahead: Floats) -> Floats:
        """Return (N, T) expected demand of the first ``ahead`` (N, T) days after as_of.

        Days may be fractions; what lies beyond the horizon goes on at its last weeks' mean.
        """
        at = np.maximum(ahead, 0.0) + self.passed
        week = np.minimum(at // WEEK, self.weeks.shape[1] - 1).astype(np.int64)
        inside = at - WEEK * week
        rows = np.arange(len(at))[:, None]
        share = _shares(self.days, np.minimum(inside, WEEK))
        beyond = week == self.weeks.shape[1] - 1
        share = np.where(beyond, inside / WEEK, share)
        begun = np.where(week == 0, _shares(self.days, np.full_like(at, self.passed)), 0.0)
        within = self.weeks[rows, week] * (share - begun)
        return np.asarray(self.starts[rows, week] + within)

    def quantiles(self, ahead: Floats, levels: Sequence[float] | Floats) -> Floats:
        """Return (N, T, L) quantiles of that demand at ``levels`` (L,), or (N, L): each row's own.

        They ascend with the level and are whole numbers where the forecasts' are.
        """
        asked = np.asarray(levels, dtype=np.float64)
        between = interpolation(self.weights_at, asked)
        shape = (
            self.shape @ between.T
            if asked.ndim == 1
            else np.einsum("nhq,nlq->nhl", self.shape, between)
        )
        mean = self.expected(ahead)
        low, high, weight = self._beside(ahead)
        rows = np.arange(len(mean))[:, None]
        spread = np.sqrt(self.noise[:, None] * mean + self.level[:, None] * mean**2)
        spread *= (1 - weight) * self.reach[rows, low] + weight * self.reach[rows, high]
        part = weight[:, :, None]
        away = (1 - part) * shape[rows, low] + part * shape[rows, high]
        made = np.maximum(mean[:, :, None] + spread[:, :, None] * away, 0.0)
        return np.asarray(np.where(self.whole[:, None, None], np.rint(made), made))

    def _beside(self, ahead: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the sums of whole weeks (0-based) beside each span, and the second one's weight."""
        sums = (np.maximum(ahead, 0.0) + self.passed) / WEEK
        most = self.shape.shape[1]
        low = np.clip(np.floor(sums), 1, most)
        high = np.clip(np.ceil(sums), 1, most)
        weight = np.where(high > low, sums - low, 0.0)
        return (low - 1).astype(np.int64), (high - 1).astype(np.int64), weight


def _shares(days: Floats, inside: Floats) -> Floats:
    """Return (N, T) shares of a week that have passed after ``inside`` (N, T) days, 0 to 7."""
    whole = np.minimum(inside // 1, WEEK - 1).astype(np.int64)
    rows = np.arange(len(days))[:, None]
    return np.asarray(
        days[rows, whole] + (inside - whole) * (days[rows, whole + 1] - days[rows, whole])
    )


def interpolation(known: Sequence[float], asked: Floats) -> Floats:
    """Return (..., Q) weights by which quantiles at ``known`` levels give those ``asked`` (...).

    Linear in normal scores, so a normal distribution is met exactly, also beyond the outer levels.
    """
    at, scores = ndtri(np.asarray(known, dtype=np.float64)), ndtri(asked)
    right = np.clip(np.searchsorted(at, scores), 1, len(at) - 1)
    share = (scores - at[right - 1]) / (at[right] - at[right - 1])
    out = np.zeros((*asked.shape, len(at)))
    np.put_along_axis(out, right[..., None] - 1, (1 - share)[..., None], axis=-1)
    np.put_along_axis(out, right[..., None], share[..., None], axis=-1)
    return out


def spread_parts(mean: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Return a and b (N,) of the variance a m + b m² that sums with ``mean`` and ``spread`` show.

    Both (N, H), by least squares of spread² / mean on mean; neither is below 0.
    """
    known = (mean > 0) & (spread > 0)
    x = np.where(known, mean, 0.0)
    y = np.where(known, spread**2 / np.where(known, mean, 1.0), 0.0)
    n = np.maximum(known.sum(axis=1), 1)
    x_mean, y_mean = x.sum(axis=1) / n, y.sum(axis=1) / n
    away = np.where(known, x - x_mean[:, None], 0.0)
    power = (away**2).sum(axis=1)
    slope = (away * y).sum(axis=1) / np.where(power > 0, power, 1.0)
    through = (x * y).sum(axis=1) / np.maximum((x**2).sum(axis=1), 1e-300)
    level = np.where(slope < 0, 0.0, slope)
    noise = y_mean - level * x_mean
    return np.maximum(noise, 0.0), np.where(noise < 0, through, level)


def pace(noise: Floats, level: Floats, due: Floats, sold: Floats) -> Floats:
    """Return (N,) by what to multiply the rest of a week, ``sold`` in the part that let expect ``due``.

    The posterior mean of a level with prior mean 1 and variance ``level``, seen through counts with
    variance ``noise`` times their mean (gamma and Poisson are conjugate): 1 while nothing is due,
    moved the more, the less sure the forecast and the less noisy the count.
    """
    worth = level * np.maximum(due, 0.0)
    told = worth + noise
    known = told > _LEAST
    safe = np.where(known, told, 1.0)
    return np.asarray(np.where(known, (noise + level * sold) / safe, 1.0))


def course_of(outlook: Outlook, running: Running) -> Course:
    """Return the course of demand after as_of; horizon 1 counts what it has sold so far."""
    sums = np.cumsum(outlook.mean, axis=1)
    outer = outlook.summed @ interpolation(outlook.levels, np.asarray(OUTER)).T
    spread = (outer[:, :, 1] - outer[:, :, 0]) / _WIDTH
    noise, level = spread_parts(sums, spread)
    fitted = np.sqrt(noise[:, None] * sums + level[:, None] * sums**2)
    reach = np.where(fitted > 0, spread / np.where(fitted > 0, fitted, 1.0), 0.0)
    safe = np.where(spread > 0, spread, 1.0)[:, :, None]
    shape = np.where(spread[:, :, None] > 0, (outlook.summed - sums[:, :, None]) / safe, 0.0)
    days = np.concatenate([np.zeros((len(sums), 1)), np.cumsum(running.weekdays, axis=1)], axis=1)
    first = outlook.mean[:, 0]
    faster = pace(noise, level, first * days[:, running.seen], running.sold)
    weeks = outlook.mean.copy()
    weeks[:, 0] = first * np.where(running.seen > 0, faster, 1.0)
    rest = weeks.copy()
    rest[:, 0] *= 1 - days[:, running.passed]
    starts = np.concatenate([np.zeros((len(sums), 1)), np.cumsum(rest, axis=1)], axis=1)
    tail = outlook.mean[:, -TAIL_WEEKS:].mean(axis=1, keepdims=True)
    return Course(
        starts,
        np.concatenate([weeks, tail], axis=1),
        days,
        running.passed,
        noise,
        level,
        shape,
        reach,
        outlook.levels,
        outlook.whole,
    )
