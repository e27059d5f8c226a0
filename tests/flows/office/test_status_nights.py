"""Metrics, sendings and the catalogue over whole nights: one alert an episode, nothing raw, and the same again."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.cli import EXIT_PUBLISHED, main
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.simulate import write_brand
from tests.flows.conftest import SOURCES
from tests.flows.listeners import Hook
from tests.flows.written import write_config
from transforms.contracts import EXPORTS

NIGHTS = (date(2026, 11, 16), date(2026, 11, 17))
GIVEN = {
    "customers": "customers.csv.gz", "checkouts": "checkouts.parquet", "shipments": "shipments.parquet",
    "call_attempts": "call_attempts*.parquet", "insights": "insights.csv.gz",
    "distributions": "distributions.csv.gz", "owners": "owners.csv",
}  # fmt: skip
EXTRA = (
    "[forecast]\nhorizon_weeks = 2\nbacktest_origins = 1\nlevels = ['total']\n[tagging]\ntagger = 'rules'\n"
    "[office.metrics]\nwatched = ['acknowledged_share', 'late_share', 'forecast_wape']\n"
)
TABLES = ("metric_status", "metric_weeks", "distribution_log", "distribution_share", "catalogue")
pytestmark = pytest.mark.usefixtures("prefect_server")


def run(folder: Path, *arguments: str) -> None:
    assert (
        main([arguments[0], "--config", str(folder / "hearcast.toml"), *arguments[1:]])
        == EXIT_PUBLISHED
    )


def night(folder: Path, day: date) -> dict[str, pl.DataFrame]:
    run(folder, "nightly", "--as-of", str(day))
    return {name: read_table(folder / "exports", name, str(day)) for name in (*TABLES, "exceptions")}  # fmt: skip


def test_two_nights_with_an_erasure_and_a_review_between_them(tmp_path: Path, hook: Hook) -> None:
    folder = tmp_path / "brand"
    write_brand(folder / "in", skus=10, weeks=60, seed=11)
    truth = json.loads((folder / "in" / "truth.json").read_text())["distributions"]
    owners = folder / "in" / "owners.csv"
    more = "metric,late_share,Lena,\ntable,catalogue,Tom,\n"
    head = pl.read_csv(owners, infer_schema=False).columns
    assert head[:3] == ["object_type", "object_id", "owner"]
    owners.write_text(owners.read_text().rstrip("\n") + "\n" + more.replace(",\n", "," * (len(head) - 3) + "\n"))  # fmt: skip
    write_config(folder, {n: f"in/{f}" for n, f in {**SOURCES, **GIVEN}.items()}, EXTRA)
    first = night(folder, NIGHTS[0])

    status = {row["metric"]: row for row in first["metric_status"].iter_rows(named=True)}
    planted = status["acknowledged_share"]
    assert (planted["episode"], planted["frozen_on"]) == ("open", date(2026, 10, 1))
    assert planted["episode_since"] >= date.fromisoformat(truth["shift_week"])
    assert planted["centre"] == pytest.approx(truth["two_teams_in_time"]["before"], abs=0.1)
    assert planted["excess"] < 0
    assert (status["late_share"]["owner"], planted["owner"]) == ("Lena", None)
    assert status["forecast_wape"]["why"] == "nothing was counted in its newest week"
    found = first["exceptions"].filter(pl.col("kind") == "metric_out")
    assert "acknowledged_share" in found["series_id"].to_list()
    told = [said["title"] for said in hook.got if "metric out of control" in said["title"]]
    assert "Test: metric out of control: acknowledged_share" in told

    share = first["distribution_share"].filter(window_weeks=13, item_type="all").sort("window_end")
    assert share["lo"][0] <= truth["two_teams_in_time"]["before"] <= share["hi"][0]
    described = first["catalogue"].filter(pl.col("table") == "forecast_changes")
    assert described["skipped"].unique().to_list() == ["this is the first night: there is none to compare with"]  # fmt: skip
    assert first["catalogue"].filter(table="catalogue")["owner"].unique().to_list() == ["Tom"]
    manifest = read_manifest(snapshot_dir(folder / "exports"))["tables"]
    rows = dict(first["catalogue"].select("table", "rows").drop_nulls().unique().iter_rows())
    assert rows == {name: entry["rows"] for name, entry in manifest.items() if "sha256" in entry}

    run(folder, "review", "--as-of", str(NIGHTS[0]))
    ids = pl.read_csv(folder / "in" / "customers.csv.gz", infer_schema=False)["customer_id"]
    run(folder, "forget", "--customer", ids[0])
    second = night(folder, NIGHTS[1])
    assert second["metric_weeks"].drop("as_of").equals(first["metric_weeks"].drop("as_of")), (
        "the same weeks are complete, and whoever is forgotten is still counted"
    )
    again = [said["title"] for said in hook.got if "metric out of control" in said["title"]]
    assert again == told, "an episode is told once"
    ours = second["distribution_log"].filter(sender="hearcast")
    kinds = set(ours["item_type"])
    assert kinds == {"exception", "review"}
    assert set(ours["status"]) == {"untold"}
    metric_ids = set(found.filter(pl.col("severity") != "low")["episode_id"])
    assert metric_ids <= set(ours["item_id"])
    assert first["distribution_log"].filter(sender="hearcast").is_empty()
    counts = [f["distribution_share"].filter(window_end=share["window_end"][-1])["n"].to_list() for f in (first, second)]  # fmt: skip
    assert counts[0] == counts[1], "what nobody keeps track of is in no share"
    changed = second["catalogue"].filter(pl.col("table") == "forecast_changes")
    assert changed["last_published"].unique().to_list() == [NIGHTS[1]]

    for name in TABLES:
        text = second[name].write_ndjson()
        assert "@" not in text
        assert "555-01" not in text
        assert not any(f'"{one}"' in text for one in ids[:500])
        assert "hush-token" not in text
        assert second[name].schema == dict(EXPORTS[name].schema)
    before = snapshot_dir(folder / "exports").name
    run(folder, "nightly", "--as-of", str(NIGHTS[1]))
    assert snapshot_dir(folder / "exports").name == before, "the same night is the same bytes"
