"""What is around the records comes off, and nothing that is a record comes off with it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from transforms.readers.names import listed, plain
from transforms.readers.parented import with_children
from transforms.readers.stack import stack_of
from transforms.readers.unwrap import unwrap, unwrap_table

ONE = {"id": "1", "line_items": [{"id": "5", "sku": "A"}]}


def records(*objects: dict[str, Any]) -> dict[str, list[Any]]:
    found = unwrap(list(objects), list(range(1, len(objects) + 1)))
    return {one.stream: list(one.objects) for one in found.stacks}


@pytest.mark.parametrize(
    ("given", "stream"),
    [
        ([ONE], ""),
        ([{"orders": [ONE], "next": None}], "orders"),
        ([{"data": [ONE], "meta": {"next_cursor": "x"}}], ""),
        ([{"order": ONE}], "order"),
        ([{"data": {"orders": {"edges": [{"node": ONE}], "pageInfo": {}}}}], "orders"),
        ([{"data": {"orders": {"nodes": [ONE]}}, "extensions": {"cost": {"id": "no"}}}], "orders"),
        ([{"type": "RECORD", "stream": "orders", "record": ONE}], "orders"),
        (
            [{"type": "RECORD", "record": {"stream": "orders", "data": ONE, "emitted_at": 1}}],
            "orders",
        ),
        ([{"_airbyte_data": ONE, "_airbyte_raw_id": "x"}], ""),
        ([{"_airbyte_data": '{"id": "1", "line_items": [{"id": "5", "sku": "A"}]}'}], ""),
        (
            [{"response": {"pagination": {"page": 1}, "reviews": [ONE]}, "status": {"code": 200}}],
            "reviews",
        ),
    ],
)
def test_every_wrapper_gives_the_same_record(given: list[Any], stream: str) -> None:
    want = [{"id": "1", "lineitems": [{"id": "5", "sku": "A"}]}]
    assert records(*given) == {stream: want}


def test_a_record_that_holds_lists_is_no_page() -> None:
    ticket = {"id": "1", "tags": [{"name": "a"}], "data": [{"id": "2"}]}
    assert list(records(ticket)) == [""]


def test_pages_line_by_line_are_numbered_through() -> None:
    found = unwrap([{"orders": [ONE, ONE]}, {"orders": [ONE]}, {"orders": []}], [1, 2, 3])
    assert list(found.stacks[0].numbers) == [1, 2, 3]
    assert found.messages == 1, "a page on which nothing stands"


def test_messages_are_counted_and_streams_kept_apart() -> None:
    lines = [
        {"type": "SCHEMA", "stream": "a"},
        {"type": "RECORD", "stream": "a", "record": {"id": "1"}},
        {"type": "RECORD", "stream": "b", "record": {"id": "2"}},
        {"type": "STATE", "value": {}},
    ]
    found = unwrap(lines, [1, 2, 3, 4])
    assert [(one.stream, list(one.numbers)) for one in found.stacks] == [("a", [2]), ("b", [3])]
    assert found.messages == 2


def test_a_raw_airbyte_table_gives_what_stands_in_its_cells() -> None:
    table = pl.DataFrame({"_row": [1, 2], "_airbyte_data": ['{"id": 1}', "broken"]})
    found = unwrap_table(table)
    assert [one["id"] for one in found.stacks[0].objects] == ["1"]
    assert found.messages == 1


def test_children_find_parents_wherever_they_stand_and_orphans_are_named() -> None:
    line = {"id": "gid://shopify/LineItem/1", "sku": "A", "__parentId": "gid://shopify/Order/1"}
    deep = {
        "id": "gid://shopify/RefundLineItem/1",
        "quantity": "1",
        "__parentId": "gid://shopify/Refund/3",
    }
    refund = {"id": "gid://shopify/Refund/3", "__parentId": "gid://shopify/Order/1"}
    lost = {"id": "gid://shopify/LineItem/9", "__parentId": "gid://shopify/Order/404"}
    stack = stack_of([line, deep, refund, {"id": "gid://shopify/Order/1"}, lost], [1, 2, 3, 4, 5])
    (order,), numbers, orphans = with_children(stack.objects, stack.numbers)
    assert (numbers, orphans) == ([4], [5])
    assert [one["sku"] for one in order["lineitems"]] == ["A"]
    assert order["refunds"][0]["refundlineitems"][0]["quantity"] == "1"


def test_names_are_compared_without_case_blanks_and_underscores() -> None:
    assert plain("Lineitem sku") == plain("LINEITEM_SKU") == plain("lineItemSku") == "lineitemsku"
    assert plain("line_items[].variant.sku") == "lineitems[].variant.sku"
    assert listed("Billing\n   Name, b") == ("Billing Name", "b")


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        (1_700_000_000, "2023-11-14T22:13:20+00:00"),
        ("1700000000", "2023-11-14T22:13:20+00:00"),
        (10**17, None),
        ("²", None),
        (True, None),
        (None, None),
    ],
)
def test_a_comment_has_its_events_time_where_that_tells_one(stamp: object, at: str | None) -> None:
    child = {"id": 7, "event_type": "Comment", "body": "Where is it?"}
    event = {"id": 3, "ticket_id": 5, "timestamp": stamp, "child_events": [child]}
    (found,) = records({"ticket_events": [event]})["ticket_events"]
    assert found.get(plain("created_at")) == at
    assert found[plain("ticket_id")] == 5
