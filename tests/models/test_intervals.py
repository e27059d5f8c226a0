from typing import Any

import numpy as np
import pytest

from models.intervals import Past, Plan, band_quantiles, kept_whole, scaled, series_mean
from models.panel import Groups, one_group
from models.scales import by_horizon, spread, unseen_season, youth
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


@pytest.mark.parametrize("mean", [4.0, 25.0, 400.0])
def test_every_class_of_volume_is_covered_though_one_panel_mixes_them(mean: float) -> None:
    rng = np.random.default_rng(6)
    level = np.repeat([4.0, 25.0, 400.0], 40)
    noise = rng.gamma(6.0, 1 / 6.0, size=(120, 25, H))
    actual = rng.poisson(level[:, None, None] * noise).astype(float)
    past = Past(np.tile(level[:, None, None], (1, 25, H)), actual, np.arange(60, 110, 2))
    plan = Plan(BANDS, WEEKLY_QUANTILES)
    made = band_quantiles(past, past.forecast[:, 0], level, one_group(120), plan)
    assert np.array_equal(made, np.round(made))
    rows = level == mean
    future = rng.poisson(mean * rng.gamma(6.0, 1 / 6.0, size=(200, 40, H))).astype(float)
    half = 0.5 * ((future == made[rows, :, 1]) | (future == made[rows, :, 9]))
    inside = (future >= made[rows, :, 1]) & (future <= made[rows, :, 9])
    assert 0.77 < (inside - half).mean() < 0.84


def test_forecasts_that_are_means_keep_their_median_below_where_errors_are_skewed() -> None:
    rng = np.random.default_rng(7)
    actual = 200 * np.exp(rng.normal(-0.32, 0.8, size=(6, 40, H)))
    past = Past(np.full_like(actual, 200.0), actual, np.arange(60, 140, 2))
    made = {}
    for about in (False, True):
        plan = Plan(BANDS, WEEKLY_QUANTILES, None, about)
        forecast, mean = np.full((6, H), 200.0), np.full(6, 200.0)
        made[about] = band_quantiles(past, forecast, mean, one_group(6), plan)[:, :, 5].mean()
    assert made[True] < 0.85 * 200
    assert made[True] == pytest.approx(200 * np.exp(-0.32), rel=0.08)


def test_a_series_of_three_weeks_is_less_sure_than_its_elders() -> None:
    rng = np.random.default_rng(8)
    weeks = np.arange(60, 100, 2)
    actual = 50 + 5 * rng.normal(size=(20, 20, H))
    forecast = np.full_like(actual, 50.0)
    forecast[0, :-1], actual[0, :-1] = np.nan, np.nan  # begun after the last origin but one
    extra = youth(forecast, weeks)
    assert extra[0] == pytest.approx(1 / 2 - 1 / 13)
    assert not extra[1:].any()
    past = Past(forecast, actual, weeks)
    plan = Plan(BANDS, WEEKLY_QUANTILES)
    made = band_quantiles(past, np.full((20, H), 50.0), np.full(20, 50.0), one_group(20), plan)
    width = made[:, 5, 9] - made[:, 5, 1]
    assert width[0] > 1.1 * np.median(width)


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


def test_a_quantile_that_is_whole_by_chance_is_moved_like_its_neighbours() -> None:
    counts = np.array([[[0.0, 2.0, 5.0]]])
    litres = np.array([[[0.5, 3.0, 3.2]]])
    both = np.concatenate([counts, litres])
    moved = kept_whole(both, both * 1.2)
    assert moved[0, 0].tolist() == [0.0, 2.0, 6.0]
    assert moved[1, 0] == pytest.approx([0.6, 3.6, 3.84])
    factor = np.full((2, 1), 1.2)
    assert np.array_equal(scaled(both, factor), moved)


def test_scaled_quantiles_of_sums_never_fall_with_the_horizon() -> None:
    sums = np.array([[[1.0, 4.0], [2.0, 5.0], [3.0, 9.0]]])
    factor = np.array([[1.0, 0.5, 1.0]])
    assert scaled(sums, factor)[0].tolist() == [[1.0, 4.0], [1.0, 2.0], [3.0, 9.0]]
    assert scaled(sums, factor, rising=True)[0].tolist() == [[1.0, 4.0], [1.0, 4.0], [3.0, 9.0]]
