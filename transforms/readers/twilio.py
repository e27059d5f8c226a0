"""Twilio: calls, transcriptions of recordings, and Intelligence transcripts with their sentences."""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.readers.gong import parsed
from transforms.readers.layout import UTC, Beside, Layout, Part, always, drop, take, test
from transforms.readers.names import listed
from transforms.readers.steps import blank_as_null

_SIDES = {"customer": "customer", "agent": "agent"}
_MAIL_TIME = ("%a, %d %b %Y %H:%M:%S %z",)
_TWI = {"conversation_id": "twilio-", "passage_id": "twilio-"}


def _twilio_call(frame: pl.DataFrame) -> pl.DataFrame:
    inbound = pl.col("direction").str.contains("(?i)inbound")
    return blank_as_null(frame).with_columns(
        pl.when(inbound.fill_null(False)).then("from").otherwise("to").alias("made.phone")
    )


_ANY_TIME: dict[str, Any] = {"format": _MAIL_TIME, "timezone": UTC}
TWILIO_CALLS = Layout(
    key="twilio/calls",
    title="Twilio calls",
    marks=("sid", "parent_call_sid|answered_by|caller_name", "direction", "start_time"),
    needs=("from", "to", "status"),
    quiet=listed("""
    account_sid, annotation, answered_by, api_version, caller_name, date_created, date_updated, duration, end_time,
    forwarded_from, from_formatted, group_sid, phone_number_sid, price, price_unit, queue_time, subresource_uris,
    to_formatted, trunk_sid, uri, direction
    """),
    parts=(
        Part(
            "conversations",
            {
                "conversation_id": take("sid"),
                "channel": always("call"),
                "started_at": take("start_time", **_ANY_TIME),
                "customer_id": take("made.phone"),
            },
            uses=("direction", "from", "to"),
            prepare=_twilio_call,
            prefix=_TWI,
            filter=(
                drop("leg of another call", test("parent_call_sid", null=False)),
                drop("not connected", test("status", not_in=("completed", "in-progress"))),
            ),
        ),
        Part(
            "customers",
            {"customer_id": take("made.phone"), "phone": take("made.phone")},
            uses=("direction", "from", "to"),
            prepare=_twilio_call,
            derived=True,
        ),
    ),
)
TWILIO_RECORDINGS = Layout(
    key="twilio/recordings",
    title="Twilio recordings",
    marks=("sid", "call_sid", "channels|encryption_details"),
    main="passages",
)
TWILIO_LEGACY = Layout(
    key="twilio/transcriptions",
    title="Twilio transcriptions of recordings",
    marks=("transcription_text", "recording_sid"),
    needs=("sid", "date_created"),
    remedy="replicate recordings, too: they tell the call",
    quiet=listed(
        "account_sid, api_version, date_updated, duration, price, price_unit, status, type, uri"
    ),
    parts=(
        Part(
            "passages",
            {
                "passage_id": take("sid"),
                "conversation_id": take("beside.call_sid"),
                "text": take("transcription_text"),
                "said_at": take("beside.start_time", "date_created", **_ANY_TIME),
                "speaker": always("unknown"),
            },
            prefix=_TWI,
            beside=(
                Beside(
                    ("twilio/recordings",),
                    "recording_sid",
                    "sid",
                    ("call_sid", "start_time"),
                    required=True,
                ),
            ),
            filter=(drop("no words", test("transcription_text", null=True)),),
        ),
    ),
)
TWILIO_TRANSCRIPTS = Layout(
    key="twilio/transcripts",
    title="Twilio Intelligence transcripts",
    marks=("sid", "service_sid", "channel"),
    needs=("media_start_time|date_created",),
    quiet=listed("""
    account_sid, date_created, date_updated, status, customer_key, data_logging, language_code,
    media_start_time, duration, url, redaction, links, channel
    """),
    parts=(
        Part(
            "conversations",
            {
                "conversation_id": take("sid"),
                "channel": always("call"),
                "started_at": take("media_start_time", "date_created", **_ANY_TIME),
                "language": take("language_code", extract="^([a-zA-Z]{2})"),
            },
            prefix=_TWI,
        ),
    ),
)


def _sentences(frame: pl.DataFrame) -> pl.DataFrame:
    """Who spoke on which channel, where the transcript says so."""
    frame = blank_as_null(frame)
    sides = [
        _role(people, channel)
        for people, channel in frame.select(
            "beside.channel.participants", "mediachannel"
        ).iter_rows()
    ]
    begun = pl.coalesce("beside.mediastarttime", "beside.datecreated").str.to_datetime(
        time_zone="UTC", strict=False
    )
    after = pl.col("starttime").cast(pl.Float64, strict=False).fill_null(0.0)
    at = begun + pl.duration(milliseconds=(after * 1_000).round().cast(pl.Int64))
    return frame.with_columns(
        pl.Series("made.speaker", sides, pl.String),
        at.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").alias("made.at"),
        pl.concat_str("transcriptsid", "sentenceindex", separator="-").alias("made.id"),
    )


def _role(people: str | None, channel: str | None) -> str:
    found = parsed(people)
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict) and str(one.get("channelparticipant")) == channel:
            return _SIDES.get(str(one.get("role", "")).lower(), "unknown")
    return "unknown"


TWILIO_SENTENCES = Layout(
    key="twilio/sentences",
    title="Twilio Intelligence sentences",
    marks=("media_channel", "sentence_index", "transcript"),
    needs=("transcript_sid",),
    remedy="keep the transcript_sid with its sentences, and put the transcripts beside them",
    quiet=listed("end_time, sid, confidence, words, transcript"),
    parts=(
        Part(
            "passages",
            {
                "passage_id": take("made.id"),
                "conversation_id": take("transcript_sid"),
                "text": take("transcript"),
                "said_at": take("made.at"),
                "speaker": take("made.speaker"),
                "position": take("sentence_index"),
            },
            uses=("media_channel", "start_time", "sentence_index", "transcript_sid"),
            prepare=_sentences,
            prefix=_TWI,
            beside=(
                Beside(
                    ("twilio/transcripts",),
                    "transcript_sid",
                    "sid",
                    ("channel.participants", "media_start_time", "date_created"),
                    required=True,
                ),
            ),
            filter=(drop("no words", test("transcript", null=True)),),
        ),
    ),
)

TWILIO = (
    TWILIO_CALLS,
    TWILIO_RECORDINGS,
    TWILIO_LEGACY,
    TWILIO_TRANSCRIPTS,
    TWILIO_SENTENCES,
)
