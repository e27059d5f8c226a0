"""Records out of pages: all of them, each once and as it was last, whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from transforms.contracts import INPUTS
from transforms.pulls.endpoint import Nested, Stream, Window, ask_of
from transforms.pulls.records import (
    add_rest,
    found,
    is_page,
    newest,
    numbered,
    reached,
    rest_of,
    unfinished,
)
from transforms.pulls.systems import SYSTEMS, tables_of
from transforms.readers.catalogue import BY_KEY

EVENTS = Stream(
    "events.children", "zendesk/comments", carry=("ticket_id", "at"), only=("kind", "Comment")
)


def test_records_are_found_through_lists_and_carry_what_is_around_them() -> None:
    page = {"events": [
        {"ticket_id": 7, "at": "t1", "children": [{"id": 1, "kind": "Comment"}, {"id": 2, "kind": "Change"}]},
        {"ticket_id": 8, "at": "t2", "children": [{"id": 3, "kind": "Comment", "at": "own"}]},
        {"ticket_id": 9, "at": "t3"}, None,
    ]}  # fmt: skip
    assert list(found(page, EVENTS)) == [
        {"id": 1, "kind": "Comment", "ticket_id": 7, "at": "t1"},
        {"id": 3, "kind": "Comment", "ticket_id": 8, "at": "own"},
    ]
    assert list(found({"events": None}, EVENTS)) == []


def test_a_time_in_seconds_dates_what_has_no_other() -> None:
    (stream,) = SYSTEMS["zendesk"].by_name["comments"].streams
    child = {"id": 1, "event_type": "Comment"}
    told = {"ticket_id": 7, "timestamp": 1767225600}
    for event, when in (
        (told, "2026-01-01T00:00:00+00:00"),
        ({**told, "created_at": "2026-01-02T00:00:00Z"}, "2026-01-02T00:00:00Z"),
    ):
        page = {"ticket_events": [{**event, "child_events": [child]}]}
        assert [one["created_at"] for one in found(page, stream) if isinstance(one, dict)] == [when]


def test_what_is_no_object_is_not_lost() -> None:
    assert list(found({"data": [{"id": 1}, "x", 3]}, Stream("data", "y"))) == [{"id": 1}, "x", 3]


def test_of_a_record_on_two_pages_the_last_counts() -> None:
    stream = Stream("data", "y")
    pages = [
        {"data": [{"id": 1, "v": "a"}, {"id": 2}]},
        {"data": [{"id": 1, "v": "b"}, {"v": "none"}, {"v": "none"}]},
    ]
    last = newest(pages, (stream,))
    kept = [
        r for s, r, n in numbered(pages, (stream,)) if isinstance(r, dict) and last.counts(s, r, n)
    ]
    assert kept == [{"id": 2}, {"id": 1, "v": "b"}, {"v": "none"}, {"v": "none"}]
    assert last.repeated == 1


@pytest.mark.parametrize(
    ("times", "over"),
    [(["2026-11-03T00:00:00"], False), (["2026-11-03T00:00:00", "2026-11-01T23:59:59Z"], True),
     (["2026-11-02T00:00:00+00:00"], False), (["no time"], False), ([], False)],
)  # fmt: skip
def test_a_list_of_the_newest_ends_at_what_is_older(times: list[str], *, over: bool) -> None:
    endpoint = SYSTEMS["gorgias"].by_name["tickets"]
    page = {"data": [{"id": n, "updated_datetime": one} for n, one in enumerate(times)]}
    assert reached(page, endpoint, datetime(2026, 11, 2, tzinfo=UTC)) is over
    assert reached(page, endpoint, None) is False


@pytest.mark.parametrize(
    ("system", "name", "page", "whole"),
    [
        ("zendesk", "tickets", {"tickets": [], "end_of_stream": True}, True),
        ("zendesk", "tickets", {"tickets": [], "end_of_stream": False, "after_url": "u"}, True),
        ("zendesk", "tickets", {"tickets": []}, False),
        ("zendesk", "comments", {"tickets": [], "end_of_stream": True}, False),
        ("gorgias", "tickets", {"data": [], "meta": {"next_cursor": None}}, True),
        ("gorgias", "tickets", {"data": [], "meta": {}}, False),
        ("gorgias", "tickets", {"data": None, "meta": {"next_cursor": None}}, False),
        ("shopify", "returns", {"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": False}}}}, True),
        ("shopify", "returns", {"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": True}}}}, False),
        ("shopify", "orders", [], False),
    ],
)  # fmt: skip
def test_a_page_says_plainly_whether_another_follows(
    system: str, name: str, page: object, *, whole: bool
) -> None:
    assert is_page(page, SYSTEMS[system].by_name[name]) is whole


LINES = Nested("Order", "lineItems", "{ id }", 2)
REFUNDS = Nested("Order", "refunds", "{ id }", 2, plain=True)


def whole_order() -> dict[str, Any]:
    return {
        "id": "gid://shopify/Order/1", "refunds": [{"id": "a"}, {"id": "b"}],
        "lineItems": {"nodes": [{"id": 1}, {"id": 2}], "pageInfo": {"hasNextPage": True, "endCursor": "c2"}},
    }  # fmt: skip


def test_lists_that_go_on_are_asked_for_until_they_end() -> None:
    page = {
        "data": {
            "orders": {"nodes": [whole_order(), {"id": "gid://shopify/Order/2", "refunds": []}]}
        }
    }
    todo = list(unfinished(page, (LINES, REFUNDS), set()))
    assert [(record["id"], nested.field) for record, nested in todo] == [
        ("gid://shopify/Order/1", "lineItems"), ("gid://shopify/Order/1", "refunds"),
    ]  # fmt: skip
    record = todo[0][0]
    ask = rest_of(record, LINES, "graphql.json")
    assert ask.body is not None
    assert ask.body["variables"] == {"id": "gid://shopify/Order/1", "after": "c2"}
    add_rest(
        record,
        LINES,
        {
            "data": {
                "node": {"lineItems": {"nodes": [{"id": 3}], "pageInfo": {"hasNextPage": False}}}
            }
        },
    )
    add_rest(record, REFUNDS, {"data": {"node": {"refunds": [{"id": n} for n in "abc"]}}})
    assert [one["id"] for one in record["lineItems"]["nodes"]] == [1, 2, 3]
    assert len(record["refunds"]) == 3
    done = {("gid://shopify/Order/1", "refunds")}
    assert list(unfinished(page, (LINES, REFUNDS), done)) == []


@pytest.mark.parametrize(
    "answer", [{}, {"data": {"node": None}}, {"data": {"node": {"refunds": [{}] * 50}}}]
)
def test_a_rest_that_is_none_is_not_taken_for_whole(answer: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="refunds"):
        add_rest(whole_order(), REFUNDS, answer)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_endpoint_is_whole(system: str) -> None:
    for endpoint in SYSTEMS[system].endpoints:
        assert set(tables_of(endpoint)) <= set(INPUTS)
        assert tables_of(endpoint)
        assert {stream.layout for stream in endpoint.streams} <= set(BY_KEY)
        window = Window(datetime(2026, 11, 1, tzinfo=UTC), endpoint.size, "2026-07")
        ask = endpoint.first(window)
        assert ask_of(ask.as_json()) == ask
        assert (
            ask != endpoint.first(Window(None, endpoint.size, "2026-07")) or endpoint.newest_first
        )
