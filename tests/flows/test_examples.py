"""The examples on third-party files, run as their comments say, on the files as they come."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.reader import read_manifest, read_table, snapshot_dir

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
Run = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("prefect_server")
needs_data = pytest.mark.skipif(
    not Path(os.environ.get("HEARCAST_EXAMPLES_DATA", "/nowhere")).is_dir(),
    reason="HEARCAST_EXAMPLES_DATA names no folder with the third-party files",
)


def run_example(
    name: str, as_of: str, folder: Path, run_night: Run, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Runs an example with lake and exports in `folder`; returns the exports."""
    monkeypatch.setenv("HEARCAST_PATHS__LAKE", str(folder / "lake"))
    monkeypatch.setenv("HEARCAST_PATHS__EXPORTS", str(folder / "exports"))
    state = run_night(EXAMPLES / name, as_of)
    assert state.name == "Completed", state.message
    return folder / "exports"


def balanced(report: pl.DataFrame) -> bool:
    parts = ["good", "quarantined", "duplicate", "unchanged", "filtered", "routed"]
    added = report.select(pl.sum_horizontal([f"rows_{part}" for part in parts])).to_series()
    return added.to_list() == report["rows_in"].to_list()


@pytest.mark.soak
@needs_data
def test_online_retail_publishes_baseline_forecasts_and_says_that_nobody_spoke(
    tmp_path: Path, run_night: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports = run_example("online_retail.toml", "2011-12-09", tmp_path, run_night, monkeypatch)
    report = read_table(exports, "ingest_report")
    assert balanced(report)
    lines, refunds = (
        report.filter(pl.col("table") == name).row(0, named=True)
        for name in ("order_lines", "refunds")
    )
    assert lines["rows_in"] == 1_044_847
    assert lines["rows_routed"] == refunds["rows_in"]
    forecasts = read_table(exports, "forecasts")
    assert (forecasts["mean"] == forecasts["baseline_mean"]).all()
    assert forecasts["rung"].unique().to_list() == ["full"]
    skus = forecasts.filter(pl.col("level") == "sku", pl.col("target") == "units")
    assert skus["series_id"].n_unique() > 3_000
    notes = read_manifest(snapshot_dir(exports))["notes"]
    assert any("no conversations were given" in note for note in notes)
    accuracy = read_table(exports, "accuracy").filter(
        pl.col("target") == "units", pl.col("level") == "sku", pl.col("horizon_band") == "h1-4"
    )
    by_model = dict(accuracy.select("model", "mase_naive1").iter_rows())
    assert by_model["full"] < by_model["seasonal_naive"]


@needs_data
def test_olist_hears_delivery_worries_in_portuguese_and_tests_them(
    tmp_path: Path, run_night: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports = run_example("olist.toml", "2018-08-19", tmp_path, run_night, monkeypatch)
    assert balanced(read_table(exports, "ingest_report"))
    worries = read_table(exports, "signals_weekly").filter(
        pl.col("signal") == "delivery_worry", pl.col("category").is_null()
    )
    year = worries.filter(pl.col("week_start").is_between(date(2017, 7, 1), date(2018, 7, 1)))
    assert (year["conversations_with_signal"] > 0).mean() > 0.95
    assert year["conversations_with_signal"].sum() > 300
    evidence = read_table(exports, "signal_evidence")
    tested = evidence.filter(pl.col("signal") == "delivery_worry", pl.col("category").is_null())
    assert tested.height > 0
    assert tested["change_reason"].str.len_chars().min() > 0
    thin = evidence.filter(pl.col("category").is_not_null())
    assert (thin["status"] == "insufficient").mean() > 0.9, "most categories are too thin to tell"
    assert set(read_table(exports, "forecasts")["level"].to_list()) == {"total", "category"}


def test_the_bundled_slice_runs_for_everybody(
    tmp_path: Path, run_night: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports = run_example(
        "online_retail_slice.toml", "2011-12-09", tmp_path, run_night, monkeypatch
    )
    report = read_table(exports, "ingest_report")
    assert balanced(report)
    assert report.filter(pl.col("table") == "order_lines")["rows_in"].to_list() == [78_887]
    assert read_table(exports, "forecasts").height > 0
