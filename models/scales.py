"""Scales of past errors: by the forecast's size, the series, the horizon, and a year not yet seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.panel import Groups
from models.parallel import over_shards
from models.types import Floats, Ints

POWER = 0.6
PRIOR_DISPERSION = 0.6
SEASON, LEVEL_LAG = 0.2, 4
MEMORY_WEEKS = 13


def spread(forecast: Floats, mean: Floats) -> Floats:
    """Return the error scale at a forecast: mean * (max(f, .2 mean) / mean) ** .6."""
    m = mean.reshape(-1, *([1] * (forecast.ndim - 1)))
    return np.asarray(m * (np.maximum(forecast, 0.2 * m) / m) ** POWER)


@compiled
def _scale_errors(  # noqa: PLR0917 - compiled code takes plain arrays
    forecast: Floats, actual: Floats, mean: Floats, n: Floats, rows: Ints, u: Floats
) -> None:
    """Fill u (R, O, H) with the scaled errors of the rows asked for."""
    for k in range(len(rows)):
        i = rows[k]
        m = mean[i]
        for j in range(u.shape[1]):
            for h in range(u.shape[2]):
                f = forecast[i, j, h] / n[h]
                e = actual[i, j, h] / n[h] - f
                u[k, j, h] = e / (m * (max(f, 0.2 * m) / m) ** POWER)


@compiled
def _sizes(  # noqa: PLR0917 - compiled code takes plain arrays
    forecast: Floats,
    actual: Floats,
    mean: Floats,
    n: Floats,
    rows: Ints,
    start: int,
    stop: int,
    size: Floats,
) -> None:
    """Add absolute scaled errors and their counts of some of the rows asked for to size (2, S, H)."""
    for k in range(start, stop):
        i = rows[k]
        m = mean[i]
        for j in range(forecast.shape[1]):
            for h in range(forecast.shape[2]):
                f = forecast[i, j, h] / n[h]
                e = actual[i, j, h] / n[h] - f
                if not np.isnan(e):
                    size[0, i, h] += abs(e) / (m * (max(f, 0.2 * m) / m) ** POWER)
                    size[1, i, h] += 1.0


@dataclass(frozen=True, slots=True)
class Scaling:
    """Past forecasts and what came (S, O, H; nan = none), what sets scales, and the rows meant.

    ``mean`` (S,) of weekly demand; column h is the sum over n[h] weeks; ``rows`` (R,) ascend.
    """

    forecast: Floats
    actual: Floats
    mean: Floats
    n: Floats
    rows: Ints

    def errors(self, rows: Ints) -> Floats:
        """Return (R, O, H) errors of some rows over the scale at each forecast."""
        u = np.empty((len(rows), *self.forecast.shape[1:]))
        _scale_errors(self.forecast, self.actual, self.mean, self.n, rows, u)
        return u

    def sizes(self) -> tuple[Floats, Floats]:
        """Return (S, H) sums of absolute scaled errors, and counts; 0 in rows that are not meant."""
        size = np.zeros((2, len(self.mean), self.forecast.shape[2]))

        def work(start: int, stop: int) -> None:
            _sizes(self.forecast, self.actual, self.mean, self.n, self.rows, start, stop, size)

        over_shards(len(self.rows), work)
        return size[0], size[1]


def by_horizon(size: Floats, rows: Floats) -> Floats:
    """Return (H,) mean absolute scaled errors of a panel (S, H), never falling with the horizon.

    (Those of sums over n weeks are taken times the root of n: they fall no faster than if weeks
    were independent.) Fewer errors are known of far horizons: neighbours that fall are averaged by their counts
    (isotonic regression). A horizon without any takes the last before it; 1 when there is none.
    """
    total, known = size.sum(axis=0), rows.sum(axis=0)
    blocks: list[tuple[float, float, int]] = []
    for h in range(len(total)):
        block = (float(total[h]), float(known[h]), 1)
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1], before[2] + block[2])
        blocks.append(block)
    steps = [np.full(b[2], b[0] / b[1] if b[1] and b[0] > 0 else 1.0) for b in blocks]
    return np.concatenate(steps) if steps else np.ones(0)


def dispersion(size: Floats, rows: Floats, groups: Groups, n_weeks: float) -> Floats:
    """Return (S,) mean absolute scaled errors, shrunk to the group's and the panel's."""
    panel = (size.sum() + PRIOR_DISPERSION) / (rows.sum() + 1.0)
    by_group = np.bincount(groups.codes, weights=size, minlength=groups.n)
    group_rows = np.bincount(groups.codes, weights=rows, minlength=groups.n)
    group = ((by_group + 20 * panel) / (group_rows + 20))[groups.codes]
    weight = n_weeks * rows / max(rows.max(initial=0.0), 1.0)
    mean = size / np.maximum(rows, 1.0)
    return np.asarray(np.maximum((weight * mean + 6 * group) / (weight + 6), 0.05 * panel))


def unseen_season(weeks: Ints, horizon: int, year: int, *, summed: bool) -> Floats:
    """Return (H,) relative standard deviations of a season that no year of history has shown.

    Zero once a year is known. Before, demand is taken to move over the year by SEASON (root mean
    square, relative), so that it has moved by the root of 2 - 2 cos of the way gone.
    """
    known = int(weeks[-1]) + 1 if len(weeks) else 0
    if known >= year + 4:
        return np.zeros(horizon)
    way = 2 * np.pi * (np.arange(1, horizon + 1) + LEVEL_LAG) / year
    moved = SEASON * np.sqrt(2 - 2 * np.cos(way))
    if not summed:
        return np.asarray(moved)
    return np.asarray(np.cumsum(moved) / np.arange(1, horizon + 1))


def youth(forecast: Floats, weeks: Ints) -> Floats:
    """Return (S,) how many variances of one week's demand a young series' level is less sure by.

    Past forecasts (S, O, H) from origins at ``weeks`` (O,) tell since when a series is known: k
    weeks make a level with 1/k of the variance, an old series' with 1/MEMORY_WEEKS, which is in
    past errors already.
    """
    begun = ~np.isnan(forecast[:, :, 0])
    known = np.ones(len(forecast))
    if len(weeks):
        since = int(weeks[-1]) + 2 - weeks[np.argmax(begun, axis=1)]
        known = np.where(begun[:, 0], MEMORY_WEEKS, np.where(begun.any(axis=1), since, 1))
    return np.asarray(np.maximum(1 / known - 1 / MEMORY_WEEKS, 0.0))
