from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.base import Base
from models.hazards import HIGHS, LOWS, REACH, believed, hazards
from models.outcomes import (
    NAMES,
    Sales,
    ahead_of,
    came_and_expected,
    expected_from_sales,
    expected_of,
    log_excess,
    outcome_experts,
    sales_of,
)
from models.panel import Grid, Groups, Panel, one_group

TRUE = np.array([0.01, 0.04, 0.05, 0.03, 0.02, 0.01, 0.004, 0.0, 0.0])


def by_lag(rate: Any) -> Any:
    out = np.zeros(REACH + 1)
    for low, high, r in zip(LOWS, HIGHS, rate, strict=True):
        out[low : high + 1] = r
    return out


def expected(units: Any, rate: Any) -> Any:
    lags, t = by_lag(rate), units.shape[1]
    padded = np.concatenate([np.repeat(units[:, :8].mean(1)[:, None], REACH, 1), units], axis=1)
    return sum(h * padded[:, REACH - lag : REACH - lag + t] for lag, h in enumerate(lags))


def world(seed: int = 0, s: int = 30, t: int = 120, scale: Any = None) -> Any:
    """Sales that swing by series, and what comes back of them."""
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(4.0, 0.6, size=(s, 1)))
    swing = np.exp(0.5 * np.cumsum(rng.normal(size=(s, t)), axis=1) / np.sqrt(10))
    units = rng.poisson(size * np.clip(swing, 0.2, 5.0)).astype(float)
    mean = expected(units, TRUE) * (1.0 if scale is None else scale)
    return rng.poisson(mean).astype(float), units


def sales(units: Any, grid: Grid, n_groups: int = 1) -> Sales:
    """Sales whose forecasts are what will be sold, or the last week's where that is not known."""
    reach = grid.gap + grid.horizon
    longer = np.concatenate([units, np.repeat(units[:, -1:], reach, 1)], axis=1)
    ahead = np.stack([longer[:, o : o + reach] for o in grid.origins], axis=1)
    return Sales(units, ahead, np.zeros((n_groups, units.shape[1])))


def cut(known: Sales, n: int) -> Sales:
    return Sales(known.units[:, :n], known.ahead, known.rest[:, :n])


def grid(origins: Any, horizon: int = 13, gap: int = 0) -> Grid:
    return Grid(np.array(origins, dtype=np.int64), horizon, 52, gap)


def test_the_planted_hazard_is_found_and_stays_non_negative() -> None:
    y, units = world(s=60)
    made = hazards(y, units, one_group(60), np.array([120])).rate[0, 0]
    assert (made >= 0).all()
    assert np.abs(made - TRUE).max() < 0.008
    width = HIGHS - LOWS + 1
    assert (made * width).sum() == pytest.approx((TRUE * width).sum(), rel=0.05)


def test_recent_sales_that_had_no_time_to_come_back_do_not_lower_the_hazard() -> None:
    y, units = world()
    grown = units.copy()
    grown[:, 114:] *= 10
    late = hazards(y, units, one_group(30), np.array([114])).rate[0, 0]
    rng = np.random.default_rng(5)
    came = y.copy()
    came[:, 114:] = rng.poisson(expected(grown, TRUE)[:, 114:])
    now = hazards(came, grown, one_group(30), np.array([120])).rate[0, 0]
    width = HIGHS - LOWS + 1
    assert (now * width).sum() == pytest.approx((late * width).sum(), rel=0.12)


def test_a_group_with_little_data_leans_on_the_panels_shape_at_its_own_rate() -> None:
    scale = np.ones((40, 1))
    scale[30:] = 3.0
    y, units = world(s=40, scale=scale)
    codes = Groups(np.repeat([0, 1], [30, 10]), 2)
    made = hazards(y, units, codes, np.array([120])).rate[:, 0]
    width = HIGHS - LOWS + 1
    rate = (made * width).sum(axis=1)
    assert rate[1] / rate[0] == pytest.approx(3.0, rel=0.15)
    tiny = y.copy()
    tiny[30:, :100] = np.nan
    thin = hazards(tiny, units, codes, np.array([120])).rate[:, 0]
    shape = thin / (thin * width).sum(axis=1, keepdims=True)
    assert np.abs(shape[1] - shape[0]).max() < 0.1


def test_experts_forecast_what_sales_let_expect() -> None:
    y, units = world(s=60, t=140)
    g = grid([100, 110, 120])
    made = outcome_experts(y[:, :120], cut(sales(units, g), 120), one_group(60), g)
    assert made.names == NAMES
    assert made.forecasts.shape == (60, 3, 13, 2)
    truth = expected(units, TRUE)
    for j, o in enumerate(g.origins):
        want = truth[:, o : o + 13]
        for k, limit in enumerate((0.12, 0.16)):
            assert np.abs(made.forecasts[:, j, :, k] - want).sum() < limit * want.sum()


def test_a_change_of_the_rate_is_followed_the_sooner_by_the_recent_expert() -> None:
    jump = np.where(np.arange(140)[None, :] >= 100, 2.0, 1.0)
    y, units = world(s=40, t=140, scale=jump)
    g = grid([112], 4)
    made = outcome_experts(y[:, :112], cut(sales(units, g), 112), one_group(40), g).forecasts[:, 0]
    ratio = made.sum(axis=(0, 1)) / (2 * expected(units, TRUE)[:, 112:116]).sum()
    assert 0.5 < ratio[0] < ratio[1] < 1.1
    assert ratio[1] > 0.7


def test_a_series_that_comes_back_more_often_gets_more_and_a_silent_one_less() -> None:
    scale = np.ones((40, 1))
    scale[0], scale[1] = 3.0, 0.0
    y, units = world(s=40, scale=scale)
    g = grid([120])
    made = outcome_experts(y, sales(units, g), one_group(40), g).forecasts[:, 0, :, 0].sum(axis=1)
    longer = np.concatenate([units, np.repeat(units[:, -1:], 13, 1)], axis=1)
    relative = made / expected(longer, TRUE)[:, 120:].sum(axis=1)
    assert relative[0] == pytest.approx(3.0, rel=0.15)
    assert relative[1] < 0.1
    assert np.abs(relative[2:] - 1).max() < 0.3


def test_nothing_from_an_origin_on_reaches_its_forecasts() -> None:
    y, units = world()
    y[3, :90] = np.nan
    y[4, 50:] = np.nan
    codes = Groups(np.arange(30) % 3, 3)
    g = grid([60, 85, 100, 120])
    known = sales(units, g, 3)
    before = outcome_experts(y, known, codes, g).forecasts
    for j, o in enumerate(g.origins[:-1]):
        late, sold, rest = y.copy(), units.copy(), known.rest.copy()
        late[:, o:], sold[:, o:], rest[:, o:] = 1e9, 1e9, 1e9
        after = outcome_experts(late, Sales(sold, known.ahead, rest), codes, g).forecasts
        assert np.array_equal(after[:, : j + 1], before[:, : j + 1], equal_nan=True)


def test_expectations_from_sales_rest_on_earlier_outcomes_only() -> None:
    y, units = world(s=8)
    known, groups = sales(units, grid([120])), one_group(8)
    before = expected_from_sales(y, known, groups)
    assert before.shape == y.shape
    assert np.isnan(before[:, :16]).all()
    assert np.isfinite(before[:, 16:]).all()
    late, sold = y.copy(), units.copy()
    late[:, 90:], sold[:, 91:] = 1e9, 1e9
    after = expected_from_sales(late, replace(known, units=sold), groups)
    assert np.array_equal(after[:, :91], before[:, :91], equal_nan=True)
    truth = expected(units, TRUE)[:, 60:]
    assert np.abs(before[:, 60:] - truth).sum() < 0.2 * truth.sum()


def test_what_follows_a_launch_is_expected_only_after_its_sales() -> None:
    y, units = world()
    units[0, :100] = 0.0
    y[0, :101] = np.nan
    g = grid([100, 110])
    made = outcome_experts(y, sales(units, g), one_group(30), g).forecasts[0]
    assert np.isnan(made[0]).all()
    assert (made[1] > 0).all()


def test_too_short_a_history_makes_no_forecast() -> None:
    y, units = world(t=20)
    g = grid([4, 15, 16, 20])
    made = outcome_experts(y, sales(units, g), one_group(30), g).forecasts
    assert np.isnan(made[:, :2]).all()
    assert np.isfinite(made[:, 2:]).all()


def test_a_bulk_order_that_is_taken_back_says_nothing_about_the_rate() -> None:
    y, units = world()
    g = grid([120])
    before = outcome_experts(y, sales(units, g), one_group(30), g).forecasts
    units[0, 60] += 1e6
    y[0, 60] += 1e6
    after = outcome_experts(y, sales(units, g), one_group(30), g).forecasts
    assert np.allclose(after, before, rtol=0.05, atol=0.02)
    came, sold = believed(y, units)
    assert came[0, 60] < 1e6
    assert sold[0, 60] - came[0, 60] == pytest.approx(units[0, 60] - y[0, 60])
    assert np.array_equal(came[1:], y[1:])


def test_shapes_that_do_not_fit_are_refused() -> None:
    y, units = world(s=4)
    g = grid([100, 120])
    known = sales(units, g)
    with pytest.raises(ValueError, match="sales are"):
        outcome_experts(y[:, :119], known, one_group(4), g)
    with pytest.raises(ValueError, match="origins"):
        outcome_experts(y, known, one_group(4), grid([120]))
    with pytest.raises(ValueError, match="rest"):
        Sales(units, known.ahead, known.rest[:, 1:])


def test_a_gap_moves_the_weeks_that_are_forecast() -> None:
    y, units = world()
    plain, gap = grid([90, 110], 7), grid([90, 110], 5, gap=2)
    one = outcome_experts(y, sales(units, plain), one_group(30), plain).forecasts
    two = outcome_experts(y, sales(units, gap), one_group(30), gap).forecasts
    assert np.array_equal(two, one[:, :, 2:])


def base(mean: Any, inner: Any, origins: Any) -> Base:
    none = np.zeros_like(mean)
    at = np.array(origins, dtype=np.int64)
    return Base(mean, none, none, none, inner, inner, inner, at, np.full(2, np.nan))


def test_forecasts_of_units_are_read_at_the_origin_or_the_last_one_before() -> None:
    inner = np.array([[[10.0, 11, 12], [20, 21, 22]]])
    made = base(np.array([[30.0, 31, 32]]), inner, [50, 54])
    got = ahead_of(made, made.mean, grid([48, 50, 52, 54, 58], 3, gap=1))
    assert np.isnan(got[0, 0]).all()
    assert got[0, 1].tolist() == [10, 10, 11, 12]
    assert got[0, 2].tolist() == [11, 12, 12, 12]
    assert got[0, 3].tolist() == [20, 20, 21, 22]
    assert got[0, 4].tolist() == [30, 30, 31, 32]


def frame(rows: list[tuple[str | None, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "series_id": [str(i) for i in range(len(rows))],
            "category": [c for c, _ in rows],
            "sku": [s for _, s in rows],
            "channel": [None] * len(rows),
        },
        schema_overrides=dict.fromkeys(("category", "sku", "channel"), pl.String()),
    )


def test_sales_meet_outcomes_by_sku_or_by_category() -> None:
    weeks = np.datetime64("2024-01-01") + 7 * np.arange(3).astype("timedelta64[D]")
    sold = np.arange(12.0).reshape(4, 3)
    y = np.where(sold == 0, np.nan, sold)
    units = Panel(frame([("a", "x"), ("a", "x"), ("a", "z"), ("b", "w")]), weeks, y, sold)
    ahead = np.arange(8.0).reshape(4, 1, 2)
    ahead[0] = np.nan
    back = Panel(frame([("a", "x"), ("c", "v")]), weeks, np.ones((2, 3)))
    got = sales_of(back, units, ahead)
    assert got.units.tolist() == [[3, 5, 7], [0, 0, 0]]
    assert got.rest.tolist() == [[6, 7, 8], [0, 0, 0]]  # category b has no outcome at all
    assert got.ahead.tolist() == [[[2, 3]], [[0, 0]]]
    asked = Panel(frame([("b", None), ("a", None)]), weeks, np.ones((2, 3)))
    got = sales_of(asked, units, ahead)
    assert got.units.tolist() == [[9, 10, 11], [9, 12, 15]]
    assert not got.rest.any()
    assert got.ahead.tolist() == [[[6, 7]], [[6, 8]]]


def test_rows_of_channels_meet_by_sku_and_channel_and_rows_that_share_a_key_are_refused() -> None:
    weeks = np.datetime64("2024-01-01") + 7 * np.arange(3).astype("timedelta64[D]")
    sold = np.arange(12.0).reshape(4, 3)
    channels = pl.Series("channel", ["web", "shop", "web", "shop"])
    series = frame([("a", "x"), ("a", "x"), ("a", "z"), ("a", "z")]).with_columns(channels)
    units = Panel(series, weeks, sold, sold)
    back = Panel(series[[1, 2, 3]], weeks, np.ones((3, 3)))
    got = sales_of(back, units, np.zeros((4, 1, 2)))
    assert got.units.tolist() == sold[1:].tolist()
    assert got.rest.tolist() == sold[:1].tolist()
    plain = Panel(series.with_columns(channel=pl.lit(None, pl.String)), weeks, sold)
    with pytest.raises(ValueError, match="1 of 3 rows"):
        sales_of(back, plain, np.zeros((4, 1, 2)))


def test_what_sales_let_expect_is_found_from_panels() -> None:
    y, units = world(s=6, t=60)
    weeks = np.datetime64("2024-01-01") + 7 * np.arange(60).astype("timedelta64[D]")
    rows = frame([("a", f"k{i}") for i in range(6)])
    censored = units.copy()
    censored[2, 40:44] = np.nan
    back = Panel(rows, weeks, y)
    got = expected_of(back, Panel(rows, weeks, censored, units))
    want = expected_from_sales(y, sales(units, grid([60])), one_group(6))
    assert np.array_equal(got, want, equal_nan=True)


def test_an_outcome_beyond_what_sales_explain_shows_against_the_expectation() -> None:
    more = np.where(np.arange(120)[None, :] >= 110, 1.8, 1.0)
    y, units = world(s=40, scale=more)
    units[:, 100:] *= 2.0
    y[:, 100:] = np.random.default_rng(3).poisson((expected(units, TRUE) * more)[:, 100:])
    made = expected_from_sales(y, sales(units, grid([120])), one_group(40))
    ratio = y.sum(axis=0) / made.sum(axis=0)
    assert ratio[60:110].mean() == pytest.approx(1.0, abs=0.05)
    assert ratio[110:114].mean() > 1.5


def panels(y: Any, units: Any, weeks: int = 120) -> tuple[Panel, Panel]:
    days = np.datetime64("2022-01-03") + 7 * np.arange(weeks).astype("timedelta64[D]")
    rows = frame([("a" if i % 2 else "b", f"k{i}") for i in range(len(y))])
    return Panel(rows, days, y[:, :weeks]), Panel(rows, days, units[:, :weeks], units[:, :weeks])


def test_what_categories_expect_never_changes_later() -> None:
    y, units = world(s=12)
    y[5, :90], y[7, :70] = np.nan, np.nan  # nothing of these has come back before
    came, expected = came_and_expected(*panels(y, units))
    for weeks in (60, 80, 100):
        outcome, sold = panels(y, units, weeks)
        begun = ~np.isnan(outcome.y).all(axis=1)
        some = Panel(outcome.series.filter(pl.Series(begun)), outcome.weeks, outcome.y[begun])
        early = came_and_expected(some, sold)
        assert np.array_equal(early[0], came[:, :weeks], equal_nan=True)
        assert np.array_equal(early[1], expected[:, :weeks], equal_nan=True)
    y[:, 100:], units[:, 100:] = 1e9, 1e9
    late = came_and_expected(*panels(y, units))
    assert np.array_equal(late[1][:, :100], expected[:, :100], equal_nan=True)


def test_the_excess_is_what_sales_do_not_explain() -> None:
    more = np.where(np.arange(120)[None, :] >= 110, 1.8, 1.0)
    y, units = world(s=40, scale=more)
    units[:, 90:] *= 2.0
    y[:, 90:] = np.random.default_rng(3).poisson((expected(units, TRUE) * more)[:, 90:])
    y[3, 60] += 1e6
    units[3, 60] += 1e6  # an order that was taken back
    made = log_excess(*came_and_expected(*panels(y, units)), 2.0, 52)
    assert np.isnan(made[:, :16]).all()
    assert np.abs(made[:, 40:110].mean(axis=1)).max() < 0.05
    assert np.abs(made[:, 55:65]).max() < 0.35
    assert made[:, 110:114].mean() == pytest.approx(np.log(1.8), abs=0.15)


def test_an_outcome_of_nothing_sold_is_its_own_excess() -> None:
    y, units = world(s=4)
    came, made = came_and_expected(*panels(y, 0.0 * units))
    assert not made[:, 16:].any()
    excess = log_excess(came, made, 2.0, 52)[:, 60:]
    assert np.isfinite(excess).all()
    assert np.corrcoef(excess[0], np.log(came[0, 60:] + 2.0))[0, 1] > 0.9
    assert np.abs(excess).max() < 10
