"""Zendesk: tickets, comments, users and chats, from the API, its replicas and replicated tables.

Zendesk's numbers are its own, so ids bear the prefix `zendesk-`. A ticket's description is its
first comment: it is read from the ticket, and the comment that repeats it is left out.
"""

from __future__ import annotations

import json

import polars as pl

from transforms.readers.layout import UTC, Beside, Layout, Part, always, drop, take, test
from transforms.readers.names import listed, plain
from transforms.readers.steps import TRUE, blank_as_null, plain_text

_OWN = "zendesk-"
_VIA = ("via.channel", "via_channel")
_CHANNELS = {
    "chat": "chat", "native_messaging": "chat", "messaging": "chat", "whatsapp": "chat", "sms": "chat",
    "facebook": "chat", "instagram_dm": "chat", "twitter": "chat", "voice": "call", "phone": "call",
    "api_phone_call_inbound": "call",
}  # fmt: skip
_FALSE = r"(?i)^(?:false|f|0|no)$"
_WORDLESS = drop("no words", test("made.text", null=True))
GONE = (
    drop("deleted ticket", test("status", equals="deleted")),
    drop(
        "merged into another ticket", test("made.tags", matches=r"(?:^|, )closed_by_merge(?:,|$)")
    ),
)


def tags_of(text: str | None, name: str = "name") -> str | None:
    """Tags as one text: of a JSON list of words or of objects with a name."""
    try:
        found = json.loads(text or "null")
    except ValueError:
        return text
    if not isinstance(found, list):
        return text
    words = [str(one.get(name, "")) if isinstance(one, dict) else str(one) for one in found]
    return ", ".join(sorted(word for word in words if word)) or None


def _ticket(frame: pl.DataFrame) -> pl.DataFrame:
    """A ticket's tags, channel, end and words; the phone system's own words are none."""
    frame = blank_as_null(frame)
    via = pl.coalesce(map(plain, _VIA)).str.to_lowercase()
    channel = via.replace_strict(_CHANNELS, default="ticket").fill_null("ticket")
    over = pl.col("status").str.to_lowercase().is_in(["solved", "closed"]).fill_null(False)
    tags = pl.Series("made.tags", [tags_of(one) for one in frame["tags"]], pl.String)
    theirs = (pl.col("submitterid") == pl.col("requesterid")) | pl.col("submitterid").is_null()
    return frame.with_columns(
        tags,
        channel.alias("made.channel"),
        pl.when(over).then(pl.coalesce("solvedat", "closedat", "updatedat")).alias("made.closed"),
        pl.when(channel != "call").then("description").alias("made.text"),
        pl.when(theirs.fill_null(False))
        .then(pl.lit("customer"))
        .otherwise(pl.lit("agent"))
        .alias("made.speaker"),
    )


_TICKET_USES = (
    *_VIA, "status", "tags", "updated_at", "solved_at", "closed_at", "description", "submitter_id", "requester_id", "subject",
)  # fmt: skip
_WHO = take("requester_id")
_PREFIX = {"ticket_id": _OWN, "conversation_id": _OWN, "customer_id": _OWN, "passage_id": _OWN}
TICKETS = Layout(
    key="zendesk/tickets",
    title="Zendesk tickets",
    marks=(
        "requester_id",
        "submitter_id|assignee_id|ticket_form_id",
        "subject|raw_subject|description",
    ),
    needs=("id", "created_at", "status"),
    remedy="export tickets with the incremental API or replicate the table ticket",
    quiet=listed("""
    url, external_id, via, type, raw_subject, priority, recipient, assignee_id, organization_id, group_id, collaborator_ids,
    follower_ids, email_cc_ids, forum_topic_id, problem_id, has_incidents, is_public, due_at, custom_fields, fields,
    satisfaction_rating, satisfaction_probability, sharing_agreement_ids, followup_ids, ticket_form_id, brand_id,
    allow_channelback, allow_attachments, from_messaging_channel, generated_timestamp, custom_status_id, encoded_id,
    merged_ticket_ids, system_client, via_source_from_id, via_source_from_title, via_source_from_address, via_source_rel,
    via_source_to_address, via_source_to_name, via_followup_source_id, _fivetran_synced, _fivetran_deleted, metric_set,
    comment_count, dates, support_type, attachments, _sdc_batched_at, _sdc_received_at, result_type
    """),
    parts=(
        Part(
            "tickets",
            {
                "ticket_id": take("id"),
                "opened_at": take("created_at", timezone=UTC),
                "customer_id": _WHO,
                "topic": take("made.tags"),
                "closed_at": take("made.closed", timezone=UTC),
            },
            uses=_TICKET_USES,
            prepare=_ticket,
            prefix=_PREFIX,
            filter=GONE,
        ),
        Part(
            "conversations",
            {
                "conversation_id": take("id"),
                "channel": take("made.channel"),
                "started_at": take("created_at", timezone=UTC),
                "customer_id": _WHO,
            },
            uses=_TICKET_USES,
            prepare=_ticket,
            prefix=_PREFIX,
            filter=GONE,
        ),
        Part(
            "passages",
            {
                "passage_id": take("made.passage"),
                "conversation_id": take("id"),
                "text": take("made.text"),
                "said_at": take("created_at", timezone=UTC),
                "speaker": take("made.speaker"),
                "position": always("0"),
            },
            uses=("id", *_TICKET_USES),
            prepare=lambda frame: _ticket(frame).with_columns(
                (pl.col("id") + "-description").alias("made.passage")
            ),
            prefix=_PREFIX,
            filter=(*GONE, _WORDLESS),
        ),
    ),
)


def _comment(frame: pl.DataFrame) -> pl.DataFrame:
    """Who said it, and whether it repeats the ticket's description."""
    frame = blank_as_null(frame)
    words = pl.coalesce("transcriptiontext", "plainbody", "body")
    author = pl.coalesce("authorid", "userid")
    theirs = (author == pl.col("beside.requesterid")) | (
        pl.col("user.role") == "end-user"
    ).fill_null(False)
    ours = (
        pl.col("user.role").is_in(["agent", "admin"]) | pl.col("beside.requesterid").is_not_null()
    )
    call = pl.col("type").str.contains("(?i)voice") | pl.col("voicecomment").str.contains(TRUE)
    spoken = call.fill_null(False) & pl.col("transcriptiontext").is_not_null()
    speaker = (
        pl.when(spoken)
        .then(pl.lit("unknown"))
        .when(theirs.fill_null(False))
        .then(pl.lit("customer"))
        .when(ours.fill_null(False))
        .then(pl.lit("agent"))
        .otherwise(pl.lit("unknown"))
    )
    squeezed = [one.str.replace_all(r"\s+", " ") for one in (words, pl.col("beside.description"))]
    return frame.with_columns(
        words.alias("made.text"),
        speaker.alias("made.speaker"),
        (squeezed[0] == squeezed[1]).cast(pl.String).alias("made.repeats"),
        (call & ~spoken).cast(pl.String).alias("made.log"),
        author.cast(pl.String).alias("made.author"),
    )


COMMENTS = Layout(
    key="zendesk/comments",
    title="Zendesk ticket comments",
    marks=("author_id|user_id", "body|plain_body", "public"),
    needs=("ticket_id", "id", "created_at|created"),
    never=("created_datetime",),
    remedy="replicate ticket comments with their ticket_id",
    quiet=listed("""
    html_body, via, audit_id, attachments, metadata, voice_comment, facebook_comment, tweet, call_id, call_duration,
    recording_url, transcription_status, transcription_visible, started_at, location, data, formatted_from, formatted_to,
    _fivetran_synced, _fivetran_deleted, via_channel, event_type, ticket_event_type, via_reference_id, trusted
    """),
    parts=(
        Part(
            "passages",
            {
                "passage_id": take("id"),
                "conversation_id": take("ticket_id"),
                "text": take("made.text"),
                "said_at": take("created_at", "created", timezone=UTC),
                "speaker": take("made.speaker"),
            },
            uses=(
                "author_id",
                "user_id",
                "body",
                "plain_body",
                "transcription_text",
                "type",
                "voice_comment",
                "public",
            ),
            prepare=_comment,
            prefix=_PREFIX,
            beside=(
                Beside(
                    ("zendesk/tickets",),
                    "ticket_id",
                    "id",
                    ("requester_id", "description", "status"),
                    required=True,
                ),
                Beside(("zendesk/users",), "author_id|user_id", "id", ("role",), mark="user"),
            ),
            filter=(
                drop("internal note", test("public", matches=_FALSE)),
                drop("deleted ticket", test("beside.status", equals="deleted")),
                drop(
                    "first comment: read as the ticket's description",
                    test("made.repeats", equals="true"),
                ),
                drop("written by the system", test("made.author", equals="-1")),
                drop("log of a call, no words", test("made.log", equals="true")),
                _WORDLESS,
            ),
        ),
    ),
)
USERS = Layout(
    key="zendesk/users",
    title="Zendesk users",
    marks=(
        "role",
        "email",
        "ticket_restriction|restricted_agent|two_factor_auth_enabled|only_private_comments",
    ),
    needs=("id",),
    quiet=listed("""
    url, name, alias, active, verified, shared, shared_agent, locale, locale_id, time_zone, iana_time_zone, last_login_at,
    details, notes, organization_id, default_group_id, custom_role_id, moderator, signature, photo, suspended, tags,
    remote_photo_url, report_csv, role_type, user_fields, updated_at, external_id, chat_only, authenticity_token,
    shared_phone_number, ticket_restriction, restricted_agent, two_factor_auth_enabled, only_private_comments,
    _fivetran_synced, _fivetran_deleted
    """),
    parts=(
        Part(
            "customers",
            {
                "customer_id": take("id"),
                "email": take("email"),
                "phone": take("phone"),
                "created_at": take("created_at", timezone=UTC),
            },
            prefix=_PREFIX,
            filter=(drop("agent or admin, no customer", test("role", in_=("agent", "admin"))),),
        ),
    ),
)
CHATS = Layout(
    key="zendesk/chats",
    title="Zendesk's table ticket_chat",
    marks=("chat_id", "ticket_id", "visitor_id"),
    main="passages",
)


def _event(frame: pl.DataFrame) -> pl.DataFrame:
    frame = blank_as_null(frame)
    kinds = pl.Series("made.kind", [_author(one) for one in frame["originalmessage"]], pl.String)
    actor = pl.col("actorid").str.to_lowercase()
    frame = frame.with_columns(kinds)
    ours = actor.str.contains("^(?:agent|trigger|bot|system)") | (pl.col("made.kind") == "business")
    theirs = actor.str.contains("^(?:visitor|customer|end_user|enduser)") | (
        pl.col("made.kind") == "user"
    )
    return frame.with_columns(
        plain_text("message"),
        pl.when(ours.fill_null(False))
        .then(pl.lit("agent"))
        .when(theirs.fill_null(False))
        .then(pl.lit("customer"))
        .otherwise(pl.lit("unknown"))
        .alias("made.speaker"),
    )


def _author(text: str | None) -> str | None:
    try:
        found = json.loads(text or "null")
    except ValueError:
        return None
    author = found.get("author") if isinstance(found, dict) else None
    return str(author.get("type", "")).lower() if isinstance(author, dict) else None


CHAT_EVENTS = Layout(
    key="zendesk/chat events",
    title="Zendesk's table ticket_chat_event",
    marks=("chat_id", "actor_id", "message", "chat_index"),
    needs=("created_at",),
    remedy="replicate ticket_chat_event with ticket_chat",
    quiet=listed("""
    external_message_id, filename, is_history_context, message_id, message_source, mime_type, original_message_type,
    parent_message_id, reason, size, status, status_updated_at, type, url, _fivetran_synced, _Company_synced
    """),
    parts=(
        Part(
            "passages",
            {
                "passage_id": take("made.passage"),
                "conversation_id": take("beside.ticket_id"),
                "text": take("made.text"),
                "said_at": take("created_at", timezone=UTC),
                "speaker": take("made.speaker"),
                "position": take("chat_index"),
            },
            uses=("actor_id", "message", "original_message", "chat_id", "chat_index"),
            prepare=lambda frame: _event(frame).with_columns(
                pl.concat_str("chatid", "chatindex", separator="-").alias("made.passage")
            ),
            prefix=_PREFIX,
            beside=(
                Beside(("zendesk/chats",), "chat_id", "chat_id", ("ticket_id",), required=True),
            ),
            filter=(_WORDLESS,),
        ),
    ),
)
ZENDESK = (TICKETS, COMMENTS, USERS, CHATS, CHAT_EVENTS)
