"""How dlt finds an API's next page, and what an answer's headers tell about time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    JSONLinkPaginator,
    JSONResponseCursorPaginator,
)
from requests import Response

from transforms.pulls.endpoint import Ask, Endpoint


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it came; `follows` asks for the next one, None: it was the last."""

    body: bytes
    follows: Ask | None
    date: datetime | None


class _Stream(JSONLinkPaginator):
    """Zendesk's incremental exports: there is always a next address, and a word when to stop."""

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        super().update_state(response, data)
        if response.json().get("end_of_stream"):
            self._has_next_page = False


def paginator_of(endpoint: Endpoint) -> BasePaginator:
    """What asks for the next page of an endpoint."""
    if endpoint.paging == "graphql":
        return JSONResponseCursorPaginator(
            cursor_path=f"{endpoint.cursor_at}.endCursor",
            cursor_body_path="variables.after",
            has_more_path=f"{endpoint.cursor_at}.hasNextPage",
        )
    if endpoint.paging == "stream":
        return _Stream(next_url_path=endpoint.cursor_at)
    return JSONResponseCursorPaginator(cursor_path=endpoint.cursor_at, cursor_param="cursor")


def date_of(response: Response) -> datetime | None:
    """The server's own time, by which what it calls a change is dated."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        return None


def seconds_of(text: str) -> float:
    """How long a Retry-After asks to wait; 0 where it does not say."""
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
