"""Bad input at night: a clear line or a quarantined row each, never a traceback, never a loss."""

from __future__ import annotations

import gzip
from contextlib import redirect_stderr
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.cli import EXIT_DEGRADED, EXIT_FAILED, EXIT_PUBLISHED, EXIT_USAGE, main
from flows.reader import read_manifest, read_table, snapshot_dir
from tests.flows.tiny import END, order_rows, tiny_shop

HEADER = "order_id,line_id,sku,category,ordered_at,quantity\n"


pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return tiny_shop(tmp_path)


def nightly(config: Path, as_of: date = END) -> int:
    return main(["nightly", "--config", str(config), "--as-of", as_of.isoformat()])


def report(config: Path) -> dict[str, dict[str, Any]]:
    frame = read_table(config.parent / "exports", "ingest_report")
    parts = ("good", "quarantined", "duplicate", "unchanged", "filtered", "routed")
    for row in frame.iter_rows(named=True):
        assert row["rows_in"] == sum(row[f"rows_{p}"] for p in parts), row["file"]
    return {row["file"].split("/")[-1]: row for row in frame.iter_rows(named=True)}


def reasons(config: Path) -> dict[str, int]:
    found = read_table(config.parent / "exports", "quarantine")
    return dict(found.group_by("reason").len().iter_rows())


def row(order: str, quantity: str = "1", at: str = "2026-11-01T10:00:00Z", sku: str = "S1") -> str:
    return f"{order},1,{sku},tea,{at},{quantity}\n"


@pytest.fixture(scope="module")
def mixed(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A shop that has published a night on files of all sorts beside its own, and what was logged."""
    del prefect_server
    shop = tiny_shop(tmp_path_factory.mktemp("mixed"))
    inbox = shop.parent / "in"
    bad = [
        row("n1", "-3"),
        row("n2", "1e12"),
        row("n3", at="1900-01-01T00:00:00Z"),
        row("n4", at="2190-01-01T00:00:00Z"),
        row("n5", "many"),
        row("n6", at="yesterday"),
        row("n7", sku=""),
    ]
    text = HEADER + "".join(bad) + row("twice") + row("twice") + row("clash") + row("clash", "7")
    (inbox / "more.csv").write_text("\ufeff" + text.replace("\n", "\r\n"), newline="")
    (inbox / "latin.csv").write_bytes((HEADER + row("l1").replace("tea", "thé")).encode("latin-1"))
    semicolons = (HEADER + row("s1")).replace(",", ";")
    (inbox / "semicolons.csv.gz").write_bytes(gzip.compress(semicolons.encode()))
    (inbox / "empty.csv").write_text("")
    (inbox / "header.csv").write_text(HEADER)
    with redirect_stderr(StringIO()) as said:
        assert nightly(shop) == EXIT_PUBLISHED
    return shop, said.getvalue()


def test_bad_rows_among_good_ones_are_quarantined_each_with_its_reason(
    mixed: tuple[Path, str],
) -> None:
    shop, said = mixed
    told = report(shop)["more.csv"]
    assert told["rows_in"] == 11
    assert told["rows_quarantined"] == 8
    assert told["rows_duplicate"] == 1
    assert reasons(shop) == {
        "out_of_range": 4,
        "wrong_type": 2,
        "null_required": 1,
        "key_conflict": 1,
    }
    assert "INFO publish" in said
    assert "Traceback" not in said


def test_latin1_bytes_gzip_and_other_delimiters_are_read(mixed: tuple[Path, str]) -> None:
    told = report(mixed[0])
    assert told["latin.csv"]["rows_good"] == told["semicolons.csv.gz"]["rows_good"] == 1
    categories = read_table(mixed[0].parent / "exports", "demand_weekly")["category"]
    assert categories.drop_nulls().n_unique() <= 2


@pytest.mark.parametrize("name", ["empty.csv", "header.csv"])
def test_a_file_without_rows_is_no_trouble(mixed: tuple[Path, str], name: str) -> None:
    assert report(mixed[0])[name]["rows_in"] == 0


def broken_parquet(path: Path) -> None:
    order_rows(END, END).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])


def missing_column(path: Path) -> None:
    path.write_text(HEADER.replace("sku", "article") + row("m1"))


def half_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress((HEADER + row("g1") * 500).encode())[:-30])


def test_files_that_cannot_be_used_hold_their_table_and_say_so_in_one_line_each(
    tiny_night: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, inbox = tiny_night, tiny_night.parent / "in"
    before = read_table(shop.parent / "exports", "forecasts")
    broken_parquet(inbox / "broken.parquet")
    missing_column(inbox / "columns.csv")
    half_gzip(inbox / "half.csv.gz")
    names = {"broken.parquet": "broken.parquet", "columns.csv": "'sku'", "half.csv.gz": "half"}
    capsys.readouterr()
    assert nightly(shop, date(2026, 11, 16)) == EXIT_DEGRADED
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    for name, words in names.items():
        assert any(name in line and words in line for line in said.err.splitlines()), name
        assert report(shop)[name]["problem"], name
    assert "; last night's again: " in said.err
    after = read_table(shop.parent / "exports", "forecasts")
    assert after["rung"].unique().to_list() == ["stale"]
    assert after["mean"].to_list() == before["mean"].to_list()
    assert after["as_of"].unique().to_list() == [END], "a stale row keeps its own as_of"
    manifest = read_manifest(snapshot_dir(shop.parent / "exports"))
    assert "order_lines" in manifest["held_inputs"]
    # The next good night is whole again, by itself.
    for name in names:
        (inbox / name).unlink()
    assert nightly(shop, date(2026, 11, 17)) == EXIT_PUBLISHED
    assert read_table(shop.parent / "exports", "forecasts")["rung"].unique().to_list() == ["full"]


def test_too_many_bad_rows_hold_the_table_until_the_file_is_mended(tiny_night: Path) -> None:
    shop = tiny_night
    more = shop.parent / "in" / "more.csv"
    more.write_text(HEADER + row("a", "-1") + row("b") * 1 + row("c") + row("d"))
    assert nightly(shop, date(2026, 11, 16)) == EXIT_DEGRADED
    assert report(shop)["more.csv"]["held"] is True
    more.write_text(HEADER + row("a", "1") + row("b") + row("c") + row("d"))
    assert nightly(shop, date(2026, 11, 16)) == EXIT_PUBLISHED
    assert report(shop)["more.csv"]["rows_good"] == 4


def test_a_first_night_without_any_order_fails_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_shop(tmp_path)
    (tmp_path / "in" / "orders.csv").unlink()
    assert nightly(config) == EXIT_FAILED
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "no order line is known" in said
    assert "order_lines" in said.splitlines()[-1]
    assert not (tmp_path / "exports" / "latest").exists()
    assert (tmp_path / "exports" / "freshness.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nightly", "--config", "nowhere.toml"], "nowhere.toml"),
        (["backfill", "--from", "2026-01-09", "--to", "2026-01-01"], "--from"),
        (["simulate", "--out", "x", "--skus", "0"], "--skus"),
    ],
)
def test_a_mistake_in_usage_is_one_line_and_exit_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == EXIT_USAGE
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert words in said[0]


def test_a_wrong_date_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as stop:
        main(["nightly", "--as-of", "17.11.2026"])
    assert stop.value.code == EXIT_USAGE


def test_a_day_to_come_is_refused(tiny_night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = tiny_night
    capsys.readouterr()
    assert nightly(shop, date(2199, 1, 1)) == EXIT_USAGE
    assert "after today" in capsys.readouterr().err


def test_a_wrong_key_names_the_key_and_the_remedy(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write_text(shop.read_text().replace("horizon_weeks", "horizon_week"))
    assert nightly(shop) == EXIT_USAGE
    line = capsys.readouterr().err.strip()
    assert "horizon_week" in line
    assert "horizon_weeks" in line
    assert "\n" not in line


def test_deleted_rows_of_a_snapshot_table_vanish_from_the_next_night(
    tmp_path: Path,
) -> None:
    config = tiny_shop(tmp_path)
    text = config.read_text()
    pattern = 'order_lines = { path = "in/*", mode = "snapshot" }'
    config.write_text(text.replace('order_lines = "in/*"', pattern))
    assert nightly(config) == EXIT_PUBLISHED
    before = total(config)
    orders = tmp_path / "in" / "orders.csv"
    frame = pl.read_csv(orders, infer_schema=False)
    pl.concat([frame.head(200), frame.tail(-220)]).write_csv(orders)
    assert nightly(config, date(2026, 11, 16)) == EXIT_PUBLISHED
    gone = frame.slice(200, 20)["quantity"].cast(pl.Float64).sum()
    assert total(config) == before - gone
    frame.head(20).write_csv(orders)  # most of the export is missing: this is no deletion
    assert nightly(config, date(2026, 11, 17)) == EXIT_DEGRADED
    held = read_manifest(snapshot_dir(tmp_path / "exports"))["held_inputs"]["order_lines"]
    assert "snapshot" in held
    assert total(config) == before - gone


def total(config: Path) -> float:
    weekly = read_table(config.parent / "exports", "demand_weekly")
    return float(
        weekly.filter(pl.col("level") == "total", pl.col("target") == "units")["value"].sum()
    )


def test_orders_that_stop_coming_are_held_and_not_learnt_as_low_demand(tiny_night: Path) -> None:
    shop = tiny_night
    before = read_table(shop.parent / "exports", "forecasts")
    assert nightly(shop, date(2026, 11, 17)) == EXIT_PUBLISHED
    assert nightly(shop, date(2026, 11, 22)) == EXIT_DEGRADED
    after = read_table(shop.parent / "exports", "forecasts")
    assert after["rung"].unique().to_list() == ["stale"]
    assert after["as_of"].unique().to_list() == [date(2026, 11, 17)]
    assert set(after["week_start"].to_list()) == set(before["week_start"].to_list())
    manifest = read_manifest(snapshot_dir(shop.parent / "exports"))
    assert "days old" in manifest["held_inputs"]["order_lines"]
    assert manifest["tables"]["accuracy"]["rung"] == "stale"


def test_a_first_night_on_old_orders_publishes_and_says_what_it_rests_on(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nightly(shop, date(2026, 11, 22)) == EXIT_DEGRADED
    assert read_table(shop.parent / "exports", "forecasts")["rung"].unique().to_list() == ["full"]
    assert "no earlier night to show" in capsys.readouterr().out
