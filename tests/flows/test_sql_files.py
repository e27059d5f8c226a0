"""Databases that are files: DuckDB as it is, SQLite through SQLAlchemy."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from flows.lake import Lake
from flows.pull import report_table
from flows.sources.sql import read
from tests.flows.databases import DAY, loaded, pulled, shown, versions

LATER = DAY + timedelta(days=1)
CREATE = (
    "create table order_lines (line_id integer, order_id text, sku text, ordered_at {time}, "
    "quantity {number}, updated_at {time})"
)
INSERT = "insert into order_lines values (?, ?, ?, ?, ?, ?)"
LINES = "order_lines = { table = 'order_lines', watermark = 'updated_at', overlap = '30m' }"


def rows(first: int, last: int, stamp: str) -> list[tuple[object, ...]]:
    return [
        (i, f"o{i}", "s1", f"2026-01-{1 + i % 28:02} 10:00:00", 1, stamp)
        for i in range(first, last)
    ]


def duck(folder: Path) -> str:
    with duckdb.connect(str(folder / "shop.duckdb")) as base:
        base.execute(CREATE.format(time="timestamp", number="decimal(8, 2)"))
        base.executemany(INSERT, rows(0, 50, "2026-02-01 10:00:00"))
    return "duckdb:///shop.duckdb"


def lite(folder: Path) -> str:
    with sqlite3.connect(folder / "shop.db") as base:
        base.execute(CREATE.format(time="text", number="numeric"))
        base.executemany(INSERT, rows(0, 50, "2026-02-01 10:00:00"))
    return "sqlite:///shop.db"


def add(folder: Path, more: list[tuple[object, ...]]) -> None:
    if (folder / "shop.db").exists():
        with sqlite3.connect(folder / "shop.db") as base:
            base.executemany(INSERT, more)
    else:
        with duckdb.connect(str(folder / "shop.duckdb")) as base:
            base.executemany(INSERT, more)


@pytest.mark.parametrize("made", [duck, lite])
def test_a_file_is_read_whole_and_then_from_its_watermark_on(made, tmp_path: Path) -> None:  # noqa: ANN001
    settings = loaded(tmp_path, LINES, f'url = "{made(tmp_path)}"')
    assert pulled(settings).rows_stored == 50
    add(tmp_path, [*rows(60, 70, "2026-02-02 09:00:00"), *rows(70, 72, "2026-02-01 09:30:00")])
    add(tmp_path, rows(80, 90, "2026-02-01 09:00:00"))  # earlier than the overlap: not seen
    assert pulled(settings, LATER).rows_stored == 12
    report = report_table(Lake(settings.paths.lake), LATER)
    assert report["watermark_from"][0].startswith("2026-02-01") is True
    assert report["rows_unchanged"].to_list() == [50]
    assert shown(settings, day=LATER)["line_id"].n_unique() == 62
    assert pulled(settings, LATER + timedelta(days=1)).rows_stored == 0


def test_whole_numbers_are_a_watermark_too(tmp_path: Path) -> None:
    url = duck(tmp_path)
    lines = "order_lines = { table = 'order_lines', watermark = 'line_id', overlap = 5 }"
    settings = loaded(tmp_path, lines, f'url = "{url}"')
    pulled(settings)
    add(tmp_path, rows(50, 53, "2020-01-01 00:00:00"))
    assert pulled(settings, LATER).rows_stored == 3
    report = report_table(Lake(settings.paths.lake), LATER)
    assert report.select("watermark_from", "watermark_to", "rows_in").row(0) == ("44", "52", 9)


def test_an_overlap_that_does_not_go_with_the_watermark_is_said(tmp_path: Path) -> None:
    lines = "order_lines = { table = 'order_lines', watermark = 'line_id', overlap = '1h' }"
    settings = loaded(tmp_path, lines, f'url = "{duck(tmp_path)}"')
    pulled(settings)
    held = pulled(settings, LATER).held["order_lines"]
    assert held == "shop: order_lines: overlap must be a whole number, as the watermark is one"


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("sku", "column 'sku' cannot be a watermark: it is neither a time nor a whole number"),
        ("changed", "column 'changed', the watermark, is missing; add it to the query"),
    ],
)
def test_a_column_without_a_sure_order_is_no_watermark(
    column: str, said: str, tmp_path: Path
) -> None:
    lines = f"order_lines = {{ table = 'order_lines', watermark = '{column}' }}"
    settings = loaded(tmp_path, lines, f'url = "{duck(tmp_path)}"')
    assert said in pulled(settings).held["order_lines"]


@pytest.mark.parametrize("made", [duck, lite])
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select nope from order_lines", "nope"),
        ("select * from nix", "nix"),
        ("with x as (select 1) delete from order_lines", "the query would write"),
    ],
)
def test_a_query_that_fails_holds_its_table_and_changes_nothing(
    made,  # noqa: ANN001
    query: str,
    said: str,
    tmp_path: Path,
) -> None:
    refunds = f'refunds.query = "{query}"'
    settings = loaded(tmp_path, f"{refunds}\n{LINES}", f'url = "{made(tmp_path)}"')
    done = pulled(settings)
    assert set(done.held) == {"refunds"}
    assert said in done.held["refunds"]
    assert versions(settings).height == 50
    assert pulled(settings, LATER).held.keys() == {"refunds"}


def test_a_file_that_is_not_there_or_open_for_writing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "PAUSES", (0.01, 0.01))
    settings = loaded(tmp_path, LINES, 'url = "duckdb:///shop.duckdb"')
    assert pulled(settings).held["order_lines"] == (
        "shop: there is no file shop.duckdb; correct url"
    )
    duck(tmp_path)
    code = (
        "import duckdb, sys; base = duckdb.connect(sys.argv[1]); print('open', flush=True); "
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "shop.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"open\n"
        held = pulled(settings).held["order_lines"]
        writer.communicate()
    assert held == "shop: shop.duckdb is open for writing elsewhere; close it there"
    (tmp_path / "shop.duckdb").write_bytes(b"no database" * 1000)
    assert "cannot be opened as a DuckDB file" in pulled(settings).held["order_lines"]


def test_a_query_of_duckdb_that_takes_too_long_is_interrupted(tmp_path: Path) -> None:
    keys = f'url = "{duck(tmp_path)}"\nstatement_timeout_seconds = 1'
    endless = "refunds.query = 'select count(*) as n from range(1000000000000)'"
    settings = loaded(tmp_path, f"{endless}\n{LINES}", keys)
    done = pulled(settings)
    assert "took longer than statement_timeout_seconds (1 s)" in done.held["refunds"]
    assert versions(settings).height == 50


def test_values_of_several_types_and_colons_in_a_query(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as base:
        base.execute("create table t (line_id, order_id, sku, ordered_at, quantity)")
        base.executemany(
            "insert into t values (?, ?, ?, ?, ?)",
            [(1, 7, 5, "2026-01-01 10:00:00", 1.5), ("b", "o:2", "x", "2026-01-01", "2")],
        )
    query = "select *, ':' || sku as note from t where ordered_at <> '10:00' -- :all of it"
    settings = loaded(tmp_path, f'order_lines.query = "{query}"', 'url = "sqlite:///shop.db"')
    assert pulled(settings).rows_stored == 2
    seen = shown(settings).select("line_id", "order_id", "sku", "quantity").rows()
    assert seen == [("1", "7", "5", 1.5), ("b", "o:2", "x", 2.0)]


def test_types_of_duckdb(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as base:
        base.execute(
            "create table t as select uuid '11111111-2222-3333-4444-555555555555' as line_id, "
            "1::hugeint as order_id, 'a'::enum('a', 'b') as sku, "
            "timestamptz '2026-01-01 10:00+02' as ordered_at, 1.25::decimal(9, 2) as quantity, "
            "true as is_test, interval 1 day as spent, date '2026-01-01' as born, "
            "{'k': 1} as nested, map {1: 2} as pairs"
        )
    settings = loaded(tmp_path, "order_lines = 't'", 'url = "duckdb:///shop.duckdb"')
    done = pulled(settings)
    row = versions(settings).row(0, named=True)
    assert row["line_id"] == "11111111-2222-3333-4444-555555555555"
    assert (row["order_id"], row["sku"], row["quantity"], row["is_test"]) == ("1", "a", 1.25, True)
    assert row["ordered_at"].isoformat() == "2026-01-01T08:00:00+00:00"
    assert row["_extra"] == '{"born":"2026-01-01","nested":{"k":1}}'
    assert sum("which is not read; cast it to text" in line for line in done.lines) == 2


def test_a_driver_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url, said in (
        ("mysql+pymysql://u:geheim99@127.0.0.1/x", "the driver pymysql is not installed"),
        ("oracel://u:geheim99@127.0.0.1/x", "no driver for oracel:// is known"),
        ("geheim99", "SHOP_DB_URL holds no URL"),
    ):
        monkeypatch.setenv("SHOP_DB_URL", url)
        settings = loaded(tmp_path, LINES)
        try:
            line = str(pulled(settings).held)
        except RuntimeError as refusal:
            line = str(refusal)
        assert said in line
        assert "geheim99" not in line


def test_decimals_and_days_keep_their_values(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as base:
        base.execute(
            "create table t as select 's' as sku, date '2026-05-01' as expected_on, 2.5 as quantity"
        )
    settings = loaded(tmp_path, "expected_receipts = 't'", 'url = "duckdb:///shop.duckdb"')
    pulled(settings)
    row = versions(settings, "expected_receipts", date(2026, 6, 1)).row(0, named=True)
    assert (row["expected_on"], Decimal(str(row["quantity"]))) == (date(2026, 5, 1), Decimal("2.5"))
