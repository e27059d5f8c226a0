"""Gong: calls and their transcripts. One passage is what one speaker says in one go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from transforms.readers.layout import Beside, Layout, Part, always, drop, take, test
from transforms.readers.names import listed
from transforms.readers.stack import tidy
from transforms.readers.steps import TRUE, blank_as_null
from transforms.readers.unfold import NUMBER

_OWN = "gong-"
_PREFIX = {"conversation_id": _OWN, "passage_id": _OWN}
_LANGUAGES = {
    "eng": "en",
    "por": "pt",
    "spa": "es",
    "fra": "fr",
    "fre": "fr",
    "deu": "de",
    "ger": "de",
    "ita": "it",
    "nld": "nl",
}
_SPEAKERS = {"external": "customer", "internal": "agent"}


def parsed(text: str | None) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The value of a JSON text, names in plain form; None where it is none."""
    try:
        return tidy(json.loads(text)) if text else None
    except ValueError:
        return None


def parties(text: str | None) -> list[Mapping[str, Any]]:
    """The people of a call."""
    found = parsed(text)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _customer(text: str | None) -> tuple[str | None, str | None]:
    """E-mail and phone of the one customer of a call; nobody where several took part."""
    outside = [p for p in parties(text) if str(p.get("affiliation", "")).lower() == "external"]
    if len(outside) != 1:
        return None, None
    mail = str(outside[0].get("emailaddress") or "").strip().lower() or None
    phone = str(outside[0].get("phonenumber") or "").strip() or None
    return mail, phone


def _call(frame: pl.DataFrame) -> pl.DataFrame:
    frame = blank_as_null(frame)
    who = [_customer(one) for one in frame["parties"]]
    language = pl.coalesce("metadata.language", "language").str.to_lowercase()
    return frame.with_columns(
        pl.Series("made.email", [one[0] for one in who], pl.String),
        pl.Series("made.phone", [one[1] for one in who], pl.String),
        language.replace(_LANGUAGES).alias("made.language"),
    )


_USES = ("parties", "metaData.language", "language")
_ID = take("metaData.id", "id")
CALLS = Layout(
    key="gong/calls",
    title="Gong calls",
    marks=(
        "metaData.started|started",
        "metaData.primaryUserId|primaryUserId",
        "metaData.duration|duration",
    ),
    needs=("metaData.id|id",),
    remedy="ask POST /v2/calls/extensive for parties, too",
    quiet=listed("""
    metaData, content, interaction, collaboration, media, context, url, title, scheduled, system,
    purpose, direction, workspaceId, sdrDisposition, clientUniqueId, customData, meetingUrl,
    calendarEventId
    """),
    parts=(
        Part(
            "conversations",
            {
                "conversation_id": _ID,
                "channel": always("call"),
                "started_at": take("metaData.started", "started", timezone="UTC"),
                "customer_id": take("made.email", "made.phone"),
                "language": take("made.language"),
            },
            uses=_USES,
            prepare=_call,
            prefix=_PREFIX,
            filter=(
                drop("private call", test("metaData.isPrivate", matches=TRUE)),
                drop("private call", test("isPrivate", matches=TRUE)),
                drop(
                    "internal call, no customer", test("metaData.scope", matches="(?i)^internal$")
                ),
                drop("internal call, no customer", test("scope", matches="(?i)^internal$")),
            ),
        ),
        Part(
            "customers",
            {
                "customer_id": take("made.email", "made.phone"),
                "email": take("made.email"),
                "phone": take("made.phone"),
            },
            uses=_USES,
            prepare=_call,
            derived=True,
        ),
    ),
)
_T = "transcript[]."


def _turns(frame: pl.DataFrame) -> pl.DataFrame:
    """The words of each turn, when it began within the call (milliseconds) and whose it was."""
    starts: list[int | None] = []
    texts: list[str | None] = []
    speakers: list[str] = []
    sought = ("transcript[].sentences", "transcript[].speakerid", "beside.parties")
    for sentences, speaker, people in frame.select(sought).iter_rows():
        found = parsed(sentences)
        said = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        words = " ".join(str(one.get("text") or "") for one in said).strip()
        texts.append(words or None)
        starts.append(_whole(said[0].get("start")) if said else None)
        side = next(
            (p.get("affiliation") for p in parties(people) if str(p.get("speakerid")) == speaker),
            "",
        )
        speakers.append(_SPEAKERS.get(str(side).lower(), "unknown"))
    began = pl.coalesce("beside.metadata.started", "beside.started")
    at = began.str.to_datetime(time_zone="UTC", strict=False) + pl.duration(
        milliseconds="made.start"
    )
    return (
        frame.with_columns(
            pl.Series("made.start", starts, pl.Int64),
            pl.Series("made.text", texts, pl.String),
            pl.Series("made.speaker", speakers, pl.String),
        )
        .with_columns(
            at.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").alias("made.at"),
            pl.int_range(pl.len()).over(NUMBER, "callid").cast(pl.String).alias("made.nth"),
        )
        .with_columns(pl.concat_str("callid", "made.nth", separator="-").alias("made.id"))
    )


def _whole(value: object) -> int | None:
    try:
        return int(float(str(value)))
    except ValueError:
        return None


TRANSCRIPTS = Layout(
    key="gong/transcripts",
    title="Gong transcripts",
    marks=("callId", "transcript"),
    remedy="put the calls (POST /v2/calls/extensive with parties) beside them: they tell who is a customer",
    quiet=("transcript", _T + "topic", _T + "sentences"),
    main="passages",
    parts=(
        Part(
            "passages",
            {
                "passage_id": take("made.id"),
                "conversation_id": take("callId"),
                "text": take("made.text"),
                "said_at": take("made.at"),
                "speaker": take("made.speaker"),
                "position": take("made.nth"),
            },
            rows="transcript",
            needs=(_T + "sentences", _T + "speakerId"),
            uses=("callId", _T + "sentences", _T + "speakerId"),
            prepare=_turns,
            prefix=_PREFIX,
            beside=(
                Beside(
                    ("gong/calls",),
                    "callId",
                    "metaData.id|id",
                    (
                        "metaData.started",
                        "started",
                        "parties",
                        "metaData.isPrivate",
                        "metaData.scope",
                    ),
                    required=True,
                ),
            ),
            filter=(
                drop("private call", test("beside.metaData.isPrivate", matches=TRUE)),
                drop(
                    "internal call, no customer",
                    test("beside.metaData.scope", matches="(?i)^internal$"),
                ),
                drop("no words", test("made.text", null=True)),
            ),
        ),
    ),
)
GONG = (CALLS, TRANSCRIPTS)
