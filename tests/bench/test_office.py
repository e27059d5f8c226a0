"""The office measured by size: a small shop makes every table, equal bytes each time, and a verdict is one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.office import ROOT, office_of, verdict
from bench.office_shop import write_office_shop
from flows.office.tables import MAKERS

CUSTOMERS = 1_000
EMPTY_AT_THIS_SIZE = {"distribution_log", "requests"}


def run(config: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.office_load", str(config)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    return found


@pytest.mark.timeout(300)
def test_a_small_shop_makes_every_table_and_the_same_ones_again(tmp_path: Path) -> None:
    config = write_office_shop(tmp_path / "shop", CUSTOMERS)
    first, again = run(config)["tables"], run(config)["tables"]
    assert list(first) == list(MAKERS)
    assert {name for name, one in first.items() if one["skipped"]} <= EMPTY_AT_THIS_SIZE
    assert {n: one["digest"] for n, one in first.items()} == {
        n: one["digest"] for n, one in again.items()
    }


def test_a_size_is_the_sum_of_its_tables_and_its_highest_peak() -> None:
    tables: dict[str, dict[str, float | str]] = {
        "a": {"seconds": 50.0, "cpu": 60.0, "peak_mib": 900.0},
        "b": {"seconds": 30.0, "cpu": 35.0, "peak_mib": 4_000.0},
    }
    one = office_of(1_000_000, {"tables": tables, "before": {"cpu": 7.0}})  # type: ignore[dict-item]
    assert (one.seconds, one.cpu, one.peak_mib, one.lines) == (80.0, 95.0, 4_000.0, 10_000_000)
    assert verdict(one).endswith("reached")
    tables["b"]["seconds"] = 41.0
    late = office_of(1_000_000, {"tables": tables, "before": {"cpu": 7.0}})  # type: ignore[dict-item]
    assert verdict(late).endswith("MISSED")
