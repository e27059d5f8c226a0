"""Aircall, Dialpad and CallRail: calls, and what was said in them."""

from __future__ import annotations

import polars as pl

from transforms.mapping_spec import ColumnMap
from transforms.readers.layout import UTC, Layout, Part, always, drop, take, test
from transforms.readers.names import listed, plain
from transforms.readers.steps import TRUE, blank_as_null
from transforms.readers.unfold import NUMBER

_SIDES = {
    "external": "customer",
    "internal": "agent",
    "customer": "customer",
    "caller": "customer",
    "agent": "agent",
}
_WORDLESS = drop("no words", test("made.text", null=True))
_UNIX = ("epoch_s",)
_MILLI = ("epoch_ms",)


def _numbered(frame: pl.DataFrame, call: str) -> pl.DataFrame:
    """Each turn with its place in the call's record and a name: the same where a call comes again."""
    key = plain(call)
    nth = pl.int_range(pl.len()).over(NUMBER, key).cast(pl.String)
    return frame.with_columns(nth.alias("made.nth"), (pl.col(key) + "-" + nth).alias("made.id"))


def _spoken(frame: pl.DataFrame, call: str, text: str, side: str) -> pl.DataFrame:
    frame = _numbered(blank_as_null(frame), call)
    speaker = pl.col(plain(side)).str.to_lowercase().replace_strict(_SIDES, default="unknown")
    return frame.with_columns(
        pl.col(plain(text)).alias("made.text"), speaker.fill_null("unknown").alias("made.speaker")
    )


def _passage(call: str, at: ColumnMap) -> dict[str, ColumnMap]:
    return {
        "passage_id": take("made.id"),
        "conversation_id": take(call),
        "text": take("made.text"),
        "said_at": at,
        "speaker": take("made.speaker"),
        "position": take("made.nth"),
    }


# -- Aircall ------------------------------------------------------------------------------------
_AIR = {"conversation_id": "aircall-", "passage_id": "aircall-"}
AIRCALL_CALLS = Layout(
    key="aircall/calls",
    title="Aircall calls",
    marks=("direct_link|raw_digits", "direction", "started_at"),
    needs=("id", "answered_at"),
    quiet=listed("""
    direct_link, status, missed_call_reason, ended_at, duration, recording, asset, user, contact, archived, assigned_to,
    tags, teams, comments, number, cost, country_code_a2, pricing_type, sid, call_uuid, transferred_by, transferred_to,
    hangup_cause, participants, ivr_options_selected, voicemail_short_url, recording_short_url, direction
    """),
    parts=(
        Part(
            "conversations",
            {
                "conversation_id": take("id"),
                "channel": always("call"),
                "started_at": take("started_at", format=_UNIX, timezone=UTC),
                "customer_id": take("raw_digits"),
            },
            prefix=_AIR,
            filter=(
                drop(
                    "missed, nobody spoke",
                    test("answered_at", null=True),
                    test("voicemail", null=True),
                ),
            ),
        ),
        Part(
            "customers",
            {"customer_id": take("raw_digits"), "phone": take("raw_digits")},
            derived=True,
        ),
    ),
)
_U = "content.utterances[]."


def _aircall(frame: pl.DataFrame) -> pl.DataFrame:
    frame = _spoken(frame, "call_id", _U + "text", _U + "participant_type")
    began = pl.col("callcreatedat").cast(pl.Float64, strict=False)
    zoned = pl.col("callcreatedat").str.to_datetime(time_zone="UTC", strict=False)
    epoch = pl.from_epoch((began * 1_000).cast(pl.Int64), time_unit="ms").dt.replace_time_zone(
        "UTC"
    )
    after = pl.col(plain(_U + "start_time")).cast(pl.Float64, strict=False).fill_null(0.0)
    at = pl.coalesce(epoch.dt.cast_time_unit("us"), zoned) + pl.duration(
        milliseconds=(after * 1_000).round().cast(pl.Int64)
    )
    return frame.with_columns(at.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").alias("made.at"))


AIRCALL_TALK = Layout(
    key="aircall/transcriptions",
    title="Aircall transcriptions",
    marks=("call_id", "content"),
    needs=("content.utterances", "call_created_at"),
    quiet=("id", "type", "content", _U + "end_time", _U + "user_id", _U + "phone_number"),
    main="passages",
    parts=(
        Part(
            "passages",
            _passage("call_id", take("made.at")),
            rows="content.utterances",
            needs=(_U + "text", _U + "participant_type"),
            uses=(
                "call_id",
                "call_created_at",
                _U + "text",
                _U + "participant_type",
                _U + "start_time",
            ),
            prepare=_aircall,
            prefix=_AIR,
            filter=(_WORDLESS,),
        ),
    ),
)

# -- Dialpad ------------------------------------------------------------------------------------
_DIAL = {"conversation_id": "dialpad-", "passage_id": "dialpad-"}
DIALPAD_CALLS = Layout(
    key="dialpad/calls",
    title="Dialpad calls",
    marks=("call_id", "date_started", "direction"),
    quiet=listed("""
    date_connected, date_ended, date_rang, duration, total_duration, direction, contact, target, entry_point_target, state,
    internal_number, event_timestamp, was_recorded, recording_details, mos_score, operator_call_id, master_call_id,
    group_id, labels, voicemail_link, transcription_text, talk_time, is_transferred, proxy_target, screen_recording_urls
    """),
    parts=(
        Part(
            "conversations",
            {
                "conversation_id": take("call_id"),
                "channel": always("call"),
                "started_at": take("date_started", format=_MILLI, timezone=UTC),
                "customer_id": take("external_number", "contact.phone"),
            },
            prefix=_DIAL,
            filter=(drop("not connected, nobody spoke", test("date_connected", null=True)),),
        ),
        Part(
            "customers",
            {
                "customer_id": take("external_number", "contact.phone"),
                "email": take("contact.email"),
                "phone": take("external_number", "contact.phone"),
            },
            derived=True,
        ),
    ),
)
_L = "lines[]."


def _dialpad(frame: pl.DataFrame) -> pl.DataFrame:
    frame = _numbered(blank_as_null(frame), "call_id")
    side = (
        pl.when(pl.col(plain(_L + "user_id")).is_not_null())
        .then(pl.lit("agent"))
        .when(pl.col(plain(_L + "contact_id")).is_not_null())
        .then(pl.lit("customer"))
        .otherwise(pl.lit("unknown"))
    )
    return frame.with_columns(
        pl.col(plain(_L + "content")).alias("made.text"), side.alias("made.speaker")
    )


DIALPAD_TALK = Layout(
    key="dialpad/transcripts",
    title="Dialpad transcripts",
    marks=("call_id", "lines"),
    quiet=("lines", _L + "name"),
    main="passages",
    parts=(
        Part(
            "passages",
            _passage("call_id", take(_L + "time", timezone=UTC)),
            rows="lines",
            needs=(_L + "content", _L + "contact_id|" + _L + "user_id"),
            uses=("call_id", _L + "content", _L + "contact_id", _L + "user_id", _L + "type"),
            prepare=_dialpad,
            prefix=_DIAL,
            filter=(
                drop("a moment, nothing said", test(_L + "type", not_in=("transcript",))),
                _WORDLESS,
            ),
        ),
    ),
)

# -- CallRail -----------------------------------------------------------------------------------
_RAIL = {"conversation_id": "callrail-", "passage_id": "callrail-"}
_P = "conversational_transcript[]."


def _unheard(frame: pl.DataFrame) -> tuple[str, ...]:
    """A remark on calls without a transcription: it is their plan, not silence."""
    if "answered" not in frame.columns:
        return ()
    answered = frame.filter(pl.col("answered").str.contains(TRUE))
    told = [n for n in ("transcription", "conversationaltranscript") if n in frame.columns]
    silent = answered.filter(
        pl.all_horizontal([pl.lit(True), *(pl.col(n).is_null() for n in told)])
    ).height
    if not silent:
        return ()
    return (
        f"{silent} of {answered.height} answered calls have no transcription: it depends on the plan, and is not silence",
    )


CALLRAIL = Layout(
    key="callrail/calls",
    title="CallRail calls",
    marks=("customer_phone_number", "tracking_phone_number", "start_time"),
    needs=("id", "answered"),
    notes=_unheard,
    quiet=listed("""
    business_phone_number, customer_city, customer_country, customer_name, customer_state, direction, duration, recording,
    recording_duration, recording_player, call_type, company_id, company_name, created_at, first_call, prior_calls,
    total_calls, lead_status, value, note, tags, source, source_name, medium, campaign, keywords, keywords_spotted,
    call_highlights, call_summary, speaker_percent, agent_email, milestones, landing_page_url, referring_url, referrer_domain,
    last_requested_url, tracker_id, tracking_phone_number, transcription, conversational_transcript, person_id, timeline_url,
    device_type, good_lead_call_id, gclid, fbclid, msclkid, ga, utm_source, utm_medium, utm_campaign, utm_content, utm_term,
    conversational_transcript[].start, conversational_transcript[].end, waveforms, formatted_duration, zip_code, sentiment
    """),
    parts=(
        Part(
            "conversations",
            {
                "conversation_id": take("id"),
                "channel": always("call"),
                "started_at": take("start_time"),
                "customer_id": take("customer_phone_number"),
            },
            prefix=_RAIL,
            filter=(
                drop(
                    "nobody spoke",
                    test("answered", matches="(?i)^false$"),
                    test("voicemail", not_matches=TRUE),
                ),
            ),
        ),
        Part(
            "passages",
            _passage("id", take("start_time")),
            rows="conversational_transcript",
            needs=(_P + "phrase|" + _P + "text", _P + "speaker"),
            uses=("id", _P + "phrase", _P + "text", _P + "speaker"),
            prepare=lambda frame: _spoken(
                frame.with_columns(
                    pl.coalesce(plain(_P + "phrase"), plain(_P + "text")).alias("made.words")
                ),
                "id",
                "made.words",
                _P + "speaker",
            ),
            prefix=_RAIL,
            filter=(_WORDLESS,),
        ),
        Part(
            "passages",
            {
                "passage_id": take("id"),
                "conversation_id": take("id"),
                "text": take("transcription"),
                "said_at": take("start_time"),
                "speaker": always("unknown"),
            },
            prefix=_RAIL,
            filter=(
                drop("told turn by turn", test("conversational_transcript", null=False)),
                drop("no transcription", test("transcription", null=True)),
            ),
        ),
        Part(
            "customers",
            {"customer_id": take("customer_phone_number"), "phone": take("customer_phone_number")},
            derived=True,
        ),
    ),
)
TELEPHONY = (AIRCALL_CALLS, AIRCALL_TALK, DIALPAD_CALLS, DIALPAD_TALK, CALLRAIL)
