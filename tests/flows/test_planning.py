"""A night publishes what planners act on, for every SKU, and says what it could not plan."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import forecasting, planning
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.summary import planner_lines
from tests.flows.conftest import AS_OF, SOURCES
from tests.flows.tiny import END, FORECAST, order_rows, tiny_shop
from tests.flows.written import write_config

pytestmark = pytest.mark.usefixtures("prefect_server")
Run = Callable[..., Any]
EXTRA = """
[forecast]
horizon_weeks = 13
backtest_origins = 3
[planning]
service_level = 0.9
[planning.skus.{sku}]
service_level = 0.99
[planning.categories."No Such Things"]
lead_time_days = 3
"""


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, brand_folder: Path, run_night: Run) -> Path:
    """One night on the small brand with stock and deliveries, changed by no test."""
    folder = tmp_path_factory.mktemp("plan")
    names = SOURCES | {"expected_receipts": "expected_receipts.csv"}
    sources = {table: str(brand_folder / name) for table, name in names.items()}
    sku = pl.read_csv(brand_folder / "products.csv")["sku"].sort()[0]
    state = run_night(write_config(folder, sources, EXTRA.format(sku=f'"{sku}"')))
    assert state.name == "Completed", state.message
    return folder


def table(night: Path, name: str) -> pl.DataFrame:
    return read_table(night / "exports", name)


def test_every_sku_of_products_stock_and_sales_has_one_row(night: Path, brand_folder: Path) -> None:
    plan = table(night, "inventory_plan")
    named = set(pl.read_csv(brand_folder / "products.csv")["sku"])
    named |= set(pl.read_parquet(brand_folder / "inventory_daily.parquet")["sku"])
    listed = table(night, "series_listed").filter(level="sku", target="units")
    assert set(plan["sku"]) == named | set(listed["sku"])
    assert plan.height == plan["sku"].n_unique()
    living = set(listed.filter(pl.col("status").is_in(["active", "new"]))["sku"])
    assert living <= set(plan.filter(plan_status="planned")["sku"])
    assert plan.filter(pl.col("plan_status") != "planned")["reason"].null_count() == 0
    assert plan["rung"].unique().to_list() == ["full"]


def test_demand_of_the_protection_period_is_what_the_forecasts_say(night: Path) -> None:
    """Where it ends with a week: the rest of the running one, whole ones, days of the last."""
    plan = table(night, "inventory_plan").filter(plan_status="planned")
    forecasts = table(night, "forecasts").filter(level="sku", target="units")
    assert plan.height > 5
    for row in plan.iter_rows(named=True):
        mine = forecasts.filter(series_id=row["sku"]).sort("horizon")
        days = row["protection_days"] - 5  # as_of is a Tuesday
        whole, part = int(days // 7), days % 7
        sure = row["running_week_remaining_units"] + mine["mean"][1 : 1 + whole].sum()
        most = sure + (mine["mean"][1 + whole] if part else 0.0)
        assert sure - 1e-2 <= row["final_units"] <= most + 1e-2
        first = mine.row(0, named=True)
        assert 0 < row["running_week_remaining_units"] < 1.5 * first["mean"] + 1


def test_stock_and_deliveries_are_those_of_the_sources(night: Path, brand_folder: Path) -> None:
    plan = table(night, "inventory_plan").filter(plan_status="planned").sort("sku")
    stock = pl.read_parquet(brand_folder / "inventory_daily.parquet").filter(
        pl.col("date").cast(pl.String) == AS_OF
    )
    both = plan.join(stock, on="sku")
    assert both.height == plan.height
    assert (both["on_hand_units"] == both["on_hand"]).all()
    assert (both["on_order_units"] == both["on_order"]).all()
    assert (both["inventory_age_days"] == 0).all()
    receipts = pl.read_csv(brand_folder / "expected_receipts.csv", try_parse_dates=True)
    dated = plan.join(receipts.group_by("sku").agg(pl.col("expected_on").min()), on="sku")
    assert (dated["next_receipt_on"] == dated["expected_on"]).all()


def test_settings_reach_their_sku_and_unknown_names_are_told(night: Path) -> None:
    plan = table(night, "inventory_plan").sort("sku")
    assert plan["service_level"][0] == 0.99
    assert plan["service_level_source"][0] == "sku_setting"
    assert set(plan["service_level"][1:]) == {0.9}
    told = planner_lines(snapshot_dir(night / "exports"))
    assert any("[planning.categories] names 'No Such Things'" in line for line in told)
    orders = next(line for line in told if line.startswith("Orders: "))
    due = plan.filter(pl.col("suggested_order_units") > 0)
    planned = plan.filter(plan_status="planned").height
    assert orders.startswith(f"Orders: {due.height} of {planned} planned SKUs are due at this ")
    pressing = due.filter(pl.col("order_by") <= pl.col("as_of")).height
    assert 0 < pressing < due.height
    assert f"; {pressing} of them cannot wait a day" in orders


def test_weeks_without_stock_are_demand_that_nobody_could_buy(night: Path) -> None:
    demand = table(night, "demand_unconstrained")
    weekly = table(night, "demand_weekly").filter(target="units")
    key = ["level", "series_id", "week_start"]
    both = demand.join(weekly, on=key)
    assert both.height == demand.height > 0
    assert (both["observed_units"] - both["value"]).abs().max() == 0
    skus = both.filter(level="sku")
    assert (skus["censored_share"] - skus["censored_share_right"]).abs().max() < 1e-12
    out = weekly.filter(level="sku", is_partial=False).filter(pl.col("censored_share") > 0)
    assert out.height == skus.height, "no week without stock is missing"
    assert demand.filter(level="sku")["lost_units"].sum() > 0
    whole = demand.group_by("level").agg(pl.col("lost_units").sum())
    assert whole["lost_units"].n_unique() == 1


def test_accuracy_is_told_with_and_without_weeks_out_of_stock(night: Path) -> None:
    made = table(night, "accuracy_stockouts")
    plain = table(night, "accuracy").filter(target="units")
    assert set(made["weeks"]) == {"all_weeks", "uncensored_weeks", "unconstrained"}
    upper = made.filter(level="category", weeks="all_weeks").join(
        plain, on=["level", "model", "horizon_band"]
    )
    assert upper.height == 6
    assert (upper["wape"] - upper["wape_right"]).abs().max() < 1e-9
    assert (upper["n"] == upper["n_right"]).all()
    n = {
        row["weeks"]: row["n"]
        for row in made.filter(level="sku", model="full", horizon_band="h1-4").iter_rows(named=True)
    }
    assert n["all_weeks"] == n["unconstrained"] >= n["uncensored_weeks"]


def shop(folder: Path, inventory: str) -> Path:
    """The tiny shop with counts of stock (csv)."""
    (folder / "in").mkdir(parents=True)
    order_rows(END - timedelta(days=280), END).write_csv(folder / "in" / "orders.csv")
    (folder / "in" / "stock.csv").write_text(inventory)
    sources = {"order_lines": "in/orders.csv", "inventory_daily": "in/stock.csv"}
    return write_config(folder, sources, FORECAST)


def broken(*_: object, **__: object) -> Any:
    raise ValueError("my husband left")


def test_without_stock_levels_are_planned_and_stale_forecasts_show_that_plan(
    tiny_night: Path, run_night: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, exports = tiny_night, tiny_night.parent / "exports"
    plan = read_table(exports, "inventory_plan")
    assert plan.height == 5
    assert set(plan["plan_status"]) == {"no_inventory"}
    assert plan["order_up_to_units"].null_count() == 0
    assert plan["suggested_order_units"].null_count() == 5
    assert set(plan["lead_time_source"]) == {"default"}
    entries = read_manifest(snapshot_dir(exports))["tables"]
    assert "no inventory_daily is known by that day" in entries["demand_unconstrained"]["why"]
    assert entries["accuracy_stockouts"]["left_out"]
    told = planner_lines(snapshot_dir(exports))
    assert not any(line.startswith("Orders") for line in told)
    with monkeypatch.context() as patch:
        patch.setattr(forecasting, "forecast", broken)
        patch.setattr(forecasting, "naive_night", broken)
        state = run_night(config, (END + timedelta(days=1)).isoformat())
    assert state.name == "PublishedDegraded"
    stale = read_table(exports, "inventory_plan")
    assert stale["rung"].unique().to_list() == ["stale"]
    assert stale.drop("rung").equals(plan.drop("rung")), "last night's rows, with their own as_of"
    assert read_manifest(snapshot_dir(exports))["tables"]["inventory_plan"]["rung"] == "stale"


def test_a_plan_that_fails_costs_only_itself(
    tmp_path: Path,
    run_night: Run,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    logging.getLogger("hearcast").addHandler(caplog.handler)
    monkeypatch.setattr(planning, "plan", broken)
    state = run_night(tiny_shop(tmp_path), END.isoformat())
    assert state.name == "PublishedDegraded"
    exports = tmp_path / "exports"
    told = read_manifest(snapshot_dir(exports))["tables"]
    assert told["inventory_plan"]["why"] == "inventory_plan failed: ValueError"
    assert read_table(exports, "forecasts").height > 0
    assert "my husband left" not in caplog.text


def test_seasonal_naive_forecasts_are_planned_by_and_no_sku_on_a_shelf_is_missing(
    tmp_path: Path, run_night: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecasting, "forecast", broken)
    day = (END - timedelta(days=9)).isoformat()
    config = shop(tmp_path, f"date,sku,on_hand\n{day},S0,4\n{day},GHOST,7\n")
    assert run_night(config, END.isoformat()).name == "PublishedDegraded"
    plan = read_table(tmp_path / "exports", "inventory_plan")
    assert plan["rung"].unique().to_list() == ["seasonal_naive"]
    rows = {row["sku"]: row for row in plan.iter_rows(named=True)}
    assert rows["GHOST"]["plan_status"] == "no_forecast"
    assert rows["GHOST"]["reason"].startswith("never sold")
    assert rows["S0"]["plan_status"] == "planned"
    assert rows["S0"]["inventory_stale"]
    assert rows["S0"]["sold_since_units"] > 0
    assert rows["S0"]["suggested_order_units"] > 0
    assert rows["S1"]["plan_status"] == "no_inventory"
