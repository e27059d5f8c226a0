"""Passages into tags with spans, by rules alone."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from transforms.tagging.judging import TAGGABLE_SCHEMA, judge
from transforms.tagging.matching import rule_hits
from transforms.tagging.phrases import TAGGER, PhraseBook, tagger_version

TAG_SCHEMA: dict[str, pl.DataType] = {
    "conversation_id": pl.String(),
    "passage_id": pl.String(),
    "signal": pl.String(),
    "span_start": pl.Int32(),
    "span_end": pl.Int32(),
    "tagger": pl.String(),
    "tagger_version": pl.String(),
    "confidence": pl.Float64(),
}
_BATCH = 50_000


def taggable(
    passages: pl.DataFrame, books: Sequence[PhraseBook], *, fallback_language: str | None = None
) -> pl.DataFrame:
    """conversation_id, passage_id, taggable, language: one row per passage, sorted by both ids.

    What is taggable, and what decides the language: `transforms.tagging.judging.with_languages`.
    """
    return _told(judge(passages, books, fallback_language))


def tag_and_judge(
    passages: pl.DataFrame, books: Sequence[PhraseBook], *, fallback_language: str | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`tag_passages` and `taggable` of the same passages, which are read only once."""
    judged = judge(passages, books, fallback_language)
    return _tags(judged, books), _told(judged)


def tag_passages(
    passages: pl.DataFrame, books: Sequence[PhraseBook], *, fallback_language: str | None = None
) -> pl.DataFrame:
    """Tags of all taggable passages as `TAG_SCHEMA`, sorted by ids, signal and span_start; never a text.

    Input columns: conversation_id, passage_id, text, speaker (customer, agent, unknown or null) and language.
    Spans are offsets in characters of the original text, of which the first `MAX_SCAN` are scanned. Mentions
    of one signal that overlap are one tag.
    """
    return _tags(judge(passages, books, fallback_language), books)


def _told(judged: pl.DataFrame) -> pl.DataFrame:
    return judged.select(TAGGABLE_SCHEMA.keys())


def _tags(judged: pl.DataFrame, books: Sequence[PhraseBook]) -> pl.DataFrame:
    version = tagger_version(books)
    rows: list[tuple[str, str, str, int, int, str, str, float]] = []
    able = judged.filter("taggable")
    for book in sorted(books, key=lambda b: b.language):
        own = able.filter(pl.col("language") == book.language)
        for batch in own.iter_slices(_BATCH):
            ids = batch.select("conversation_id", "passage_id")
            for (row, signal), places in rule_hits(batch, book).items():
                told = (TAGGER, version, book.confidence[signal])
                rows += [(*ids.row(row), signal, start, end, *told) for start, end in places]
    frame = pl.DataFrame(rows, schema=TAG_SCHEMA, orient="row")
    return frame.sort("conversation_id", "passage_id", "signal", "span_start", "span_end")
