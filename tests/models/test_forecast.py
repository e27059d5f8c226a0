from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.forecast import forecast, forecast_many
from models.hierarchy import level_of
from models.panel import UNCATEGORISED, Groups, Known, Panel
from models.spec import ForecastSpec, quantile_names
from tests.models.synthetic import START, Truth, cut, make

KEY = ["as_of", "target", "level", "series_id", "week_start", "horizon"]
SCOPE = ["category", "sku", "channel"]
WEEKLY = quantile_names(ForecastSpec().quantiles)
SUMMED = quantile_names(ForecastSpec().cumulative_quantiles)


@pytest.fixture(scope="module")
def made() -> Any:
    known, spec = make(Truth(weeks=140))
    return known, spec, forecast(known, spec)


def small(y: Any, *, levels: Any = ("total", "category", "sku"), **columns: Any) -> Any:
    """A panel of bare arrays; columns replace those of the series."""
    y = np.asarray(y, dtype=float)
    s, t = y.shape
    series = {
        "series_id": [f"s{i}" for i in range(s)],
        "category": ["a"] * s,
        "sku": [f"s{i}" for i in range(s)],
        "channel": [None] * s,
    } | columns
    frame = pl.DataFrame(series, schema_overrides=dict.fromkeys(SCOPE, pl.String))
    panel = Panel(frame, START + 7 * np.arange(t).astype("timedelta64[D]"), y)
    cutoff = (panel.weeks[-1] + np.timedelta64(6, "D")).item() if t else START.item()
    return Known(cutoff, 0, {"units": panel}), ForecastSpec(levels=levels)


def sane(known: Any, spec: Any) -> Any:
    """What must hold of every forecast, however little is known."""
    got = forecast(known, spec)
    for frame, names in ((got.forecasts, WEEKLY), (got.cumulative, SUMMED)):
        numbers = frame.select("mean", *names, "baseline_mean").to_numpy()
        assert np.isfinite(numbers).all()
        assert (numbers >= 0).all()
        quantiles = frame.select(names).to_numpy()
        assert (np.diff(quantiles, axis=1) >= 0).all()
        assert frame.select(KEY).null_count().sum_horizontal().item() == 0
        assert frame.select(KEY).n_unique() == frame.height
    return got


def test_columns_are_those_that_are_published(made: Any) -> None:
    _, _, got = made
    tail = ["model", "rung"]
    assert got.forecasts.columns == [
        *KEY, *SCOPE, "mean", *WEEKLY,
        "baseline_mean", "signal_delta", "promotion_delta", "holiday_delta", "naive_mean",
        "flat_mean", *tail,
    ]  # fmt: skip
    baselines = ["baseline_mean", *(f"baseline_{name}" for name in SUMMED)]
    assert got.cumulative.columns == [*KEY, *SCOPE, "mean", *SUMMED, *baselines, *tail]
    assert got.contributions.columns == [*KEY, "signal", "delta"]
    assert got.forecasts.schema["horizon"] == pl.Int32
    assert got.forecasts.schema["week_start"] == pl.Date
    assert set(got.forecasts["rung"]) == {"full"}


def test_levels_agree_to_the_last_bit(made: Any) -> None:
    _, _, got = made
    keys = ["target", "week_start"]
    for column in ("mean", "baseline_mean", "signal_delta"):
        sku, category, total = (
            got.forecasts.filter(pl.col("level") == level) for level in ("sku", "category", "total")
        )
        for low, high, by in ((sku, category, [*keys, "category"]), (category, total, keys)):
            sums = low.group_by(by).agg(pl.col(column).sum()).sort(by)
            assert (sums[column] == high.sort(by)[column]).all()


def test_contributions_add_up_to_the_delta_exactly(made: Any) -> None:
    _, _, got = made
    sums = got.contributions.group_by(KEY).agg(pl.col("delta").sum())
    joined = got.forecasts.join(sums, on=KEY, how="left").with_columns(pl.col("delta").fill_null(0))
    assert (joined["delta"] == joined["signal_delta"]).all()
    assert (joined["mean"] - joined["baseline_mean"] == joined["signal_delta"]).all()
    assert joined.filter(pl.col("delta") != 0)["horizon"].max() == 3


def test_sums_over_weeks_are_the_cumulative_means(made: Any) -> None:
    _, _, got = made
    by = ["level", "series_id"]
    weekly = got.forecasts.sort(*by, "horizon")
    summed = got.cumulative.sort(*by, "horizon")
    for column in ("mean", "baseline_mean"):
        want = weekly.with_columns(pl.col(column).cum_sum().over(by))
        assert (want[column] == summed[column]).all()
    one = pl.col("horizon") == 1
    for name in WEEKLY:
        assert np.array_equal(weekly.filter(one)[name], summed.filter(one)[name])
    for name in (f"baseline_{name}" for name in SUMMED):
        steps = summed.select(pl.col(name).diff().over(by)).drop_nulls()
        assert (steps[name] >= 0).all()


def test_quantiles_move_with_the_signals_and_come_closer_where_they_tell(made: Any) -> None:
    known, spec, got = made
    plain = forecast(replace(known, signals=None), spec)
    assert (plain.forecasts["mean"] == got.forecasts["baseline_mean"]).all()
    ratio = got.forecasts["mean"] / got.forecasts["baseline_mean"]
    assert ratio.max() > 1.02
    before, now = (
        one.forecasts.with_columns(width=(pl.col("p90") - pl.col("p10")) / pl.col("mean"))
        for one in (plain, got)
    )
    narrowed, sums = now["width"] / before["width"], now["level"] == "category"
    assert narrowed.filter(sums & (now["signal_delta"] != 0)).mean() < 0.95
    assert narrowed.filter(sums & (now["horizon"] > 4)).mean() == pytest.approx(1.0, abs=0.02)
    for name in SUMMED:
        assert np.array_equal(plain.cumulative[name], got.cumulative[f"baseline_{name}"])


def test_equal_inputs_give_equal_bits_and_many_equal_one_at_a_time(made: Any) -> None:
    known, spec, got = made
    knowns = [cut(known, 100), cut(known, 120), known]
    many = forecast_many(knowns, spec)
    for one, other in zip(knowns, many, strict=True):
        alone = forecast(one, spec)
        for name in ("forecasts", "cumulative", "contributions", "evidence"):
            assert getattr(alone, name).equals(getattr(other, name))
    assert many[2].forecasts.equals(got.forecasts)


def test_the_order_of_series_does_not_matter(made: Any) -> None:
    known, spec, got = made
    panel = known.panels["units"]
    order = np.random.default_rng(0).permutation(panel.series.height)
    mixed = Panel(panel.series[order], panel.weeks, panel.y[order])
    again = forecast(replace(known, panels={"units": mixed}), spec)
    for name in ("forecasts", "cumulative", "contributions", "evidence"):
        assert getattr(again, name).equals(getattr(got, name))


def test_horizon_one_is_the_week_after_the_gap() -> None:
    known, spec = small(np.ones((2, 80)))
    got = forecast(replace(known, gap_weeks=2), spec).forecasts
    first = got.filter(pl.col("horizon") == 1)["week_start"][0]
    assert first == (START + np.timedelta64(7 * (79 + 3), "D")).item()


@pytest.mark.parametrize("weeks", [1, 2, 3, 5, 9, 13, 14, 27, 53, 60, 63, 64, 70])
def test_short_histories(weeks: int) -> None:
    rng = np.random.default_rng(weeks)
    got = sane(*small(rng.poisson(8, size=(4, weeks)))).forecasts
    assert got.height == 13 * 6
    assert set(got["model"]) == ({"flat"} if weeks < 14 else {"experts"})
    means = got.filter(pl.col("level") == "sku")["mean"]
    assert means.is_between(1, 25).all()


def test_nothing_sold_is_forecast_as_nothing() -> None:
    y = np.zeros((3, 90))
    got = sane(*small(y)).forecasts
    assert (got["mean"] == 0).all()
    assert got["p95"].max() < 0.1


def test_new_silent_and_ended_series() -> None:
    rng = np.random.default_rng(0)
    y = rng.poisson(20, size=(6, 100)).astype(float)
    y[0, :-1] = np.nan  # launched last week
    y[1, :] = np.nan  # never launched
    y[2, 60:] = np.nan  # silent for 40 weeks
    y[3, 95:] = np.nan  # out of stock for 5 weeks
    y[4, :50] = np.nan
    got = sane(*small(y)).forecasts.filter(pl.col("level") == "sku")
    assert set(got["series_id"]) == {"s0", "s3", "s4", "s5"}
    new = got.filter(pl.col("series_id") == "s0")
    assert set(new["model"]) == {"flat"}
    assert new["mean"].is_between(y[0, -1] * 0.8, y[0, -1] * 1.2).all()
    censored = got.filter(pl.col("series_id") == "s3")
    assert censored["mean"].is_between(14, 26).all()


def test_a_series_marked_as_ended_gets_no_forecast_but_stays_in_history() -> None:
    y = np.full((2, 100), 10.0)
    known, spec = small(y, ended=[False, True])
    got = sane(known, spec).forecasts
    assert set(got.filter(pl.col("level") == "sku")["series_id"]) == {"s0"}
    total = got.filter(pl.col("level") == "total")
    assert total["naive_mean"].to_list() == [20.0] * 13
    sku = got.filter(pl.col("level") == "sku")
    assert (total["mean"] == sku["mean"]).all()


def test_no_series_no_weeks_no_panels() -> None:
    for known, spec in (
        small(np.zeros((0, 50))),
        small(np.zeros((2, 0))),
        small(np.full((1, 9), np.nan)),
    ):
        assert forecast(known, spec).forecasts.height == 0
    empty = forecast(Known(START.item(), 0, {}), ForecastSpec())
    full = forecast(*small(np.ones((1, 30))))
    for name in ("forecasts", "cumulative", "contributions"):
        assert getattr(empty, name).schema == getattr(full, name).schema


def test_null_categories_form_one_of_their_own() -> None:
    known, spec = small(np.ones((3, 70)), category=["a", None, None])
    got = sane(known, spec).forecasts
    assert set(got.filter(pl.col("level") == "category")["series_id"]) == {"a", UNCATEGORISED}
    assert got.filter(pl.col("level") != "total")["category"].null_count() == 0


def test_categories_as_the_bottom() -> None:
    rng = np.random.default_rng(0)
    known, spec = small(
        rng.poisson(50, size=(3, 110)), levels=("total", "category"),
        series_id=["a", "b", "c"], category=["a", "b", "c"], sku=[None] * 3,
    )  # fmt: skip
    got = sane(known, spec).forecasts
    assert got["level"].unique(maintain_order=True).to_list() == ["total", "category"]
    assert forecast(known, ForecastSpec()).forecasts.equals(got)
    with pytest.raises(ValueError, match="have no sku"):
        level_of(known.panels["units"].series, "sku")


def test_channels_as_the_bottom() -> None:
    rng = np.random.default_rng(0)
    known, spec = small(
        rng.poisson(20, size=(4, 110)), levels=("total", "category", "sku", "sku_channel"),
        series_id=["x|web", "x|shop", "y|web", "y|shop"], sku=["x", "x", "y", "y"],
        channel=["web", "shop", "web", "shop"],
    )  # fmt: skip
    got = sane(known, spec).forecasts
    bottom = got.filter(pl.col("level") == "sku_channel")
    assert set(bottom["series_id"]) == {"x|web", "x|shop", "y|web", "y|shop"}
    by = ["sku", "week_start"]
    sums = bottom.group_by(by).agg(pl.col("mean").sum()).sort(by)
    assert (sums["mean"] == got.filter(pl.col("level") == "sku").sort(by)["mean"]).all()


def test_returns_of_channels_are_forecast_too() -> None:
    rng = np.random.default_rng(0)
    sold = rng.poisson(20, size=(4, 60))
    columns = {
        "series_id": ["x|shop", "x|web", "y|shop", "y|web"],
        "sku": ["x", "x", "y", "y"],
        "channel": ["shop", "web", "shop", "web"],
    }
    levels = ("total", "category", "sku", "sku_channel")
    known, spec = small(sold, levels=levels, **columns)
    back, _ = small(rng.binomial(sold, 0.1), levels=levels, **columns)
    got = sane(replace(known, panels=known.panels | {"returns": back.panels["units"]}), spec)
    per_level = got.forecasts.filter(target="returns")["level"].value_counts().sort("level")
    assert per_level["count"].to_list() == [n * spec.horizon for n in (1, 2, 4, 1)]


def test_groups_beyond_their_number_are_refused() -> None:
    for codes in ([0, 3], [-1, 0]):
        with pytest.raises(ValueError, match="groups"):
            Groups(np.array(codes), 3)


def test_a_panel_that_does_not_fit_is_refused() -> None:
    known, _ = small(np.ones((2, 10)))
    panel = known.panels["units"]
    with pytest.raises(ValueError, match="y is"):
        replace(panel, y=np.ones((3, 10)))
    with pytest.raises(ValueError, match="seven days"):
        replace(panel, weeks=panel.weeks[::-1])
    with pytest.raises(ValueError, match="negative"):
        replace(panel, y=-panel.y)


def test_weekly_and_summed_levels_may_be_the_same_or_only_weekly_ones(made: Any) -> None:
    known, spec, got = made
    few = replace(spec, quantiles=(0.1, 0.5, 0.9), cumulative_quantiles=(0.1, 0.5, 0.9))
    same = forecast(known, few)
    assert same.cumulative["p90"].to_list() == got.cumulative["p90"].to_list()
    weekly = forecast(known, replace(few, cumulative_quantiles=()))
    assert weekly.cumulative.is_empty()
    assert weekly.forecasts["p90"].to_list() == same.forecasts["p90"].to_list()
