"""Reading beside DuckDB: every way of either format comes to the same weekly units."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from bench import reading
from bench.lines import order_lines, write_lines
from bench.reading_load import WAYS, Reading


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_lines(tmp_path_factory.mktemp("lines"), 5_000)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_all_ways_agree(kind: str, paths: dict[str, Path]) -> None:
    found = {way: run(paths[kind]) for way, run in WAYS.items()}
    assert len(set(found.values())) == 1, found
    kept = order_lines(5_000).filter(pl.col("cancelled_at").is_null())["quantity"].sum()
    assert found["ours"][1] == 1000 * kept


def test_a_verdict_tells_what_was_missed(capsys: pytest.CaptureFixture[str]) -> None:
    def one(way: str, cpu: float, peak: float) -> Reading:
        return Reading(way, cpu, cpu, peak, 1, 1)

    reading._verdict(
        [one("ours", 2.0, 5000.0), one("duckdb", 1.0, 1.0), one("duckdb_judged", 2.0, 1.0)]
    )
    said = capsys.readouterr().out
    assert "2.0 x the processor time of duckdb (aim 1.2: MISSED)" in said
    assert "1.0 x the processor time of duckdb_judged (aim 1.2: reached)" in said
    assert "4.9 GiB: MISSED" in said
