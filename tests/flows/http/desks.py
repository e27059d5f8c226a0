"""Zendesk's incremental exports and Gorgias' lists, each with a help desk behind it."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from tests.flows.http.server import Asked, FakeApi, Reply

USER, TOKEN = "ops@acme.example", "desk-token-0123456789"


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{TOKEN}".encode()).decode()


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


class Zendesk(FakeApi):
    """Tickets with their people by cursor, ticket events by time; `size` on a page."""

    def __init__(self, size: int = 3) -> None:
        super().__init__()
        self.size = size
        self.tickets: list[dict[str, Any]] = []
        self.users: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def said(self, number: int, ticket: int, author: int, text: str, at: str, **more: Any) -> None:
        """Adds what somebody says to a ticket, as an event with changes beside it."""
        child = {"id": number, "via": "Mail", "event_type": "Comment", "type": "Comment", "author_id": author,
                 "body": text, "plain_body": text, "html_body": f"<p>{text}</p>", "public": True, **more}  # fmt: skip
        self.events.append({
            "id": 10_000 + number, "ticket_id": ticket, "timestamp": seconds(at), "created_at": at, "updater_id": author,
            "event_type": "Audit", "via": "Mail",
            "child_events": [{"id": 20_000 + number, "event_type": "Change", "status": "open"}, child],
        })  # fmt: skip

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != basic(f"{USER}/token"):
            return Reply({"error": "Couldn't authenticate you"}, 401)
        if asked.path == "/api/v2/incremental/tickets/cursor.json":
            return self._tickets(asked)
        assert asked.path == "/api/v2/incremental/ticket_events.json", asked.path
        assert asked.query["include"] == "comment_events"
        start = int(asked.query["start_time"])
        rows = sorted(self.events, key=lambda one: one["timestamp"])
        rows = [one for one in rows if one["timestamp"] >= start]
        page = rows[: self.size]
        end = page[-1]["timestamp"] if page else start
        over = len(rows) <= self.size
        url = f"{self.address}{asked.path}?start_time={end}&include=comment_events"
        return Reply(
            {
                "ticket_events": page,
                "next_page": url,
                "count": len(page),
                "end_of_stream": over,
                "end_time": end,
            }
        )

    def _tickets(self, asked: Asked) -> Reply:
        rows = sorted(self.tickets, key=lambda one: (one["updated_at"], one["id"]))
        if "cursor" in asked.query:
            at, _, number = asked.query["cursor"].partition("|")
            rows = [one for one in rows if (one["updated_at"], one["id"]) > (at, int(number))]
        else:
            rows = [
                one for one in rows if seconds(one["updated_at"]) >= int(asked.query["start_time"])
            ]
        assert asked.query["include"] == "users"
        page = rows[: self.size]
        cursor = f"{page[-1]['updated_at']}|{page[-1]['id']}" if page else "|0"
        near = {
            one[name] for one in page for name in ("requester_id", "submitter_id", "assignee_id")
        }
        url = f"{self.address}{asked.path}?include=users&cursor={cursor}"
        return Reply({
            "tickets": page, "users": [one for one in self.users if one["id"] in near],
            "after_url": url, "after_cursor": cursor, "before_url": None, "end_of_stream": len(rows) <= self.size,
        })  # fmt: skip


def person(number: int, role: str = "end-user") -> dict[str, Any]:
    """A user of Zendesk."""
    return {"id": number, "role": role, "email": f"u{number}@example.com", "phone": None, "name": "Ada Quixworth",
            "restricted_agent": False, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}  # fmt: skip


class Gorgias(FakeApi):
    """Lists by cursor, the newest first; `size` on a page."""

    def __init__(self, size: int = 3) -> None:
        super().__init__()
        self.size = size
        self.lists: dict[str, list[dict[str, Any]]] = {
            "tickets": [],
            "messages": [],
            "satisfaction-surveys": [],
        }

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != basic(USER):
            return Reply({"error": {"msg": "Unauthorized"}}, 401)
        name = asked.path.removeprefix("/api/")
        order, _, way = asked.query["order_by"].partition(":")
        assert way == "desc"
        rows = sorted(self.lists[name], key=lambda one: (one[order], one["id"]), reverse=True)
        if after := asked.query.get("cursor"):
            at, _, number = after.partition("|")
            rows = [one for one in rows if (one[order], one["id"]) < (at, int(number))]
        page = rows[: self.size]
        more = len(rows) > self.size
        cursor = f"{page[-1][order]}|{page[-1]['id']}" if more else None
        return Reply(
            {
                "data": page,
                "object": "list",
                "uri": asked.path,
                "meta": {"next_cursor": cursor, "prev_cursor": None},
            }
        )
