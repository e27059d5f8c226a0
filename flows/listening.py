"""Passages in the lake into tags: every version of every passage, once."""

from __future__ import annotations

from datetime import date

import polars as pl

from flows.kept_tags import kept_tags
from flows.knowledge import Tags
from flows.lake import Lake
from flows.words import RAW, STATE
from transforms.asof import SOURCE, VERSION
from transforms.tagging import TAG_SCHEMA, PhraseBook, tag_and_judge

_MARK = "\x1f"
_IDENTITY = [SOURCE, VERSION, "conversation_id", "passage_id"]
TAG_ROWS = {**TAG_SCHEMA, SOURCE: pl.String(), VERSION: pl.Int32()}
TAGGABLE_ROWS = {
    SOURCE: pl.String(),
    VERSION: pl.Int32(),
    "conversation_id": pl.String(),
    "passage_id": pl.String(),
}
JUDGED_ROWS = {**TAGGABLE_ROWS, "taggable": pl.Boolean(), "language": pl.String()}
"""Columns of the frames of `Tags`."""


def tag_lake(lake: Lake, as_of: date, books: list[PhraseBook]) -> Tags:
    """Tags of every passage version that a night at `as_of` may see.

    A passage's language is its own, else its conversation's, else it is recognised. Where words
    were deleted, what had been heard in them counts.
    """
    versions = lake.versions("passages", as_of)
    passages = (
        versions.filter(pl.col(STATE) == RAW)
        .select(*_IDENTITY, "text", "speaker", "language")
        .join(_languages(lake, as_of), on=[SOURCE, "conversation_id"], how="left")
        .with_columns(pl.coalesce("language", "_language").alias("language"))
        .collect()
    )
    numbered = passages.with_columns(
        pl.concat_str(SOURCE, pl.col(VERSION).cast(pl.String), "passage_id", separator=_MARK).alias(
            "passage_id"
        )
    ).drop(SOURCE, VERSION, "_language")
    tags, told = map(_split, tag_and_judge(numbered, books))
    judged = told.select(list(JUDGED_ROWS))
    heard = Tags(tags, told.filter(pl.col("taggable")).select(_IDENTITY), judged)
    return _with_kept(heard, lake, versions)


def _with_kept(heard: Tags, lake: Lake, versions: pl.LazyFrame) -> Tags:
    """`heard` and what was kept of the passages whose words are gone."""
    wordless = versions.filter(pl.col(STATE) != RAW).select(_IDENTITY).collect()
    if wordless.is_empty():
        return heard
    kept = kept_tags(lake)

    def joined(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
        old = before.join(wordless, on=_IDENTITY, how="semi")
        return pl.concat([now, old.select(now.columns)])

    return Tags(
        joined(heard.tags, kept.tags),
        joined(heard.taggable, kept.taggable),
        joined(heard.judged, kept.judged),
    )


def _languages(lake: Lake, as_of: date) -> pl.LazyFrame:
    return (
        lake.versions("conversations", as_of)
        .filter(pl.col("language").is_not_null())
        .sort("_order")
        .unique(subset=[SOURCE, "conversation_id"], keep="last", maintain_order=True)
        .select(SOURCE, "conversation_id", pl.col("language").alias("_language"))
    )


def _split(frame: pl.DataFrame) -> pl.DataFrame:
    """Brings back source and version, which stood before the passage's own id."""
    parts = pl.col("passage_id").str.splitn(_MARK, 3)
    return frame.with_columns(
        parts.struct.field("field_0").alias(SOURCE),
        parts.struct.field("field_1").cast(pl.Int32).alias(VERSION),
        parts.struct.field("field_2").alias("passage_id"),
    )
