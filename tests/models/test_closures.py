from typing import Any

import numpy as np
import polars as pl
import pytest

from models.closures import (
    SHORTEST,
    as_if_open,
    closures,
    open_weeks,
    reopening,
    thinned,
    thinned_sums,
)
from models.forecast import forecast, forecast_many
from models.panel import Known, Panel
from models.spec import ForecastSpec
from tests.models.synthetic import START

SPEC = ForecastSpec(levels=("total", "category", "sku"))


def shops(seed: int = 0, s: int = 8, t: int = 120) -> Any:
    rng = np.random.default_rng(seed)
    return rng.poisson(80, size=(s, t)) + 1.0


def known_of(y: Any) -> Known:
    s, t = y.shape
    names = [f"s{i:02d}" for i in range(s)]
    series = pl.DataFrame(
        {
            "series_id": names,
            "category": ["a", "b"] * (s // 2),
            "sku": names,
            "channel": [None] * s,
        },
        schema_overrides={"channel": pl.String},
    )
    weeks = START + 7 * np.arange(t).astype("timedelta64[D]")
    cutoff = (weeks[-1] + np.timedelta64(6, "D")).item()
    return Known(cutoff, 0, {"units": Panel(series, weeks, y)})


def rows(made: Any, series_id: str) -> Any:
    return made.forecasts.filter(
        (pl.col("series_id") == series_id) & (pl.col("level") == "sku")
    ).sort("horizon")


def test_long_runs_of_a_series_that_always_sells_are_closures() -> None:
    y = shops()
    y[0, 60:75] = 0
    y[1, 50:53] = 0  # too short
    y[2, 115:] = 0
    y[3, :20] = 0  # nothing sold before
    found = closures(y)
    assert found.closed[0, 60:75].all()
    assert found.closed[0].sum() == 15
    assert found.closed[2, 115:].all()
    assert not found.closed[[1, 3, 4, 5, 6, 7]].any()
    assert found.lasting.tolist() == [0, 0, 5, 0, 0, 0, 0, 0]


def test_where_single_zeros_are_common_nothing_is_a_closure() -> None:
    y = shops()
    rng = np.random.default_rng(1)
    sparse = np.where(rng.random(y.shape) < 0.1, 0.0, y)
    sparse[0, 60:75] = 0
    assert not closures(sparse).closed.any()
    y[0, 60:75] = 0
    y[0, [10, 20, 30, 40]] = 0  # this one alone skips weeks
    assert not closures(y).closed.any()


def test_a_closure_stays_one_however_long_it_lasts() -> None:
    y = shops()
    y[0, 60:90] = 0
    for n in (64, 86, 87, 90, 120):
        assert closures(y[:, :n]).closed[0, 60:90].sum() == min(n, 90) - 60


def test_later_weeks_change_at_most_the_first_three_zeros_of_a_run() -> None:
    rng = np.random.default_rng(4)
    y = shops(s=40)
    for i in range(30):
        begin, length = rng.integers(10, 110), rng.integers(1, 45)
        y[i, begin : begin + length] = 0
    y[35, 118:] = 0
    whole = closures(y).closed
    assert whole.any()
    for o in range(SHORTEST, y.shape[1]):
        before = closures(y[:, :o]).closed
        poisoned = y.copy()
        poisoned[:, o:] = 1e9
        assert np.array_equal(closures(poisoned).closed[:, :o], before)
        changed = whole[:, :o] != before
        assert not changed[:, : o - SHORTEST + 1].any()  # three weeks before the origin at most
        assert not (changed & before).any()  # what was found stays
        assert (y[:, :o][changed] == 0).all()


def test_a_past_closure_leaves_no_trace_in_the_forecast() -> None:
    y = shops()
    shut = y.copy()
    shut[0, 90:112] = 0
    mean = rows(forecast(known_of(shut), SPEC), "s00")["mean"].to_numpy()
    assert mean.mean() == pytest.approx(81, rel=0.15)


def test_a_series_that_is_closed_may_open_again() -> None:
    y = shops()
    y[0, 112:] = 0
    made = forecast(known_of(y), SPEC)
    got, others = rows(made, "s00"), rows(made, "s02")
    pi = np.arange(1, 14) / (8 + np.arange(1, 14))
    assert got["mean"].to_numpy() == pytest.approx(81 * pi, rel=0.2)
    assert got["p50"][0] == 0.0
    assert got["p95"][0] > 40
    assert others["mean"].to_numpy().mean() == pytest.approx(81, rel=0.15)
    total = made.forecasts.filter(pl.col("level") == "total").sort("horizon")["mean"].to_numpy()
    parts = sum(rows(made, f"s{i:02d}")["mean"].to_numpy() for i in range(8))
    assert np.array_equal(total, parts)
    sums = made.cumulative.filter((pl.col("series_id") == "s00") & (pl.col("level") == "sku"))
    sums = sums.sort("horizon")
    assert (np.diff(sums["p90"].to_numpy()) >= 0).all()
    assert sums["p90"][0] == pytest.approx(got["p90"][0])


def test_cutoffs_before_and_after_a_closure_are_as_one_at_a_time() -> None:
    y = shops()
    y[0, 98:108] = 0
    knowns = [known_of(y[:, :n]) for n in (100, 104, 112)]
    for one, many in zip(knowns, forecast_many(knowns, SPEC), strict=True):
        assert forecast(one, SPEC).forecasts.equals(many.forecasts)


def test_thinned_quantiles_hold_the_chance_to_be_closed() -> None:
    levels = (0.1, 0.5, 0.9)
    made = np.array([[[10.0, 20.0, 30.0]]])
    assert np.array_equal(thinned(made, levels, np.ones((1, 1))), made)
    half = thinned(made, levels, np.full((1, 1), 0.5))[0, 0]
    assert half.tolist() == [0.0, 0.0, pytest.approx(27.5)]  # the quantile at .8 of when open
    both = np.repeat(made, 2, axis=1)
    open_ = np.array([[0.5, 0.75]])
    sums = thinned_sums(both, levels, open_, np.ones((1, 2)))[0]
    assert (sums[1] >= sums[0]).all()
    assert sums[0].tolist() == half.tolist()


def test_chances_grow_with_time_and_fall_with_how_long_it_lasted() -> None:
    chance = reopening(np.array([0, 5, 10]), np.arange(1, 14))
    assert (chance[0] == 1).all()
    assert (np.diff(chance[1]) > 0).all()
    assert (chance[2] < chance[1]).all()


def test_a_panel_without_closures_is_left_alone() -> None:
    panel = known_of(shops()).panels["units"]
    assert open_weeks(panel) is panel


def test_forecasts_of_a_closed_series_fall_smoothly_with_how_long_it_lasts() -> None:
    y, first = shops(), []
    for weeks in range(24, 29):
        shut = y.copy()
        shut[0, 120 - weeks :] = 0
        made = rows(forecast(known_of(shut), SPEC), "s00")
        assert made.height == SPEC.horizon
        first.append(made["mean"][0])
    assert 0 < first[0] < 10
    assert first == pytest.approx([first[0] * 25 / (w + 1) for w in range(24, 29)], rel=0.1)


def test_closed_weeks_are_filled_in_season_from_weeks_before_them() -> None:
    t = np.arange(120)
    y = np.tile(100 * (1 + 0.3 * np.sin(2 * np.pi * t / 52)), (2, 1))
    shut = y.copy()
    shut[0, 100:112] = 0
    panel = open_weeks(known_of(shut).panels["units"])
    filled = as_if_open(panel.y, panel.closed, 52)
    assert filled[0] == pytest.approx(y[0], rel=0.01)
    for o in (101, 106, 111):
        later = panel.y.copy()
        later[:, o + 1 :] = 1e9
        assert np.array_equal(as_if_open(later, panel.closed, 52)[:, o], filled[:, o])
    young = as_if_open(panel.y[:, 60:], panel.closed[:, 60:], 52)  # no such week a year before
    assert young[0, 40] == pytest.approx(y[0, 92:100].mean())


def test_a_series_that_has_ended_was_not_closed() -> None:
    y = shops()
    y[:2, 60:70] = 0
    y[:2, 110:] = 0
    panel = known_of(y).panels["units"]
    ended = panel.series.with_columns(ended=pl.Series([True] + [False] * 7))
    shut = open_weeks(Panel(ended, panel.weeks, y))
    assert shut.closed is not None
    assert shut.closed_for is not None
    assert shut.closed.sum(axis=1).tolist() == [10, 20, 0, 0, 0, 0, 0, 0]
    assert shut.closed_for.tolist() == [0, 10, 0, 0, 0, 0, 0, 0]
    assert np.isnan(shut.y[0, 110:]).all()


def swapping(seed: int, n: int = 130) -> Any:
    """Shops that take custom from each other: their sum is easier to forecast than they are."""
    rng = np.random.default_rng(seed)
    share = np.exp(0.05 * np.cumsum(rng.normal(size=(8, n)), axis=1))
    total = 800 * (1 + 0.3 * np.sin(2 * np.pi * np.arange(n) / 52)) * (1 + 0.004 * np.arange(n))
    return np.round(share / share.sum(axis=0) * total) + 1


def test_closing_a_shop_does_not_move_the_others() -> None:
    spec = ForecastSpec(levels=("total", "category", "sku"), horizon=8, challengers=False)
    moved = []
    for seed in range(4):
        y = swapping(seed)
        shut = y.copy()
        shut[0, 120:] = 0
        open_, closed = (forecast(known_of(panel), spec) for panel in (y, shut))
        for name in ("s02", "s04", "s06", "s01", "s03"):
            ratio = rows(closed, name)["mean"].sum() / rows(open_, name)["mean"].sum()
            moved.append(abs(ratio - 1))
    assert np.mean(moved) < 0.015


def test_a_closure_that_became_an_end_shares_the_experts_of_sums_no_more() -> None:
    spec = ForecastSpec(levels=("category", "sku"), horizon=8, challengers=False)
    y = swapping(3)
    y[0, 108:] = 0
    early, late = known_of(y[:, :116]), known_of(y)
    panel = open_weeks(late.panels["units"])
    ended = panel.series.with_columns(ended=pl.Series([True] + [False] * 7))
    late.panels["units"] = Panel(ended, panel.weeks, panel.y)
    for one, many in zip((early, late), forecast_many([early, late], spec), strict=True):
        assert forecast(one, spec).forecasts.equals(many.forecasts)


def out_of_stock(y: Any, seed: int, share: float = 0.25) -> Any:
    """Demand with weeks, in runs, that say nothing because there was no stock."""
    rng, masked = np.random.default_rng(seed), y.astype(float).copy()
    for row in masked:
        for start in range(int(rng.integers(10, 20)), len(row), round(3 / share)):
            row[start : start + 3] = np.nan
    return masked


def test_sums_hold_weeks_without_stock_as_if_there_were() -> None:
    y = shops()
    masked = out_of_stock(y, 1)
    masked[3, :30] = np.nan  # not launched yet
    masked[5, 100:] = np.nan  # ended
    panel = known_of(masked).panels["units"]
    ended = panel.series.with_columns(ended=pl.Series([False] * 5 + [True] + [False] * 2))
    got = open_weeks(Panel(ended, panel.weeks, masked))
    assert got.closed is not None
    assert got.closed_for is None
    assert np.array_equal(got.y, masked, equal_nan=True)
    assert not got.closed[3, :30].any()
    assert not got.closed[5, 100:].any()
    assert got.closed[:3, 20:].sum() == np.isnan(masked[:3, 20:]).sum()
    whole = as_if_open(got.y, got.closed, 52)
    assert np.nansum(whole[:, 30:100], axis=0) == pytest.approx(y[:, 30:100].sum(axis=0), rel=0.15)


def test_weeks_without_stock_pull_no_forecast_down() -> None:
    spec = ForecastSpec(levels=("total",), horizon=8, challengers=False)
    ratios = []
    for seed in range(4):
        y = swapping(seed)
        full, short = (forecast(known_of(v), spec) for v in (y, out_of_stock(y, seed)))
        ratios.append(short.forecasts["mean"].sum() / full.forecasts["mean"].sum())
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.03)
    assert min(ratios) > 0.93
