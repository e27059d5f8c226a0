"""Files that others made in the layouts of a replication service: read as they come."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.flows.inboxes import problems, pulls_of, report_of, rows_of

DATA = Path(os.environ.get("HEARCAST_EXAMPLES_DATA", "/nowhere")) / "exports"
pytestmark = [
    pytest.mark.needs_data,
    pytest.mark.skipif(
        not DATA.is_dir(), reason="HEARCAST_EXAMPLES_DATA names no folder with exports"
    ),
]


def inbox(folder: Path, name: str) -> Path:
    shutil.copytree(DATA / name, folder / "in")
    return folder


def test_shopifys_tables_as_replicated(tmp_path: Path) -> None:
    pulls = pulls_of(inbox(tmp_path, "fivetran_shopify"))
    lines = rows_of(pulls, "order_lines")
    assert [(r["order_id"], r["quantity"], r["channel"], r["is_test"]) for r in lines] == [
        ("2669509541985", 1.0, "web", False), ("2669516488801", 1.0, "web", False), ("2674098602081", 2.0, "app", False),
    ]  # fmt: skip
    assert lines[0]["ordered_at"].isoformat() == "2020-09-09T22:57:50+00:00", (
        "stored in UTC without saying so"
    )
    orders = report_of(pulls, "order_lines", "shopify_order_data")
    assert orders.filtered_by == {"read beside other files": orders.rows_in}
    assert {r["sku"] for r in rows_of(pulls, "products")} >= {"ITEM15", "ITEM24", "ITEM31"}
    assert len(rows_of(pulls, "checkouts")) == 3
    assert len(rows_of(pulls, "shipments")) == 3
    refunds = report_of(pulls, "refunds", "order_line_refund")
    assert refunds.reasons == {"null_required": refunds.rows_in}, (
        "their lines are not in the sample"
    )


def test_what_is_not_read_is_named_file_by_file(tmp_path: Path) -> None:
    pulls = pulls_of(inbox(tmp_path, "fivetran_shopify"))
    said = problems(pulls)
    assert all("is not recognised" in line for line in said), said
    named = {line.split(":")[0] for line in said}
    assert "in/shopify_metafield_data.csv" in named
    kinds = Counter(r.status for p in pulls for r in p.reports)
    assert kinds["unreadable"] == kinds["refused"] == 0
    assert sum(kinds.values()) >= len(list((tmp_path / "in").iterdir()))


def test_zendesks_tables_as_replicated(tmp_path: Path) -> None:
    pulls = pulls_of(inbox(tmp_path, "fivetran_zendesk"))
    tickets = report_of(pulls, "tickets")
    assert (tickets.rows_in, tickets.rows_good, tickets.filtered_by) == (
        10,
        7,
        {"deleted ticket": 3},
    )
    assert len(rows_of(pulls, "conversations")) == 7
    assert len(rows_of(pulls, "customers")) == 8
    chat = [r for r in rows_of(pulls, "passages") if r["position"] not in (None, 0)]
    assert "agent" in {r["speaker"] for r in chat}, "the bot's words are not a customer's"
    comments = report_of(pulls, "passages", "ticket_comment")
    assert comments.rows_in == comments.rows_good == 20
