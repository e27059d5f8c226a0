"""The night without models: sane whatever is known, exact sums, honest quantiles."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.forecast import forecast
from models.naive import naive_night, recent_means
from models.panel import Known
from models.spec import ForecastSpec
from tests.models.synthetic import START, Truth, cut, make
from tests.models.test_forecast import KEY, SUMMED, WEEKLY, small


def sane(known: Known, spec: ForecastSpec) -> Any:
    got = naive_night(known, spec)
    for frame, names in ((got.forecasts, WEEKLY), (got.cumulative, SUMMED)):
        numbers = frame.select("mean", *names, "baseline_mean").to_numpy()
        assert np.isfinite(numbers).all()
        assert (numbers >= 0).all()
        assert (np.diff(frame.select(names).to_numpy(), axis=1) >= 0).all()
        assert frame.select(KEY).n_unique() == frame.height
    return got


@pytest.fixture(scope="module")
def made() -> Any:
    known, spec = make(Truth(weeks=140))
    return known, spec, sane(known, spec)


def of(got: Any, series: str, column: str = "mean") -> list[float]:
    rows = got.forecasts.filter(pl.col("series_id") == series).sort("horizon")
    values: list[float] = rows[column].to_list()
    return values


def test_tables_are_shaped_as_the_full_forecasts(made: Any) -> None:
    known, spec, got = made
    full = forecast(known, spec)
    for name in ("forecasts", "cumulative", "contributions", "evidence"):
        assert getattr(got, name).schema == getattr(full, name).schema
    for name in ("forecasts", "cumulative"):
        assert getattr(got, name).select(KEY).equals(getattr(full, name).select(KEY))
        assert set(getattr(got, name)["rung"]) == {"seasonal_naive"}
        assert set(getattr(got, name)["model"]) == {"seasonal_naive"}
    assert got.contributions.is_empty()
    assert got.evidence.is_empty()
    assert (got.forecasts["signal_delta"] == 0).all()
    assert (got.forecasts["baseline_mean"] == got.forecasts["mean"]).all()


def test_it_says_last_years_same_week() -> None:
    y = np.arange(2 * 60, dtype=float).reshape(2, 60)
    known, spec = small(y)
    assert of(sane(known, spec), "s0")[:8] == [8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0]
    late = naive_night(replace(known, gap_weeks=3), spec)
    assert of(late, "s0")[0] == 11.0
    assert late.forecasts["week_start"].min() == (START + np.timedelta64(7 * 63, "D")).item()


def test_further_than_a_year_it_is_the_year_before() -> None:
    y = np.arange(120, dtype=float).reshape(1, 120)
    known, spec = small(y)
    got = of(sane(known, replace(spec, horizon=60)), "s0")
    assert got[0] == 120 - 52
    assert got[52] == 120 - 52


def test_less_than_a_year_is_the_mean_of_the_last_eight_known_weeks() -> None:
    y = np.array([[50.0, *[3.0] * 5, np.nan, np.nan, 3.0, 3.0, 11.0], [*[np.nan] * 9, 4.0, 8.0]])
    got = sane(*small(y))
    assert of(got, "s0") == [4.0] * 13
    assert of(got, "s1") == [6.0] * 13
    assert of(got, "total") == [10.0] * 13


def test_a_last_year_that_is_not_known_is_the_recent_mean() -> None:
    y = np.full((1, 70), 5.0)
    y[0, 20] = np.nan
    y[0, :10] = 1.0
    y[0, 62:] = 9.0
    assert of(sane(*small(y)), "s0")[:4] == [5.0, 5.0, 9.0, 5.0]


def test_recent_means_pass_over_unknown_weeks() -> None:
    y = np.array([[np.nan, 2.0, np.nan, 4.0, *range(10, 20)]])
    got = recent_means(y)[0]
    assert np.array_equal(got[:5], [np.nan, np.nan, 2.0, 2.0, 3.0], equal_nan=True)
    assert got[-1] == np.mean(range(12, 20))


def test_levels_agree_to_the_last_bit(made: Any) -> None:
    _, _, got = made
    for column in ("mean", "flat_mean"):
        sums = [
            got.forecasts.filter(pl.col("level") == level)
            .group_by("week_start")
            .agg(pl.col(column).sum())
            .sort("week_start")[column]
            for level in ("sku", "category", "total")
        ]
        assert (sums[0] == sums[1]).all()
        assert (sums[1] == sums[2]).all()


def test_sums_over_weeks_begin_with_the_first_and_never_fall(made: Any) -> None:
    _, _, got = made
    one = pl.col("horizon") == 1
    first, summed = got.forecasts.filter(one), got.cumulative.filter(one)
    for name in ("mean", *WEEKLY):
        assert (first[name] == summed[name]).all()
    steps = got.cumulative.select(
        pl.col("mean", *SUMMED).diff().over("level", "series_id", order_by="horizon")
    ).drop_nulls()
    assert (steps.to_numpy() >= 0).all()


def test_quantiles_cover_later_weeks_about_as_promised() -> None:
    known, spec = make(Truth(weeks=170, seed=5))
    y = known.panels["units"].y
    inside = []
    for weeks in (130, 137, 144, 151):
        got = naive_night(cut(known, weeks), spec).forecasts.filter(pl.col("level") == "sku")
        rows = got.sort("series_id", "horizon")
        came = y[:, weeks : weeks + 13].reshape(-1)
        low, high = rows["p10"].to_numpy(), rows["p90"].to_numpy()
        inside.append(((came >= low) & (came <= high)).mean())
    assert 0.7 < np.mean(inside) < 0.9


def test_sums_are_narrower_than_quantiles_added_up_where_weeks_are_independent() -> None:
    rng = np.random.default_rng(2)
    got = sane(*small(rng.poisson(20, size=(8, 160))))
    last = got.cumulative.filter((pl.col("horizon") == 13) & (pl.col("level") == "total"))
    weekly = got.forecasts.filter(pl.col("level") == "total")
    assert (last["p90"] - last["p10"]).item() < 0.6 * (weekly["p90"] - weekly["p10"]).sum()


def test_the_order_of_series_does_not_matter(made: Any) -> None:
    known, spec, got = made
    panel = known.panels["units"]
    order = np.random.default_rng(0).permutation(panel.series.height)
    mixed = replace(panel, series=panel.series[order], y=panel.y[order])
    again = naive_night(replace(known, panels={"units": mixed}), spec)
    assert again.forecasts.equals(got.forecasts)
    assert again.cumulative.equals(got.cumulative)


@pytest.mark.parametrize("weeks", [1, 2, 7, 8, 9, 30, 52, 53, 66])
@pytest.mark.parametrize("gap", [0, 2])
def test_short_histories(weeks: int, gap: int) -> None:
    known, spec = small(np.random.default_rng(weeks).poisson(8, size=(4, weeks)))
    got = sane(replace(known, gap_weeks=gap), spec).forecasts
    assert got.height == 13 * 6
    assert (got["p90"] > got["mean"]).all()


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 20)])
def test_empty_panels_give_empty_tables(shape: tuple[int, int]) -> None:
    known, spec = small(np.zeros(shape))
    got = sane(known, spec)
    assert got.forecasts.is_empty()
    assert got.forecasts.schema == forecast(known, spec).forecasts.schema
    assert naive_night(replace(known, panels={}), spec).cumulative.is_empty()


def test_ended_and_unbegun_series_are_left_out_of_every_level() -> None:
    y = np.full((4, 90), 10.0)
    y[1] = np.nan
    y[2, 60:] = np.nan
    y[3, :] = 0.0
    got = sane(*small(y))
    assert set(got.forecasts["series_id"]) == {"a", "s0", "s3", "total"}
    assert of(got, "total") == [10.0] * 13
    assert of(got, "s3", "p95")[0] < 1.0
