"""What answers of APIs mean, and that nothing of anybody's stands in what people are told of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from transforms.pulls.answers import judge


def graphql(message: str, code: str = "", **more: Any) -> bytes:
    return json.dumps(
        {"errors": [{"message": message, "extensions": {"code": code}}], **more}
    ).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b'{"data": {}}', "good"),
        (200, b'{"data": {}, "errors": []}', "good"),
        (429, b"", "busy"),
        (408, b"", "busy"),
        (503, b"<html>", "busy"),
        (200, graphql("Throttled", "THROTTLED"), "busy"),
        (200, graphql("oops", "INTERNAL_SERVER_ERROR"), "busy"),
        (200, b'{"data": {"orders": ', "garbled"),
        (200, b"[1]", "garbled"),
        (200, b"", "garbled"),
        (401, b"{}", "refused"),
        (403, b"{}", "refused"),
        (200, graphql("Access denied for orders field."), "refused"),
        (200, graphql("cost is 1704, which exceeds the single query max cost limit"), "costly"),
        (200, graphql("x", "MAX_COST_EXCEEDED"), "costly"),
        (200, graphql("Field 'x' doesn't exist on type 'Order'", "undefinedField"), "unfit"),
        (200, b'{"errors": "Not Found"}', "unfit"),
        (302, b"", "unfit"),
        (400, b"{}", "unfit"),
        (404, b"{}", "unfit"),
    ],
)
def test_each_answer_has_one_meaning(status: int, body: bytes, kind: str) -> None:
    assert judge(status, body).kind == kind


def test_scopes_and_wrong_fields_are_named() -> None:
    denied = judge(
        200,
        graphql("Access denied for returns field. Required access: `read_returns` access scope."),
    )
    assert denied.said == "denies access: it asks for read_returns"
    assert (
        judge(200, graphql("Field 'x' doesn't exist on type 'Order'")).said
        == "says: Field 'x' doesn't exist on type 'Order'"
    )


def test_no_body_is_quoted_and_no_address() -> None:
    for status in (400, 403, 500):
        assert "ada" not in judge(status, b'{"error": "no such user ada@example.com"}').said
    assert "@" not in judge(200, graphql("no order of ada@example.com")).said
