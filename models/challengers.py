"""State-space challengers: forecasts that join the experts and are used where they win.

Every series is taken to the square-root scale, which tames bulk orders and counts alike, and given
to ``statespace.WanderingLevel`` once for each pace at which its level may wander. What is unknown
of it is estimated on the weeks before the oldest inner origin, carried forward by one pass of the
filter for all inner origins, and estimated once more, on all weeks, for the cutoff. So no forecast
at an origin rests on a week at or after it, and a series' forecasts depend on itself alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.extras import Extra
from models.panel import Grid, Groups
from models.seasonality import Season, harmonics, seasons_at
from models.statespace import ASSUMED, FITTED, Fit, WanderingLevel, fit, predict
from models.types import Bools, Floats, Ints

SETTLED, MOVING = "state_settled", "state_moving"
PACES: Mapping[str, float] = {SETTLED: 0.003, MOVING: 0.03}
"""Challengers and the variance of their level's weekly drift, relative to a week's news."""
BOTTOM_PACES: Mapping[str, float] = {SETTLED: PACES[SETTLED]}
"""Those that earn their cost at the bottom, where a freely moving level adds nothing (measured)."""
FEW_SERIES = 200
"""Bottoms of at most so many series are challenged by default: some 2 s a target and night."""
WAVE_OWN, WAVE_POOLED, DRIVER = 1.0, 0.1, 0.3
CAP, CAP_WEEKS, CAP_KNOWN = 3.0, 26, 8
MEAN_WEEKS, MIN_KNOWN = 26, 8
SKEW = 0.5
MEAN, NONE = "mean", "none"
RUNGS = (FITTED, ASSUMED, MEAN, NONE)


@dataclass(frozen=True, slots=True)
class Challenge:
    """Challengers' forecasts, and how each of them was fitted.

    ``rung`` and ``converged``, (S, K), speak of the fit at the cutoff. Rungs: "full" is fitted,
    "assumed" runs with an assumed parameter (history too short, or the search found none), "mean"
    is the seasonal mean of the last half year, "none" nothing (too little is known).
    """

    extra: Extra
    rung: tuple[tuple[str, ...], ...]
    converged: Bools


@dataclass(frozen=True, slots=True)
class _Task:
    """One series: its grid, season seen from each origin (O+1, T+gap+H), regressors (T+gap+H, P).

    The last ``n_drivers`` regressors are drivers, in their own units; the others are waves.
    """

    y: Floats
    grid: Grid
    season: Floats
    regressors: Floats
    n_drivers: int
    wave: float


@dataclass(frozen=True, slots=True)
class _Run:
    """Forecasts (O, H) over season, and the fit behind them."""

    forecast: Floats
    fit: Fit


def capped(y: Floats) -> Floats:
    """Return y (S, T) with no week above three times the largest of the 26 weeks before it.

    Fewer than eight known weeks before it cap nothing. A week depends on itself and earlier ones.
    """
    out = y.copy()
    for week in range(CAP_KNOWN, y.shape[1]):
        before = y[:, max(0, week - CAP_WEEKS) : week]
        known = ~np.isnan(before)
        top = np.where(known, before, 0.0).max(axis=1)
        usable = (known.sum(axis=1) >= CAP_KNOWN) & (top > 0)
        out[:, week] = np.minimum(y[:, week], np.where(usable, CAP * top, np.inf))
    return out


def _as_seen(season: Floats, origins: Ints, n_weeks: int) -> Floats:
    """Return (T,) season of each week as seen from the newest inner origin at or before it."""
    week = np.arange(n_weeks)
    row = np.clip(np.searchsorted(origins, week, side="right") - 1, 0, len(origins) - 1)
    return np.asarray(season[row, week])


def _scaled(task: _Task, n_fit: int) -> Floats:
    """Return the regressors with drivers standardised on the first n_fit weeks, unknown ones 0."""
    out = task.regressors.copy()
    for column in range(out.shape[1] - task.n_drivers, out.shape[1]):
        known = out[:n_fit, column][~np.isnan(out[:n_fit, column])]
        spread = float(known.std()) if len(known) else 0.0
        middle = float(known.mean()) if len(known) else 0.0
        usable = spread > 1e-9 * max(1.0, abs(middle))
        out[:, column] = (out[:, column] - middle) / spread if usable else 0.0
    return np.nan_to_num(out)


def _run(task: _Task, relative: Floats, n_fit: int, origins: Ints, drift: float) -> _Run:
    """Return forecasts of ``relative`` (T,), demand over its season, fitted on n_fit weeks."""
    regressors = _scaled(task, n_fit)
    prior = np.full(regressors.shape[1], task.wave)
    prior[len(prior) - task.n_drivers :] = DRIVER
    x = np.sqrt(relative)
    known = x[:n_fit][~np.isnan(x[:n_fit])]
    middle = float(known.mean()) if len(known) else 0.0
    steps = task.grid.gap + np.arange(task.grid.horizon)
    model = WanderingLevel(x - middle, regressors[: len(x)], prior, drift)
    fitted = fit(model, n_fit)
    ahead = predict(model, fitted.phi, origins, steps, regressors)
    root = np.maximum(ahead.mean + middle, 0.0)
    return _Run(root**2 + SKEW * ahead.variance[:, None], fitted)


def _mean(task: _Task) -> Floats:
    """Return (O+1, H) the mean of the half year before each origin, in season; nan without any."""
    grid = task.grid
    out = np.full((len(grid.origins), grid.horizon), np.nan)
    for j, origin in enumerate(grid.origins.tolist()):
        recent = (task.y[:origin] / task.season[j, :origin])[-MEAN_WEEKS:]
        recent = recent[~np.isnan(recent)]
        if len(recent):
            out[j] = recent.mean()
    return out


def _one(task: _Task, drift: float) -> tuple[Floats, str, bool]:
    """Return (O+1, H) forecasts of one series at one pace, the rung reached, and convergence."""
    grid, n_weeks = task.grid, len(task.y)
    inner = grid.origins[:-1]
    weeks = grid.origins[:, None] + grid.gap + np.arange(grid.horizon)[None, :]
    season = task.season[np.arange(len(grid.origins))[:, None], weeks]
    try:
        now = _run(task, task.y / task.season[-1, :n_weeks], n_weeks, grid.origins[-1:], drift)
        out, fitted = now.forecast, now.fit
        if len(inner):
            seen = task.y / _as_seen(task.season[:-1], inner, n_weeks)
            out = np.vstack([_run(task, seen, int(inner[0]), inner, drift).forecast, out])
    except Exception:  # noqa: BLE001 - a challenger that fails must not end the night
        out, fitted = np.full(weeks.shape, np.nan), Fit(np.nan, converged=False, rung=MEAN)
    if np.isfinite(out).all():
        return out * season, fitted.rung, fitted.converged
    mean = _mean(task)
    return mean * season, MEAN if np.isfinite(mean[-1]).all() else NONE, False


def _tasks(
    y: Floats, groups: Groups, grid: Grid, season: Season | None, drivers: Floats | None
) -> list[_Task]:
    """Return every series' task; waves of its own where a whole year precedes every origin."""
    n_weeks = y.shape[1]
    span = n_weeks + grid.gap + grid.horizon
    shown = seasons_at(season, groups.n, grid, span)
    wave = WAVE_OWN if season is None else WAVE_POOLED
    years = int(grid.origins[0]) >= grid.period
    waves = np.sqrt(2.0) * harmonics(span, grid.period) if years else np.zeros((span, 0))
    known = capped(y)
    tasks = []
    for i, group in enumerate(groups.codes.tolist()):
        own = np.zeros((span, 0)) if drivers is None else drivers[i]
        regressors = np.column_stack([waves, own])
        tasks.append(_Task(known[i], grid, shown[group], regressors, own.shape[1], wave))
    return tasks


def challenge(
    y: Floats,
    groups: Groups,
    grid: Grid,
    *,
    season: Season | None = None,
    drivers: Floats | None = None,
    paces: Mapping[str, float] = PACES,
) -> Challenge:
    """Return challengers' forecasts of y (S, T) at the grid's inner origins and cutoff.

    ``season``: the pooled one (``models.seasonality.pooled_season`` on the same grid) takes the
    year out before and leaves a series little room for its own; None: each series learns its own,
    which suits totals and categories. ``drivers`` (S, T+gap+H, P): known ahead of time, such as a
    signal lagged by its lead; nan = not known, which takes their mean. Their effects are learnt.

    Costs .6 milliseconds per series and pace. Deterministic; a series' forecasts do not depend
    on which others are asked for beside it. Never raises for what the numbers are.
    """
    n_series = len(y)
    shape = (n_series, len(grid.origins), grid.horizon, len(paces))
    out = np.full(shape, np.nan)
    rungs = [[NONE] * len(paces) for _ in range(n_series)]
    converged = np.zeros((n_series, len(paces)), dtype=bool)
    before = np.concatenate([np.zeros((n_series, 1)), np.cumsum(~np.isnan(y), axis=1)], axis=1)
    begun = before[:, grid.origins] >= MIN_KNOWN
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for i, task in enumerate(_tasks(y, groups, grid, season, drivers)):
            if not begun[i, -1]:
                continue
            for k, drift in enumerate(paces.values()):
                out[i, :, :, k], rungs[i][k], converged[i, k] = _one(task, drift)
    out[~begun] = np.nan
    extra = Extra(tuple(paces), np.maximum(out, 0.0).astype(np.float32))
    return Challenge(extra, tuple(tuple(row) for row in rungs), converged)
