from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.backtest import actuals, backtest
from models.forecast import forecast, forecast_many
from models.metrics import accuracy, signal_value
from models.panel import Panel, in_order
from models.spec import ForecastSpec, quantile_names
from tests.models.synthetic import START, Truth, cut, make
from tests.models.test_forecast import small

JOIN = ["target", "level", "series_id", "week_start"]


@pytest.fixture(scope="module")
def run() -> Any:
    known, spec = make(Truth(weeks=150, n_categories=4, per_category=15, seed=3))
    knowns = [cut(known, 150 - 13 - 4 * i) for i in range(6)][::-1]
    return known, spec, knowns, backtest(knowns, known, spec)


def test_rows_are_those_of_one_night_at_a_time(run: Any) -> None:
    known, spec, knowns, made = run
    for one in knowns:
        alone = forecast(one, spec).forecasts
        mine = made.forecasts.filter(pl.col("cutoff") == one.cutoff)
        both = mine.join(alone, on=[*JOIN, "horizon"], how="left", suffix="_night")
        for name in ("mean", "baseline_mean", "naive_mean", *quantile_names(spec.quantiles)):
            assert (both[name] == both[f"{name}_night"]).all()
    assert set(made.forecasts["as_of"]) == {known.cutoff}
    assert made.forecasts["horizon"].max() == 13


def test_what_happens_later_changes_actuals_only(run: Any) -> None:
    known, spec, knowns, made = run
    panel = known.panels["units"]
    y = panel.y.copy()
    y[:, 105:] = y[:, 105:] * 3 + 7
    other = replace(known, panels={"units": replace(panel, y=y)})
    again = backtest(knowns, other, spec)
    assert made.forecasts.drop("actual").equals(again.forecasts.drop("actual"))
    assert made.contributions.equals(again.contributions)
    assert (made.forecasts["actual"] != again.forecasts["actual"]).all()


def test_forecasts_see_nothing_after_their_cutoff() -> None:
    known, spec = make(Truth(weeks=120))
    panel, s = known.panels["units"], known.signals
    y, rate = panel.y.copy(), s.rate.copy()
    y[:, 100:], rate[:, :, 100:] = 1e9, 0.99
    shifted = replace(known, panels={"units": replace(panel, y=y)}, signals=replace(s, rate=rate))
    one, other = forecast(cut(known, 100), spec), forecast(cut(shifted, 100), spec)
    assert one.forecasts.equals(other.forecasts)
    assert one.cumulative.equals(other.cumulative)
    assert one.evidence.equals(other.evidence)


def test_actuals_of_upper_levels_are_sums_of_what_exists() -> None:
    y = np.array([[1.0, 2.0, np.nan], [10.0, np.nan, np.nan], [100.0, 200.0, 300.0]])
    known, spec = small(y, category=["a", "a", "b"])
    got = actuals(known, spec)

    def values(level: str, series: str) -> Any:
        keep = (pl.col("level") == level) & (pl.col("series_id") == series)
        return got.filter(keep).sort("week_start")["actual"].to_list()

    assert values("total", "total") == [111.0, 202.0, 300.0]
    assert values("category", "a") == [11.0, 2.0]
    assert values("sku", "s1") == [10.0]


def test_actuals_above_are_all_sales_and_below_only_weeks_that_tell_of_demand() -> None:
    nan = np.nan
    y = np.array([[1.0, nan, 3.0, nan, nan], [nan, 5.0, nan, 7.0, 8.0], [9.0] * 5])
    sold = np.array([[1.0, 2.0, 3.0, 0.5, 0.0], [0.0, 5.0, 4.0, 7.0, 8.0], [9.0] * 5])
    third = (START + np.timedelta64(14, "D")).item() + timedelta(days=3)
    ends = pl.Series("ended_on", [third, None, None], dtype=pl.Date)
    known, spec = small(y, category=["a", "a", "b"], ended=[True, False, False])
    panel = known.panels["units"]
    panel = replace(panel, series=panel.series.with_columns(ends), sold=sold)

    def values(of: Any, series: str) -> Any:
        got = actuals(replace(known, panels={"units": of}), spec)
        rows = got.filter(pl.col("series_id") == series).sort("week_start")
        return rows["actual"].to_list()

    assert values(panel, "total") == [10.0, 16.0, 16.0, 16.5, 17.0]
    assert values(panel, "a") == [1.0, 7.0, 7.0, 7.5, 8.0]
    assert values(panel, "b") == [9.0] * 5, "one series is not the bottom of every level"
    assert values(panel, "s0") == [1.0, 3.0, 0.5, 0.0], "out of stock: none; ended: what it sold"
    assert values(panel, "s1") == [5.0, 7.0, 8.0], "before launch and out of stock: none"
    order = [2, 0, 1]
    mixed = in_order(Panel(panel.series[order], panel.weeks, y[order], sold[order]))
    for name in ("total", "a", "b", "s0", "s1", "s2"):
        assert values(mixed, name) == values(panel, name)


def test_a_category_of_one_series_counts_its_weeks_without_stock() -> None:
    y = np.array([[4.0, np.nan], [6.0, 6.0]])
    known, spec = small(y, category=["a", "b"])
    panel = replace(known.panels["units"], sold=np.array([[4.0, 1.0], [6.0, 6.0]]))
    got = actuals(replace(known, panels={"units": panel}), spec)
    count = dict(got.group_by("series_id").len().iter_rows())
    assert count == {"total": 2, "a": 2, "b": 2, "s0": 1, "s1": 2}


def test_a_forecast_made_before_a_series_ended_is_judged_by_the_weeks_after() -> None:
    y = np.random.default_rng(0).poisson(9, size=(3, 90)).astype(float)
    y[0, 80:] = 0.0
    then, spec = small(y[:, :80])
    masked = y.copy()
    masked[0, 80:] = np.nan
    now, _ = small(masked, ended=[True, False, False])
    panel = now.panels["units"]
    end = pl.Series("ended_on", [panel.weeks[80].item(), None, None], dtype=pl.Date)
    panel = replace(panel, series=panel.series.with_columns(end), sold=y)
    made = backtest([then], replace(now, panels={"units": panel}), spec).forecasts
    gone = made.filter(pl.col("series_id") == "s0")
    assert gone["actual"].to_list() == [0.0] * 10
    assert (gone["mean"] > 0).all()
    total = made.filter(pl.col("level") == "total").sort("horizon")
    assert total["actual"].to_list() == y[:, 80:].sum(axis=0).tolist()


@pytest.mark.parametrize("sold", [np.ones((1, 2)), np.full((1, 3), -1.0), np.full((1, 3), np.nan)])
def test_sales_are_known_everywhere_and_shaped_as_demand(sold: Any) -> None:
    known, _ = small(np.ones((1, 3)))
    with pytest.raises(ValueError, match="sold"):
        replace(known.panels["units"], sold=sold)


def test_an_outcome_before_a_cutoff_is_refused_and_no_cutoffs_give_no_rows() -> None:
    known, spec = make(Truth(weeks=80))
    with pytest.raises(ValueError, match="after the outcome"):
        backtest([known], cut(known, 70), spec)
    empty = backtest([], known, spec)
    some = backtest([cut(known, 70)], known, spec)
    assert empty.forecasts.schema == some.forecasts.schema
    assert empty.contributions.schema == some.contributions.schema
    assert accuracy(empty.forecasts, known, spec).height == 0
    assert signal_value(empty.forecasts, empty.contributions, spec).height == 0


def test_it_beats_the_seasonal_naive_and_covers_what_it_promises(run: Any) -> None:
    known, spec, _, made = run
    got = accuracy(made.forecasts, known, spec)
    for band in ("h1-4", "h5-13"):
        sku = got.filter((pl.col("level") == "sku") & (pl.col("horizon_band") == band))
        row = {r["model"]: r for r in sku.iter_rows(named=True)}
        assert row["full"]["wape_mean"] < 0.85 * row["seasonal_naive"]["wape_mean"]
        assert row["seasonal_naive"]["wape_difference_lo"] > 0
        assert 0.70 < row["full"]["coverage_80"] < 0.90
        assert abs(row["full"]["bias_share"]) < 0.1


def test_sums_over_a_quarter_are_covered_as_promised(run: Any) -> None:
    known, spec, knowns, _ = run
    truth = actuals(known, spec)
    inside = []
    for made in forecast_many(knowns, spec):
        both = made.cumulative.join(truth, on=JOIN, how="left").sort("series_id", "horizon")
        both = both.filter(pl.col("level") == "sku").with_columns(
            pl.col("actual").cum_sum().over("series_id")
        )
        last = both.filter(pl.col("horizon") == 13)
        inside.append(last["actual"].is_between(last["p10"], last["p90"]).mean())
    assert 0.6 < np.mean(inside) < 0.95  # six overlapping quarters of shared shocks


def test_signals_are_worth_something_up_to_their_lead(run: Any) -> None:
    known, spec, _, made = run
    got = accuracy(made.forecasts, known, spec).filter(pl.col("model") == "full")
    early = got.filter((pl.col("horizon_band") == "h1-4") & (pl.col("level") != "total"))
    late = got.filter(pl.col("horizon_band") == "h5-13")
    assert (early["wape_difference"] < 0).all()
    assert (late["wape_difference"] == 0).all()
    value = signal_value(made.forecasts, made.contributions, spec)
    leader = value.filter(pl.col("signal") == "leader")
    assert leader["category"].to_list() == [None, "cat0", "cat1", "cat2", "cat3"]
    assert leader["wape_gain_share"][0] > 0.02


def test_a_placebo_world_is_left_alone() -> None:
    known, spec = make(Truth(weeks=130, strength=0.0, seed=8))
    made = backtest([cut(known, 117), cut(known, 113)], known, spec)
    moved = (made.forecasts["mean"] != made.forecasts["baseline_mean"]).mean()
    assert moved == 0.0


def test_every_level_asked_for_is_scored() -> None:
    known, spec = small(np.random.default_rng(0).poisson(9, size=(3, 90)))
    spec = ForecastSpec(levels=spec.levels, horizon=3)
    made = backtest([cut(known, 80)], known, spec)
    got = accuracy(made.forecasts, known, spec)
    assert got.select("level", "horizon_band").unique().height == 3
    assert set(got["horizon_band"]) == {"h1-3"}


def test_actuals_of_early_weeks_can_be_left_out_and_no_forecast_loses_its_own() -> None:
    known, spec = small(np.random.default_rng(0).poisson(9, size=(3, 90)))
    every = actuals(known, spec)
    day = known.panels["units"].weeks[84].item()
    late = actuals(known, spec, day)
    assert late.equals(every.filter(pl.col("week_start") > day))
    assert late.height == 5 * 5
    then = cut(known, 84)
    midweek = replace(then, cutoff=then.cutoff + timedelta(days=3))
    made = backtest([midweek], known, spec).forecasts
    assert made.height == 5 * 6, "the week that has begun is forecast and judged too"
