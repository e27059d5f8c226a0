"""`hearcast doctor`, as its user runs it: what there is, what is absent, and nothing changed."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from flows import tagger_files
from flows.cli import main
from flows.lake import Lake
from flows.pull import pull
from flows.settings import load_settings
from tests.flows.conftest import SOURCES, child_environment, digests
from tests.flows.inboxes import config, csv, put
from tests.flows.shopify_files import FIRST, ORDERS_HEADER, more
from tests.flows.test_inbox_help_desks import ticket
from tests.flows.written import write_config


def doctor(file: Path) -> tuple[int, str, str]:
    """Exit code, answer and log of the command."""
    done = subprocess.run(
        [Path(sys.executable).parent / "hearcast", "doctor", "--config", file],
        capture_output=True, text=True, env=child_environment(file.parent / "home"), timeout=400, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_it_says_what_each_file_is_and_what_is_absent_for_what(tmp_path: Path) -> None:
    put(tmp_path, "orders_export.csv", csv([*ORDERS_HEADER, "Mystery"], FIRST, more("TEA")))
    put(tmp_path, "tickets.json", {"tickets": [ticket(1)]})
    put(tmp_path, "minutes.csv", "who,what\nme,nothing\n")
    file = config(tmp_path)
    before = digests(tmp_path, "*")
    code, said, _ = doctor(file)
    assert code == 0
    assert "in/orders_export.csv (a Shopify orders export)" in said
    assert "order_lines: 2 of 2 rows good" in said
    assert "not understood: Mystery" in said
    assert "! is not recognised (found: 2 columns, none known)" in said
    assert "order_lines: 2 rows, 2026-11-01 to 2026-11-01" in said
    assert (
        "yes  inventory_plan, but inventory_daily is absent, so it has levels to order up to, but no stock"
        in said
    )
    assert "or stock-out dates; Shopify: export inventory as" in said
    assert "refunds is absent: no forecasts of returns; Shopify: ask the API" in said
    assert "0 weeks of orders: signals are tested from 52 on" in said
    assert said.rstrip().endswith("A night can run.")
    assert "Quixworth" not in said
    assert "ada@example.com" not in said.lower()
    after = {
        name: digest
        for name, digest in digests(tmp_path, "*").items()
        if not name.startswith("home/")
    }
    assert after == before, "nothing on disk has changed"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (csv([n for n in ORDERS_HEADER if n != "Lineitem sku"], FIRST), 1, "A night would fail: no order line was found"),
        (csv(ORDERS_HEADER, FIRST, more("A", quantity="many")), 3, "A night would hold back order_lines (50.0% of its rows or quantity are bad"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_its_exit_code_is_what_a_night_would_come_to(
    tmp_path: Path, data: str, code: int, line: str
) -> None:
    put(tmp_path, "orders.csv", data)
    found, said, _ = doctor(config(tmp_path))
    assert (found, line in said) == (code, True), said


def test_a_mistake_in_the_configuration_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "hearcast.toml"
    file.write_text('[[sources]]\nkind = "inbox"\norder_lines = "x"\n')
    code, said, log = doctor(file)
    assert (code, said) == (2, "")
    assert "order_lines: an inbox tells files apart itself; give path alone" in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("[tagging]\nlanguages = ['de']\n", "there is no phrase file for 'de'"),
        ("[tagging]\ntagger = 'accurate'\n", "run `make accurate`"),
        ("[[signals]]\nname = 'stockingup'\n", "did you mean stocking_up?"),
    ],
)
def test_what_a_night_refuses_it_refuses_alike(
    extra: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tagger_files, "PACKAGE", "nobody-has-this-package")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "absent" / "home"))
    put(tmp_path, "orders_export.csv", csv(ORDERS_HEADER, FIRST))
    file = config(tmp_path)
    assert main(["doctor", "--config", str(file)]) == 0
    assert not (tmp_path / "absent").exists(), "nothing is made"
    capsys.readouterr()
    file.write_text(file.read_text() + extra)
    lines = []
    for command in ("doctor", "nightly"):
        assert main([command, "--config", str(file)]) == 2
        told = capsys.readouterr()
        assert (told.out, said in told.err) == ("", True)
        lines.append(told.err.split(maxsplit=1)[1])
    assert lines[0] == lines[1]


def test_it_refuses_where_prefect_could_not_write_as_a_night_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "file" / "home"))
    assert main(["doctor", "--config", str(config(tmp_path))]) == 2
    assert "Prefect cannot write here" in capsys.readouterr().err


def test_canonical_files_enable_everything_that_this_version_makes(
    tmp_path: Path, brand_folder: Path
) -> None:
    file = write_config(
        tmp_path, {table: str(brand_folder / name) for table, name in SOURCES.items()}
    )
    code, said, _ = doctor(file)
    assert code == 0
    for output in (
        "forecasts of units",
        "forecasts of returns",
        "forecasts of tickets",
        "signals of what customers say",
    ):
        assert f"yes  {output}" in said
    assert "weeks of orders" in said


def test_what_has_landed_before_counts_though_its_file_is_gone(tmp_path: Path) -> None:
    file = write_config(tmp_path, {"order_lines": "in/*.csv"})
    orders = put(tmp_path, "orders.csv", "order_id,sku,ordered_at,quantity\n1,A,2026-11-01,2\n")
    settings = load_settings(file, {})
    pull(settings, Lake(settings.paths.lake), date(2026, 11, 17))
    orders.unlink()
    before = digests(tmp_path, "*")
    code, said, _ = doctor(file)
    assert code == 0
    assert "! no file matches" in said
    assert "order_lines: 1 rows known" in said
    assert "order_lines: 1 rows, 2026-11-01 to 2026-11-01" in said
    after = digests(tmp_path, "*")
    assert {n: d for n, d in after.items() if not n.startswith("home/")} == before


DYING = """
import os, sys
from contextlib import contextmanager
from flows.sources import files, perilous, records

@contextmanager
def reading(path):
    with perilous.reading(path):
        if path.name == "perilous.csv":
            os.abort()
        yield

files.reading = records.reading = reading
from flows import cli
this = sys.argv.pop()
cli.watched_command = lambda argv: [sys.executable, "-c", this, *argv, this]
cli.entry()
"""


def test_a_file_that_ends_the_process_that_reads_it_is_named_and_the_others_are_told_of(
    tmp_path: Path,
) -> None:
    put(tmp_path, "orders_export.csv", csv(ORDERS_HEADER, FIRST, more("TEA")))
    put(tmp_path, "perilous.csv", csv(ORDERS_HEADER, FIRST))
    done = subprocess.run(
        [sys.executable, "-c", DYING, "doctor", "--config", config(tmp_path), DYING],
        capture_output=True, text=True, env=child_environment(tmp_path / "home"), timeout=400, check=False,
    )  # fmt: skip
    assert "in/perilous.csv\n      ! damaged so that reading it ends the process" in done.stdout
    assert "order_lines: 2 of 2 rows good" in done.stdout
    assert "reading a delivered file was ended by SIGABRT" in done.stderr
    assert done.returncode == 0, "nobody knows which table it would have filled"
    assert "perilous" not in done.stderr
