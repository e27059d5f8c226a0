"""Shopify's orders in each of their layouts: the same orders give the same lines."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.flows.inboxes import csv, problems, pulls_of, put, report_of, rows_of
from tests.flows.shopify_files import (
    FIRST,
    ORDERS_HEADER,
    gid,
    graphql_order,
    more,
    refund_line,
    rest_line,
    rest_order,
    rest_refund,
)

AT = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)


def lines(pulls: list[Any]) -> list[tuple[Any, ...]]:
    names = ("order_id", "line_id", "sku", "quantity", "ordered_at", "unit_price", "channel")
    return [tuple(row[n] for n in names) for row in rows_of(pulls, "order_lines")]


EXPECTED = [
    ("5001", "MUG-B#1", "MUG-B", 2.0, AT, 10.0, "web"),
    ("5001", "TEA#1", "TEA", 1.0, AT, 5.0, "web"),
]


def test_the_csv_has_one_row_per_line_and_order_cells_on_the_first_alone(tmp_path: Path) -> None:
    put(
        tmp_path,
        "orders_export.csv",
        "\ufeff" + csv(ORDERS_HEADER, FIRST, more("TEA")).replace("\n", "\r\n"),
    )
    pulls = pulls_of(tmp_path)
    assert lines(pulls) == EXPECTED
    assert [r["customer_id"] for r in rows_of(pulls, "order_lines")] == ["ada@example.com"] * 2
    (customer,) = rows_of(pulls, "customers")
    assert customer["phone"] == "+1 212 555 0143"
    assert [r["order_id"] for r in rows_of(pulls, "shipments")] == ["5001"]
    assert report_of(pulls, "order_lines").unmapped_columns == ()


def test_rest_graphql_bulk_singer_and_airbyte_dumps_give_the_same_lines(tmp_path: Path) -> None:
    bulk = [{k: v for k, v in graphql_order().items() if k != "lineItems"}]
    bulk += [
        {"id": gid("LineItem", n), "sku": sku, "quantity": q, "originalUnitPriceSet": {"shopMoney": {"amount": price}},
         "product": {"id": gid("Product", 9)}, "__parentId": gid("Order", 5001)}
        for n, (sku, q, price) in enumerate([("MUG-B", 2, "10.00"), ("TEA", 1, "5.00")])
    ]  # fmt: skip
    dumps: dict[str, Any] = {
        "rest.json": {"orders": [rest_order()]},
        "rest_list.json": "[" + __import__("json").dumps(rest_order()) + "]",
        "rest.jsonl": [rest_order()],
        "graphql.json": {"data": {"orders": {"edges": [{"node": graphql_order()}]}}},
        "bulk.jsonl": bulk,
        "singer.jsonl": [
            {"type": "SCHEMA", "stream": "orders", "schema": {}},
            {"type": "RECORD", "stream": "orders", "record": rest_order()},
            {"type": "STATE", "value": {}},
        ],
        "airbyte.jsonl": [{"_airbyte_ab_id": "x", "_airbyte_emitted_at": 1, "_airbyte_data": rest_order()}],
        "airbyte.csv": pl.DataFrame(
            {"_airbyte_raw_id": ["x"], "_airbyte_data": [__import__("json").dumps(rest_order())]}
        ).write_csv(),
        "zipped.json.gz": gzip.compress(__import__("json").dumps({"orders": [rest_order()]}).encode()),
    }  # fmt: skip
    for name, dump in dumps.items():
        folder = tmp_path / name
        put(folder, name, dump)
        pulls = pulls_of(folder)
        assert problems(pulls) == [], name
        assert lines(pulls) == EXPECTED, name
        assert {r["customer_id"] for r in rows_of(pulls, "order_lines")} <= {
            "77",
            "ada@example.com",
        }
    singer = report_of(pulls_of(tmp_path / "singer.jsonl"), "order_lines")
    assert (singer.rows_in, singer.rows_filtered) == (4, 2), "messages are counted, too"


def test_an_order_in_two_exports_counts_once_by_its_key(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv(ORDERS_HEADER, FIRST, more("TEA")))
    put(tmp_path, "b.json", {"orders": [rest_order()]})
    keys = [(r["order_id"], r["line_id"]) for r in rows_of(pulls_of(tmp_path), "order_lines")]
    assert len(keys) == 4
    assert len(set(keys)) == 2


def test_equal_skus_in_one_order_stay_two_lines(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.csv",
        csv(ORDERS_HEADER, FIRST, more("MUG-B"), {**FIRST, "Name": "#1002", "Id": "5002"}),
    )
    assert [row[:2] for row in lines(pulls_of(tmp_path))] == [
        ("5001", "MUG-B#1"), ("5001", "MUG-B#2"), ("5002", "MUG-B#1"),
    ]  # fmt: skip


SECOND = {**FIRST, "Name": "#1002", "Id": "5002"}


def test_orders_that_stand_twice_in_one_export_count_once(tmp_path: Path) -> None:
    exported = (FIRST, more("TEA"), more("MUG-B"), SECOND, more("TEA", name="#1002"))
    once, twice = tmp_path / "once", tmp_path / "twice"
    put(once, "a.csv", csv(ORDERS_HEADER, *exported))
    put(twice, "a.csv", csv(ORDERS_HEADER, *exported, *exported[3:], *exported[:3]))
    assert lines(pulls_of(twice)) != []
    assert sorted(lines(pulls_of(twice))) == sorted(lines(pulls_of(once)))
    report = report_of(pulls_of(twice), "order_lines")
    assert (report.rows_in, report.rows_good, report.rows_duplicate) == (10, 5, 5)


def test_single_lines_that_stand_twice_and_cells_filled_down_are_told_apart(tmp_path: Path) -> None:
    put(tmp_path / "single", "a.csv", csv(ORDERS_HEADER, FIRST, SECOND, FIRST))
    report = report_of(pulls_of(tmp_path / "single"), "order_lines")
    assert (report.rows_good, report.rows_duplicate) == (2, 1)
    put(tmp_path / "filled", "a.csv", csv(ORDERS_HEADER, FIRST, FIRST, SECOND))
    report = report_of(pulls_of(tmp_path / "filled"), "order_lines")
    assert (report.rows_good, report.rows_duplicate) == (3, 0), "two lines of a SKU in one order"


def test_an_order_that_a_dump_holds_twice_counts_once_as_it_came_last(tmp_path: Path) -> None:
    back = [rest_refund(refund_line("MUG-B", 1))]
    before = rest_order(refunds=back, updated_at="2026-11-11T08:00:00-05:00")
    after = rest_order(
        refunds=back, updated_at="2026-11-11T13:30:00Z", line_items=[rest_line(1, "MUG-B", 3, "10.00")]
    )  # fmt: skip
    put(tmp_path, "a.jsonl", [after, before, after])
    pulls = pulls_of(tmp_path)
    assert [row[1:4] for row in lines(pulls)] == [("MUG-B#1", "MUG-B", 3.0)]
    assert [row["quantity"] for row in rows_of(pulls, "refunds")] == [1.0]
    report = report_of(pulls, "order_lines")
    assert (report.rows_duplicate, report.rows_quarantined) == (1, 0)
    assert report.filtered_by == {"an earlier state of a record that the file holds again": 2}


def test_lines_that_are_no_product_are_counted_and_those_without_a_sku_quarantined(
    tmp_path: Path,
) -> None:
    put(
        tmp_path,
        "a.csv",
        csv(ORDERS_HEADER, FIRST, more("", **{"Lineitem requires shipping": "false"}), more("")),
    )
    report = report_of(pulls_of(tmp_path), "order_lines")
    assert (report.rows_in, report.rows_good, report.rows_filtered) == (3, 1, 1)
    assert report.reasons == {"null_required": 1}
    items = [
        rest_line(1, "A", 1, "1"), rest_line(2, None, 1, "1", product_id=None, variant_id=None),
        rest_line(3, "GIFT", 1, "25", gift_card=True), rest_line(4, "", 1, "1"),
    ]  # fmt: skip
    put(
        tmp_path / "rest",
        "a.json",
        {"orders": [rest_order(line_items=items), rest_order(6, line_items=[], fulfillments=[])]},
    )
    report = report_of(pulls_of(tmp_path / "rest"), "order_lines")
    assert report.filtered_by == {
        "gift card": 1, "custom item or tip: no product": 1, "nothing in it that is read": 1,
    }  # fmt: skip
    assert (report.rows_good, report.rows_quarantined) == (1, 1)


def test_test_orders_and_cancellations_are_marked(tmp_path: Path) -> None:
    rows = [
        {**FIRST, "Payment Method": "bogus"},
        {**FIRST, "Name": "#2", "Id": "2", "Cancelled at": "2026-11-02 10:00:00 -0500"},
    ]
    put(tmp_path, "a.csv", csv(ORDERS_HEADER, *rows))
    put(tmp_path, "b.json", {"orders": [rest_order(9, test=True)]})
    found = rows_of(pulls_of(tmp_path), "order_lines")
    assert [row["is_test"] for row in found] == [True, False, True, True]
    assert found[1]["cancelled_at"] == datetime(2026, 11, 2, 15, tzinfo=UTC)


def test_refunds_add_up_by_sku_and_cancelled_pieces_are_no_returns(tmp_path: Path) -> None:
    refund = rest_refund(
        refund_line("MUG-B", 1), refund_line("MUG-B", 2), refund_line("TEA", 1, "cancel"), refund_line("TEA", 4, "no_restock")
    )  # fmt: skip
    put(tmp_path, "a.json", {"orders": [rest_order(refunds=[refund])]})
    pulls = pulls_of(tmp_path)
    assert [(r["refund_id"], r["sku"], r["quantity"]) for r in rows_of(pulls, "refunds")] == [
        ("31", "MUG-B", 3.0), ("31", "TEA", 4.0),
    ]  # fmt: skip
    assert report_of(pulls, "refunds").rows_in == 4


def test_a_return_counts_only_what_no_refund_covers(tmp_path: Path) -> None:
    def back(number: int, status: str, quantity: int, refunded: int) -> dict[str, Any]:
        line = {"quantity": quantity, "refundedQuantity": refunded, "returnReason": "SIZE_TOO_SMALL",
                "fulfillmentLineItem": {"lineItem": {"sku": "MUG-B"}}}  # fmt: skip
        return {"id": gid("Return", number), "status": status, "createdAt": "2026-11-09T00:00:00Z",
                "returnLineItems": {"nodes": [line]}}  # fmt: skip

    returns = {"nodes": [back(1, "OPEN", 2, 0), back(2, "CLOSED", 1, 1), back(3, "DECLINED", 1, 0)]}
    put(tmp_path, "a.json", {"data": {"orders": {"nodes": [graphql_order(returns=returns)]}}})
    found = rows_of(pulls_of(tmp_path), "refunds")
    assert [(r["refund_id"], r["quantity"], r["reason"]) for r in found] == [
        ("return-1", 2.0, "size_too_small"), ("return-2", 0.0, "size_too_small"), ("return-3", 0.0, "size_too_small"),
    ]  # fmt: skip


def test_money_refunds_of_the_csv_are_remarked_on(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv(ORDERS_HEADER, {**FIRST, "Refunded Amount": "10.00"}, more("TEA")))
    (note,) = report_of(pulls_of(tmp_path), "order_lines").notes
    assert "1 orders were refunded" in note


@pytest.mark.parametrize("gone", ["Lineitem sku", "Lineitem quantity", "Created at"])
def test_a_half_export_is_refused_by_name(tmp_path: Path, gone: str) -> None:
    put(tmp_path, "a.csv", csv([n for n in ORDERS_HEADER if n != gone], FIRST, more("TEA")))
    pulls = pulls_of(tmp_path)
    (problem,) = problems(pulls)
    assert problem.startswith(
        f"in/a.csv: looks like a Shopify orders export but lacks {gone}: export with"
    )
    report = report_of(pulls, "order_lines")
    assert (report.status, report.rows_in, report.rows_quarantined) == ("refused", 2, 2)


def test_orders_asked_for_without_lines_and_children_without_parents_are_named(
    tmp_path: Path,
) -> None:
    put(
        tmp_path,
        "a.json",
        {"orders": [{k: v for k, v in rest_order().items() if k != "line_items"}]},
    )
    assert "looks like Shopify orders (API) but lacks line_items" in problems(pulls_of(tmp_path))[0]
    folder = tmp_path / "bulk"
    orphan = {"id": gid("LineItem", 1), "sku": "A", "quantity": 1, "__parentId": gid("Order", 404)}
    put(folder, "b.jsonl", [graphql_order(), orphan])
    report = report_of(pulls_of(folder), "order_lines")
    assert (report.rows_good, report.rows_quarantined, report.reasons) == (
        2,
        1,
        {"malformed_row": 1},
    )


def test_no_name_or_address_reaches_the_lake(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv(ORDERS_HEADER, FIRST))
    put(tmp_path, "b.json", {"orders": [rest_order(surprise={"colour": "red"})]})
    pulls = pulls_of(tmp_path)
    kept = repr([rows_of(pulls, t) for t in ("order_lines", "customers", "shipments")])
    for private in ("Quixworth", "02139", "leave at door", "Cambridge"):
        assert private not in kept
    assert report_of(pulls, "order_lines", "b.json").unmapped_columns == ("surprise",)


def test_a_refund_that_names_its_line_by_number_finds_the_sku_in_the_order(tmp_path: Path) -> None:
    by_number = {"id": 1, "line_item_id": 2, "quantity": 1, "restock_type": "return"}
    lost = {"id": 2, "line_item_id": 404, "quantity": 1, "restock_type": "return"}
    put(tmp_path, "a.json", {"orders": [rest_order(refunds=[rest_refund(by_number, lost)])]})
    pulls = pulls_of(tmp_path)
    assert [(r["sku"], r["quantity"]) for r in rows_of(pulls, "refunds")] == [("TEA", 1.0)]
    assert report_of(pulls, "refunds").reasons == {"null_required": 1}
    assert len(rows_of(pulls, "order_lines")) == 2
