"""The state-space model: against a textbook model, and what a week may and may not move."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX

from models.seasonality import harmonics
from models.statespace import ASSUMED, FITTED, PHI_UNKNOWN, WanderingLevel, deviance, fit, predict
from tests.models.by_statsmodels import ByStatsmodels

NONE = np.zeros((0,))


def autoregression(phi: float, n: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = np.zeros(n)
    for week in range(1, n):
        x[week] = phi * x[week - 1] + rng.normal()
    return x


def plain(x: np.ndarray, drift: float = 0.0) -> WanderingLevel:
    return WanderingLevel(x, np.zeros((len(x), 0)), NONE, drift)


@pytest.mark.parametrize("phi", [0.0, 0.4, 0.8])
def test_without_drift_and_season_it_is_an_autoregression_about_a_mean(phi: float) -> None:
    x = autoregression(phi, 400) + 3.0
    ours = fit(plain(x))
    peer = SARIMAX(x, order=(1, 0, 0), trend="c").fit(disp=0)
    assert ours.rung == FITTED
    assert ours.converged
    assert ours.phi == pytest.approx(max(peer.params[1], 0.0), abs=0.03)
    steps = np.arange(13)
    ahead = predict(plain(x), float(peer.params[1]), np.array([400]), steps, np.zeros((413, 0)))
    assert ahead.mean[0] == pytest.approx(np.asarray(peer.forecast(13)), abs=0.05)
    assert ahead.variance[0] == pytest.approx(peer.params[2], rel=0.05)


def holed(n_weeks: int) -> np.ndarray:
    """A series in which the first, the last and some other weeks are not known."""
    x = 40 + 5 * autoregression(0.5, n_weeks)
    x[[0, 9, 10, 80, n_weeks - 1]] = np.nan
    return x


@pytest.mark.parametrize("drift", [0.003, 0.03])
@pytest.mark.parametrize("phi", [0.0, 0.3, 0.97])
def test_likelihood_and_forecasts_are_those_of_statsmodels(phi: float, drift: float) -> None:
    waves = np.sqrt(2) * harmonics(169, 52)
    model = WanderingLevel(holed(156), waves[:156], np.full(4, 0.1), drift)
    peer = ByStatsmodels(model)
    ours = deviance(model.x, model.regressors, model.start, drift, phi)
    assert -ours == pytest.approx(float(peer.loglike(np.array([phi]))), abs=1e-7)
    origins, steps = np.array([0, 1, 2, 40, 81, 155, 156]), np.arange(13)
    got = predict(model, phi, origins, steps, waves)
    told = peer.ahead(phi, origins, steps, waves)
    assert got.mean == pytest.approx(told.mean, abs=1e-9)
    assert got.variance == pytest.approx(told.variance, rel=1e-9)


def test_where_no_week_is_known_nothing_is_expected() -> None:
    model = WanderingLevel(np.full(30, np.nan), harmonics(30, 52), np.ones(4), 0.01)
    got = predict(model, 0.3, np.array([0, 30]), np.arange(1), harmonics(40, 52))
    assert (got.mean == 0).all()
    assert (got.variance == 0).all()


def test_a_fit_rests_on_no_week_beyond_those_it_may() -> None:
    x = autoregression(0.7, 150)
    whole = WanderingLevel(x, harmonics(150, 52), np.ones(4), 0.003)
    short = WanderingLevel(x[:90], harmonics(90, 52), np.ones(4), 0.003)
    assert fit(whole, 90) == fit(short)
    assert fit(whole) != fit(short)


def test_a_pass_forecasts_at_each_origin_as_a_model_that_ends_there() -> None:
    x = autoregression(0.6, 120) + 0.05 * np.arange(120)
    x[[7, 50, 51, 90]] = np.nan
    waves = harmonics(140, 52)
    prior = np.ones(waves.shape[1])
    steps = np.array([0, 4, 12])
    whole = WanderingLevel(x, waves[:120], prior, 0.01)
    got = predict(whole, 0.6, np.array([60, 91, 120]), steps, waves)
    for row, origin in enumerate((60, 91, 120)):
        short = WanderingLevel(x[:origin], waves[:origin], prior, 0.01)
        alone = predict(short, 0.6, np.array([origin]), steps, waves)
        assert np.array_equal(got.mean[row], alone.mean[0])
        assert got.variance[row] == alone.variance[0]


def test_a_driver_and_a_season_are_learnt() -> None:
    rng = np.random.default_rng(3)
    driver, waves = rng.normal(size=173), harmonics(173, 52)
    signal = 2.0 * driver + 1.5 * waves[:, 0]
    x = signal[:160] + 0.3 * rng.normal(size=160)
    regressors = np.column_stack([waves, driver])
    model = WanderingLevel(x, regressors[:160], np.ones(5), 0.001)
    ahead = predict(model, fit(model).phi, np.array([160]), np.arange(13), regressors)
    assert np.abs(ahead.mean[0] - signal[160:]).mean() < 0.3


def test_too_little_or_a_constant_is_assumed_not_fitted() -> None:
    for x in (autoregression(0.5, 12), np.full(60, 2.0), np.full(60, np.nan)):
        found = fit(plain(x))
        assert (found.phi, found.converged, found.rung) == (PHI_UNKNOWN, False, ASSUMED)
