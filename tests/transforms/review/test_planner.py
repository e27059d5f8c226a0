from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from tests import review_frames as made
from transforms.review.planner import AHEAD, SCALE, Planner, encoded, planner

MISSING = "SKU-00003"


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    return made.every_table(7, missing=(MISSING,))


@pytest.fixture(scope="module")
def found(tables: dict[str, pl.DataFrame]) -> Planner:
    return planner(made.night(tables))


def _decoded(value: float | None) -> float | None:
    return value / SCALE if isinstance(value, int) else value


def _week(found: Planner, at: int) -> date:
    return date.fromisoformat(found.head["week0"]) + timedelta(weeks=at)


def _item(found: Planner, name: str) -> Mapping[str, Any]:
    return dict(found.items)[name]


@pytest.mark.parametrize("value", [0.0, 3.0, 12.345703125, 1 / 3, 1e-9, 123456.7, -4.5])
def test_no_number_is_rounded_on_the_way(value: float) -> None:
    assert _decoded(encoded(value)) == value


def test_every_known_sku_has_its_page_also_without_a_forecast(found: Planner) -> None:
    assert [name for name, _ in found.items] == made.sku_names(7)
    index = {name: why for name, _, why, _ in found.head["index"]}
    assert index[MISSING] == "discontinued, since 1 Sep 2026"
    assert "f" not in _item(found, MISSING)["units"]
    assert _item(found, MISSING)["units"]["v"], "its history is there all the same"
    assert [why for name, why in index.items() if name != MISSING] == [""] * 6


def test_forecasts_are_those_of_the_table(found: Planner, tables: dict[str, pl.DataFrame]) -> None:
    compared = 0
    for name, item in found.items:
        for target in ("units", "returns"):
            mine = (
                tables["forecasts"]
                .filter(level="sku", series_id=name, target=target)
                .sort("horizon")
            )
            if mine.is_empty():
                continue
            told = item[target]["f"]
            assert _week(found, told["w"]) == mine["week_start"][0]
            for short, column in AHEAD.items():
                values = [_decoded(v) for v in told.get(short, [0] * mine.height)]
                assert values == mine[column].to_list(), (name, target, column)
                compared += len(values)
    assert compared == 2 * 6 * made.HORIZON * len(AHEAD)


def test_history_is_that_of_the_table(found: Planner, tables: dict[str, pl.DataFrame]) -> None:
    told = _item(found, "SKU-00001")["units"]
    sold = {_week(found, told["w"] + n): _decoded(v) for n, v in enumerate(told["v"])}
    mine = tables["demand_weekly"].filter(level="sku", series_id="SKU-00001", target="units")
    for week, value in mine.select("week_start", "value").iter_rows():
        if week >= min(sold):
            assert sold[week] == value
    assert [_week(found, at) for at in told["q"]] == [made.RUNNING]
    assert [(_week(found, at), _decoded(v)) for at, v in told["x"]] == [
        (made.RUNNING - timedelta(weeks=6), 21.5)
    ]


def test_signals_add_up_to_what_they_changed(
    found: Planner, tables: dict[str, pl.DataFrame]
) -> None:
    for name, item in found.items:
        if "f" not in item["units"]:
            continue
        f = item["units"]["f"]
        summed = [0.0] * len(f["m"])
        for at, deltas in f.get("s", {}).values():
            for n, delta in enumerate(deltas):
                summed[at + n - f["w"]] += _decoded(delta) or 0.0
        mine = (
            tables["forecasts"].filter(level="sku", series_id=name, target="units").sort("horizon")
        )
        assert summed == mine["signal_delta"].to_list(), name


def test_a_gap_in_history_stays_a_gap(tables: dict[str, pl.DataFrame]) -> None:
    gap = made.RUNNING - timedelta(weeks=10)
    weekly = tables["demand_weekly"].filter(
        (pl.col("series_id") != "SKU-00002") | (pl.col("week_start") != gap)
    )
    found = planner(made.night({**tables, "demand_weekly": weekly}))
    told = _item(found, "SKU-00002")["units"]
    sold = {_week(found, told["w"] + n): v for n, v in enumerate(told["v"])}
    assert sold[gap] is None
    assert all(v is not None for week, v in sold.items() if week != gap)


def test_plan_overrides_leads_and_quotes_are_there(found: Planner) -> None:
    columns = [name for name, *_ in found.head["plan"]]
    plan = dict(zip(columns, _item(found, "SKU-00005")["plan"], strict=True))
    assert plan["suggested_order_units"] == 5.0
    assert plan["stockout_date_p10"] == (made.AS_OF + timedelta(days=15)).isoformat()
    (override,) = _item(found, "SKU-00001")["overrides"]
    assert override[1:5] == [(made.RUNNING + timedelta(weeks=2)).isoformat(), 90.0, 50.0, 90.0]
    (lead,) = found.head["leads"]
    assert (lead["signal"], lead["category"], lead["lead"]) == (
        "stocking_up",
        made.CATEGORIES[0],
        3,
    )
    assert [text for _, text, *_ in found.head["quotes"][made.EVIL]][1].startswith(
        "call me at <phone>"
    )


def test_what_is_not_published_is_named(tables: dict[str, pl.DataFrame]) -> None:
    bare = {n: tables[n] for n in ("forecasts", "demand_weekly", "series_listed")}
    found = planner(made.night(bare))
    assert [line.split(":")[1].split()[0] for line in found.head["absent"]] == [
        "inventory_plan", "demand_unconstrained", "override_status", "signal_evidence",
    ]  # fmt: skip
    assert len(found.items) == 7


def test_a_sku_that_only_the_plan_knows_is_there(tables: dict[str, pl.DataFrame]) -> None:
    found = planner(made.night({**tables, "inventory_plan": made.plan(8)}))
    assert found.head["index"][-1][:3] == ["SKU-00007", "", "never sold, in the plan only"]
    assert _item(found, "SKU-00007")["plan"]


def test_a_page_too_large_leaves_out_what_sells_least_and_counts_it(
    tables: dict[str, pl.DataFrame],
) -> None:
    found = planner(made.night(tables), max_items=3)
    units = tables["forecasts"].filter(level="sku", target="units")
    totals = units.group_by("series_id").agg(pl.col("mean").sum()).sort("mean", descending=True)
    assert {name for name, _ in found.items} == set(totals["series_id"].head(3))
    assert found.beyond == 4


def test_overrides_above_a_sku_are_told_and_those_of_past_weeks_are_not(
    tables: dict[str, pl.DataFrame],
) -> None:
    one = tables["override_status"]
    above = one.with_columns(
        pl.lit("category").alias("level"),
        pl.lit(made.EVIL).alias("series_id"),
        pl.lit("o2").alias("override_id"),
    )
    past = one.with_columns(pl.lit("past").alias("status"), pl.lit("o3").alias("override_id"))
    found = planner(made.night({**tables, "override_status": pl.concat([one, above, past])}))
    assert len(_item(found, "SKU-00001")["overrides"]) == 1
    assert [row[0] for row in found.head["above"][made.EVIL]] == ["category"]
