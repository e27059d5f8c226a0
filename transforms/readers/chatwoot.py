"""Chatwoot: conversations with their messages, and messages alone, from its API."""

from __future__ import annotations

import polars as pl

from transforms.mapping_spec import RowFilter
from transforms.readers.layout import UTC, Layout, Part, drop, take, test
from transforms.readers.names import listed, plain
from transforms.readers.steps import TRUE, blank_as_null, plain_text

_OWN = "chatwoot-"
_PREFIX = {"conversation_id": _OWN, "passage_id": _OWN, "customer_id": _OWN, "ticket_id": _OWN}
_M = "messages[]."
_SIDES = {
    "0": "customer",
    "incoming": "customer",
    "1": "agent",
    "outgoing": "agent",
    "3": "agent",
    "template": "agent",
}
_UNIX = ("epoch_s",)


def _message(frame: pl.DataFrame, at: str) -> pl.DataFrame:
    frame = blank_as_null(frame).with_columns(plain_text(at + "content"))
    side = (
        pl.col(plain(at + "message_type")).str.to_lowercase().replace_strict(_SIDES, default=None)
    )
    return frame.with_columns(pl.col("made.text").replace("", None), side.alias("made.speaker"))


def _unsaid(at: str) -> tuple[RowFilter, ...]:
    return (
        drop("internal note", test(at + "private", matches=TRUE)),
        drop("activity, nothing said", test("made.speaker", null=True)),
        drop("no words", test("made.text", null=True)),
    )


def _conversation(frame: pl.DataFrame) -> pl.DataFrame:
    kind = pl.coalesce("meta.channel", "channel").str.to_lowercase()
    channel = pl.when(kind.str.contains("email")).then(pl.lit("ticket")).otherwise(pl.lit("chat"))
    done = pl.when(pl.col("status").str.to_lowercase() == "resolved").then(
        pl.coalesce("updatedat", "lastactivityat")
    )
    return blank_as_null(frame).with_columns(
        channel.alias("made.channel"), done.alias("made.closed")
    )


_USES = ("meta.channel", "channel", "status", "updated_at", "last_activity_at")
_OPENED = take("created_at", "timestamp", format=_UNIX, timezone=UTC)
CONVERSATIONS = Layout(
    key="chatwoot/conversations",
    title="Chatwoot conversations",
    marks=("messages", "inbox_id", "contact_last_seen_at|agent_last_seen_at|additional_attributes"),
    needs=("id", "created_at|timestamp"),
    quiet=listed("""
    account_id, uuid, additional_attributes, agent_last_seen_at, assignee_last_seen_at, can_reply, contact_last_seen_at,
    custom_attributes, inbox_id, labels, muted, snoozed_until, unread_count, first_reply_created_at, priority, waiting_since,
    sla_policy_id, last_non_activity_message, meta, messages, display_id, messages[].account_id, messages[].inbox_id,
    messages[].conversation_id, messages[].updated_at, messages[].status, messages[].source_id, messages[].content_type,
    messages[].content_attributes, messages[].sender_type, messages[].sender_id, messages[].external_source_ids,
    messages[].additional_attributes, messages[].processed_message_content, messages[].sentiment, messages[].conversation,
    messages[].sender, messages[].attachments, messages[].echo_id
    """),
    main="conversations",
    parts=(
        Part(
            "conversations",
            {
                "conversation_id": take("id"),
                "channel": take("made.channel"),
                "started_at": _OPENED,
                "customer_id": take("meta.sender.id"),
            },
            uses=_USES,
            prepare=_conversation,
            prefix=_PREFIX,
        ),
        Part(
            "tickets",
            {
                "ticket_id": take("id"),
                "opened_at": _OPENED,
                "customer_id": take("meta.sender.id"),
                "closed_at": take("made.closed", format=_UNIX, timezone=UTC),
            },
            uses=_USES,
            prepare=_conversation,
            prefix=_PREFIX,
        ),
        Part(
            "passages",
            {
                "passage_id": take(_M + "id"),
                "conversation_id": take("id"),
                "text": take("made.text"),
                "said_at": take(_M + "created_at", format=_UNIX, timezone=UTC),
                "speaker": take("made.speaker"),
            },
            rows="messages",
            needs=(_M + "content", _M + "message_type"),
            uses=(_M + "content", _M + "message_type", _M + "private"),
            prepare=lambda frame: _message(frame, _M),
            prefix=_PREFIX,
            filter=_unsaid(_M),
        ),
        Part(
            "customers",
            {
                "customer_id": take("meta.sender.id"),
                "email": take("meta.sender.email"),
                "phone": take("meta.sender.phone_number"),
            },
            prefix=_PREFIX,
            derived=True,
        ),
    ),
)
MESSAGES = Layout(
    key="chatwoot/messages",
    title="Chatwoot messages",
    marks=("message_type", "content", "private"),
    needs=("conversation_id", "id", "created_at"),
    never=("messages",),
    quiet=listed("""
    account_id, inbox_id, updated_at, status, source_id, content_type, content_attributes, sender_type, sender_id,
    external_source_ids, additional_attributes, processed_message_content, sentiment, conversation, sender, attachments
    """),
    parts=(
        Part(
            "passages",
            {
                "passage_id": take("id"),
                "conversation_id": take("conversation_id"),
                "text": take("made.text"),
                "said_at": take("created_at", format=_UNIX, timezone=UTC),
                "speaker": take("made.speaker"),
            },
            uses=("content", "message_type", "private"),
            prepare=lambda frame: _message(frame, ""),
            prefix=_PREFIX,
            filter=_unsaid(""),
        ),
    ),
)
CHATWOOT = (CONVERSATIONS, MESSAGES)
