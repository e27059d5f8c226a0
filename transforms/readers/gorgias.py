"""Gorgias: tickets, messages, customers and satisfaction surveys, from its API and replicas of it.

Of an e-mail the stripped text is read: the whole body repeats what others said before.
"""

from __future__ import annotations

import polars as pl

from transforms.mapping_spec import RowFilter
from transforms.readers.layout import UTC, Beside, Layout, Part, always, drop, take, test
from transforms.readers.names import listed, plain
from transforms.readers.steps import TRUE, blank_as_null, plain_text
from transforms.readers.zendesk import tags_of

_OWN = "gorgias-"
_PREFIX = {"ticket_id": _OWN, "conversation_id": _OWN, "customer_id": _OWN, "passage_id": _OWN}
_CHANNELS = {
    "chat": "chat", "sms": "chat", "facebook-messenger": "chat", "instagram-direct-message": "chat", "whatsapp": "chat",
    "phone": "call", "aircall": "call", "help-center": "ticket", "contact_form": "ticket", "email": "ticket",
}  # fmt: skip
_FALSE = r"(?i)^(?:false|0)$"
_UNWANTED = (
    drop("spam", test("spam", matches=TRUE)),
    drop("trashed", test("trashed_datetime", null=False)),
)


def _ticket(frame: pl.DataFrame) -> pl.DataFrame:
    frame = blank_as_null(frame)
    tags = pl.Series("made.tags", [tags_of(one) for one in frame["tags"]], pl.String)
    channel = pl.col("channel").str.to_lowercase().replace_strict(_CHANNELS, default="ticket")
    return frame.with_columns(tags, channel.fill_null("ticket").alias("made.channel"))


_TICKET = ("tags", "channel", "spam", "trashed_datetime", "from_agent")
_OPENED = take("created_datetime", "opened_datetime", timezone=UTC)
_WHO = take("customer.id", "customer_id")


def _message(frame: pl.DataFrame, at: str) -> pl.DataFrame:
    """The words of a message and who said them."""
    frame = blank_as_null(frame)
    html = [plain(at + one) for one in ("stripped_html", "body_html")]
    frame = frame.with_columns(
        plain_text(html[0], "made.stripped"), plain_text(html[1], "made.body")
    )
    texts = [pl.col(plain(at + one)) for one in ("stripped_text", "body_text")]
    words = pl.coalesce(texts[0], "made.stripped", texts[1], "made.body")
    ours = pl.col(plain(at + "from_agent")).str.contains(TRUE).fill_null(False)
    return frame.with_columns(
        words.str.strip_chars().replace("", None).alias("made.text"),
        pl.when(ours).then(pl.lit("agent")).otherwise(pl.lit("customer")).alias("made.speaker"),
    )


def _unsaid(at: str) -> tuple[RowFilter, ...]:
    return (
        drop("internal note", test(at + "public", matches=_FALSE)),
        drop("not sent", test(at + "failed_datetime", null=False)),
        drop("deleted message", test(at + "deleted_datetime", null=False)),
        drop("no words", test("made.text", null=True)),
    )


_SAID = ("stripped_text", "stripped_html", "body_text", "body_html", "from_agent")
_M = "messages[]."
_MESSAGE_QUIET = listed("""
    uri, message_id, via, source, sender, receiver, integration_id, rule_id, subject, stripped_signature, attachments,
    headers, meta, macros, actions, intents, opened_datetime, last_sending_error, is_retriable, created_by, channel,
    external_id, mention_ids, replied_by, replied_to, isRetriable
    """)
TICKETS = Layout(
    key="gorgias/tickets",
    title="Gorgias tickets",
    marks=(
        "created_datetime|opened_datetime",
        "messages_count|last_message_datetime|last_received_message_datetime",
        "channel",
    ),
    needs=("id",),
    remedy="ask for tickets as GET /api/tickets gives them",
    quiet=(
        *listed("""
    uri, external_id, language, status, priority, via, customer, assignee_user, assignee_team, assignee_user_id,
    assignee_team_id, subject, excerpt, messages, messages_count, last_received_message_datetime, last_message_datetime,
    updated_datetime, snooze_datetime, satisfaction_survey, requester, integrations, meta, reply_options, is_unread,
    opened_datetime, custom_fields, summary, last_sent_message_not_delivered
    """),
        *(_M + one for one in (*_MESSAGE_QUIET, "ticket_id")),
    ),
    parts=(
        Part(
            "tickets",
            {
                "ticket_id": take("id"),
                "opened_at": _OPENED,
                "customer_id": _WHO,
                "topic": take("made.tags"),
                "closed_at": take("closed_datetime", timezone=UTC),
            },
            uses=_TICKET,
            prepare=_ticket,
            prefix=_PREFIX,
            filter=(*_UNWANTED, drop("begun by us, no request", test("from_agent", matches=TRUE))),
        ),
        Part(
            "conversations",
            {
                "conversation_id": take("id"),
                "channel": take("made.channel"),
                "started_at": _OPENED,
                "customer_id": _WHO,
                "language": take("language"),
            },
            uses=_TICKET,
            prepare=_ticket,
            prefix=_PREFIX,
            filter=_UNWANTED,
        ),
        Part(
            "passages",
            {
                "passage_id": take(_M + "id"),
                "conversation_id": take("id"),
                "text": take("made.text"),
                "said_at": take(_M + "sent_datetime", _M + "created_datetime", timezone=UTC),
                "speaker": take("made.speaker"),
            },
            rows="messages",
            needs=(_M + "from_agent",),
            uses=tuple(_M + one for one in _SAID),
            prepare=lambda frame: _message(frame, _M),
            prefix=_PREFIX,
            filter=(*_UNWANTED, *_unsaid(_M)),
        ),
        Part(
            "customers",
            {"customer_id": take("customer.id"), "email": take("customer.email")},
            prefix=_PREFIX,
            derived=True,
        ),
    ),
)
MESSAGES = Layout(
    key="gorgias/messages",
    title="Gorgias messages",
    marks=("from_agent", "stripped_text|body_text|body_html", "sent_datetime|created_datetime"),
    needs=("ticket_id", "id"),
    never=("messages_count",),
    remedy="ask for messages as GET /api/messages gives them",
    quiet=_MESSAGE_QUIET,
    parts=(
        Part(
            "passages",
            {
                "passage_id": take("id"),
                "conversation_id": take("ticket_id"),
                "text": take("made.text"),
                "said_at": take("sent_datetime", "created_datetime", timezone=UTC),
                "speaker": take("made.speaker"),
            },
            uses=_SAID,
            prepare=lambda frame: _message(frame, ""),
            prefix=_PREFIX,
            beside=(Beside(("gorgias/tickets",), "ticket_id", "id", ("spam", "trashed_datetime")),),
            filter=(
                drop("spam", test("beside.spam", matches=TRUE)),
                drop("trashed", test("beside.trashed_datetime", null=False)),
                *_unsaid(""),
            ),
        ),
    ),
)
_ANSWER = {
    "conversation_id": "gorgias-survey-",
    "passage_id": "gorgias-survey-",
    "customer_id": _OWN,
}
SURVEYS = Layout(
    key="gorgias/surveys",
    title="Gorgias satisfaction surveys",
    marks=("score", "scored_datetime|sent_datetime", "ticket_id"),
    needs=("id",),
    quiet=listed(
        "uri, created_datetime, sent_datetime, should_send_datetime, meta, ticket_id, customer"
    ),
    parts=(
        Part(
            "conversations",
            {
                "conversation_id": take("id"),
                "channel": always("survey"),
                "started_at": take("scored_datetime", timezone=UTC),
                "customer_id": take("customer_id", "customer.id"),
                "rating": take("score"),
            },
            prefix=_ANSWER,
            filter=(drop("not answered", test("scored_datetime", null=True)),),
        ),
        Part(
            "passages",
            {
                "passage_id": take("id"),
                "conversation_id": take("id"),
                "text": take("body_text"),
                "said_at": take("scored_datetime", timezone=UTC),
                "speaker": always("customer"),
            },
            prefix=_ANSWER,
            filter=(
                drop("not answered", test("scored_datetime", null=True)),
                drop("no words", test("body_text", null=True)),
            ),
        ),
    ),
)
CUSTOMERS = Layout(
    key="gorgias/customers",
    title="Gorgias customers",
    marks=("created_datetime", "email", "firstname|name", "channels|external_id|note"),
    never=("messages_count", "from_agent", "score"),
    needs=("id",),
    quiet=listed("""
    uri, external_id, name, firstname, lastname, language, timezone, note, meta, data, channels,
    updated_datetime, integrations
    """),
    parts=(
        Part(
            "customers",
            {
                "customer_id": take("id"),
                "email": take("email"),
                "created_at": take("created_datetime", timezone=UTC),
            },
            prefix=_PREFIX,
        ),
    ),
)
GORGIAS = (TICKETS, MESSAGES, SURVEYS, CUSTOMERS)
