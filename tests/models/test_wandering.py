"""The batched state-space expert: what statsmodels gives, at every origin, from the past alone."""

from __future__ import annotations

import numpy as np
import pytest

from models.base import History, forecast_base, grid_of
from models.challengers import capped
from models.panel import Grid, Groups, one_group
from models.seasonality import harmonics, pooled_season
from models.simulate.panels import PanelSpec, simulated_panel
from models.spec import ForecastSpec
from models.statespace import WanderingLevel, predict
from models.wandering import MIN_KNOWN, Pace, wandering

SPEC = ForecastSpec()


def demand(n_series: int = 4, n_weeks: int = 120, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    season = 1 + 0.4 * np.sin(2 * np.pi * np.arange(n_weeks) / 52.18)
    level = np.exp(rng.normal(3, 1, size=(n_series, 1)))
    return rng.poisson(level * season * rng.gamma(8, 1 / 8, size=(n_series, n_weeks))).astype(float)


@pytest.mark.parametrize("gap", [0, 1])
@pytest.mark.parametrize("phi", [0.0, 0.5])
def test_it_gives_what_statsmodels_gives(phi: float, gap: int) -> None:
    y = demand(3)
    y[1, [5, 60, 61, 100]] = np.nan
    y[2, :30] = np.nan
    grid, pace = grid_of(120, SPEC, gap, 4), Pace(phi=phi, drift=0.01, wave=0.7)
    got = wandering(y, one_group(3), grid, None, pace).forecasts[..., 0]
    waves = np.sqrt(2.0) * harmonics(120 + gap + 13, 52)
    for i, row in enumerate(np.sqrt(capped(y))):
        model = WanderingLevel(row, waves[:120], np.full(4, 0.7), 0.01)
        model._start[1] = pace.level
        ahead = predict(model, phi, grid.origins, gap + np.arange(13), waves)
        want = np.maximum(ahead.mean, 0.0) ** 2 + 0.5 * ahead.variance[:, None]
        known = np.cumsum(~np.isnan(y[i]))[grid.origins - 1] >= MIN_KNOWN
        assert got[i][known] == pytest.approx(want[known], rel=1e-5)
        assert np.isnan(got[i][~known]).all()


@pytest.mark.parametrize("n_weeks", [20, 62, 110])
def test_nothing_at_an_origin_rests_on_later_weeks(n_weeks: int) -> None:
    y = demand(n_weeks=n_weeks)
    y[1, 12:15] = np.nan
    grid, groups = grid_of(n_weeks, SPEC, 0, 2), Groups(np.array([0, 0, 1, 1]), 2)

    def made(values: np.ndarray) -> np.ndarray:
        return wandering(values, groups, grid, pooled_season(values, groups, grid)).forecasts

    before = made(y)
    for j, origin in enumerate(grid.origins[:-1].tolist()):
        poisoned = y.copy()
        poisoned[:, origin:] = 1e9
        assert np.array_equal(made(poisoned)[:, : j + 1], before[:, : j + 1], equal_nan=True)


def test_an_origin_says_the_same_on_every_grid_and_whatever_came_later() -> None:
    y, groups = demand(5, 130), Groups(np.array([0, 1, 0, 1, 1]), 2)
    every = Grid(np.arange(20, 131, 3, dtype=np.int64), 13, 52)
    whole = wandering(y, groups, every, pooled_season(y, groups, every)).forecasts
    for j in (1, 11, 12, 25, 36):
        n = int(every.origins[j])
        one, past = Grid(every.origins[j : j + 1], 13, 52), y[:, :n].copy()
        alone = wandering(past, groups, one, pooled_season(past, groups, one)).forecasts
        assert np.array_equal(alone[:, 0], whole[:, j])


def test_alone_as_in_a_crowd_and_whatever_the_numbers_are() -> None:
    y = demand(7, 100)
    y[0] = 0.0
    y[1] = np.nan
    y[2] = 7.0
    y[3, :95] = np.nan
    y[4] *= 1e12
    y[5, 50] = 1e15
    grid = grid_of(100, SPEC, 0, 2)
    season = pooled_season(y, one_group(7), grid)
    f = wandering(y, one_group(7), grid, season).forecasts
    assert not (f < 0).any()
    assert not np.isinf(f).any()
    assert np.isnan(f[[1, 3]]).all()
    assert (f[0] == 0).all()
    flat = wandering(y[2:3], one_group(1), grid).forecasts
    assert flat[0, -1] == pytest.approx(7.0, rel=0.02)
    assert (f[5, -1] < 100 * np.median(y[5])).all(), "one bulk order is not demand"
    crowd = wandering(y, one_group(7), grid).forecasts
    for i in range(7):
        alone = wandering(y[i : i + 1], one_group(1), grid).forecasts
        assert np.array_equal(alone[0], crowd[i], equal_nan=True)
    assert wandering(y[:0], one_group(0), grid).forecasts.shape[0] == 0


def test_alone_it_is_near_the_ensemble_and_within_it_does_no_harm() -> None:
    known, spec, _ = simulated_panel(PanelSpec(n_categories=6, per_category=12, seed=4))
    y = known.panels["units"].y
    groups = Groups(np.repeat(np.arange(6), 12), 6)
    losses = {"naive": 0.0, "base": 0.0, "alone": 0.0, "joined": 0.0}
    for n in (110, 123, 136):
        past, actual = y[:, :n], y[:, n : n + 13]
        grid = grid_of(n, spec, 0, 2)
        extra = wandering(past, groups, grid, pooled_season(past, groups, grid))
        base = forecast_base(History(past, groups), spec, 2)
        made = {
            "naive": base.naive,
            "base": base.mean,
            "alone": extra.forecasts[:, -1, :, 0],
            "joined": forecast_base(History(past, groups), spec, 2, extra).mean,
        }
        for name, forecast in made.items():
            losses[name] += float(np.abs(forecast - actual).sum())
    assert losses["alone"] < 0.85 * losses["naive"]
    assert losses["alone"] < 1.04 * losses["base"]
    assert losses["joined"] < 1.003 * losses["base"]
