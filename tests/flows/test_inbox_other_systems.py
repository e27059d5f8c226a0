"""WooCommerce, telephony, further reviews, Klaviyo and Chatwoot: rows, speakers, what is left out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.flows.inboxes import csv, problems, pulls_of, put, report_of, rows_of

AT = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)
STAMP = int(AT.timestamp())


def said(pulls: list[Any]) -> list[tuple[str, str, str]]:
    return [(r["conversation_id"], r["speaker"], r["text"]) for r in rows_of(pulls, "passages")]


def woo(number: int, **changes: Any) -> dict[str, Any]:
    items = [{"id": 1, "name": "Mug", "product_id": 9, "sku": "A", "quantity": 2, "price": 5, "total": "10", "meta_data": []},
             {"id": 2, "name": "Tea", "product_id": 8, "sku": "B", "quantity": 1, "price": 4, "total": "4", "meta_data": []}]  # fmt: skip
    return {"id": number, "order_key": "wc_x", "number": str(number), "created_via": "checkout", "status": "completed", "currency": "EUR",
            "date_created": "2026-11-01T23:30:00", "date_created_gmt": "2026-11-02T04:30:00", "date_modified": "2026-11-03T00:00:00",
            "date_modified_gmt": "2026-11-03T05:00:00", "customer_id": 0, "billing": {"first_name": "Ada", "email": "Ada@Example.com", "phone": "1"},
            "shipping": {"city": "Cambridge"}, "line_items": items, "coupon_lines": [], "refunds": [], **changes}  # fmt: skip


def test_woocommerce_orders_refunds_products_and_reviews(tmp_path: Path) -> None:
    put(
        tmp_path,
        "orders.json",
        [woo(1), woo(2, status="pending"), woo(3, status="cancelled", customer_id=5)],
    )
    put(tmp_path, "refunds.jsonl", [{"id": 7, "parent_id": 1, "date_created": "2026-11-05T00:00:00", "date_created_gmt": "2026-11-05T05:00:00", "amount": "5.00",
                                     "reason": "broken", "line_items": [{"id": 1, "sku": "A", "quantity": -1}, {"id": 2, "sku": "A", "quantity": -1}]}])  # fmt: skip
    put(
        tmp_path,
        "products.json",
        [
            {
                "id": 9,
                "name": "Mug",
                "sku": "A",
                "regular_price": "5",
                "categories": [{"id": 1, "name": "Kitchen"}],
                "date_created_gmt": "2026-01-02T00:00:00",
            }
        ],
    )
    review = {"id": 4, "date_created": "2026-11-01T00:00:00", "date_created_gmt": "2026-11-02T04:30:00", "product_id": 9, "status": "approved", "reviewer": "Ada", "reviewer_email": "a@example.com",
              "review": "<p>Too &amp; small</p>", "rating": 2, "verified": True}  # fmt: skip
    put(tmp_path, "reviews.json", [review, {**review, "id": 5, "status": "spam"}])
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    lines = rows_of(pulls, "order_lines")
    assert [(r["order_id"], r["line_id"], r["quantity"], r["ordered_at"], r["customer_id"]) for r in lines] == [
        ("1", "A#1", 2.0, AT, "ada@example.com"), ("1", "B#1", 1.0, AT, "ada@example.com"), ("3", "A#1", 2.0, AT, "5"), ("3", "B#1", 1.0, AT, "5"),
    ]  # fmt: skip
    assert lines[2]["cancelled_at"] == datetime(2026, 11, 3, 5, tzinfo=UTC)
    assert [(r["sku"], r["quantity"], r["order_id"]) for r in rows_of(pulls, "refunds")] == [
        ("A", 2.0, "1")
    ]
    assert rows_of(pulls, "products")[0]["category"] == "Kitchen"
    assert said(pulls) == [("woo-review-4", "customer", "Too & small")]
    assert "Cambridge" not in repr([one.good for one in pulls])


def test_woocommerce_without_gmt_is_the_shops_own_clock(tmp_path: Path) -> None:
    bare = {k: v for k, v in woo(1).items() if not k.endswith("_gmt")}
    put(tmp_path, "orders.json", [bare])
    assert rows_of(pulls_of(tmp_path), "order_lines")[0]["ordered_at"] == AT


def test_aircall_calls_and_turns(tmp_path: Path) -> None:
    call = {"id": 812, "direct_link": "https://x", "direction": "inbound", "status": "done", "started_at": STAMP, "answered_at": STAMP + 5, "ended_at": STAMP + 60,
            "duration": 60, "voicemail": None, "raw_digits": "+1 212-555-0143", "user": {"id": 1, "name": "Bo"}, "tags": []}  # fmt: skip
    put(
        tmp_path,
        "calls.json",
        {"meta": {"count": 2}, "calls": [call, {**call, "id": 813, "answered_at": None}]},
    )
    talk = {"id": 1, "call_id": 812, "call_created_at": "2026-11-02T04:30:00.000Z", "type": "call", "content": {"language": "en", "utterances": [
        {"start_time": 0.5, "end_time": 1, "text": "Hello", "participant_type": "internal", "user_id": 1},
        {"start_time": 2.25, "end_time": 3, "text": "Will it last?", "participant_type": "external", "phone_number": "+1"}]}}  # fmt: skip
    put(tmp_path, "talk.json", {"transcription": talk})
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    (found,) = rows_of(pulls, "conversations")
    assert (found["conversation_id"], found["started_at"]) == ("aircall-812", AT), (
        "seconds since 1970, and a missed call is none"
    )
    assert said(pulls) == [
        ("aircall-812", "agent", "Hello"),
        ("aircall-812", "customer", "Will it last?"),
    ]
    assert rows_of(pulls, "passages")[1]["said_at"] == AT.replace(second=2, microsecond=250_000)


def test_twilio_calls_and_each_kind_of_transcript(tmp_path: Path) -> None:
    call = {"sid": "CA1", "parent_call_sid": None, "from": "+12125550143", "to": "+12125550100", "status": "completed", "start_time": "Mon, 02 Nov 2026 04:30:00 +0000",
            "direction": "inbound", "answered_by": None, "duration": "60"}  # fmt: skip
    put(
        tmp_path,
        "calls.json",
        {
            "page": 0,
            "calls": [
                call,
                {**call, "sid": "CA2", "parent_call_sid": "CA1"},
                {**call, "sid": "CA3", "status": "no-answer"},
            ],
        },
    )
    put(
        tmp_path,
        "recordings.json",
        {
            "recordings": [
                {
                    "sid": "RE1",
                    "call_sid": "CA1",
                    "channels": 1,
                    "start_time": "2026-11-02T04:30:00Z",
                }
            ]
        },
    )
    put(
        tmp_path,
        "old.json",
        {
            "transcriptions": [
                {
                    "sid": "TR1",
                    "recording_sid": "RE1",
                    "transcription_text": "is it back",
                    "status": "completed",
                    "date_created": "Mon, 02 Nov 2026 05:00:00 +0000",
                }
            ]
        },
    )
    people = [
        {"channel_participant": 1, "role": "Customer"},
        {"channel_participant": 2, "role": "Agent"},
    ]
    put(
        tmp_path,
        "transcripts.json",
        {
            "transcripts": [
                {
                    "sid": "GT1",
                    "service_sid": "GA1",
                    "channel": {"participants": people},
                    "media_start_time": "2026-11-02T04:30:00Z",
                    "language_code": "en-US",
                }
            ]
        },
    )
    sentence = {
        "media_channel": 1,
        "sentence_index": 0,
        "start_time": "1.5",
        "end_time": "2",
        "transcript": "how long",
        "sid": "GX1",
        "transcript_sid": "GT1",
    }
    put(
        tmp_path,
        "sentences.json",
        {
            "sentences": [
                sentence,
                {
                    **sentence,
                    "media_channel": 2,
                    "sentence_index": 1,
                    "sid": "GX2",
                    "transcript": "years",
                },
            ]
        },
    )
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    assert [(r["conversation_id"], r["started_at"], r["customer_id"]) for r in rows_of(pulls, "conversations")] == [
        ("twilio-CA1", AT, "+12125550143"), ("twilio-GT1", AT, None),
    ]  # fmt: skip
    assert sorted(said(pulls)) == [
        ("twilio-CA1", "unknown", "is it back"),
        ("twilio-GT1", "agent", "years"),
        ("twilio-GT1", "customer", "how long"),
    ]
    assert report_of(pulls, "conversations", "calls").filtered_by == {
        "leg of another call": 1,
        "not connected": 1,
    }


def test_dialpad_lines_that_are_moments_are_left_out(tmp_path: Path) -> None:
    put(
        tmp_path,
        "calls.jsonl",
        [
            {
                "call_id": 5,
                "direction": "inbound",
                "date_started": STAMP * 1000,
                "date_connected": STAMP * 1000,
                "external_number": "+1212",
                "contact": {"email": "a@example.com"},
            }
        ],
    )
    line = {
        "contact_id": "c",
        "name": "Ada",
        "content": "Too big",
        "time": "2026-11-02T04:30:01.000000",
        "type": "transcript",
    }
    put(
        tmp_path,
        "talk.json",
        {
            "call_id": 5,
            "lines": [
                line,
                {**line, "contact_id": None, "user_id": "u", "content": "Sorry"},
                {**line, "type": "moment", "content": "price"},
            ],
        },
    )
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    assert rows_of(pulls, "conversations")[0]["started_at"] == AT, "milliseconds since 1970"
    assert said(pulls) == [("dialpad-5", "customer", "Too big"), ("dialpad-5", "agent", "Sorry")]
    assert rows_of(pulls, "passages")[0]["said_at"] == AT.replace(second=1)


def test_callrail_without_a_transcription_is_no_silence(tmp_path: Path) -> None:
    call = {"id": "CAL1", "answered": True, "voicemail": False, "customer_phone_number": "+12125550143", "tracking_phone_number": "+1", "start_time": "2026-11-01T23:30:00.000-05:00",
            "direction": "inbound", "transcription": None, "conversational_transcript": None}  # fmt: skip
    turns = [
        {"speaker": "Agent", "phrase": "Hi", "start": 0},
        {"speaker": "Customer", "phrase": "When is it back?", "start": 1},
    ]
    put(tmp_path, "calls.json", {"page": 1, "per_page": 100, "calls": [call, {**call, "id": "CAL2", "conversational_transcript": turns},
        {**call, "id": "CAL3", "transcription": "hello there"}, {**call, "id": "CAL4", "answered": False}]})  # fmt: skip
    pulls = pulls_of(tmp_path)
    assert said(pulls) == [
        ("callrail-CAL2", "agent", "Hi"),
        ("callrail-CAL2", "customer", "When is it back?"),
        ("callrail-CAL3", "unknown", "hello there"),
    ]
    assert [r["started_at"] for r in rows_of(pulls, "conversations")] == [AT] * 3
    assert (
        "1 of 3 answered calls have no transcription: it depends on the plan, and is not silence"
        in report_of(pulls, "conversations").notes[0]
    )


SHOP = csv(["id", "legacyResourceId", "title", "handle", "product_type", "_fivetran_synced"],
           {"id": "gid://shopify/Product/9", "title": "Mug", "handle": "mug", "product_type": "Kitchen", "_fivetran_synced": "2026-11-01"})  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "text", "rating"),
    [
        ("yotpo.json", {"reviews": [{"id": 1, "title": "Bad", "content": "Broke", "score": 1, "votes_up": 0, "sku": "9", "email": "a@example.com", "deleted": False, "created_at": "2026-11-02T04:30:00.000Z"},
                                    {"id": 2, "title": "", "content": "x", "score": 1, "votes_up": 0, "sku": "9", "deleted": True, "created_at": "2026-11-02T04:30:00.000Z"}]}, "Bad. Broke", 1.0),
        ("yotpo.csv", "Review Title,Review Content,Review Score,Date,Product ID,Product Name,Display Name,Email\nBad,Broke,1,2026-11-02 04:30:00,9,Mug,Ada,a@example.com\n", "Bad. Broke", 1.0),
        ("okendo.json", {"reviews": [{"reviewId": "r", "productId": "shopify-9", "productName": "Mug", "rating": 5, "title": "Fine", "body": "My second", "dateCreated": "2026-11-02T04:30:00.000Z",
                                      "reviewer": {"displayName": "A", "email": "a@example.com"}, "attributesWithRating": []}], "nextUrl": None}, "Fine. My second", 5.0),
        ("okendo.csv", "name,body,handle,rating,dateCreated,email\nAda,Broke,mug,1,2026-11-02 04:30:00,a@example.com\n", "Broke", 1.0),
        ("shopify.csv", "product_handle,state,rating,title,author,email,location,body,reply,created_at,replied_at\nmug,published,4,Good,Ada,a@example.com,,Fits,,2026-11-02 04:30:00 UTC,\nmug,spam,1,x,y,z@example.com,,x,,2026-11-02 04:30:00 UTC,\n", "Good. Fits", 4.0),
    ],
)  # fmt: skip
def test_reviews_of_other_systems(
    tmp_path: Path, name: str, data: Any, text: str, rating: float
) -> None:
    put(tmp_path, name, data)
    put(tmp_path, "z_products.csv", SHOP)
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    (found,) = rows_of(pulls, "conversations")
    assert (found["rating"], found["started_at"], found["category"], found["customer_id"]) == (
        rating,
        AT,
        "Kitchen",
        "a@example.com",
    )
    assert [t for _, _, t in said(pulls)] == [text]


def test_klaviyo_checkouts_are_read_and_its_orders_are_not(tmp_path: Path) -> None:
    def event(metric: str) -> dict[str, Any]:
        return {"type": "RECORD", "stream": "events", "record": {"id": f"e{metric}", "uuid": "u", "timestamp": STAMP, "datetime": "2026-11-02 04:30:00+00:00",
                "event_properties": {"$value": 12.5, "Items": [{"SKU": "A"}]}, "profile": {"id": "p", "email": "Ada@Example.com"}, "metric": {"id": "m", "name": metric}}}  # fmt: skip

    put(
        tmp_path,
        "events.jsonl",
        [event("Started Checkout"), event("Placed Order"), event("Active on Site")],
    )
    pulls = pulls_of(tmp_path)
    (found,) = rows_of(pulls, "checkouts")
    assert (found["value"], found["sku"], found["started_at"], found["customer_id"]) == (
        12.5,
        "A",
        AT,
        "ada@example.com",
    )
    assert report_of(pulls, "checkouts").filtered_by == {"an event that is not read": 2}


def test_chatwoot_conversations_with_messages(tmp_path: Path) -> None:
    def message(number: int, kind: int, content: str, private: str = "false") -> dict[str, Any]:
        return {
            "id": number,
            "content": content,
            "message_type": kind,
            "private": private,
            "created_at": STAMP + number,
            "sender": {"id": 3},
        }

    talk = {"id": 44, "inbox_id": 2, "contact_last_seen_at": 0, "status": "resolved", "created_at": STAMP, "updated_at": STAMP + 60, "account_id": 1,
            "meta": {"sender": {"id": 3, "email": "a@example.com", "name": "Ada"}, "channel": "Channel::WebWidget"},
            "messages": [message(1, 0, "Where is it?"), message(2, 1, "Coming"), message(3, 2, "resolved"), message(4, 1, "angry", "true")]}  # fmt: skip
    put(tmp_path, "talks.json", {"data": {"meta": {"all_count": 1}, "payload": [talk]}})
    pulls = pulls_of(tmp_path)
    assert problems(pulls) == []
    assert said(pulls) == [
        ("chatwoot-44", "customer", "Where is it?"),
        ("chatwoot-44", "agent", "Coming"),
    ]
    assert (
        rows_of(pulls, "conversations")[0]["channel"],
        rows_of(pulls, "tickets")[0]["opened_at"],
    ) == ("chat", AT)
    assert rows_of(pulls, "tickets")[0]["closed_at"] == AT.replace(minute=31)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ([{k: v for k, v in woo(1).items() if k != "line_items"}], "looks like WooCommerce orders (API) but lacks line_items"),
        ({"transcription": {"id": 1, "call_id": 2, "content": {"language": "en"}}}, "looks like Aircall transcriptions but lacks content.utterances, call_created_at"),
        ({"sentences": [{"media_channel": 1, "sentence_index": 0, "transcript": "x", "sid": "GX"}]}, "looks like Twilio Intelligence sentences but lacks transcript_sid"),
        ({"reviews": [{"reviewId": "r", "productId": "shopify-9", "rating": 5}]}, "looks like Okendo reviews (API) but lacks body, dateCreated"),
        ([{"id": "1", "event_properties": {}, "datetime": "2026-11-02T00:00:00Z"}], "looks like Klaviyo events but lacks metric.name"),
    ],
)  # fmt: skip
def test_half_files_are_refused_by_name(tmp_path: Path, data: Any, line: str) -> None:
    put(tmp_path, "half.json", data)
    assert line in problems(pulls_of(tmp_path))[0]
