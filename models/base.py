"""Forecasts of one panel from its own history: experts, weights, quantiles. No signals here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models import ensemble, intervals, levels
from models.extras import Extra, joined
from models.grams import Trials, combined
from models.optimism import optimism
from models.panel import Grid, Groups
from models.spec import ForecastSpec, bands
from models.types import Floats, Ints, Singles

FULL_GRID_SERIES = 500


@dataclass(frozen=True, slots=True)
class History:
    """What a base forecast is made from: demand y (S, T), pooling groups, gap weeks to skip.

    ``over`` (S,): weeks known when a series had ended; it has no forecast from any later origin.
    None: no series has ended.
    """

    y: Floats
    groups: Groups
    gap: int = 0
    over: Ints | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """Experts' forecasts (R, U, H, E) at origins (U,), ascending; ``rows`` (S,): whose they are.

    An origin's do not depend on later weeks, so one array serves every cutoff that has them.
    """

    forecasts: Singles
    origins: Ints
    rows: Ints


@dataclass(frozen=True, slots=True)
class Base:
    """Forecasts of S series at the cutoff and, for judging them, at O inner origins.

    mean, naive, flat: (S, H). centre: (S, H), middle of the distribution. inner_mean and
    inner_centre: (S, O, H), nan where the series had not begun. actual: (S, O, H), nan where not
    known. origins: (O,) weeks known at each. Column h is the week origin + gap + h. optimism (B,):
    by what errors ahead exceed past ones in each band, nan = not known.
    """

    mean: Floats
    centre: Floats
    naive: Floats
    flat: Floats
    inner_mean: Floats
    inner_centre: Floats
    actual: Floats
    origins: Ints
    optimism: Floats


def zero_based_bands(horizon: int) -> tuple[tuple[int, int], ...]:
    """Return horizon bands as 0-based half-open ranges."""
    return tuple((low - 1, high) for _, low, high in bands(horizon))


def naive_forecast(y: Floats, grid: Grid) -> Floats:
    """Return (S, H): last year's same week where known, else the last known value, else 0.

    Only the grid's horizon, gap and period are used: the origin is the end of y.
    """
    n_weeks = y.shape[1]
    seen = ~np.isnan(y)
    last = np.where(seen.any(axis=1), n_weeks - 1 - seen[:, ::-1].argmax(axis=1), 0)
    fallback = np.nan_to_num(y[np.arange(len(y)), last]) if n_weeks else np.zeros(len(y))
    out = np.repeat(fallback[:, None], grid.horizon, axis=1)
    for h in range(grid.horizon):
        week = n_weeks + grid.gap + h - grid.period
        while week >= n_weeks:
            week -= grid.period
        if week >= 0:
            out[:, h] = np.where(seen[:, week], np.nan_to_num(y[:, week]), out[:, h])
    return out


def stride_for(n_series: int) -> int:
    """Return weeks between inner origins: every second week, every fourth on large panels."""
    return 2 if n_series <= FULL_GRID_SERIES else 4


def grid_of(n_weeks: int, spec: ForecastSpec, gap: int, stride: int) -> Grid:
    """Return the inner origins and, last, the cutoff itself."""
    inner = levels.inner_origins(n_weeks, spec.season_weeks, stride)
    return Grid(np.append(inner, n_weeks), spec.horizon, spec.season_weeks, gap)


def try_experts(y: Floats, groups: Groups, grid: Grid) -> Tried:
    """Return what every expert says of every series at every origin of the grid."""
    return Tried(levels.expert_forecasts(y, groups, grid), grid.origins, np.arange(len(y)))


def _chosen(
    history: History, grid: Grid, extra: Extra | None, tried: Tried | None
) -> tuple[Singles, Ints, Ints]:
    """Return forecasts (R, U, H, E), and the rows and origins among them that the grid means."""
    told = try_experts(history.y, history.groups, grid) if tried is None else tried
    at = np.searchsorted(told.origins, grid.origins)
    if extra is None:
        return told.forecasts, told.rows, at
    own = joined(told.forecasts[told.rows[:, None], at], extra, levels.FLAT)
    return own, np.arange(len(own)), np.arange(len(at))


def forecast_base(
    history: History,
    spec: ForecastSpec,
    stride: int,
    extra: Extra | None = None,
    tried: Tried | None = None,
) -> Base:
    """Return the base forecasts of a panel; its groups share season and weights.

    ``extra`` experts stand on the grid of ``grid_of(n_weeks, spec, history.gap, stride)`` and are
    weighed as one more family. ``tried``: the experts' forecasts where they are known already, of
    the same past; at least at that grid's origins.
    """
    y = history.y
    n_weeks = y.shape[1]
    grid = grid_of(n_weeks, spec, history.gap, stride)
    inner = Grid(grid.origins[:-1], grid.horizon, grid.period, grid.gap)
    forecasts, rows, at = _chosen(history, grid, extra, tried)
    trials = Trials(
        forecasts,
        rows,
        at[:-1],
        levels.targets(y, inner),
        ensemble.error_scale(y),
        ensemble.row_decay(inner, n_weeks),
        float(n_weeks - inner.origins[0]) if len(inner.origins) else 1.0,
    )
    edges = zero_based_bands(spec.horizon)
    families = ensemble.families_tried(n_weeks, spec.season_weeks)
    weights = ensemble.weights_of(trials, history.groups, edges, families)
    mean, centre = combined((forecasts, rows, at), weights, edges)
    targets = inner.origins[:, None] + grid.gap + np.arange(grid.horizon)[None, :]
    if history.over is not None:
        gone = grid.origins[None, :] > history.over[:, None]
        mean[gone], centre[gone] = np.nan, np.nan
    return Base(
        mean=np.nan_to_num(mean[:, -1]),
        centre=np.nan_to_num(centre[:, -1]),
        naive=naive_forecast(y, grid),
        flat=np.nan_to_num(forecasts[rows, at[-1], :, levels.FLAT].astype(np.float64)),
        inner_mean=mean[:, :-1],
        inner_centre=centre[:, :-1],
        actual=trials.actual,
        origins=inner.origins,
        optimism=optimism(trials, targets, history.groups, edges, families),
    )


def weekly_quantiles(
    history: History,
    past: intervals.Past,
    centre: Floats,
    spec: ForecastSpec,
    rate: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return (S, H, Q) calibrated quantiles around ``centre`` (S, H) from past forecasts.

    Also those of the first week alone at the cumulative quantiles, (S, Q): demand summed over one
    week is that week's. ``rate`` (S, H): the means, with ``past.rate`` the past ones; None where
    the centre is the mean.
    """
    both = tuple(sorted({*spec.quantiles, *spec.cumulative_quantiles}))
    bands, year = zero_based_bands(spec.horizon), spec.season_weeks
    plan = intervals.Plan(bands, both, about_mean=rate is None, year=year)
    mean = intervals.series_mean(history.y)
    made = intervals.band_quantiles(past, centre, mean, history.groups, plan, rate=rate)
    if not spec.cumulative_quantiles:
        return made, made[:, 0, :0]
    weekly = [both.index(q) for q in spec.quantiles]
    summed = [both.index(q) for q in spec.cumulative_quantiles]
    return made[:, :, weekly], made[:, 0, summed]


def cumulative_quantiles(
    history: History, past: intervals.Past, mean: Floats, first: Floats, spec: ForecastSpec
) -> Floats:
    """Return (S, H, Q) quantiles of demand summed from horizon 1, from joint error paths.

    ``first`` (S, Q) are the first week's. They never fall from one horizon to the next. Where no
    levels are asked for, Q is 0.
    """
    if not spec.cumulative_quantiles:
        return np.empty((*mean.shape, 0))
    weeks = np.arange(1, spec.horizon + 1, dtype=np.float64)
    bands, year = zero_based_bands(spec.horizon), spec.season_weeks
    plan = intervals.Plan(bands, spec.cumulative_quantiles, weeks, year=year)
    summed = intervals.Past(
        np.cumsum(past.forecast, axis=2), np.cumsum(past.actual, axis=2), past.weeks
    )
    level = intervals.series_mean(history.y)
    made = intervals.band_quantiles(summed, np.cumsum(mean, axis=1), level, history.groups, plan)
    made[:, 0] = first
    return np.asarray(np.maximum.accumulate(made, axis=1))
