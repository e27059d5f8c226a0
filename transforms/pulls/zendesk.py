"""Zendesk: incremental exports of ticket events (for comments) and of tickets with their people.

Tickets are asked for after the events and from the same time on: so of each comment the ticket is
there that tells who speaks.
"""

from __future__ import annotations

from transforms.pulls.endpoint import Ask, Endpoint, Stream, System, Window

_ALL = 0
_API = "api/v2/incremental/"


def _since(window: Window) -> str:
    return str(_ALL if window.since is None else int(window.since.timestamp()))


def _comments(window: Window) -> Ask:
    params = {"start_time": _since(window), "include": "comment_events"}
    return Ask(_API + "ticket_events.json", params=params)


def _tickets(window: Window) -> Ask:
    params = {"start_time": _since(window), "include": "users", "per_page": str(window.size)}
    return Ask(_API + "tickets/cursor.json", params=params)


_COMMENT = Stream(
    "ticket_events.child_events",
    "zendesk/comments",
    carry=("ticket_id", "created_at"),
    only=("event_type", "Comment"),
    seconds="timestamp",
)
ZENDESK = System(
    key="zendesk",
    title="Zendesk",
    host=".zendesk.com",
    per_minute=10,
    renew="make a new API token under Admin Center > Apps and integrations > APIs, as an admin",
    endpoints=(
        Endpoint(
            "comments", "tickets", "stream", _comments, (_COMMENT,), 1000, cursor_at="next_page"
        ),
        Endpoint(
            "tickets",
            "tickets",
            "stream",
            _tickets,
            (Stream("tickets", "zendesk/tickets"), Stream("users", "zendesk/users")),
            1000,
            cursor_at="after_url",
        ),
    ),
)
