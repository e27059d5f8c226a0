"""The night that needs no models: last year's week, and how far it was off before.

It leans on as little of the other models as it can, so that what breaks them leaves it standing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl

from models import frames
from models.evidence_rows import EVIDENCE
from models.fits import MODEL_FITS
from models.forecast import Forecast
from models.hierarchy import Level, level_of, levels_in
from models.panel import Grid, Groups, Known, Panel, alive, in_order
from models.reconcile import to_grain
from models.spec import ForecastSpec
from models.types import Bools, Floats, Ints

RUNG = "seasonal_naive"
RECENT_WEEKS = 8
YEARS_OF_ERRORS = 2
DEFAULT_SPREAD = 0.75
"""Standard deviation over mean that is assumed before any error was seen; counts as 3 origins."""
PRIOR_ORIGINS = 3
EVERY_ORIGIN_SERIES, MAX_POOLED_SERIES = 500, 2000


@dataclass(frozen=True, slots=True)
class _Errors:
    """Past errors of one level, (O, N, H), in units of each series' mean; nan = none."""

    weekly: Floats
    summed: Floats


@dataclass(frozen=True, slots=True)
class _Bottom:
    """What is known of a target's bottom series, and their forecasts (S, H) from now on."""

    panel: Panel
    mean: Floats
    flat: Floats


def recent_means(y: Floats) -> Floats:
    """Return (S, T + 1) means of the last 8 known weeks before each week; nan before the first."""
    seen = ~np.isnan(y)
    start = np.zeros((len(y), 1))
    count = np.concatenate([start.astype(np.int64), np.cumsum(seen, axis=1)], axis=1)
    running = np.concatenate([start, np.cumsum(np.where(seen, y, 0.0), axis=1)], axis=1)
    by_count = np.zeros(running.shape)
    rows, weeks = np.nonzero(seen)
    by_count[rows, count[rows, weeks + 1]] = running[rows, weeks + 1]
    before = np.take_along_axis(by_count, np.maximum(count - RECENT_WEEKS, 0), axis=1)
    n = np.minimum(count, RECENT_WEEKS)
    mean = np.maximum(running - before, 0.0) / np.maximum(n, 1)
    return np.where(n > 0, mean, np.nan)


def seasonal_path(y: Floats, recent: Floats, origin: int, grid: Grid) -> Floats:
    """Return (S, H) forecasts that know the first ``origin`` weeks only; nan where none is known.

    Last year's same week where it is known, else the mean of the last 8 known weeks.
    """
    out = np.repeat(recent[:, origin : origin + 1], grid.horizon, axis=1)
    for h in range(grid.horizon):
        week = origin + grid.gap + h - grid.period
        while week >= origin:
            week -= grid.period
        if week >= 0:
            out[:, h] = np.where(np.isnan(y[:, week]), out[:, h], y[:, week])
    return out


def _origins(y: Floats, spec: ForecastSpec, gap: int) -> Ints:
    """Return ascending weeks known at past origins whose first week is known by now."""
    n_weeks = y.shape[1]
    stride = 1 if len(y) <= EVERY_ORIGIN_SERIES else 4
    low = max(1, n_weeks - YEARS_OF_ERRORS * spec.season_weeks)
    return np.arange(n_weeks - gap - 1, low - 1, -stride, dtype=np.int64)[::-1]


def _sums(values: Floats, groups: Groups) -> Floats:
    """Return (G, ...) sums by group in the rows' order; nan counts as nothing, nan where all are."""
    seen = ~np.isnan(values)
    total = np.zeros((groups.n, *values.shape[1:]))
    known = np.zeros(total.shape, dtype=np.int64)
    np.add.at(total, groups.codes, np.where(seen, values, 0.0))
    np.add.at(known, groups.codes, seen.astype(np.int64))
    return np.where(known > 0, total, np.nan)


def _scale(y: Floats) -> Floats:
    """Return (N,) means of the weeks known, a hair above zero at least."""
    seen = ~np.isnan(y)
    total = np.where(seen, y, 0.0).sum(axis=1)
    return np.asarray(np.maximum(total / np.maximum(seen.sum(axis=1), 1), 1e-6))


def _missed(y: Floats, recent: Floats, grid: Grid, levels: Sequence[Level]) -> list[_Errors]:
    """Return each level's past errors, jointly along each origin's path.

    At a level above, an error is the sum of its members' where both forecast and actual are known.
    """
    scales = [_scale(_sums(y, level.member)) for level in levels]
    rows = [_spread_out(level.member.n) for level in levels]
    found: list[list[Floats]] = [[] for _ in levels]
    for origin in grid.origins.tolist():
        came = y[:, origin + grid.gap : origin + grid.gap + grid.horizon]
        miss = np.full((len(y), grid.horizon), np.nan)
        miss[:, : came.shape[1]] = came
        miss -= seasonal_path(y, recent, origin, grid)
        for level, kept, some in zip(levels, found, rows, strict=True):
            kept.append(_sums(miss, level.member)[some])
    out = []
    ahead = np.arange(1, grid.horizon + 1, dtype=np.float64)
    for kept, scale, some in zip(found, scales, rows, strict=True):
        error = np.array(kept).reshape(-1, len(some), grid.horizon)
        size = scale[some][:, None]
        out.append(_Errors(error / size, np.cumsum(error, axis=2) / (ahead * size)))
    return out


def _spread_out(n: int) -> Ints:
    """Return at most 2000 of n rows, evenly spread: a cap on cost that needs no chance."""
    some = min(n, MAX_POOLED_SERIES)
    return (np.arange(some, dtype=np.int64) * n) // max(some, 1)


def _quantiles(error: Floats, centre: Floats, size: Floats, at: tuple[float, ...]) -> Floats:
    """Return (N, H, Q) around ``centre`` (N, H), errors pooled over series; ``size`` (N, H)."""
    start = np.array([DEFAULT_SPREAD * NormalDist().inv_cdf(q) for q in at])
    out = np.zeros((*centre.shape, len(at)))
    for h in range(centre.shape[1]):
        known = ~np.isnan(error[:, :, h])
        n = int(known.any(axis=1).sum())
        own = np.quantile(error[:, :, h][known], at) if n else start
        unit = (n * own + PRIOR_ORIGINS * start) / (n + PRIOR_ORIGINS)
        out[:, h] = centre[:, h, None] + size[:, h, None] * unit
    return np.asarray(np.maximum.accumulate(np.maximum(out, 0.0), axis=2))


def _level_forecast(
    target: str, low: _Bottom, level: Level, errors: _Errors, spec: ForecastSpec
) -> frames.LevelForecast:
    wanted = alive(low.panel)
    shown: Bools = np.bincount(level.member.codes, weights=wanted, minlength=level.member.n) > 0

    def total(values: Floats) -> Floats:
        return _sums(np.where(wanted[:, None], values, 0.0), level.member)[shown]

    mean = total(low.mean)
    ahead = np.arange(1, spec.horizon + 1, dtype=np.float64)
    size = np.repeat(_scale(_sums(low.panel.y, level.member))[shown, None], spec.horizon, axis=1)
    summed = _quantiles(
        errors.summed, np.cumsum(mean, axis=1), ahead * size, spec.cumulative_quantiles
    )
    summed = np.maximum.accumulate(summed, axis=1)
    return frames.LevelForecast(
        target=target,
        level=level.name,
        keys=level.keys.filter(pl.Series(shown)).with_columns(pl.lit(RUNG).alias("model")),
        mean=mean,
        baseline=mean,
        naive=mean,
        flat=total(low.flat),
        quantiles=_quantiles(errors.weekly, mean, size, spec.quantiles),
        cumulative=summed,
        cumulative_baseline=summed,
        signals=(),
        deltas=np.zeros((0, *mean.shape)),
    )


def _of_target(
    target: str, panel: Panel, spec: ForecastSpec, gap: int
) -> list[frames.LevelForecast]:
    if not len(panel.weeks) or not alive(panel).any():
        return []
    y, recent = panel.y, recent_means(panel.y)
    grid = Grid(_origins(y, spec, gap), spec.horizon, spec.season_weeks, gap)
    levels = [level_of(panel.series, name) for name in levels_in(panel.series, spec.levels)]
    path = seasonal_path(y, recent, y.shape[1], grid)
    flat = np.repeat(recent[:, -1:], spec.horizon, axis=1)
    low = _Bottom(panel, to_grain(np.nan_to_num(path)), to_grain(np.nan_to_num(flat)))
    errors = _missed(y, recent, grid, levels)
    return [
        _level_forecast(target, low, level, error, spec)
        for level, error in zip(levels, errors, strict=True)
    ]


def naive_night(known: Known, spec: ForecastSpec) -> Forecast:
    """Return a night's forecasts by the seasonal naive: every table as ``forecast`` gives it.

    Each bottom series is forecast as last year's same week, or as the mean of its last 8 known
    weeks where that is not known; levels above are exact sums. Quantiles are the rule's own past
    errors at the same horizon over the origins of the last two years, pooled by target and level
    in units of each series' mean; those of sums over weeks are from the errors of each origin
    summed. No signals, no evidence. ``naive_mean`` is the mean, ``flat_mean`` the recent mean.
    Deterministic and pure.
    """
    weekly, cumulative = [], []
    for target in sorted(known.panels):
        panel = in_order(known.panels[target])
        for part in _of_target(target, panel, spec, known.gap_weeks):
            ahead = np.arange(1, spec.horizon + 1) + known.gap_weeks
            weeks = panel.weeks[-1] + np.timedelta64(7, "D") * ahead
            weekly.append(frames.weekly_frame(part, known.cutoff, weeks, spec.quantiles))
            cumulative.append(
                frames.cumulative_frame(part, known.cutoff, weeks, spec.cumulative_quantiles)
            )
    first = pl.concat([frames.empty_weekly(spec.quantiles), *weekly])
    summed = pl.concat([frames.empty_cumulative(spec.cumulative_quantiles), *cumulative])
    rung = pl.lit(RUNG).alias("rung")
    return Forecast(
        first.with_columns(rung),
        summed.with_columns(rung),
        frames.empty_contributions(),
        pl.DataFrame(schema=EVIDENCE),
        pl.DataFrame(schema=MODEL_FITS),
    )
