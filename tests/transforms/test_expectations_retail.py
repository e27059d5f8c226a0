"""Online Retail II, a million lines: what a night's judgement costs and what it finds."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from transforms.expectations import judge_inputs

DATA = os.environ.get("HEARCAST_EXAMPLES_DATA")
pytestmark = [
    pytest.mark.needs_data,
    pytest.mark.skipif(not DATA, reason="HEARCAST_EXAMPLES_DATA names no folder of examples"),
]
ZONE = "Europe/London"
SECONDS, MEBIBYTES = 6.0, 500.0


def order_lines() -> pl.DataFrame:
    raw = pl.scan_parquet(Path(str(DATA)) / "online_retail" / "online_retail_ii.parquet")
    return (
        raw.with_row_index("line_id")
        .filter(pl.col("Quantity") > 0, pl.col("UnitPrice") >= 0)
        .select(
            pl.col("InvoiceNo").alias("order_id"),
            pl.col("line_id").cast(pl.String),
            pl.col("StockCode").alias("sku"),
            pl.col("InvoiceDate").dt.replace_time_zone(ZONE).dt.convert_time_zone("UTC")
            .alias("ordered_at"),
            pl.col("Quantity").cast(pl.Float64).alias("quantity"),
            pl.col("CustomerID").cast(pl.Int64).cast(pl.String).alias("customer_id"),
            pl.col("Country").alias("channel"),
            pl.col("UnitPrice").alias("unit_price"),
        )
        .collect()
    )  # fmt: skip


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_cost_of_a_million_lines_in_a_fresh_process() -> None:
    code = "from tests.transforms.test_expectations_retail import measure; measure()"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    rows, seconds, extra = (float(word) for word in run.stdout.split())
    assert rows > 1_000_000
    assert seconds <= SECONDS
    assert extra <= MEBIBYTES


def measure() -> None:
    table = order_lines()
    before, start = peak(), time.process_time()
    judge_inputs({"order_lines": table}, as_of=date(2011, 12, 9), timezone=ZONE)
    sys.stdout.write(f"{table.height} {time.process_time() - start} {peak() - before}\n")


def test_ordinary_nights_are_not_held() -> None:
    table = order_lines()
    nights = [date(2010, 4, 14), date(2010, 8, 31), date(2010, 12, 28), date(2011, 6, 19)]
    for night in nights:
        known = table.filter(pl.col("ordered_at").dt.date() <= night)
        judged = judge_inputs({"order_lines": known}, as_of=night, timezone=ZONE)
        assert judged.held == set(), judged.hold_reasons
        assert len(judged.warnings) <= 2, judged.warnings


def test_a_truncated_week_is_held() -> None:
    table = order_lines().filter(pl.col("ordered_at").dt.date() <= date(2011, 6, 6))
    judged = judge_inputs({"order_lines": table}, as_of=date(2011, 6, 16), timezone=ZONE)
    assert judged.held == {"order_lines"}
    assert any(line.startswith("order_lines.fresh") for line in judged.hold_reasons)
    assert any(line.startswith("order_lines.volume_week") for line in judged.hold_reasons)
