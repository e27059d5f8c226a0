"""A whole night from PostgreSQL beside the same night from files: the same tables, to the byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from prefect.blocks.system import Secret

from flows.cli import EXIT_PUBLISHED, EXIT_USAGE
from flows.cli import main as hearcast
from flows.reader import read_table
from flows.sources.readers import read_table_file
from tests.flows.conftest import AS_OF, SOURCES, digests
from tests.flows.databases import DAY, loaded, pulled
from tests.flows.postgres import READER, Server
from tests.flows.tiny import END, tiny_shop
from tests.flows.written import write_config

pytestmark = pytest.mark.needs_postgres
SPEC = "[forecast]\nhorizon_weeks = 4\nbacktest_origins = 2\n"
APART = {"ingest_report.parquet", "quarantine.parquet", "source_registry.parquet"}
"""Tables that tell which file a row came from."""


def from_database(folder: Path, variable: str, tables: Iterable[str] = SOURCES) -> Path:
    folder.mkdir()
    path = write_config(folder, {}, "")
    text = path.read_text().replace("kind = 'files'\n", f"kind = 'sql'\nurl_env = '{variable}'\n")
    lines = "".join(
        f'{table} = {{ query = "select * from {table} order by random()" }}\n' for table in tables
    )
    path.write_text(text + lines + SPEC)
    return path


@dataclass
class Both:
    """The same shop in files and in a database, each with a lake and exports of its own."""

    postgres: Server
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def configured(self, files: Mapping[str, Path]) -> list[Path]:
        database = self.postgres.database()
        for table, path in files.items():
            database.load(table, read_table_file(path).frame.drop("_row"))
        self.monkeypatch.setenv("SHOP_DB_URL", database.url())
        (self.folder / "files").mkdir()
        patterns = {table: str(path) for table, path in files.items()}
        return [
            write_config(self.folder / "files", patterns, SPEC),
            from_database(self.folder / "sql", "SHOP_DB_URL", files),
        ]


@pytest.fixture
def both(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Both:
    return Both(postgres, tmp_path, monkeypatch)


def same_but_for_names(nights: list[Path]) -> pl.DataFrame:
    """The database's ingest_report, after a comparison of all tables to the byte."""
    ours, theirs = (digests((one.parent / "exports/latest").resolve()) for one in nights)
    assert set(ours) == set(theirs)
    assert "forecasts.parquet" in ours
    assert {name for name in ours if ours[name] != theirs[name]} <= APART
    for path in nights[1].parent.rglob("*"):
        assert not path.is_file() or READER[1].encode() not in path.read_bytes()
    return read_table(nights[1].parent / "exports", "ingest_report")


@pytest.mark.usefixtures("prefect_server")
def test_a_night_from_postgresql_is_the_night_from_files(
    both: Both, tmp_path: Path, run_night: Callable[..., Any]
) -> None:
    tiny_shop(tmp_path / "shop")
    nights = both.configured({"order_lines": tmp_path / "shop/in/orders.csv"})
    assert [run_night(one, END.isoformat()).name for one in nights] == ["Completed", "Completed"]
    report = same_but_for_names(nights)
    lines = report.row(by_predicate=pl.col("table") == "order_lines", named=True)
    assert lines["file"] == "sql:order_lines"
    assert len(lines["sha256"]) == 64
    assert lines["rows_in"] == lines["rows_good"] > 900


@pytest.mark.soak
@pytest.mark.usefixtures("prefect_server")
def test_a_night_of_a_whole_brand_from_postgresql_is_the_night_from_files(
    both: Both, brand_folder: Path, run_night: Callable[..., Any]
) -> None:
    nights = both.configured({table: brand_folder / name for table, name in SOURCES.items()})
    assert [run_night(one).name for one in nights] == ["Completed", "Completed"]
    report = same_but_for_names(nights)
    assert set(report["file"]) == {f"sql:{table}" for table in SOURCES}


def test_a_variable_that_is_not_set_is_a_mistake_of_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOP_DB_URL", raising=False)
    path = from_database(tmp_path / "sql", "SHOP_DB_URL")
    for command in (["nightly", "--as-of", AS_OF], ["doctor"]):
        assert hearcast([*command, "--config", str(path)]) == EXIT_USAGE
        said = capsys.readouterr().err
        assert "'main' url_env: SHOP_DB_URL is not set; set it to the database's URL" in said


def test_doctor_speaks_of_pulls_as_of_files(
    postgres: Server,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database = postgres.database()
    database.run(
        "create table ol (line_id int, order_id int, sku text, ordered_at timestamptz, "
        "quantity int, seen_at timestamptz, colour text)",
        "insert into ol select i, i, 's1', '2026-01-01', 1, "
        "timestamptz '2026-01-01 00:00+00' + i * interval '1 hour', 'red' from generate_series(1, 99) i",
    )
    monkeypatch.setenv("SHOP_DB_URL", database.url())
    path = write_config(tmp_path, {}, "")
    text = path.read_text().replace("kind = 'files'\n", "kind = 'sql'\nurl_env = 'SHOP_DB_URL'\n")
    path.write_text(
        text + "order_lines = { table = 'ol', watermark = 'seen_at' }\nrefunds = 'rf'\n"
    )
    code = hearcast(["doctor", "--config", str(path)])
    said = capsys.readouterr().out
    assert code != EXIT_PUBLISHED  # refunds cannot be read
    assert "order_lines: 99 of 99 rows good" in said
    assert "watermark: all rows, up to 2026-01-05T03:00:00+00:00" in said
    assert "not understood: colour" in said
    assert 'refunds: relation "rf" does not exist' in said
    assert not (tmp_path / "lake").exists()


@pytest.mark.usefixtures("prefect_server")
def test_a_url_from_a_secret_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as base:
        base.execute(
            "create table order_lines as select i as line_id, i as order_id, 's' as sku, "
            "date '2026-01-01' as ordered_at, 1 as quantity from range(50) r(i)"
        )
    monkeypatch.chdir(tmp_path)
    Secret(value="duckdb:///shop.duckdb").save("shop-db", overwrite=True, _sync=True)
    assert (
        pulled(loaded(tmp_path, "order_lines = 'order_lines'", 'url_block = "shop-db"')).rows_stored
        == 50
    )
    with pytest.raises(RuntimeError, match="no Prefect Secret block is named 'shop-other'"):
        pulled(loaded(tmp_path, "order_lines = 'order_lines'", 'url_block = "shop-other"'), DAY)
