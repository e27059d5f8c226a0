"""Zendesk and Gorgias over their APIs: the same rows as their dumps, with the overlap and the traps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.sources.base import FilePull
from flows.sources.http import client
from tests.flows.http.desks import TOKEN, USER, Gorgias, Zendesk, person
from tests.flows.http.nights import ENV, night, pages_left, settings_for, shown
from tests.flows.http.server import Reply, serving
from tests.flows.inboxes import pulls_of, put
from tests.flows.test_inbox_help_desks import gorgias, message, ticket
from transforms.contracts import INPUTS


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV, TOKEN)
    monkeypatch.setattr(client, "WAITS", 0.01)


def rows(pulls: list[FilePull], table: str) -> list[dict[str, Any]]:
    """What an inbox reads, each key once."""
    names = INPUTS[table].names
    found = [
        r for one in pulls if table in one.good for r in one.good[table].select(names).to_dicts()
    ]
    return list({tuple(r[k] for k in INPUTS[table].key): r for r in found}.values())


def same(settings: Any, pulls: list[FilePull], *tables: str) -> None:
    """The lake holds what the inbox reads, and something."""
    for table in tables:
        held = shown(settings, table).select(INPUTS[table].names).to_dicts()
        assert held, table
        assert sorted(map(str, held)) == sorted(map(str, rows(pulls, table))), table


def zendesk_desk() -> Zendesk:
    desk = Zendesk()
    desk.users = [person(11), person(12), person(90, "agent")]
    for n in range(1, 8):
        at = f"2026-11-0{n}T04:30:00Z"
        tickets = ticket(
            n,
            created_at=at,
            updated_at=f"2026-11-1{n}T00:00:00Z",
            description=f"Where is parcel {n}?",
        )
        desk.tickets.append(
            tickets | {"requester_id": 11 if n % 2 else 12, "submitter_id": 11 if n % 2 else 12}
        )
        desk.said(100 * n, n, 11 if n % 2 else 12, f"Where is parcel {n}?", at)
        desk.said(100 * n + 1, n, 90, "It is on its way.", f"2026-11-1{n}T00:00:00Z")
        desk.said(100 * n + 2, n, 90, "he is angry", f"2026-11-1{n}T00:00:00Z", public=False)
    return desk


def zendesk_dump(folder: Path, desk: Zendesk) -> list[FilePull]:
    """The same desk as a replica of its API."""
    comments = [
        {"ticket_id": event["ticket_id"], "created_at": event["created_at"], **child}
        for event in desk.events for child in event["child_events"] if child["event_type"] == "Comment"
    ]  # fmt: skip
    put(folder, "comments.jsonl", comments)
    put(folder, "tickets.json", {"tickets": desk.tickets, "users": desk.users})
    return pulls_of(folder)


ZENDESK = f"user = '{USER}'\noverlap_minutes = 0"
TABLES = ("tickets", "conversations", "passages", "customers")


def test_zendesk_equals_its_dump_and_goes_on_with_what_is_new(tmp_path: Path) -> None:
    desk = zendesk_desk()
    with serving(desk):
        settings = settings_for(tmp_path, desk, "zendesk", ZENDESK)
        assert night(settings).held == {}
        same(settings, zendesk_dump(tmp_path / "a", desk), *TABLES)
        said = shown(settings, "passages")
        assert said.filter(said["speaker"] == "customer").height == 7, (
            "the first comment repeats the description"
        )
        assert said.filter(said["speaker"] == "agent").height == 7, (
            "an internal note is nobody's words"
        )
        now = desk.clock() + timedelta(seconds=5)
        stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        before = len(desk.asked)
        desk.said(999, 3, 11, "And now?", stamp)
        desk.tickets[2] |= {"updated_at": stamp, "status": "solved"}
        assert night(settings, 1).held == {}
        same(settings, zendesk_dump(tmp_path / "b", desk), *TABLES)
        last = shown(settings, "passages")
        (new,) = last.filter(last["text"] == "And now?").to_dicts()
        assert (new["speaker"], new["conversation_id"]) == ("customer", "zendesk-3")
        assert len(desk.asked) - before == 2, "one page of events, one of tickets"
    assert pages_left(settings) == []


def test_zendesk_comments_never_land_without_their_tickets(tmp_path: Path) -> None:
    desk = zendesk_desk()
    with serving(desk):
        settings = settings_for(tmp_path, desk, "zendesk", ZENDESK)
        desk.down = "/api/v2/incremental/tickets/cursor.json"
        done = night(settings)
        assert set(done.held) == {"passages", "tickets", "conversations", "customers"}
        assert shown(settings, "passages").is_empty()
        assert pages_left(settings)
        desk.down = ""
        assert night(settings, 1).held == {}
        same(settings, zendesk_dump(tmp_path / "a", desk), *TABLES)


def gorgias_desk() -> Gorgias:
    desk = Gorgias()
    for n in range(1, 8):
        opened = f"2026-11-0{n}T04:30:00.123456"
        desk.lists["tickets"].append(
            gorgias(
                n, created_datetime=opened, updated_datetime=f"2026-11-1{n}T00:00:00", spam=n == 4
            )
        )
        for k in range(2):
            desk.lists["messages"].append(
                message(10 * n + k, ticket_id=n, from_agent=bool(k), stripped_text=f"Too small {n} {k}",
                        created_datetime=f"2026-11-0{n}T04:3{k}:00")
            )  # fmt: skip
    desk.lists["satisfaction-surveys"] = [
        {"id": n, "ticket_id": n, "customer_id": 7, "score": 4, "body_text": "Fine", "created_datetime": f"2026-11-0{n}T05:00:00",
         "sent_datetime": f"2026-11-0{n}T05:00:00", "scored_datetime": f"2026-11-0{n}T06:00:00" if n != 2 else None}
        for n in range(1, 5)
    ]  # fmt: skip
    return desk


def gorgias_dump(folder: Path, desk: Gorgias) -> list[FilePull]:
    for name, told in desk.lists.items():
        put(folder, f"{name}.json", {"data": told, "meta": {"next_cursor": None}})
    return pulls_of(folder)


GORGIAS = f"user = '{USER}'\noverlap_minutes = 0"


def test_gorgias_equals_its_dump_and_stops_at_what_is_known(tmp_path: Path) -> None:
    desk = gorgias_desk()
    with serving(desk):
        settings = settings_for(tmp_path, desk, "gorgias", GORGIAS)
        assert night(settings).held == {}
        same(settings, gorgias_dump(tmp_path / "a", desk), *TABLES)
        said = shown(settings, "passages")
        assert not said.filter(said["text"].str.contains("small 4")).height, (
            "spam, as its ticket tells"
        )
        now = (desk.clock() + timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%S")
        desk.lists["tickets"][0] |= {"updated_datetime": now, "closed_datetime": now}
        desk.lists["messages"].append(
            message(
                77, ticket_id=1, stripped_text="And now?", created_datetime=now, sent_datetime=now
            )
        )
        desk.lists["satisfaction-surveys"][1]["scored_datetime"] = now
        before = len(desk.asked)
        assert night(settings, 1).held == {}
        same(settings, gorgias_dump(tmp_path / "b", desk), *TABLES)
        asked = [one.path for one in desk.asked[before:]]
        assert asked.count("/api/tickets") == asked.count("/api/messages") == 1
    rated = shown(settings, "conversations")
    assert rated.filter(rated["conversation_id"] == "gorgias-survey-2").height == 1, (
        "answered long after it was sent"
    )


def test_gorgias_begins_anew_where_its_cursor_has_expired(tmp_path: Path) -> None:
    desk = gorgias_desk()
    with serving(desk):
        settings = settings_for(tmp_path, desk, "gorgias", GORGIAS)
        desk.then[3] = lambda: setattr(desk, "always", Reply(b"", 502))
        assert night(settings).held
        assert len(pages_left(settings)) == 3
        desk.always = None
        desk.faults[len(desk.asked) + 1] = Reply({"error": {"msg": "expired cursor"}}, 400)
        assert night(settings, 1).held == {}
        same(settings, gorgias_dump(tmp_path / "a", desk), *TABLES)
