from typing import Any

import numpy as np
import polars as pl
import pytest

from models.closures import closures, open_weeks, reopening, thinned, thinned_sums
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


def test_what_lasts_for_half_a_year_is_an_end() -> None:
    y = shops()
    y[0, 90:] = 0
    assert not closures(y).closed.any()
    assert closures(y[:, :110]).lasting[0] == 20


def test_later_weeks_change_no_closure_found() -> None:
    y = shops()
    y[0, 60:75] = 0
    y[1, 80:90] = 0
    for o in (64, 70, 84, 100):
        before = closures(y[:, :o]).closed
        poisoned = y.copy()
        poisoned[:, o:] = 1e9
        assert np.array_equal(closures(poisoned).closed[:, :o], before)


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


@pytest.mark.parametrize("weeks", [25, 26])
def test_a_closed_series_is_forecast_for_as_long_as_it_is_a_closure(weeks: int) -> None:
    y = shops()
    y[0, 120 - weeks :] = 0
    made = rows(forecast(known_of(y), SPEC), "s00")
    assert made.height == SPEC.horizon
    assert 0 < made["mean"][0] < 10
