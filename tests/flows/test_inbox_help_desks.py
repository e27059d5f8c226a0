"""Zendesk, Gorgias, Gong and Judge.me: who said what, once, and who was asked for nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.flows.inboxes import csv, problems, pulls_of, put, report_of, rows_of


def ticket(number: int, **changes: Any) -> dict[str, Any]:
    """A ticket of Zendesk's API."""
    return {
        "url": f"https://x.zendesk.com/api/v2/tickets/{number}.json", "id": number, "external_id": None,
        "via": {"channel": "email", "source": {"from": {}}}, "created_at": "2026-11-02T04:30:00Z", "updated_at": "2026-11-04T00:00:00Z",
        "type": "question", "subject": "Late", "raw_subject": "Late", "description": "Where is my parcel?", "priority": None,
        "status": "open", "requester_id": 11, "submitter_id": 11, "assignee_id": 90, "tags": ["late", "b2c"],
        "custom_fields": [{"id": 1, "value": None}], "satisfaction_rating": {"score": "offered"}, **changes,
    }  # fmt: skip


def comment(number: int, author: int, body: str, **changes: Any) -> dict[str, Any]:
    return {"id": number, "ticket_id": 1, "type": "Comment", "author_id": author, "body": body, "plain_body": body, "html_body": "<p>x</p>",
            "public": True, "created_at": "2026-11-02T06:00:00Z", "via": {"channel": "email"}, **changes}  # fmt: skip


def said(pulls: list[Any]) -> list[tuple[str, str, str]]:
    return [(r["conversation_id"], r["speaker"], r["text"]) for r in rows_of(pulls, "passages")]


def test_zendesk_tickets_are_tickets_conversations_and_first_words(tmp_path: Path) -> None:
    page = {"tickets": [
        ticket(1, status="solved"), ticket(2, submitter_id=90), ticket(3, status="deleted"),
        ticket(4, via={"channel": "voice"}, description="Call from: +1 212 555 0143"), ticket(5, tags=["closed_by_merge"]),
        ticket(6, via={"channel": "native_messaging"}),
    ], "next_page": None, "count": 6}  # fmt: skip
    put(tmp_path, "tickets.json", page)
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    tickets = rows_of(pulls, "tickets")
    assert [r["ticket_id"] for r in tickets] == ["zendesk-1", "zendesk-2", "zendesk-4", "zendesk-6"]
    assert (tickets[0]["closed_at"], tickets[0]["topic"]) == (
        datetime(2026, 11, 4, tzinfo=UTC),
        "b2c, late",
    )
    assert tickets[1]["closed_at"] is None
    assert [r["channel"] for r in rows_of(pulls, "conversations")] == [
        "ticket",
        "ticket",
        "call",
        "chat",
    ]
    assert said(pulls) == [
        ("zendesk-1", "customer", "Where is my parcel?"), ("zendesk-2", "agent", "Where is my parcel?"),
        ("zendesk-6", "customer", "Where is my parcel?"),
    ]  # fmt: skip
    assert report_of(pulls, "tickets").filtered_by == {
        "deleted ticket": 1,
        "merged into another ticket": 1,
    }


def test_zendesk_comments_do_not_repeat_the_description_and_know_who_speaks(tmp_path: Path) -> None:
    comments = [
        comment(1, 11, "Where is  my parcel?\n"), comment(2, 90, "It is on its way."), comment(3, 11, "Thanks!"),
        comment(4, 90, "he is angry", public=False), comment(5, -1, "closed"), comment(6, 12, "Mine, too", ticket_id=404),
        comment(7, 90, "Call", type="VoiceComment"), comment(8, 90, "Call", type="VoiceComment", transcription_text="will it last"),
    ]  # fmt: skip
    put(
        tmp_path,
        "a_comments.jsonl",
        [{"type": "RECORD", "stream": "ticket_comments", "record": c} for c in comments],
    )
    put(tmp_path, "tickets.json", {"tickets": [ticket(1)], "users": [
        {"id": 12, "role": "end-user", "email": "e@example.com", "restricted_agent": True, "created_at": "2026-01-01T00:00:00Z"},
        {"id": 90, "role": "agent", "email": "agent@example.com", "restricted_agent": False, "created_at": "2026-01-01T00:00:00Z"}]})  # fmt: skip
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    assert sorted(said(pulls)) == sorted([
        ("zendesk-1", "agent", "It is on its way."), ("zendesk-1", "customer", "Thanks!"), ("zendesk-404", "customer", "Mine, too"),
        ("zendesk-1", "unknown", "will it last"), ("zendesk-1", "customer", "Where is my parcel?"),
    ])  # fmt: skip
    assert [r["customer_id"] for r in rows_of(pulls, "customers")] == ["zendesk-12"], (
        "an agent is no customer"
    )


def test_comments_within_zendesks_incremental_ticket_events_are_read(tmp_path: Path) -> None:
    inner = {
        k: v
        for k, v in comment(20, 11, "Is it fine enough?").items()
        if k not in ("ticket_id", "created_at")
    }
    status = {"id": 21, "event_type": "Change", "status": "open", "via": {"channel": "web"}}
    audit = {
        "id": 2,
        "ticket_id": 1,
        "timestamp": 1793682000,
        "updater_id": 11,
        "event_type": "Audit",
    }
    answer = {**comment(30, 90, "It is."), "event_type": "Comment"}
    events = [
        {**audit, "created_at": "2026-11-03T05:00:00Z", "child_events": [{**inner, "event_type": "Comment"}, status]},
        {**audit, "id": 3, "child_events": [answer]},
        {**audit, "id": 4, "child_events": [status]},
    ]  # fmt: skip
    page = {"ticket_events": events, "next_page": "https://x", "count": 3, "end_of_stream": True}
    put(tmp_path, "tickets.json", {"tickets": [ticket(1)]})
    put(tmp_path, "ticket_events.json", page)
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    assert ("zendesk-1", "customer", "Is it fine enough?") in said(pulls)
    assert ("zendesk-1", "agent", "It is.") in said(pulls)
    report = report_of(pulls, "passages", "ticket_events")
    assert (report.rows_in, report.rows_good) == (3, 2)
    assert report.filtered_by == {"not read: ticket events without a comment": 1}
    put(tmp_path / "lines", "tickets.json", {"tickets": [ticket(1)]})
    put(tmp_path / "lines", "events.jsonl", events)
    assert said(pulls_of(tmp_path / "lines")) == said(pulls)


def test_zendesk_comments_without_what_tells_who_speaks_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "comments.jsonl", [comment(1, 11, "x")])
    assert "needs beside it zendesk/tickets" in problems(pulls_of(tmp_path))[0]
    bare = {k: v for k, v in comment(1, 11, "x").items() if k != "ticket_id"}
    put(tmp_path / "b", "comments.json", {"comments": [bare]})
    assert (
        "looks like Zendesk ticket comments but lacks ticket_id"
        in problems(pulls_of(tmp_path / "b"))[0]
    )


def gorgias(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": number, "uri": "/api/tickets/1/", "channel": "email", "via": "email", "from_agent": False, "spam": False, "status": "open",
            "language": "en", "customer": {"id": 7, "email": "Ada@Example.com", "name": "Ada"}, "subject": "Hi", "excerpt": "…", "messages_count": 2,
            "tags": [{"id": 1, "name": "size"}], "created_datetime": "2026-11-02T04:30:00.123456", "closed_datetime": None, "trashed_datetime": None,
            "last_message_datetime": "2026-11-03T00:00:00", **changes}  # fmt: skip


def message(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": number, "ticket_id": 1, "public": True, "channel": "email", "from_agent": False, "subject": "Hi",
            "body_text": "Too small.\n> On Monday Eve wrote: it fits", "body_html": "<p>Too small.</p>", "stripped_text": "Too small.",
            "sender": {"id": 7}, "created_datetime": "2026-11-02T04:31:00", "sent_datetime": "2026-11-02T04:31:05", "failed_datetime": None,
            **changes}  # fmt: skip


def test_gorgias_reads_the_stripped_text_of_what_was_sent(tmp_path: Path) -> None:
    put(tmp_path, "tickets.json", {"data": [gorgias(1), gorgias(2, spam=True), gorgias(3, trashed_datetime="2026-11-03T00:00:00"),
                                            gorgias(4, from_agent=True, channel="chat")], "meta": {"next_cursor": None}})  # fmt: skip
    put(tmp_path, "messages.json", {"data": [
        message(1), message(2, from_agent=True, stripped_text="Sorry!"), message(3, public=False), message(4, ticket_id=2),
        message(5, failed_datetime="2026-11-02T05:00:00"), message(6, stripped_text=None, body_text=None, stripped_html="<div>Runs&nbsp;small<br>really</div>"),
        message(7, stripped_text="", body_text="", body_html=""),
    ]})  # fmt: skip
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    assert [t for _, _, t in said(pulls)] == ["Too small.", "Sorry!", "Runs\xa0small\nreally"]
    assert [s for _, s, _ in said(pulls)] == ["customer", "agent", "customer"]
    assert [r["ticket_id"] for r in rows_of(pulls, "tickets")] == ["gorgias-1"], (
        "spam and what we began are no requests"
    )
    assert [r["conversation_id"] for r in rows_of(pulls, "conversations")] == [
        "gorgias-1",
        "gorgias-4",
    ]
    assert rows_of(pulls, "conversations")[0]["started_at"] == datetime(
        2026, 11, 2, 4, 30, 0, 123456, tzinfo=UTC
    )
    assert report_of(pulls, "passages").filtered_by == {
        "internal note": 1,
        "spam": 1,
        "not sent": 1,
        "no words": 1,
    }


def test_gorgias_messages_within_tickets_and_surveys(tmp_path: Path) -> None:
    put(tmp_path, "tickets.jsonl", [gorgias(1, messages=[message(1), message(2, from_agent=True)])])
    put(tmp_path, "surveys.json", {"data": [
        {"id": 5, "ticket_id": 1, "customer_id": 7, "score": 4, "body_text": "quick", "sent_datetime": "2026-11-03T00:00:00", "scored_datetime": "2026-11-04T00:00:00"},
        {"id": 6, "ticket_id": 2, "customer_id": 8, "score": None, "body_text": None, "sent_datetime": "2026-11-03T00:00:00", "scored_datetime": None},
    ]})  # fmt: skip
    pulls = pulls_of(tmp_path)
    assert [t for _, _, t in said(pulls)] == ["quick", "Too small.", "Too small."]
    survey = next(r for r in rows_of(pulls, "conversations") if r["channel"] == "survey")
    assert (survey["conversation_id"], survey["rating"], survey["customer_id"]) == (
        "gorgias-survey-5",
        4.0,
        "gorgias-7",
    )


CALL = {"metaData": {"id": "782", "url": "u", "started": "2026-11-01T23:30:00-05:00", "duration": 60, "primaryUserId": "9", "language": "eng", "scope": "External", "isPrivate": False},
        "parties": [{"id": "1", "emailAddress": "Ada@Example.com", "speakerId": "s1", "affiliation": "External"}, {"id": "2", "speakerId": "s2", "affiliation": "Internal"}]}  # fmt: skip
TALK = {"callId": "782", "transcript": [
    {"speakerId": "s2", "topic": None, "sentences": [{"start": 0, "end": 900, "text": "Hello."}]},
    {"speakerId": "s1", "topic": None, "sentences": [{"start": 1500, "end": 2000, "text": "Hi."}, {"start": 2100, "end": 4000, "text": "How long does it last?"}]},
    {"speakerId": "s3", "topic": None, "sentences": []},
]}  # fmt: skip


def test_gong_turns_are_told_apart_by_affiliation_and_times_are_milliseconds(
    tmp_path: Path,
) -> None:
    private = {**CALL, "metaData": {**CALL["metaData"], "id": "783", "isPrivate": True}}
    put(
        tmp_path,
        "calls.json",
        {"requestId": "r", "records": {"totalRecords": 2}, "calls": [CALL, private]},
    )
    put(
        tmp_path,
        "transcripts.json",
        {"requestId": "r", "callTranscripts": [TALK, {**TALK, "callId": "783"}]},
    )
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    (call,) = rows_of(pulls, "conversations")
    assert (call["conversation_id"], call["customer_id"], call["language"]) == (
        "gong-782",
        "ada@example.com",
        "en",
    )
    assert [(s, t) for _, s, t in said(pulls)] == [
        ("agent", "Hello."),
        ("customer", "Hi. How long does it last?"),
    ]
    assert rows_of(pulls, "passages")[1]["said_at"] == datetime(
        2026, 11, 2, 4, 30, 1, 500_000, tzinfo=UTC
    )
    assert report_of(pulls, "passages").filtered_by == {"private call": 3, "no words": 1}


def test_gong_transcripts_alone_are_refused_as_nobody_knows_who_is_a_customer(
    tmp_path: Path,
) -> None:
    put(tmp_path, "transcripts.json", {"callTranscripts": [TALK]})
    assert "is Gong transcripts, and needs beside it gong/calls" in problems(pulls_of(tmp_path))[0]


def test_judgeme_by_csv_and_api_takes_the_category_from_the_shop(tmp_path: Path) -> None:
    header = [
        "title",
        "body",
        "rating",
        "review_date",
        "reviewer_name",
        "reviewer_email",
        "product_id",
        "product_handle",
        "reply",
        "picture_urls",
    ]
    row = {"title": "Small", "body": "Runs <b>small</b>", "rating": 2, "review_date": "2026-11-01 12:00:00 UTC", "reviewer_name": "Ada Quixworth",
           "reviewer_email": "Ada@Example.com", "product_handle": "mug", "reply": "Sorry"}  # fmt: skip
    put(tmp_path, "reviews.csv", csv(header, row, {**row, "title": "", "body": "", "rating": 5}))
    put(tmp_path, "products.csv", csv(["Handle", "Title", "Vendor", "Type", "Variant SKU", "Variant Price"],
                                      {"Handle": "mug", "Title": "Mug", "Type": "Kitchen", "Variant SKU": "A", "Variant Price": 1}))  # fmt: skip
    api = {"id": 9, "title": None, "body": "It broke", "rating": 1, "product_external_id": 3, "product_handle": "mug", "hidden": False, "curated": "ok",
           "reviewer": {"id": 1, "email": "b@example.com", "name": "Bo Quixworth"}, "created_at": "2026-11-02T00:00:00Z"}  # fmt: skip
    put(
        tmp_path,
        "reviews.json",
        {"current_page": 1, "per_page": 10, "reviews": [api, {**api, "id": 10, "hidden": True}]},
    )
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    conversations = rows_of(pulls, "conversations")
    assert [(r["rating"], r["category"], r["channel"]) for r in conversations] == [
        (2.0, "Kitchen", "review"),
        (5.0, "Kitchen", "review"),
        (1.0, "Kitchen", "review"),
    ]
    assert [t for _, _, t in said(pulls)] == ["Small. Runs small", "It broke"]
    assert "Quixworth" not in repr(
        [rows_of(pulls, t) for t in ("conversations", "passages", "customers")]
    )


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("a.csv", "title,rating,reviewer_name,product_handle\nx,5,y,mug\n", "looks like a Judge.me reviews export but lacks body, review_date or created_at"),
        ("a.json", {"tickets": [{k: v for k, v in ticket(1).items() if k != "created_at"}]}, "looks like Zendesk tickets but lacks created_at"),
        ("a.json", {"data": [{k: v for k, v in message(1).items() if k != "ticket_id"}]}, "looks like Gorgias messages but lacks ticket_id"),
        ("a.json", {"callTranscripts": [{"callId": "1", "transcript": [{"speakerId": "x"}]}]}, "looks like Gong transcripts but lacks transcript.sentences"),
    ],
)  # fmt: skip
def test_half_files_are_refused_by_name(tmp_path: Path, name: str, data: Any, line: str) -> None:
    put(tmp_path, name, data)
    (problem,) = problems(pulls_of(tmp_path))
    assert line in problem
