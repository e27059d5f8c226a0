"""What changes did, over whole nights: every table is published, names nobody, and outlives an erasure."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flows.cli import EXIT_PUBLISHED, main
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.simulate import write_brand
from tests.flows.conftest import SOURCES
from tests.flows.written import write_config
from transforms.contracts.effect_exports import EFFECT_TABLES

NIGHT, NEXT = date(2026, 11, 16), date(2026, 11, 17)
GIVEN = {
    "customers": "customers.csv.gz", "checkouts": "checkouts.parquet",
    "call_attempts": "call_attempts*.parquet", "assignments": "assignments*.parquet",
    "insights": "insights.csv.gz", "actions": "actions*.csv.gz", "experiments": "experiments.csv",
}  # fmt: skip
EXTRA = "[forecast]\nhorizon_weeks = 2\nbacktest_origins = 1\nlevels = ['total']\n[tagging]\ntagger = 'rules'\n"
pytestmark = pytest.mark.usefixtures("prefect_server")


def run(folder: Path, *arguments: str) -> None:
    assert (
        main([arguments[0], "--config", str(folder / "hearcast.toml"), *arguments[1:]])
        == EXIT_PUBLISHED
    )


def test_the_tables_of_two_nights_with_somebody_forgotten_between_them(tmp_path: Path) -> None:
    folder = tmp_path / "brand"
    write_brand(folder / "in", skus=10, weeks=40, seed=11)
    write_config(folder, {n: f"in/{f}" for n, f in {**SOURCES, **GIVEN}.items()}, EXTRA)
    run(folder, "nightly", "--as-of", str(NIGHT))
    exports = folder / "exports"
    told = read_manifest(snapshot_dir(exports))["tables"]
    tables = [table.name for table in EFFECT_TABLES if "sha256" in told[table.name]]
    assert {"lifts", "repeat_timing", "closed_loop", "benefits"} <= set(tables)
    ids = pl.read_csv(folder / "in" / "customers.csv.gz", infer_schema=False)["customer_id"]
    for name in tables:
        text = read_table(exports, name).write_ndjson()
        assert "@" not in text
        assert "555-01" not in text
        assert not any(one in text for one in ids[:500])
    before = read_table(exports, "lifts")
    assert set(before.filter(experiment_id="free_gift")["verdict"]) == {"sample_ratio_mismatch"}
    assert set(before.filter(experiment_id="size_guide")["verdict"]) == {"running"}
    lots = pl.read_parquet(folder / "in" / "assignments_tests.parquet")
    run(folder, "forget", "--customer", lots["customer_id"][0])
    run(folder, "nightly", "--as-of", str(NEXT))
    after = read_table(exports, "lifts")
    over = ["delivery_dates", "new_photos", "free_gift"]
    counts = ["experiment_id", "metric", "trim", "n_control", "n_arm", "k_control", "k_arm"]
    both = [f.filter(pl.col("experiment_id").is_in(over)).select(counts) for f in (before, after)]
    assert both[0].equals(both[1]), "counts of somebody forgotten stay"
