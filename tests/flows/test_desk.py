"""The planner's desk over nights of a small shop: overrides, corrections, a replay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock

from flows.alerts import channels_of
from flows.desk import Desk
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.settings import load_settings
from flows.summary import planner_lines
from tests.flows.tiny import END, FORECAST, order_rows
from tests.flows.written import write_config
from transforms.contracts import EXPORTS

FIRST, NEXT, BETWEEN = END - timedelta(days=7), END, END - timedelta(days=6)
WEEK = END + timedelta(days=1)
OVERRIDES = f"""level,week_start,value,author,reason,sku,category,created_at
sku,{WEEK},500,ada@brand.com,fair in town,S1,,2026-11-02T10:00:00Z
category,{WEEK},900,bob,as last year,,tea,2026-11-03T10:00:00Z
sku,{WEEK},70,ada@brand.com,unknown article,S99,,2026-11-03T10:00:00Z
sku,{WEEK},-4,bob,slip,S2,,2026-11-03T10:00:00Z
sku,{WEEK},40,bob,no article,,,2026-11-03T10:00:00Z
"""

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, run_night: Callable[..., Any]) -> Path:
    """Exports of two nights a week apart, with a correction between them, and of a replay."""
    folder = tmp_path_factory.mktemp("desk")
    inbox = folder / "in"
    inbox.mkdir()
    rows = order_rows(END - timedelta(days=280), END)
    day = pl.col("ordered_at").str.slice(0, 10)
    rows.filter(day <= str(FIRST)).write_csv(inbox / "a.csv")
    (folder / "overrides.csv").write_text(OVERRIDES)
    (folder / "owners.csv").write_text("object_type,object_id,owner\ncategory,tea,ines\n")
    sources = {"order_lines": "in/*", "overrides": "overrides.csv", "owners": "owners.csv"}
    config = write_config(folder, sources, FORECAST)
    assert run_night(config, str(FIRST)).name == "Completed"
    late = rows.filter(day == str(FIRST - timedelta(days=2))).with_columns(
        pl.col("quantity").cast(pl.Int64) * 9
    )
    late.write_csv(inbox / "b.csv")
    rows.filter(day > str(FIRST)).write_csv(inbox / "c.csv")
    assert run_night(config, str(NEXT)).name == "Completed"
    assert run_night(config, str(BETWEEN)).name == "Completed"
    return folder / "exports"


def test_the_first_night_says_why_nothing_is_compared(shop: Path) -> None:
    told = read_manifest(snapshot_dir(shop, FIRST))["tables"]["forecast_changes"]
    assert told["left_out"]
    assert "first night" in told["why"]


def test_overrides_are_applied_over_the_levels_and_the_forecast_is_kept(shop: Path) -> None:
    final = read_table(shop, "forecasts_final", FIRST).filter(week_start=WEEK, target="units")
    got = dict(final.select("series_id", "final_mean").iter_rows())
    assert (got["S1"], got["tea"], got["total"]) == (500.0, 900.0, 900.0)
    assert sum(got[f"S{i}"] for i in range(5)) == 900.0
    kept = read_table(shop, "forecasts", FIRST).filter(week_start=WEEK, target="units")
    both = final.join(kept, on=["level", "series_id"])
    assert both["statistical_mean"].equals(both["mean"], check_names=False)
    assert set(final.filter(level="sku")["author"]) == {"ada", "bob"}


def test_every_override_is_published_or_quarantined_with_its_reason(shop: Path) -> None:
    status = read_table(shop, "override_status", FIRST)
    assert sorted(status["status"]) == ["applied", "applied", "no_series"]
    bad = read_table(shop, "quarantine", FIRST).filter(table="overrides").sort("row_number")
    assert bad.select("reason", "column").rows() == [
        ("out_of_range", "value"),
        ("null_required", "sku"),
    ]
    assert "ada@brand.com" not in str(status.rows()) + str(bad.rows())


def test_what_moved_is_split_and_the_correction_is_told_apart(shop: Path) -> None:
    moved = read_table(shop, "forecast_changes", NEXT)
    assert moved["previous_as_of"].unique().to_list() == [FIRST]
    total = moved.filter(level="total").sort("week_start")
    assert total["restatement_known"].all()
    assert (total["delta_restatement"] > 0).any()
    parts = ("delta_new_data", "delta_signals", "delta_adoption", "delta_restatement")
    assert moved.filter(pl.sum_horizontal(parts) != pl.col("delta")).is_empty()
    then = read_table(shop, "forecasts", FIRST).filter(level="total", week_start=WEEK)
    assert total["previous_mean"][0] == then["mean"][0]
    assert moved["same_method"].all()


def test_a_replay_is_compared_with_the_night_before_it_not_the_newest(shop: Path) -> None:
    moved = read_table(shop, "forecast_changes", BETWEEN)
    assert moved["previous_as_of"].unique().to_list() == [FIRST]
    assert (moved["delta_restatement"] == 0).all()
    assert moved["restatement_known"].all()


def test_the_staircase_and_the_exceptions_are_published(shop: Path) -> None:
    added = read_table(shop, "forecast_value_added", NEXT)
    assert set(added["step"]) == {"naive", "seasonal_naive", "statistical", "signals", "override"}
    told = added.filter(step="override")
    assert set(told["verdict"]) == {"not_enough_data"}
    found = read_table(shop, "exceptions", NEXT)
    assert set(found["owner"]) <= {"ines", "unassigned"}


def test_the_lines_after_a_night_tell_what_moved_and_who_overrode(shop: Path) -> None:
    lines = "\n".join(planner_lines(snapshot_dir(shop, NEXT)))
    assert f"Since {FIRST} the forecast of units went from" in lines
    assert "corrected history" in lines
    assert "Overrides: 2 apply tonight; 1 no_series" in lines
    assert "Exceptions: " in lines


def test_a_table_that_fails_or_breaks_its_contract_is_left_out_and_the_others_stay() -> None:
    desk = Desk()
    good = EXPORTS["exceptions"].empty()
    desk.make("exceptions", lambda: {"exceptions": good})
    desk.make("forecast_changes", lambda: {"forecast_changes": {}["gone"]})
    twice = {"rank": [-1, 1], "kind": ["none", "stock_out"]}
    bad = pl.DataFrame(
        {**{n: [None, None] for n in good.columns}, **twice}, schema=dict(good.schema)
    )
    desk.make("forecasts_final", lambda: {"exceptions": bad})
    assert set(desk.tables) == {"exceptions"}
    assert desk.tables["exceptions"].is_empty()
    assert desk.failed == {
        "forecast_changes": "forecast_changes failed: KeyError",
        "forecasts_final": "forecasts_final failed: ContractViolation",
    }


def test_a_prefect_block_is_a_channel_and_one_that_is_not_there_is_said(tmp_path: Path) -> None:
    block = CustomWebhookNotificationBlock(name="hook", url="http://127.0.0.1:9/secret")
    block.save("planners", overwrite=True)
    kind = CustomWebhookNotificationBlock.get_block_type_slug()
    names = [f"{kind}/planners", f"{kind}/nobody"]
    config = write_config(tmp_path, {"order_lines": "in/*"}, f"[alerts]\nblocks = {names}\n")
    channels, problems = channels_of(load_settings(config, {}), {})
    assert [channel.name for channel in channels] == [f"block {kind}/planners"]
    assert problems == [
        f"alerts: [alerts] blocks: no Prefect notification block is named '{kind}/nobody'; "
        "it is passed over"
    ]
