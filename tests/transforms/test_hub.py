from datetime import timedelta

import polars as pl
import pytest

from tests import review_frames
from transforms.contracts import EXPORTS
from transforms.contracts.check import violations
from transforms.contracts.exports import QUANTILES, quantile_name
from transforms.hub import ROWS_EACH, forecasts_hub, hub_levels, hub_tasks

TASK = ["reference_date", "target", "level", "location", "horizon", "target_end_date"]


@pytest.fixture(scope="module")
def ahead() -> pl.DataFrame:
    return review_frames.forecasts(4)


@pytest.fixture(scope="module")
def hub(ahead: pl.DataFrame) -> pl.DataFrame:
    return forecasts_hub(ahead, hub_levels(ahead))


def test_it_keeps_its_contract(hub: pl.DataFrame) -> None:
    assert violations(EXPORTS["forecasts_hub"], hub) == []


def test_every_forecast_is_in_it_with_each_output_once(
    hub: pl.DataFrame, ahead: pl.DataFrame
) -> None:
    assert hub.height == ROWS_EACH * ahead.height
    each = hub.group_by(["model_id", *TASK]).agg(
        (pl.col("output_type") == kind).sum().alias(kind) for kind in ("mean", "median", "quantile")
    )
    full = each.filter(pl.col("model_id") == "hearcast-full")
    assert full.select("mean", "median", "quantile").unique().rows() == [(1, 1, len(QUANTILES))]
    others = each.filter(pl.col("model_id") != "hearcast-full")
    assert others.select("mean", "median", "quantile").unique().rows() == [(1, 0, 0)]


def test_values_are_those_of_forecasts(hub: pl.DataFrame, ahead: pl.DataFrame) -> None:
    columns = {"mean": "mean", "median": "p50"}
    for kind, column in columns.items():
        mine = hub.filter(pl.col("output_type") == kind, pl.col("model_id") == "hearcast-full")
        assert _joined(mine, ahead, column).height == ahead.height, kind
    for q in QUANTILES:
        mine = hub.filter(pl.col("output_type_id") == q)
        assert _joined(mine, ahead, quantile_name(q)).height == ahead.height, q
    base = hub.filter(pl.col("model_id") == "hearcast-baseline")
    assert _joined(base, ahead, "baseline_mean").height == ahead.height


def _joined(mine: pl.DataFrame, ahead: pl.DataFrame, column: str) -> pl.DataFrame:
    """Rows whose value is that of `column` in forecasts."""
    there = ahead.with_columns(pl.col("series_id").alias("location"))
    both = mine.join(there, on=["target", "level", "location", "horizon"])
    return both.filter(pl.col("value") == pl.col(column))


def test_the_rules_of_the_hubverse_hold(hub: pl.DataFrame) -> None:
    steps = pl.col("reference_date") + pl.duration(days=7) * pl.col("horizon").cast(pl.Int64)
    assert hub.filter(steps != pl.col("target_end_date")).is_empty()
    quantile = pl.col("output_type") == "quantile"
    assert hub.filter(quantile != pl.col("output_type_id").is_not_null()).is_empty()
    assert hub.filter(~pl.col("output_type_id").is_between(0, 1)).is_empty()
    ordered = hub.filter(quantile).sort("model_id", *TASK, "output_type_id")
    falls = pl.col("value").diff().over("model_id", *TASK) < 0
    assert ordered.filter(falls).is_empty()
    assert hub["value"].min() >= 0
    assert hub.filter(~pl.col("model_id").str.contains(r"^[A-Za-z0-9_]+-[A-Za-z0-9_]+$")).is_empty()


def test_the_reference_date_ends_a_week_that_is_over(hub: pl.DataFrame) -> None:
    found = hub["reference_date"].unique().to_list()
    assert found == [review_frames.RUNNING - timedelta(days=1)]
    assert found[0] <= review_frames.AS_OF


def test_the_description_admits_every_row_and_no_other_value(hub: pl.DataFrame) -> None:
    (tasks,) = hub_tasks(hub)["model_tasks"]
    for name in TASK:
        told = tasks["task_ids"][name]["optional"]
        assert {str(v) for v in told} == {str(v) for v in hub[name].unique()}, name
    levels = tasks["output_type"]["quantile"]["output_type_id"]["required"]
    assert set(hub["output_type_id"].drop_nulls()) == set(levels)
    keys = [t["target_keys"]["target"] for t in tasks["target_metadata"]]
    assert sorted(keys) == ["returns", "tickets", "units"]


def test_what_would_be_too_large_leaves_out_the_finest_levels(ahead: pl.DataFrame) -> None:
    totals = ahead.filter(pl.col("level") == "total").height
    assert hub_levels(ahead) == ("total", "category", "sku")
    assert hub_levels(ahead, max_rows=ROWS_EACH * totals) == ("total",)
    assert hub_levels(ahead, max_rows=1) == ("total",)


def test_the_order_of_rows_changes_nothing(hub: pl.DataFrame, ahead: pl.DataFrame) -> None:
    shuffled = ahead.sample(fraction=1.0, shuffle=True, seed=3)
    assert forecasts_hub(shuffled, hub_levels(shuffled)).equals(hub)
