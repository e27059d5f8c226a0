"""Pulls into the lake: what a snapshot deletes, and what a replay says."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows import backfill
from flows.cli import EXIT_DEGRADED, EXIT_FAILED, EXIT_PUBLISHED
from flows.lake import Lake
from flows.pull import Pulled, pull, report_table
from flows.settings import load_settings
from tests.flows.tiny import END, order_rows, tiny_shop
from tests.flows.written import write_config
from transforms.asof import visible
from transforms.contracts import INPUTS

DAY = date(2026, 3, 1)
PRODUCTS = [f"S{i},10\n" for i in range(9)]


def pulled(folder: Path, products: list[str], as_of: date) -> Pulled:
    """A pull at `as_of` of a snapshot of `products`."""
    (folder / "products.csv").write_text("sku,lead_time_days\n" + "".join(products))
    config = write_config(folder, {})
    text = config.read_text() + 'products = { path = "products.csv", mode = "snapshot" }\n'
    config.write_text(text + "[validation]\nhold_share = 0.5\n")
    settings = load_settings(config, os.environ)
    return pull(settings, Lake(settings.paths.lake), as_of)


def skus(folder: Path, as_of: date) -> set[str]:
    versions = Lake(folder / "lake").versions("products", as_of)
    return set(visible(versions, INPUTS["products"], as_of, "UTC").collect()["sku"].to_list())


def test_a_quarantined_row_of_a_snapshot_deletes_nothing(tmp_path: Path) -> None:
    pulled(tmp_path, PRODUCTS, DAY)
    everything = skus(tmp_path, DAY)
    assert len(everything) == 9
    done = pulled(tmp_path, [*PRODUCTS[:7], "S7,soon\n"], DAY + timedelta(days=1))
    assert any("none is taken as deleted" in line for line in done.lines)
    assert skus(tmp_path, DAY + timedelta(days=1)) == everything
    pulled(tmp_path, PRODUCTS[:8], DAY + timedelta(days=2))
    assert everything - skus(tmp_path, DAY + timedelta(days=2)) == {"S8"}


def test_a_night_older_than_the_newest_landing_says_that_it_pulled_nothing(tmp_path: Path) -> None:
    pulled(tmp_path, PRODUCTS, DAY)
    done = pulled(tmp_path, PRODUCTS[:2], DAY - timedelta(days=1))
    assert done.replay
    assert str(DAY) in done.lines[0]
    assert done.rows_stored == 0


def test_a_backfill_in_which_a_date_failed_does_not_end_as_merely_degraded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = str(tiny_shop(tmp_path))
    ends = {"a": EXIT_FAILED, "b": EXIT_DEGRADED, "c": EXIT_PUBLISHED}
    monkeypatch.setattr(backfill, "one_night", lambda _config, day, **_: day)
    monkeypatch.setattr(backfill, "report", lambda day: ends[day])
    assert backfill.backfill(config, ["a", "b", "c"]) == EXIT_FAILED
    assert backfill.backfill(config, ["b", "c"]) == EXIT_DEGRADED
    assert backfill.backfill(config, ["c"]) == EXIT_PUBLISHED


def test_a_file_that_grew_is_accounted_for_as_unchanged_and_new_rows(tmp_path: Path) -> None:
    config = tiny_shop(tmp_path)
    settings = load_settings(config, {})
    lake = Lake(settings.paths.lake)
    orders = tmp_path / "in" / "orders.csv"
    frame = pl.read_csv(orders, infer_schema=False)
    pull(settings, lake, END)
    more = order_rows(END + timedelta(days=1), END + timedelta(days=1), seed=9)
    corrected = frame.with_row_index().with_columns(
        pl.when(pl.col("index") == 7).then(pl.lit("99")).otherwise("quantity").alias("quantity")
    )
    pl.concat([corrected.drop("index"), more]).write_csv(orders)
    done = pull(settings, lake, END + timedelta(days=1))
    assert done.rows_stored == more.height + 1
    report = report_table(lake, END + timedelta(days=1)).row(0, named=True)
    assert report["rows_unchanged"] == frame.height - 1
    assert report["rows_good"] == more.height + 1
    assert report["rows_in"] == frame.height + more.height
    # The night before keeps its own account and its own rows.
    assert report_table(lake, END).row(0, named=True)["rows_good"] == frame.height
    assert lake.versions("order_lines", END).collect().height == frame.height


def test_two_files_that_overlap_store_each_row_once(tmp_path: Path) -> None:
    config = tiny_shop(tmp_path)
    settings = load_settings(config, {})
    lake = Lake(settings.paths.lake)
    orders = tmp_path / "in" / "orders.csv"
    frame = pl.read_csv(orders, infer_schema=False)
    frame.tail(50).write_csv(tmp_path / "in" / "overlap.csv")
    assert pull(settings, lake, END).rows_stored == frame.height
    rows = report_table(lake, END).select("rows_good", "rows_unchanged").rows()
    assert rows == [(frame.height, 0), (0, 50)]


def test_a_file_that_feeds_two_tables_is_read_again_while_either_is_held(tmp_path: Path) -> None:
    def write(quantity: str) -> None:
        lines = [f"o{i},S1,2026-02-0{i % 9 + 1}T10:00:00Z,{quantity}\n" for i in range(8)]
        lines.append("Cr,S1,2026-02-09T10:00:00Z,1\n")
        (tmp_path / "mixed.csv").write_text("order_id,sku,ordered_at,quantity\n" + "".join(lines))

    config = write_config(tmp_path, {})
    mapping = (
        '[sources.order_lines]\npath = "mixed.csv"\n'
        "[[sources.order_lines.route]]\nto = 'refunds'\n"
        "when = { column = 'order_id', matches = '^C' }\n"
        "map = { refund_id = 'order_id', refunded_at = 'ordered_at' }\n"
    )
    config.write_text(config.read_text() + mapping)
    settings = load_settings(config, {})
    lake = Lake(settings.paths.lake)
    write("many")
    first = pull(settings, lake, DAY)
    assert set(first.held) == {"order_lines"}
    assert lake.has("main", "refunds")
    again = pull(settings, lake, DAY + timedelta(days=1))
    assert set(again.held) == {"order_lines"}, "the same bad file is still bad the next night"
    write("2")
    mended = pull(settings, lake, DAY + timedelta(days=2))
    assert dict(mended.held) == {}
    assert mended.rows_stored == 8


def test_a_path_is_told_of_as_long_as_it_has_no_file_and_what_landed_stays_accounted_for(
    tmp_path: Path,
) -> None:
    lake, said = Lake(tmp_path / "lake"), []

    def night(number: int, pattern: str) -> dict[str, tuple[int, bool]]:
        config = write_config(tmp_path, {"order_lines": "in/*.csv", "tickets": pattern})
        done = pull(load_settings(config, {}), lake, DAY + timedelta(days=number))
        said.append(any("no file matches" in line for line in done.lines))
        table = report_table(lake, DAY + timedelta(days=number)).filter(table="tickets")
        told = table.select("file", "rows_in", pl.col("problem").is_not_null())
        assert lake.quarantine(DAY + timedelta(days=number)).height == 1, "the bad row stays"
        return {file: (rows, problem) for file, rows, problem in told.iter_rows()}

    (tmp_path / "in").mkdir()
    order_rows(DAY - timedelta(days=3), DAY).write_csv(tmp_path / "in" / "a.csv")
    times = ["2026-02-01T10:00:00Z"] * 40
    lines = [f"T{number},{at}\n" for number, at in enumerate([*times, "soon"])]
    (tmp_path / "desk.csv").write_text("ticket_id,opened_at\n" + "".join(lines))
    assert night(0, "desk.csv") == {"desk.csv": (41, False)}
    (tmp_path / "desk.csv").rename(tmp_path / "away")
    assert night(1, "desk.csv") == {"desk.csv": (41, True)}
    assert night(2, "disk*.csv") == {"desk.csv": (41, False), "disk*.csv": (0, True)}
    (tmp_path / "away").rename(tmp_path / "desk.csv")
    whole = night(3, "desk.csv")
    assert whole == {"desk.csv": (41, False)}
    assert night(4, "des*.csv") == whole
    (tmp_path / "desk.csv").rename(tmp_path / "away")
    assert night(5, "des*.csv") == {"des*.csv": (0, True), **whole}
    entries = len(lake.landings())
    assert night(6, "des*.csv") == {"des*.csv": (0, True), **whole}
    assert len(lake.landings()) == entries, "what is known already makes no entry"
    assert said == [False, True, True, False, False, True, True]
