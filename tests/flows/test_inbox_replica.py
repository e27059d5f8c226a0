"""Shopify as a replication service writes it: tables joined by their keys, times in UTC unsaid."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.flows.inboxes import csv, problems, pulls_of, put, report_of, rows_of

SYNCED = "2026-11-17 03:00:00.000"


def table(folder: Path, name: str, *rows: dict[str, Any]) -> None:
    """A table with the columns of its first row, and when it was replicated."""
    put(
        folder,
        f"{name}.csv",
        csv([*rows[0], "_fivetran_synced"], *({**row, "_fivetran_synced": SYNCED} for row in rows)),
    )


def order(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": number, "email": "ada@example.com", "currency": "USD", "created_at": "2026-11-02 04:30:00.000", "processed_at": "2026-11-02 04:30:00.000",
            "name": f"#{number}", "customer_id": 77, "order_number": number, "financial_status": "paid", "cancelled_at": "", "source_name": "web", "test": "FALSE",
            "checkout_token": f"tok{number}", "_fivetran_deleted": "FALSE", **changes}  # fmt: skip


def line(number: int, of: int, sku: str, **changes: Any) -> dict[str, Any]:
    return {"id": number, "order_id": of, "product_id": 9, "variant_id": 8, "name": "Mug", "price": "5.00", "quantity": 2, "sku": sku,
            "fulfillable_quantity": 2, "gift_card": "FALSE", "_fivetran_deleted": "FALSE", **changes}  # fmt: skip


def shop(folder: Path) -> None:
    table(
        folder,
        "order",
        order(1),
        order(2, cancelled_at="2026-11-03 00:00:00.000"),
        order(3, test="TRUE"),
    )
    table(
        folder, "order_line", line(11, 1, "A"), line(12, 1, "B", _fivetran_deleted="TRUE"), line(13, 2, "A"), line(14, 3, "A"),
        line(15, 1, "GIFT", gift_card="TRUE"), line(16, 404, "A"),
    )  # fmt: skip


def test_lines_take_what_belongs_to_their_order(tmp_path: Path) -> None:
    shop(tmp_path)
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    found = {r["line_id"]: r for r in rows_of(pulls, "order_lines")}
    assert sorted(found) == ["11", "12", "13", "14"]
    assert found["11"]["ordered_at"] == datetime(2026, 11, 2, 4, 30, tzinfo=UTC)
    assert (found["11"]["customer_id"], found["11"]["channel"], found["11"]["cancelled_at"]) == (
        "77",
        "web",
        None,
    )
    assert found["12"]["cancelled_at"] == datetime(2026, 11, 17, 3, tzinfo=UTC), (
        "deleted in the source"
    )
    assert found["13"]["cancelled_at"] == datetime(2026, 11, 3, tzinfo=UTC)
    assert [found[n]["is_test"] for n in ("11", "14")] == [False, True]
    report = report_of(pulls, "order_lines", "order_line")
    assert (report.filtered_by, report.reasons) == ({"gift card": 1}, {"null_required": 1}), (
        "an order that is not there has no date"
    )


def test_lines_without_the_orders_are_refused(tmp_path: Path) -> None:
    table(tmp_path, "order_line", line(11, 1, "A"))
    (problem,) = problems(pulls_of(tmp_path))
    assert (
        problem
        == "in/order_line.csv: is Shopify's table order_line, and needs beside it shopify/order table: replicate order_line with order"
    )


def test_refunds_and_returns_find_sku_order_and_reason(tmp_path: Path) -> None:
    shop(tmp_path)
    table(
        tmp_path,
        "refund",
        {
            "id": 31,
            "created_at": "2026-11-10 08:00:00.000",
            "processed_at": "2026-11-10 08:00:00.000",
            "note": "",
            "restock": "TRUE",
            "user_id": 1,
            "order_id": 1,
        },
    )
    back = {"id": 1, "refund_id": 31, "order_line_id": 11, "quantity": 1, "restock_type": "return"}
    table(
        tmp_path,
        "order_line_refund",
        back,
        {**back, "id": 2},
        {**back, "id": 3, "restock_type": "cancel", "order_line_id": 12},
    )
    table(
        tmp_path,
        "return",
        {
            "id": 51,
            "order_id": 1,
            "name": "#1-R1",
            "status": "OPEN",
            "total_quantity": 3,
            "created_at": "2026-11-09 00:00:00.000",
            "closed_at": "",
        },
    )
    table(
        tmp_path,
        "return_line",
        {
            "id": 61,
            "return_id": 51,
            "order_line_id": 11,
            "quantity": 3,
            "refunded_quantity": 2,
            "return_reason": "SIZE_TOO_SMALL",
        },
    )
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    found = [
        (r["refund_id"], r["sku"], r["quantity"], r["order_id"], r["reason"])
        for r in rows_of(pulls, "refunds")
    ]
    assert sorted(found) == [
        ("31", "A", 2.0, "1", "SIZE_TOO_SMALL"),
        ("return-51", "A", 1.0, "1", "size_too_small"),
    ]


def test_stock_products_and_shipments(tmp_path: Path) -> None:
    table(
        tmp_path,
        "inventory_item",
        {
            "id": 5,
            "sku": "A",
            "tracked": "TRUE",
            "requires_shipping": "TRUE",
            "unit_cost_amount": "3.5",
        },
    )
    level = {
        "id": 1,
        "inventory_item_id": 5,
        "inventory_level_id": 1,
        "name": "available",
        "quantity": 4,
        "updated_at": "2026-11-16 00:00:00",
    }
    table(
        tmp_path,
        "inventory_quantity",
        {**level, "name": "on_hand", "quantity": 9},
        level,
        {**level, "inventory_level_id": 2, "quantity": -1},
        {**level, "name": "incoming", "quantity": 6},
    )
    table(
        tmp_path,
        "product",
        {
            "id": 9,
            "handle": "mug",
            "title": "Mug",
            "product_type": "Kitchen",
            "created_at": "2026-01-05 03:00:00",
            "published_at": "",
        },
    )
    table(
        tmp_path,
        "product_variant",
        {
            "id": 8,
            "product_id": 9,
            "inventory_item_id": 5,
            "inventory_policy": "DENY",
            "sku": "A",
            "title": "Default Title",
            "price": "9",
        },
    )
    table(
        tmp_path,
        "fulfillment",
        {
            "id": 7,
            "order_id": 1,
            "created_at": "2026-11-03 14:00:00",
            "status": "success",
            "tracking_company": "x",
            "tracking_number": "",
        },
    )
    table(
        tmp_path,
        "fulfillment_event",
        {
            "id": 1,
            "fulfillment_id": 7,
            "happened_at": "2026-11-05 10:00:00",
            "status": "delivered",
            "estimated_delivery_at": "2026-11-06 00:00:00",
        },
    )
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    (stock,) = rows_of(pulls, "inventory_daily")
    assert (stock["date"], stock["sku"], stock["on_hand"], stock["on_order"]) == (
        date(2026, 11, 16),
        "A",
        3.0,
        6.0,
    ), "03:00 UTC is the evening before"
    (product,) = rows_of(pulls, "products")
    assert (
        product["category"],
        product["title"],
        product["unit_cost"],
        product["launched_on"],
    ) == ("Kitchen", "Mug", 3.5, date(2026, 1, 4))
    (parcel,) = rows_of(pulls, "shipments")
    assert (parcel["delivered_at"], parcel["promised_at"]) == (
        datetime(2026, 11, 5, 10, tzinfo=UTC),
        datetime(2026, 11, 6, tzinfo=UTC),
    )
