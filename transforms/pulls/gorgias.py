"""Gorgias: tickets, messages and satisfaction surveys; its lists know no start, so the newest come first."""

from __future__ import annotations

from collections.abc import Callable

from transforms.pulls.endpoint import Ask, Endpoint, Stream, System, Window

_SCORED_LATE = 30
"""Days in which a survey that was sent may still be answered: its list is sorted by sending."""


def _listed(path: str, order: str) -> Callable[[Window], Ask]:
    def first(window: Window) -> Ask:
        return Ask(f"api/{path}", params={"limit": str(window.size), "order_by": f"{order}:desc"})

    return first


def _endpoint(name: str, path: str, order: str, group: str, again_days: int = 0) -> Endpoint:
    return Endpoint(
        name,
        group,
        "cursor",
        _listed(path, order),
        (Stream("data", f"gorgias/{name}"),),
        100,
        cursor_at="meta.next_cursor",
        newest_first=order,
        again_days=again_days,
    )


GORGIAS = System(
    key="gorgias",
    title="Gorgias",
    host=".gorgias.com",
    per_minute=100,
    renew="make a new API key under Settings > REST API",
    endpoints=(
        _endpoint("messages", "messages", "created_datetime", "tickets"),
        _endpoint("tickets", "tickets", "updated_datetime", "tickets"),
        _endpoint("surveys", "satisfaction-surveys", "created_datetime", "surveys", _SCORED_LATE),
    ),
)
