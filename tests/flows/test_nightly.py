"""A whole night on a small brand: what it publishes, again, later, and looking back."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.lake import Lake
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.summary import planner_lines
from tests.flows.conftest import AS_OF, PAGES, SOURCES, child_environment, digests
from tests.flows.written import write_config
from transforms.contracts import EXPORTS

Run = Callable[..., Any]


pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, brand_folder: Path, run_night: Run) -> Path:
    """One night's exports, read by several tests and changed by none."""
    folder = tmp_path_factory.mktemp("night")
    sources = {table: str(brand_folder / name) for table, name in SOURCES.items()}
    backtest = "[forecast]\nhorizon_weeks = 6\nbacktest_origins = 3\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PAGES, "true")
        state = run_night(write_config(folder, sources, backtest))
    assert state.name == "Completed", state.message
    return folder


FIRST_NIGHT = {"forecast_changes"}
NO_OVERRIDES = {"forecasts_final", "override_status"}
NO_PROGRAMME = {
    "action_speed", "benefits", "call_frame", "call_list", "cart_recovery", "closed_loop",
    "connect_rate", "distribution_log", "distribution_share", "insight_rate",
    "language_match", "lifts", "objective_coverage", "owners", "programme_cadence", "requests",
    "touchpoint_inventory", "touchpoint_yield",
}  # fmt: skip
"""Nothing of the calling programme, no checkouts, pages, owners or objectives are given."""


def table(night: Path, name: str) -> pl.DataFrame:
    return read_table(night / "exports", name)


def test_every_table_is_published_as_its_contract_says(night: Path) -> None:
    manifest = read_manifest(snapshot_dir(night / "exports"))
    assert set(manifest["tables"]) == set(EXPORTS)
    skipped = {name for name, entry in manifest["tables"].items() if entry.get("left_out")}
    # Nobody audited, no upstream tagger changed, quotes are off, no night was before, nobody overrides.
    quiet = {"tag_audit", "tagger_bridges", "voices"}
    assert skipped == {*quiet, *FIRST_NIGHT, *NO_OVERRIDES, *NO_PROGRAMME}
    assert all(manifest["tables"][name]["why"] for name in skipped)
    for name, contract in EXPORTS.items():
        if name in skipped:
            continue
        frame = table(night, name)
        assert frame.columns == list(contract.names), name
        assert frame.height == manifest["tables"][name]["rows"]
        assert not frame.select(contract.key).is_duplicated().any(), name


def test_forecasts_cover_every_living_series_and_horizon(night: Path) -> None:
    listed = table(night, "series_listed").filter(pl.col("status").is_in(["active", "new"]))
    shown = table(night, "forecasts").group_by("target", "level", "series_id").len()
    assert shown.height == listed.height > 0
    assert set(shown["len"].to_list()) == {6}


def test_skus_add_up_to_categories_and_total_exactly(night: Path) -> None:
    rows = table(night, "forecasts").filter(pl.col("target") == "units")
    for column in ("mean", "baseline_mean", "signal_delta"):
        sums = [
            rows.filter(pl.col("level") == level)
            .group_by("week_start")
            .agg(pl.col(column).sum())
            .sort("week_start")[column]
            .to_list()
            for level in ("sku", "category", "total")
        ]
        assert sums[0] == sums[1] == sums[2]


def test_only_confirmed_signals_move_a_forecast(night: Path) -> None:
    evidence = table(night, "signal_evidence")
    confirmed = set(
        evidence.filter(pl.col("status") == "confirmed").select("signal", "target").iter_rows()
    )
    moved = table(night, "forecast_contributions").filter(pl.col("delta") != 0)
    assert set(moved.select("signal", "target").unique().iter_rows()) <= confirmed


def test_weekly_demand_equals_a_plain_count_of_the_orders(night: Path, brand_folder: Path) -> None:
    lines = pl.read_parquet(brand_folder / "order_lines.parquet")
    day = (
        pl.col("ordered_at")
        .str.to_datetime(time_zone="UTC", strict=False)
        .dt.convert_time_zone("America/New_York")
    )
    good = lines.filter(
        pl.col("cancelled_at").is_null(),
        ~pl.col("is_test").fill_null(False),
        pl.col("quantity").cast(pl.Float64, strict=False).is_between(0, 1e6),
        pl.col("sku").is_not_null() & (pl.col("sku") != ""),
    ).with_columns(day.alias("at"))
    good = good.filter(pl.col("at").dt.year().is_between(2000, 2100))
    weekly = good.group_by(pl.col("at").dt.date().dt.truncate("1w").alias("week_start")).agg(
        pl.col("quantity").cast(pl.Float64).sum().alias("plain")
    )
    ours = table(night, "demand_weekly").filter(
        pl.col("target") == "units", pl.col("level") == "total"
    )
    both = ours.join(weekly, on="week_start", how="left").fill_null(0.0)
    assert both.height >= 80
    assert (both["value"] - both["plain"]).abs().max() < 1e-6


def test_actuals_above_the_skus_are_the_published_demand(night: Path) -> None:
    tested = table(night, "backtest_forecasts").filter(pl.col("level").is_in(["total", "category"]))
    shown = table(night, "demand_weekly").filter(~pl.col("is_partial"))
    key = ["target", "level", "series_id", "week_start"]
    both = tested.join(shown.select(*key, "value"), on=key, how="left")
    assert set(both["target"]) == {"units", "returns", "tickets"}
    # A week in which no series of a target lives yet, or any more, is not listed: nothing was sold.
    assert (both["actual"] - both["value"].fill_null(0.0)).abs().max() < 1e-6
    total = both.filter(pl.col("level") == "total", pl.col("target") == "units")
    assert total["value"].null_count() == 0
    assert total.select("cutoff").n_unique() == 3


def test_horizon_one_is_the_running_week_with_what_it_has_brought(night: Path) -> None:
    rows = table(night, "forecasts").filter(pl.col("target") == "units")
    first = rows.filter(pl.col("horizon") == 1)
    assert first["week_start"].unique().to_list() == [date(2026, 11, 16)]
    total = first.filter(pl.col("level") == "total").row(0, named=True)
    running = table(night, "demand_weekly").filter(
        pl.col("target") == "units",
        pl.col("level") == "total",
        pl.col("week_start") == date(2026, 11, 16),
    )
    assert running["is_partial"].to_list() == [True]
    assert total["sold_to_date_units"] == running["value"].item() > 0
    later = rows.filter(pl.col("horizon") > 1)
    assert later["sold_to_date_units"].null_count() == later.height


def test_each_file_is_accounted_for_to_the_row(night: Path) -> None:
    report = table(night, "ingest_report")
    parts = ["good", "quarantined", "duplicate", "unchanged", "filtered", "routed"]
    added = report.select(pl.sum_horizontal([f"rows_{p}" for p in parts])).to_series()
    assert added.to_list() == report["rows_in"].to_list()
    assert report["rows_quarantined"].sum() == table(night, "quarantine").height > 0
    stored = {
        name: Lake(night / "lake").versions(name, date(2026, 11, 17)).collect().height
        for name in ("tickets", "products")
    }
    good = dict(report.select("table", "rows_good").iter_rows())
    assert {name: good[name] for name in stored} == stored


def test_the_planners_lines_speak_of_forecasts_signals_and_quarantine(night: Path) -> None:
    text = "\n".join(planner_lines(snapshot_dir(night / "exports")))
    for words in ("Units forecast per week", "tested pairs adopted", "Accuracy", "quarantined"):
        assert words in text


def test_no_words_or_addresses_of_customers_are_published(night: Path) -> None:
    needles = ["@example.com", "555-01"]
    for path in (night / "exports").rglob("*"):
        if path.suffix == ".parquet":
            text = pl.read_parquet(path).write_ndjson()
        elif path.suffix in (".json", ".html"):
            text = path.read_text()
        else:
            continue
        assert not any(needle in text for needle in needles), path.name


def test_data_docs_of_the_night_are_kept(night: Path) -> None:
    page = night / "exports" / "data_docs" / f"as_of={AS_OF}" / "index.html"
    assert "forecasts" in page.read_text()


def test_the_same_night_again_gives_the_same_bytes_and_stores_nothing(
    night: Path, tmp_path: Path, run_night: Run
) -> None:
    shutil.copytree(night, tmp_path / "night", symlinks=True)
    config = tmp_path / "night" / "hearcast.toml"
    exports, lake = config.parent / "exports", config.parent / "lake"
    before, stored = digests(exports / "latest"), digests(lake, "*")
    assert run_night(config).name == "Completed"
    assert digests(exports / "latest") == before
    assert digests(lake, "*") == stored
    assert run_night(config, "2026-11-18").name == "Completed"
    assert digests(lake, "*") == stored, "a later night with nothing new stores nothing"
    assert read_manifest(snapshot_dir(exports))["as_of"] == "2026-11-18"


def test_a_past_date_replayed_equals_what_it_published_though_new_data_came(
    tmp_path: Path, brand_folder: Path, run_night: Run
) -> None:
    lines = pl.read_parquet(brand_folder / "order_lines.parquet")
    inbox = tmp_path / "in"
    inbox.mkdir()
    cut = "2026-11-10"
    lines.filter(pl.col("ordered_at").str.slice(0, 10) <= cut).write_parquet(inbox / "a.parquet")
    sources = {t: str(brand_folder / n) for t, n in SOURCES.items() if t != "order_lines"}
    config = write_config(
        tmp_path,
        {"order_lines": "in/*.parquet", **sources},
        "[forecast]\nhorizon_weeks = 6\nbacktest_origins = 3\n",
    )
    assert run_night(config, cut).name == "Completed"
    exports = tmp_path / "exports"
    published = digests(exports / f"as_of={cut}")
    # The next night brings later orders, and corrects every quantity of the last weeks.
    later = lines.with_columns(
        pl.when(pl.col("ordered_at").str.slice(0, 10) > "2026-10-01")
        .then(pl.col("quantity") + 3)
        .otherwise(pl.col("quantity"))
        .alias("quantity")
    )
    later.write_parquet(inbox / "b.parquet")
    assert run_night(config).name == "Completed"
    corrected = read_table(exports, "demand_weekly")
    assert run_night(config, cut).name == "Completed"
    assert digests(exports / f"as_of={cut}") == published
    assert read_manifest(snapshot_dir(exports))["as_of"] == AS_OF, "latest never moves back"
    assert read_table(exports, "demand_weekly").equals(corrected)


@pytest.mark.soak
def test_order_of_rows_and_files_changes_no_byte(
    tmp_path: Path, brand_folder: Path, run_night: Run
) -> None:
    lines = pl.read_parquet(brand_folder / "order_lines.parquet")
    seen = []
    for name, frame in (("a", lines), ("b", lines.sample(fraction=1.0, shuffle=True, seed=5))):
        folder = tmp_path / name
        (folder / "in").mkdir(parents=True)
        half = frame.height // 2 if name == "a" else frame.height // 3
        frame.head(half).write_parquet(folder / "in" / "1.parquet")
        frame.tail(-half).write_parquet(folder / "in" / "2.parquet")
        sources = {t: str(brand_folder / n) for t, n in SOURCES.items() if t != "order_lines"}
        config = write_config(
            folder,
            {"order_lines": "in/*.parquet", **sources},
            "[forecast]\nhorizon_weeks = 6\nbacktest_origins = 3\n",
        )
        assert run_night(config).name == "Completed"
        seen.append(digests(folder / "exports" / "latest"))
    told = {"ingest_report.parquet", "quarantine.parquet"}  # they name files and row numbers
    assert {n: d for n, d in seen[0].items() if n not in told} == {
        n: d for n, d in seen[1].items() if n not in told
    }


@pytest.mark.soak
def test_one_thread_gives_the_bytes_of_two(night: Path, tmp_path: Path, brand_folder: Path) -> None:
    sources = {table: str(brand_folder / name) for table, name in SOURCES.items()}
    config = write_config(
        tmp_path, sources, "[forecast]\nhorizon_weeks = 6\nbacktest_origins = 3\n"
    )
    single = dict.fromkeys(("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "nightly", "--config", str(config), "--as-of", AS_OF],
        cwd=Path(__file__).resolve().parents[2],
        env=child_environment(tmp_path / "home") | single,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Units forecast per week" in done.stdout
    assert "Traceback" not in done.stderr
    told = {"ingest_report.parquet", "quarantine.parquet"}  # they name files by their paths
    one, two = digests(tmp_path / "exports" / "latest"), digests(night / "exports" / "latest")
    assert {n: d for n, d in one.items() if n not in told} == {
        n: d for n, d in two.items() if n not in told
    }
