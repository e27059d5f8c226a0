"""Challengers: pure at every origin, alone as in a crowd, never raising, and worth their place."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from models.base import History, forecast_base, grid_of
from models.challengers import MEAN, MIN_KNOWN, NONE, PACES, RUNGS, capped, challenge
from models.panel import Groups, one_group
from models.seasonality import pooled_season
from models.simulate.panels import PanelSpec, simulated_panel
from models.spec import ForecastSpec

SPEC = ForecastSpec()


def demand(n_series: int = 4, n_weeks: int = 120, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    season = 1 + 0.4 * np.sin(2 * np.pi * np.arange(n_weeks) / 52.18)
    level = np.exp(rng.normal(3, 1, size=(n_series, 1)))
    return rng.poisson(level * season * rng.gamma(8, 1 / 8, size=(n_series, n_weeks))).astype(float)


@pytest.mark.parametrize("pooled", [False, True])
@pytest.mark.parametrize("n_weeks", [30, 62, 110])
def test_nothing_at_an_origin_rests_on_later_weeks(n_weeks: int, *, pooled: bool) -> None:
    y = demand(n_weeks=n_weeks)
    y[1, 20:24] = np.nan
    grid, groups = grid_of(n_weeks, SPEC, 1, 4), Groups(np.array([0, 0, 1, 1]), 2)
    drivers = np.random.default_rng(2).normal(size=(4, n_weeks + 14, 1))

    def made(values: np.ndarray) -> np.ndarray:
        season = pooled_season(values, groups, grid) if pooled else None
        got = challenge(values, groups, grid, season=season, drivers=drivers)
        return got.extra.forecasts

    before = made(y)
    for j, origin in enumerate(grid.origins[:-1].tolist()):
        poisoned = y.copy()
        poisoned[:, origin:] = 1e9
        assert np.array_equal(made(poisoned)[:, : j + 1], before[:, : j + 1], equal_nan=True)
        if j > 2:
            break


def test_alone_as_in_a_crowd() -> None:
    y = demand(5)
    grid = grid_of(120, SPEC, 0, 4)
    season = pooled_season(y, one_group(5), grid)
    together = challenge(y, one_group(5), grid, season=season)
    for i in range(5):
        alone = challenge(y[i : i + 1], one_group(1), grid, season=season)
        assert np.array_equal(alone.extra.forecasts[0], together.extra.forecasts[i])
        assert alone.rung[0] == together.rung[i]


def test_whatever_the_numbers_are_it_neither_raises_nor_warns() -> None:
    y = demand(8, 100)
    y[0] = 0.0
    y[1] = np.nan
    y[2] = 7.0
    y[3, :95] = np.nan
    y[4, :60] = np.nan
    y[5] *= 1e12
    y[6, 40:] = np.nan
    y[7, 50] = 1e15
    grid = grid_of(100, SPEC, 0, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = challenge(y, one_group(8), grid)
    f = got.extra.forecasts
    assert f.shape == (8, len(grid.origins), 13, len(PACES))
    assert not (f < 0).any()
    assert not np.isinf(f).any()
    assert np.isnan(f[1]).all()
    assert np.isnan(f[3]).all(), "five weeks are too few"
    assert got.rung[1] == (NONE,) * len(PACES)
    assert (f[0] < 0.5).all()
    assert f[2, -1] == pytest.approx(7.0, rel=0.1)
    assert (f[7, -1] < 100 * np.median(y[7])).all(), "one bulk order is not demand"
    assert {name for row in got.rung for name in row} <= set(RUNGS)
    assert got.converged[[5, 7]].all()
    known = np.cumsum(~np.isnan(y[4]))[grid.origins - 1]
    assert np.array_equal(np.isnan(f[4, :, 0, 0]), known < MIN_KNOWN)


def test_a_failing_filter_falls_to_the_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise np.linalg.LinAlgError

    monkeypatch.setattr("models.challengers.predict", fails)
    y, grid = demand(2), grid_of(120, SPEC, 0, 4)
    got = challenge(y, one_group(2), grid)
    assert got.rung == ((MEAN, MEAN), (MEAN, MEAN))
    assert not got.converged.any()
    assert got.extra.forecasts[:, -1, 0, 0] == pytest.approx(y[:, -26:].mean(axis=1), rel=0.01)


def test_a_known_driver_moves_the_forecast() -> None:
    rng = np.random.default_rng(5)
    driver = rng.normal(size=(1, 133, 1))
    y = 400 * np.exp(0.3 * driver[:, :, 0]) * rng.gamma(200, 1 / 200, size=(1, 133))
    grid = grid_of(120, SPEC, 0, 4)

    def error(drivers: np.ndarray | None) -> float:
        got = challenge(y[:, :120], one_group(1), grid, drivers=drivers).extra.forecasts
        return float(np.abs(got[0, -1, :, 0] - y[0, 120:]).mean())

    assert error(driver) < 0.5 * error(None)
    assert np.isfinite(error(np.where(driver > 1.5, np.nan, driver)))


def test_a_week_is_capped_by_weeks_before_it_only() -> None:
    y = np.array([[1.0, 2, 1, 2, 1, 2, 1, 2, 50, 2, np.nan, 1000]])
    got = capped(y)
    assert got[0, 8] == 6.0
    assert np.isnan(got[0, 10])
    assert got[0, 11] == 150.0
    assert np.array_equal(capped(y[:, :9]), got[:, :9])


def test_categories_are_well_served_by_their_challengers() -> None:
    known, spec, _ = simulated_panel(PanelSpec(n_categories=8, per_category=10, seed=2))
    y = known.panels["units"].y.reshape(8, 10, -1).sum(axis=1)
    losses = np.zeros(4)
    for n in (110, 123, 136):
        past, actual = y[:, :n], y[:, n : n + 13]
        grid = grid_of(n, spec, 0, 2)
        got = challenge(past, one_group(8), grid)
        assert got.converged.all()
        base = forecast_base(History(past, one_group(8)), spec, 2)
        joined = forecast_base(History(past, one_group(8)), spec, 2, got.extra)
        alone = got.extra.forecasts[:, -1, :, 0]
        for k, made in enumerate((base.naive, base.mean, joined.mean, alone)):
            losses[k] += np.abs(made - actual).sum()
    assert losses[3] < 0.85 * losses[0]
    assert losses[3] < 1.06 * losses[1]
    assert losses[2] < 1.005 * losses[1]
