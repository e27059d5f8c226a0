"""Shopify's stock, products, customers, refunds, returns and checkouts, each in its own layouts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.flows.inboxes import csv, problems, pulls_of, put, report_of, rows_of
from tests.flows.shopify_files import gid, refund_line, rest_order, rest_refund

OLD = "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Option3 Name,Option3 Value,SKU,HS Code,COO"
NEW = f"{OLD},Location,Bin name,Incoming (not editable),Unavailable (not editable),Committed (not editable),Available (not editable),On hand (current),On hand (new)"
MID = f"{OLD},Location,Incoming,Unavailable,Committed,Available,On hand"


def stock(pulls: list[Any]) -> list[tuple[Any, ...]]:
    return [
        (r["date"], r["sku"], r["on_hand"], r["on_order"])
        for r in rows_of(pulls, "inventory_daily")
    ]


def mug(sku: str, **cells: Any) -> dict[str, Any]:
    return {
        "Handle": "mug",
        "Title": "Mug",
        "Option1 Name": "Title",
        "Option1 Value": "Default Title",
        "SKU": sku,
        **cells,
    }


def test_stock_by_location_is_summed_whatever_the_layout(tmp_path: Path) -> None:
    new = csv(NEW.split(","), mug("A", Location="Here", **{"Available (not editable)": -2, "Incoming (not editable)": 5}),
              mug("A", Location="There", **{"Available (not editable)": 7, "Incoming (not editable)": 0}),
              mug("B", Location="Here", **{"Available (not editable)": "not stocked"}))  # fmt: skip
    put(tmp_path, "inventory_export_2026-11-16.csv", "\ufeff" + new.replace("\n", "\r\n"))
    mid = csv(MID.split(","), mug("A", Location="Here", Available=3, Incoming=1))
    put(tmp_path, "inventory_20261117.csv", mid)
    old = csv([*OLD.split(","), "Here", "Outlet, Main St"], mug("A", Here=4, **{"Outlet, Main St": "not stocked"}),
              mug("B", Here="not stocked", **{"Outlet, Main St": "not stocked"}), mug("C", Here=0, **{"Outlet, Main St": 2}))  # fmt: skip
    put(tmp_path, "stock 2026_11_18.csv", old)
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    assert sorted(stock(pulls)) == [
        (date(2026, 11, 16), "A", 5.0, 5.0), (date(2026, 11, 17), "A", 3.0, 1.0),
        (date(2026, 11, 18), "A", 4.0, None), (date(2026, 11, 18), "C", 2.0, None),
    ]  # fmt: skip
    first = report_of(pulls, "inventory_daily", "2026-11-16")
    assert first.filtered_by == {
        "another row of the same: added up": 1,
        "not stocked at any location": 1,
    }


def test_stock_without_a_day_in_its_name_is_refused(tmp_path: Path) -> None:
    put(
        tmp_path,
        "inventory_export_1.csv",
        csv(MID.split(","), mug("A", Location="Here", Available=3)),
    )
    (problem,) = problems(pulls_of(tmp_path))
    assert "put the day of the export into the file's name" in problem


def test_stock_that_is_no_number_is_quarantined_and_a_half_file_refused(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a 2026-11-17.csv",
        csv(MID.split(","), mug("A", Location="Here", Available="lots")),
    )
    put(
        tmp_path,
        "b 2026-11-17.csv",
        csv([*OLD.split(","), "Location", "Committed"], mug("A", Location="x", Committed=1)),
    )
    pulls = pulls_of(tmp_path)
    assert report_of(pulls, "inventory_daily", "a ").reasons == {"wrong_type": 1}
    assert "looks like a Shopify inventory export but lacks Available" in problems(pulls)[0]


def test_products_by_csv_and_api(tmp_path: Path) -> None:
    header = [
        "Handle",
        "Title",
        "Body (HTML)",
        "Vendor",
        "Product Category",
        "Type",
        "Variant SKU",
        "Variant Price",
        "Image Src",
        "Cost per item",
        "Status",
    ]
    text = csv(
        header,
        {"Handle": "mug", "Title": "Mug", "Product Category": "Home > Kitchen > Mugs", "Variant SKU": "A", "Variant Price": "9", "Cost per item": "3.10"},
        {"Handle": "mug", "Variant SKU": "B", "Variant Price": "9"},
        {"Handle": "mug", "Image Src": "https://cdn/x.png"},
        {"Handle": "tea", "Title": "Tea", "Type": "Drinks", "Product Category": "Food", "Variant SKU": "C", "Variant Price": "4"},
    )  # fmt: skip
    put(tmp_path, "products_export.csv", text)
    api = {"id": gid("Product", 1), "title": "Pot", "productType": "Kitchen", "publishedAt": "2026-01-05T03:00:00Z", "vendor": "x",
           "variants": {"nodes": [{"id": gid("ProductVariant", 2), "sku": "P", "price": "20", "inventoryItem": {"unitCost": {"amount": "8.5"}}}]}}  # fmt: skip
    put(tmp_path, "products.json", {"data": {"products": {"nodes": [api]}}})
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    found = {
        r["sku"]: (r["category"], r["title"], r["unit_cost"], r["launched_on"])
        for r in rows_of(pulls, "products")
    }
    assert found == {
        "A": ("Mugs", "Mug", 3.1, None), "B": ("Mugs", "Mug", None, None), "C": ("Drinks", "Tea", None, None),
        "P": ("Kitchen", "Pot", 8.5, date(2026, 1, 4)),
    }  # fmt: skip
    assert report_of(pulls, "products", "export").filtered_by == {
        "image of a product, no variant": 1
    }


def test_customers_by_csv_bear_their_address_as_id(tmp_path: Path) -> None:
    header = [
        "First Name",
        "Last Name",
        "Email",
        "Accepts Email Marketing",
        "Company",
        "Phone",
        "Total Spent",
        "Total Orders",
        "Tags",
    ]
    put(
        tmp_path,
        "customers.csv",
        csv(
            header,
            {
                "First Name": "Ada",
                "Email": "Ada@Example.com",
                "Phone": "'+12125550143",
                "Total Orders": 2,
            },
        ),
    )
    (found,) = rows_of(pulls_of(tmp_path), "customers")
    assert (found["customer_id"], found["phone"]) == ("ada@example.com", "+12125550143")


def test_refunds_and_returns_in_files_of_their_own(tmp_path: Path) -> None:
    put(
        tmp_path,
        "refunds.json",
        {
            "refunds": [
                rest_refund(refund_line("A", 1), refund_line("A", 1), refund_line("B", 1, "cancel"))
            ]
        },
    )
    line = {
        "quantity": 3,
        "refundedQuantity": 1,
        "returnReason": "DEFECTIVE",
        "fulfillmentLineItem": {"lineItem": {"sku": "C"}},
    }
    back = {"id": gid("Return", 5), "status": "OPEN", "createdAt": "2026-11-09T00:00:00Z", "order": {"id": gid("Order", 9)},
            "returnLineItems": {"edges": [{"node": line}]}}  # fmt: skip
    put(tmp_path, "returns.jsonl", [back])
    pulls = pulls_of(tmp_path)
    found = [
        (r["refund_id"], r["sku"], r["quantity"], r["order_id"], r["reason"])
        for r in rows_of(pulls, "refunds")
    ]
    assert found == [("31", "A", 2.0, "5001", None), ("return-5", "C", 2.0, "9", "defective")]
    folder = tmp_path / "half"
    bare = {k: v for k, v in refund_line("A", 1).items() if k != "line_item"}
    put(folder, "refunds.json", {"refunds": [rest_refund(bare)]})
    assert (
        "looks like Shopify refunds (API) but lacks refund_line_items.line_item.sku"
        in problems(pulls_of(folder))[0]
    )


def test_checkouts_find_the_order_that_they_became(tmp_path: Path) -> None:
    cart = {"id": 1, "token": "tok1", "abandoned_checkout_url": "https://x/recover?key=1", "created_at": "2026-11-01T20:00:00-05:00",
            "completed_at": "2026-11-01T23:30:00-05:00", "email": "ada@example.com", "total_price": "33.00",
            "line_items": [{"sku": "MUG-B", "quantity": 2}], "customer": {"id": 77}}  # fmt: skip
    guest = {
        **cart,
        "id": 2,
        "token": "tok2",
        "completed_at": None,
        "customer": None,
        "email": "Guest@Example.com",
        "line_items": [],
    }
    put(tmp_path, "checkouts.json", {"checkouts": [cart, guest]})
    put(tmp_path, "orders.json", {"orders": [rest_order()]})
    first, second = rows_of(pulls_of(tmp_path), "checkouts")
    assert (first["completed_order_id"], first["sku"], first["value"], first["customer_id"]) == (
        "5001",
        "MUG-B",
        33.0,
        "77",
    )
    assert first["completed_at"] == datetime(2026, 11, 2, 4, 30, tzinfo=UTC)
    assert (second["completed_order_id"], second["customer_id"], second["sku"]) == (
        None,
        "guest@example.com",
        None,
    )


def test_the_admins_checkout_export_is_told_by_its_name_and_reports_what_it_does_not_know(
    tmp_path: Path,
) -> None:
    header = ["Id", "Email", "Created at", "Total Price", "Mystery"]
    row = {
        "Id": "#9",
        "Email": "a@example.com",
        "Created at": "2026-11-01 20:00:00 -0500",
        "Total Price": "12.5",
        "Mystery": "?",
    }
    put(tmp_path, "shopify_checkouts_export_1.csv", csv(header, row))
    put(tmp_path, "other.csv", csv(header, row))
    pulls = pulls_of(tmp_path)
    report = report_of(pulls, "checkouts")
    assert (report.file, report.rows_good, report.unmapped_columns) == (
        "in/shopify_checkouts_export_1.csv",
        1,
        ("Mystery",),
    )
    assert (
        "in/other.csv: is not recognised (found: Created at, Email, Id, Mystery, Total Price)"
        in problems(pulls)[0]
    )
