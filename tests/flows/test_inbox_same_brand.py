"""One brand told twice: as canonical files, and as its systems would export it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from flows.cli import main
from flows.lake import Lake
from flows.pull import pull
from flows.settings import load_settings
from tests.flows.conftest import SOURCES
from tests.flows.inboxes import config, csv, pulls_of, put, rows_of
from tests.flows.raw import PLANTED
from tests.flows.shopify_files import FIRST, ORDERS_HEADER, more
from tests.flows.test_inbox_help_desks import gorgias, message
from tests.flows.test_inbox_pull import AS_OF
from tests.flows.written import write_config
from transforms.calendar import local_day, week_of

ZONE = "America/New_York"


def canonical(folder: Path, brand: Path) -> Mapping[str, pl.DataFrame]:
    """The brand's tables as a source of kind "files" gives them."""
    folder.mkdir()
    file = write_config(folder, {table: str(brand / name) for table, name in SOURCES.items()})
    settings = load_settings(file, {})
    lake = Lake(folder / "lake")
    pull(settings, lake, AS_OF)
    return {name: lake.versions(name, AS_OF).collect() for name in ("order_lines", "passages")}


def as_shopify(lines: pl.DataFrame) -> str:
    """Order lines as Shopify's orders export: order cells on the first row of each order alone."""
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    for row in lines.sort("order_id", "line_id").iter_rows(named=True):
        at = row["ordered_at"].strftime("%Y-%m-%d %H:%M:%S +0000")
        name = f"#{row['order_id']}"
        cells = {
            "Lineitem quantity": row["quantity"],
            "Lineitem sku": row["sku"],
            "Lineitem price": row["unit_price"],
        }
        if name in seen:
            rows.append({**more("x", name=name), "Created at": at, **cells})
            continue
        seen.add(name)
        gone = row["cancelled_at"]
        rows.append({
            **FIRST, **cells, "Name": name, "Id": "", "Created at": at, "Source": row["channel"], "Email": f"{row['customer_id']}@example.com",
            "Payment Method": "bogus" if row["is_test"] else "card", "Cancelled at": gone.strftime("%Y-%m-%d %H:%M:%S +0000") if gone else "",
        })  # fmt: skip
    return csv(ORDERS_HEADER, *rows)


def weekly(lines: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Units by SKU and week, of lines that are neither cancelled nor tests."""
    sold = lines.filter(pl.col("cancelled_at").is_null(), ~pl.col("is_test").fill_null(False))
    week = week_of(local_day("ordered_at", ZONE), "monday").alias("week")
    return sold.group_by("sku", week).agg(pl.col("quantity").sum()).sort("sku", "week").rows()


def test_units_by_week_are_the_same_from_the_shops_export(
    tmp_path: Path, brand_folder: Path
) -> None:
    lines = canonical(tmp_path / "files", brand_folder)["order_lines"]
    # What belongs to the order as a whole is so in the shop, too.
    whole = [
        pl.col(n).first().over("order_id")
        for n in ("cancelled_at", "is_test", "ordered_at", "channel", "customer_id")
    ]
    lines = (
        lines.sort("order_id", "line_id")
        .with_columns(whole)
        .with_columns(pl.col("ordered_at").dt.truncate("1s"))
    )
    put(tmp_path, "orders_export.csv", as_shopify(lines))
    (pulled,) = pulls_of(tmp_path)
    assert weekly(pulled.good["order_lines"]) == weekly(lines)
    assert pulled.good["order_lines"].height == lines.height


def test_what_customers_said_is_the_same_from_the_help_desk(
    tmp_path: Path, brand_folder: Path
) -> None:
    passages = canonical(tmp_path / "files", brand_folder)["passages"].head(2_000)
    numbered = passages.with_row_index("n").with_columns(
        pl.col("conversation_id").rank("dense").alias("t")
    )
    put(tmp_path, "tickets.json", {"data": [gorgias(n) for n in numbered["t"].unique().to_list()]})
    put(tmp_path, "messages.json", {"data": [
        message(r["n"], ticket_id=r["t"], stripped_text=r["text"], from_agent=r["speaker"] == "agent") for r in numbered.iter_rows(named=True)
    ]})  # fmt: skip
    found = rows_of(pulls_of(tmp_path), "passages")
    told = sorted(r["text"] for r in found if r["speaker"] == "customer")
    assert told == sorted(passages.filter(pl.col("speaker") != "agent")["text"].str.strip_chars())


def test_nothing_of_a_bad_row_that_tells_a_person_is_shown(tmp_path: Path) -> None:
    person = {"Email": PLANTED["email"], "Billing Name": PLANTED["name"], "Billing Street": PLANTED["street"], "Billing Phone": PLANTED["phone"],
              "Notes": f"call {PLANTED['name']}", "Lineitem quantity": "many", "Friend": PLANTED["name"]}  # fmt: skip
    put(tmp_path, "orders.csv", csv([*ORDERS_HEADER, "Friend"], {**FIRST, **person}))
    put(tmp_path, "odd.csv", f"who,note\n{PLANTED['name']},{PLANTED['phone']}\n")
    put(tmp_path, "tickets.json", {"tickets": [{"id": 1, "requester_id": 2, "submitter_id": 2, "subject": PLANTED["name"], "description": PLANTED["name"],
                                               "status": "open", "created_at": PLANTED["email"]}]})  # fmt: skip
    pulls = pulls_of(tmp_path)
    shown = pl.concat([one.quarantined for one in pulls]).write_json() + repr(
        [one.reports for one in pulls]
    )
    for private in (
        PLANTED["name"],
        "Quixworth",
        PLANTED["email"],
        PLANTED["street"],
        PLANTED["phone"],
    ):
        assert private not in shown


def test_a_person_of_the_inbox_can_be_forgotten_by_address(tmp_path: Path) -> None:
    put(
        tmp_path,
        "orders.csv",
        csv(
            ORDERS_HEADER,
            FIRST,
            {**FIRST, "Name": "#2", "Id": "2", "Email": "bob@example.com", "Billing Phone": ""},
        ),
    )
    put(tmp_path, "tickets.json", {"data": [gorgias(1)]})
    put(tmp_path, "messages.json", {"data": [message(1)]})
    file = config(tmp_path)
    file.write_text(file.read_text() + "[paths]\nlake = 'lake'\nexports = 'exports'\n")
    settings = load_settings(file, {})
    lake = Lake(settings.paths.lake)
    pull(settings, lake, AS_OF)
    assert main(["forget", "--config", str(file), "--customer", "ada@example.com"]) == 0
    kept = repr(
        [
            lake.versions(t, AS_OF).collect().rows()
            for t in ("order_lines", "customers", "conversations", "passages")
        ]
    ).lower()
    assert "ada@example.com" not in kept
    assert "too small" not in kept, (
        "the help desk's customer of the same address is the same person"
    )
    assert "bob@example.com" in kept
