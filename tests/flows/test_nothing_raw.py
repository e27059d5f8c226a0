"""No identifier of a customer in anything that others can read: searched for after real nights."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from flows.cli import EXIT_DEGRADED, EXIT_FAILED, EXIT_PUBLISHED, main
from flows.reader import read_table
from tests.flows.conftest import AS_OF, child_environment
from tests.flows.raw import PLANTED, found_in, planted_brand, told

REPOSITORY = Path(__file__).resolve().parents[2]


def hearcast(home: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *arguments],
        cwd=REPOSITORY,
        env=child_environment(home),
        capture_output=True,
        timeout=500,
        check=False,
    )


@pytest.fixture(scope="module")
def nights(
    tmp_path_factory: pytest.TempPathFactory,
    data_docs: None,  # noqa: ARG001 - they are searched
) -> tuple[Path, list[subprocess.CompletedProcess[bytes]]]:
    """Two nights as a scheduler runs them: one with plain, one with JSON log lines."""
    folder = tmp_path_factory.mktemp("planted")
    config = planted_brand(folder)
    home = folder / "home"
    first = hearcast(home, "nightly", "--config", str(config), "--as-of", AS_OF)
    # Files come again with another mistake in them, so that there are new lines to be logged.
    orders = folder / "in" / "order_lines.jsonl"
    orders.write_text(orders.read_text().replace(PLANTED["name"], PLANTED["name"] + " jr", 3))
    again = hearcast(home, "nightly", "--config", str(config), "--as-of", AS_OF, "--json-logs")
    return folder, [first, again]


def test_both_nights_are_published(
    nights: tuple[Path, list[subprocess.CompletedProcess[bytes]]],
) -> None:
    folder, runs = nights
    for run in runs:
        assert run.returncode in (EXIT_PUBLISHED, EXIT_DEGRADED), run.stderr.decode()[-3000:]
    lake = pl.concat(
        [
            pl.read_parquet(p).select(pl.col("text").cast(pl.String))
            for p in (folder / "lake" / "restricted").rglob("*.parquet")
            if "text" in pl.read_parquet_schema(p)
        ]
    )
    assert lake["text"].str.contains(PLANTED["name"]).any(), "the lake does hold what was planted"
    assert read_table(folder / "exports", "quarantine").height >= 10


def test_nothing_raw_in_exports_and_data_docs(
    nights: tuple[Path, list[subprocess.CompletedProcess[bytes]]],
) -> None:
    exports = nights[0] / "exports"
    files = [p for p in exports.rglob("*") if p.is_file()]
    assert any("data_docs" in p.parts for p in files)
    leaks = {p.relative_to(exports).as_posix(): found for p in files if (found := found_in(p))}
    assert leaks == {}
    assert not [p for p in files if told(p.name.encode())]


def test_nothing_raw_in_logs(nights: tuple[Path, list[subprocess.CompletedProcess[bytes]]]) -> None:
    for run in nights[1]:
        assert run.stdout
        assert told(run.stdout) == set()
        assert told(run.stderr) == set(), run.stderr.decode()[:3000]


def test_nothing_raw_in_prefect(
    nights: tuple[Path, list[subprocess.CompletedProcess[bytes]]],
) -> None:
    """Artifacts, states, parameters and logs all stand in Prefect's database and storage."""
    files = [p for p in (nights[0] / "home").rglob("*") if p.is_file()]
    database = [p for p in files if p.suffix == ".db"]
    assert database
    with sqlite3.connect(database[0]) as connection:
        keys = {row[0] for row in connection.execute("SELECT key FROM artifact")}
    assert {"night", "data-quality"} <= keys
    leaks = {p.name: found for p in files if (found := told(p.read_bytes()))}
    assert leaks == {}


@pytest.mark.usefixtures("prefect_server")
def test_nothing_raw_in_error_messages_and_reports(
    nights: tuple[Path, list[subprocess.CompletedProcess[bytes]]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = nights[0]
    config = str(folder / "hearcast.toml")
    told_by = [
        ["forget", "--customer", PLANTED["email"]],
        ["forget", "--customer", PLANTED["phone"]],
        ["explain", "--sku", "<EMAIL>"],
    ]
    for command in told_by:
        main([command[0], "--config", config, *command[1:]])
    for path in (folder / "in").glob("*"):
        path.write_text('{"broken ' + PLANTED["email"])
    text = (folder / "hearcast.toml").read_text().replace('"in/', f'"{folder}/in/')
    (tmp_path / "hearcast.toml").write_text(text)
    broken = ["nightly", "--config", str(tmp_path / "hearcast.toml"), "--as-of", AS_OF]
    assert main(broken) == EXIT_FAILED
    said = capsys.readouterr()
    assert "no order line is known" in said.err
    assert told((said.out + said.err).encode()) == set(), said.err[:3000]
