"""An inbox in the lake and in a night: told once, landed once, accounted for, warned about."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.lake import Lake
from flows.pull import pull, report_table
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.settings import load_settings
from tests.flows.inboxes import config, csv, problems, pulls_of, put, report_of, rows_of, taken_by
from tests.flows.shopify_files import FIRST, ORDERS_HEADER, more, rest_order
from tests.flows.test_inbox_help_desks import comment, ticket
from tests.flows.tiny import END, FORECAST, order_rows

AS_OF = date(2026, 11, 17)


def landed(folder: Path, as_of: date = AS_OF) -> tuple[Any, Lake]:
    settings = load_settings(config(folder), {"HEARCAST_PATHS__LAKE": str(folder / "lake")})
    lake = Lake(folder / "lake")
    return pull(settings, lake, as_of), lake


def test_mixed_files_land_and_each_row_is_accounted_for(tmp_path: Path) -> None:
    put(tmp_path, "orders.csv", csv(ORDERS_HEADER, FIRST, more("TEA")))
    put(tmp_path, "deep/tickets.json", {"tickets": [ticket(1)]})
    put(tmp_path, "stock.parquet", b"PAR1 broken")
    put(tmp_path, "minutes.csv", "who,what\nme,nothing\n")
    put(tmp_path, "products.csv", "sku,category,lead_time_days\nTEA,Drinks,9\n")
    put(tmp_path, ".hidden.csv", "x\n1\n")
    done, lake = landed(tmp_path)
    report = report_table(lake, AS_OF)
    parts = ["good", "quarantined", "duplicate", "unchanged", "filtered", "routed"]
    added = report.select(pl.sum_horizontal([f"rows_{part}" for part in parts])).to_series()
    assert added.to_list() == report["rows_in"].to_list()
    assert set(report["table"]) == {
        "order_lines",
        "customers",
        "shipments",
        "tickets",
        "conversations",
        "passages",
        "products",
        "(none)",
    }
    assert any(
        "in/minutes.csv: is not recognised (found: 2 columns, none known)" in line
        for line in done.lines
    )
    assert any(
        "in/stock.parquet: the Parquet file is cut short or damaged" in line for line in done.lines
    )
    assert done.held == {}, "what is no table holds none back"
    bad = lake.quarantine(AS_OF)
    assert bad.filter(pl.col("table") == "(none)")["row"].to_list() == ['{"line": "<withheld>"}']
    again, _ = landed(tmp_path, AS_OF + timedelta(days=1))
    assert again.rows_stored == 0


def test_a_half_file_holds_its_table_back_until_it_is_put_right(tmp_path: Path) -> None:
    put(tmp_path, "orders.csv", csv([n for n in ORDERS_HEADER if n != "Lineitem sku"], FIRST))
    done, _ = landed(tmp_path)
    assert "looks like a Shopify orders export but lacks Lineitem sku" in done.held["order_lines"]
    put(tmp_path, "orders.csv", csv(ORDERS_HEADER, FIRST))
    done, _ = landed(tmp_path)
    assert done.held == {}


def test_a_file_that_is_cut_short_holds_back_what_it_was(tmp_path: Path) -> None:
    whole = gzip.compress(csv(ORDERS_HEADER, FIRST, more("TEA")).encode())
    put(tmp_path, "orders.csv.gz", whole)
    landed(tmp_path)
    put(tmp_path, "orders.csv.gz", whole[:-40])
    put(tmp_path, "new.csv.gz", whole[:-40])
    put(tmp_path, "late.csv.part", "half a")
    done, _ = landed(tmp_path, AS_OF + timedelta(days=1))
    assert list(done.held) == ["order_lines"]
    assert "in/orders.csv.gz: the gzip file is cut short or damaged" in done.held["order_lines"]
    assert any(line.startswith("in/new.csv.gz: the gzip file is cut short") for line in done.lines)
    assert not any(".part" in line for line in done.lines)


def test_an_unchanged_file_is_not_read_again_unless_its_neighbour_changed(tmp_path: Path) -> None:
    put(tmp_path, "comments.jsonl", [comment(2, 90, "On its way")])
    put(tmp_path, "tickets.json", {"tickets": [ticket(1)]})
    put(tmp_path, "orders.csv", csv(ORDERS_HEADER, FIRST))
    taken = taken_by(pulls_of(tmp_path))
    assert [one.skipped for one in pulls_of(tmp_path, taken)] == [True] * 3
    put(tmp_path, "tickets2.json", {"tickets": [ticket(1, requester_id=90)]})
    again = {one.file: one.skipped for one in pulls_of(tmp_path, taken)}
    assert again == {
        "in/comments.jsonl": False,
        "in/orders.csv": True,
        "in/tickets.json": True,
        "in/tickets2.json": False,
    }


def test_canonical_tables_are_told_by_their_columns(tmp_path: Path) -> None:
    put(
        tmp_path, "a.csv", "order_id,sku,ordered_at,quantity,category\n1,A,2026-11-01 23:30,2,Tea\n"
    )
    put(
        tmp_path,
        "b.jsonl",
        [
            {
                "conversation_id": "c",
                "passage_id": "p",
                "text": "hi",
                "said_at": "2026-11-01T00:00:00Z",
                "channel": "chat",
            }
        ],
    )
    put(tmp_path, "c.csv", "sku;lead_time_days;title\nA;9;Tea\n")
    put(tmp_path, "d.csv", "sku,title,stars,picture,colour\nA,Tea,5,x,red\n")
    pl.DataFrame({"date": [date(2026, 11, 1)], "sku": ["A"], "on_hand": [3]}).write_parquet(
        tmp_path / "in" / "e.parquet"
    )
    pulls = pulls_of(tmp_path)
    assert (
        rows_of(pulls, "order_lines")[0]["ordered_at"].isoformat() == "2026-11-02T04:30:00+00:00"
    ), "the business's clock"
    assert rows_of(pulls, "passages")[0]["text"] == "hi"
    assert rows_of(pulls, "products")[0]["lead_time_days"] == 9.0
    assert rows_of(pulls, "inventory_daily")[0]["on_hand"] == 3.0
    assert [line.split(":")[0] for line in problems(pulls)] == ["in/d.csv"], (
        "a stranger's file is not taken for products"
    )


def test_streams_that_nobody_needs_are_counted(tmp_path: Path) -> None:
    messages = [{"type": "RECORD", "stream": name, "record": record} for name, record in (
        ("orders", rest_order()), ("locations", {"id": 1, "name": "Here"}), ("locations", {"id": 2, "name": "There"}))]  # fmt: skip
    put(tmp_path, "singer.jsonl", messages)
    report = report_of(pulls_of(tmp_path), "order_lines")
    assert (report.rows_in, report.filtered_by) == (4, {"not read: locations": 2})


def test_an_empty_folder_and_a_missing_one_are_a_line(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert (
        "no file is there; check the path of [[sources]] 'box'" in problems(pulls_of(tmp_path))[0]
    )
    assert "nowhere: no file is there" in problems(pulls_of(tmp_path, path="nowhere"))[0]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[",
        "[1, 2]",
        '{"a": [',
        "\x00\x01",
        '{"orders": []}',
        "null",
        '"x"',
        "{}\n{}\n",
        "[[]]",
        '{"data": {"orders": {"edges": []}}}',
    ],
)
def test_odd_files_never_raise(tmp_path: Path, text: str) -> None:
    put(tmp_path, "a.json", text)
    put(tmp_path, "b", text)
    assert len(pulls_of(tmp_path)) == 2


def shop_csv(rows: pl.DataFrame, channel: str = "web") -> str:
    """Order rows as Shopify's orders export."""
    return csv(ORDERS_HEADER, *(
        {**FIRST, "Name": f"#{r['order_id']}", "Id": "", "Created at": r["ordered_at"][:19].replace("T", " ") + " +0000", "Source": channel,
         "Lineitem sku": r["sku"], "Lineitem quantity": r["quantity"], "Email": f"c{n % 50}@example.com", "Billing Phone": ""}
        for n, r in enumerate(rows.iter_rows(named=True))))  # fmt: skip


@pytest.mark.usefixtures("prefect_server")
def test_a_night_on_an_inbox_publishes_and_drift_reaches_its_lines(
    tmp_path: Path, run_night: Callable[..., Any]
) -> None:
    before = END - timedelta(days=7)
    put(tmp_path, "orders_1.csv", shop_csv(order_rows(END - timedelta(days=280), before)))
    opened = [ticket(n, created_at=f"2026-10-{n:02d}T10:00:00Z") for n in range(1, 20)]
    put(tmp_path, "tickets.json", {"tickets": opened})
    put(tmp_path, "notes.csv", "who,what\nme,nothing\n")
    landed(tmp_path, before)
    file = config(tmp_path)
    file.write_text(file.read_text() + f"[paths]\nlake = 'lake'\nexports = 'exports'\n{FORECAST}")
    put(tmp_path, "orders_2.csv", shop_csv(order_rows(END - timedelta(days=60), END), channel=""))
    state = run_night(file, END.isoformat())
    assert state.name in ("Completed", "PublishedDegraded"), state.message
    exports = tmp_path / "exports"
    notes = json.dumps(read_manifest(snapshot_dir(exports))["notes"])
    assert "in/notes.csv: is not recognised" in notes
    assert "column channel vanished: 100% of earlier rows give it" in notes
    checks = read_table(exports, "quality_checks")
    seen = checks.filter(pl.col("check") == "order_lines.schema_unchanged").row(0, named=True)
    assert seen["status"] == "failed"
    report = read_table(exports, "ingest_report")
    assert report.filter(pl.col("table") == "(none)")["file"].to_list() == ["in/notes.csv"]
    units = read_table(exports, "demand_weekly").filter(
        pl.col("level") == "total", pl.col("target") == "units"
    )
    assert units["value"].sum() > 0
