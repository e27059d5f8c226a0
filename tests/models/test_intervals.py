from typing import Any

import numpy as np
import pytest

from models.intervals import Past, Plan, band_quantiles, series_mean
from models.panel import Groups, one_group
from models.scales import by_horizon, spread, unseen_season
from models.shapes import default_shape, widening
from models.spec import WEEKLY_QUANTILES

BANDS = ((0, 4), (4, 13))
H = 13


def skewed(rng: Any, s: int, o: int, h: int = H) -> Any:
    """Actuals are a known mean of 20 times lognormal noise: right-skewed."""
    return 20 * np.exp(rng.normal(-0.125, 0.5, size=(s, o, h)))


def quantiles(
    past: Any, forecast: Any, groups: Any = None, sums: Any = None, qs: Any = WEEKLY_QUANTILES
) -> Any:
    s = len(forecast)
    plan = Plan(BANDS, qs, sums)
    return band_quantiles(past, forecast, np.full(s, 20.0), groups or one_group(s), plan)


def test_coverage_of_the_80_percent_interval_and_skew() -> None:
    rng = np.random.default_rng(0)
    actual = skewed(rng, 60, 25)
    past = Past(np.full_like(actual, 20.0), actual, np.arange(50, 100, 2))
    got = quantiles(past, np.full((60, H), 20.0))
    future = skewed(rng, 60, 200).transpose(0, 2, 1)
    inside = (future >= got[:, :, 1:2]) & (future <= got[:, :, 9:10])
    assert 0.77 < inside.mean() < 0.84
    assert (future < got[:, :, 1:2]).mean() == pytest.approx(0.10, abs=0.025)
    up, down = got[..., 10] - got[..., 5], got[..., 5] - got[..., 0]
    assert (up > 1.3 * down).mean() > 0.95


def test_each_category_keeps_its_own_spread() -> None:
    rng = np.random.default_rng(1)
    actual = np.concatenate(
        [20 + rng.normal(size=(30, 25, H)), 20 + 8 * rng.normal(size=(30, 25, H))]
    )
    past = Past(np.full_like(actual, 20.0), actual, np.arange(50, 100, 2))
    got = quantiles(past, np.full((60, H), 20.0), Groups(np.repeat([0, 1], 30), 2))
    width = got[:, 0, 9] - got[:, 0, 1]
    assert np.median(width[:30]) == pytest.approx(2.56, rel=0.2)
    assert np.median(width[30:]) == pytest.approx(20.5, rel=0.2)


@pytest.mark.parametrize("origins", [0, 1, 3])
def test_few_or_no_errors_still_give_monotone_quantiles_that_are_not_negative(origins: Any) -> None:
    rng = np.random.default_rng(2)
    actual = skewed(rng, 5, origins)
    actual[:, :, 4:] = np.nan
    past = Past(np.full_like(actual, 20.0), actual, 50 + np.arange(origins))
    forecast = np.array([0.0, 0.1, 1.0, 20.0, 500.0])[:, None] * np.ones((1, H))
    got = quantiles(past, forecast)
    assert np.isfinite(got).all()
    assert (got >= 0).all()
    assert (np.diff(got, axis=2) >= 0).all()
    assert (got[3:, :, 10] > forecast[3:]).all()


def test_cumulative_intervals_know_that_weeks_move_together() -> None:
    rng = np.random.default_rng(3)
    shape = (40, 25, H)
    apart = 20 + 4 * rng.normal(size=shape)
    together = 20 + 4 * rng.normal(size=shape[:2])[:, :, None] * np.ones(shape)
    weeks, sums = np.arange(50, 100, 2), np.arange(1.0, H + 1)
    widths = []
    for actual in (apart, together):
        past = Past(np.cumsum(np.full(shape, 20.0), 2), np.cumsum(actual, 2), weeks)
        got = quantiles(past, np.cumsum(np.full((40, H), 20.0), 1), None, sums)
        widths.append(np.median(got[:, -1, 9] - got[:, -1, 1]))
    assert widths[0] == pytest.approx(2.56 * 4 * np.sqrt(H), rel=0.2)
    assert widths[1] == pytest.approx(2.56 * 4 * H, rel=0.25)


def test_few_independent_weeks_widen_and_many_do_not() -> None:
    assert widening(1, 5) > 1.15 > widening(1000, 20) > widening(1000, 200) > 1.0
    assert widening(1, 2) == widening(1, 1)  # no fewer than two and a half weeks
    hidden = np.sqrt((4 + 0.8) / (4 - 0.8))
    assert widening(1, 4) == pytest.approx(1.533 / 1.2816 * hidden, rel=1e-3)


def test_a_season_that_no_year_has_shown_widens_far_horizons_until_a_year_is_known() -> None:
    plan = Plan(BANDS, WEEKLY_QUANTILES)
    young = unseen_season(np.array([20, 39]), H, 52, summed=False)
    assert (np.diff(young) > 0).all()
    assert young[-1] == pytest.approx(0.2 * np.sqrt(2 - 2 * np.cos(2 * np.pi * 17 / 52)))
    assert not unseen_season(np.array([40, 55]), H, 52, summed=False).any()
    rng = np.random.default_rng(5)
    actual = 200 + 5 * rng.normal(size=(30, 12, H))
    widths = []
    for first in (10, 60):
        past = Past(np.full_like(actual, 200.0), actual, first + np.arange(0, 24, 2))
        made = band_quantiles(
            past, np.full((30, H), 200.0), np.full(30, 200.0), one_group(30), plan
        )
        widths.append(np.median(made[:, -1, 9] - made[:, -1, 1]))
    assert widths[0] > 5 * widths[1]


def test_helpers_by_plain_arithmetic() -> None:
    assert np.array_equal(series_mean(np.array([[1.0, np.nan, 3.0]])), [2.0])
    assert spread(np.array([[10.0]]), np.array([10.0]))[0, 0] == pytest.approx(10.0)
    assert spread(np.array([[0.0]]), np.array([10.0]))[0, 0] == pytest.approx(10 * 0.2**0.6)
    size, rows = np.array([[0.0, 3.0, 8.0, 1.0, 0.0]]), np.array([[0.0, 1.0, 2.0, 1.0, 0.0]])
    assert np.allclose(by_horizon(size, rows), [3.0, 3.0, 3.0, 3.0, 3.0])
    assert np.allclose(by_horizon(size[:, 1:3], rows[:, 1:3]), [3.0, 4.0])
    assert np.array_equal(by_horizon(np.zeros((2, 3)), np.zeros((2, 3))), [1.0, 1.0, 1.0])
    draws = np.random.default_rng(0).normal(size=200_000)
    draws /= np.abs(draws).mean()
    assert np.allclose(default_shape((0.1, 0.5)), np.quantile(draws, [0.1, 0.5]), atol=0.02)
