"""Customers' words that have stayed as long as they may: deleted by the night, their tags kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from flows.kept_tags import IDENTITY, keep_tags
from flows.knowledge import Tags
from flows.lake import Lake, Part
from flows.settings import Settings
from flows.words import GONE, REDACTED, STATE, expired
from transforms.asof import EXTRA, KNOWN_ON, SOURCE
from transforms.calendar import local_day
from transforms.landing import ALWAYS_KNOWN
from transforms.privacy import redact_words


def retire_words(lake: Lake, settings: Settings, as_of: date, tags: Tags) -> int:
    """How many passages lost their raw words tonight.

    `tags` are those of every passage that the night sees: they are stored before words go, so
    that counts, and forecasts with them, stay as they are. A replay deletes nothing.
    """
    days = settings.privacy.text_retention_days
    if days is None or lake.is_replay(as_of):
        return 0
    begun = _begun(lake, as_of)
    parts = [
        (part, entry.landed_as_of)
        for entry in lake.shown_at(as_of)
        for part in entry.parts
        if part.words is not None
    ]
    job = _Job(lake, settings, as_of, begun, tags)
    return sum(_retire(job, part, landed) for part, landed in parts)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is the same for all parts of one night."""

    lake: Lake
    settings: Settings
    as_of: date
    begun: pl.DataFrame
    tags: Tags


def _begun(lake: Lake, as_of: date) -> pl.DataFrame:
    """When each conversation began: the time of a passage that tells none."""
    return (
        lake.versions("conversations", as_of)
        .group_by(SOURCE, "conversation_id")
        .agg(pl.col("started_at").max().alias("_begun"))
        .collect()
    )


def _retire(job: _Job, part: Part, landed: date) -> int:
    """How many passages of a part lost their raw words."""
    lake, privacy, zone = job.lake, job.settings.privacy, job.settings.business.timezone
    raw_days = privacy.text_retention_days or 0
    stored = lake.scan_part(part)
    known = pl.when(pl.col(KNOWN_ON) > ALWAYS_KNOWN).then(KNOWN_ON)
    said_on = pl.coalesce(
        local_day("said_at", zone), local_day("_begun", zone), known, pl.lit(landed)
    )
    due, gone = expired(
        pl.col(STATE), pl.col("_said_on"), job.as_of, raw_days, privacy.redacted_retention_days
    )
    dated = (
        stored.select(SOURCE, "conversation_id", "said_at", KNOWN_ON, STATE)
        .collect()
        .join(job.begun, on=[SOURCE, "conversation_id"], how="left", maintain_order="left")
        .with_columns(said_on.alias("_said_on"))
        .select(due.alias("_due"), gone.alias("_gone"))
    )
    if not (dated["_due"] | dated["_gone"]).any():
        return 0
    lake.rewrite(part, _without_words(stored.collect().hstack(dated), job))
    return int(dated["_due"].sum())


def _without_words(marked: pl.DataFrame, job: _Job) -> pl.DataFrame:
    """The rows of a part, `_due` and `_gone` carried out; their tags are on disk before."""
    keep_tags(job.lake, job.tags, marked.filter("_due").select(IDENTITY))
    mask = job.settings.privacy.order_numbers == "mask"
    short = marked.filter(pl.col("_due") & ~pl.col("_gone"))["text"]
    at = (marked["_due"] & ~marked["_gone"]).arg_true()
    safe = redact_words(short, mask_orders=mask)
    text = marked["text"].scatter(at, safe) if len(at) else marked["text"]
    return marked.with_columns(
        pl.when("_gone").then(None).otherwise(text).alias("text"),
        pl.when(pl.col("_due") | pl.col("_gone")).then(None).otherwise(EXTRA).alias(EXTRA),
        pl.when("_gone")
        .then(pl.lit(GONE))
        .when("_due")
        .then(pl.lit(REDACTED))
        .otherwise(STATE)
        .alias(STATE),
    ).drop("_due", "_gone")
