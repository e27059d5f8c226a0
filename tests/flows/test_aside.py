"""Tables that nothing more reads leave memory, and are published all the same."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from flows.aside import NOT_FOR_THE_OFFICE, ONLY_PUBLISHED, set_aside
from flows.night import Night
from transforms.contracts import EXPORTS
from transforms.office.benchmarks import BENCHMARKS

ROWS = pl.DataFrame(
    {
        "who": ["Ada", None, "Bea"],
        "on": [date(2026, 1, d) for d in (1, 2, 3)],
        "n": [0.1, -0.0, 2.5],
    }
)


def test_what_is_set_aside_can_be_taken_and_the_rest_stays(tmp_path: Path) -> None:
    night = Night("", date(2026, 1, 4), "run", str(tmp_path), datetime(2026, 1, 4, tzinfo=UTC))
    tables = {"tags": ROWS, "signals_weekly": ROWS.head(1)}
    assert set_aside(night, tables, ONLY_PUBLISHED) == ["tags"]
    assert [*tables] == ["signals_weekly"]
    assert night.take("tags").equals(ROWS)
    assert night.take("tags").schema == ROWS.schema


def test_every_table_named_is_published_and_none_is_measured_against_a_benchmark() -> None:
    named = {*ONLY_PUBLISHED, *NOT_FOR_THE_OFFICE}
    assert named <= set(EXPORTS)
    assert named.isdisjoint(one.table for one in BENCHMARKS)
