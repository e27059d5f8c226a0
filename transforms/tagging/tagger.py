"""Passages into tags with spans: literal prefilter for all, regular expressions for the few that may match."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from transforms.tagging.language import OTHER, Detector, primary
from transforms.tagging.normalise import MAX_SCAN, fold, fold_with_offsets, is_identity
from transforms.tagging.pattern import Pattern, Places
from transforms.tagging.phrases import TAGGER, PhraseBook, Rule, tagger_version
from transforms.tagging.sentences import Sentences, negated

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
TAGGABLE_SCHEMA: dict[str, pl.DataType] = {
    "conversation_id": pl.String(),
    "passage_id": pl.String(),
    "taggable": pl.Boolean(),
    "language": pl.String(),
}
_BATCH = 50_000
_Hit = tuple[int, int]


@dataclass(frozen=True)
class _Candidate:
    """A row that may match, its words, and the rules whose words it holds."""

    row: int
    words: frozenset[str]
    rules: tuple[Rule, ...]


def taggable(
    passages: pl.DataFrame, books: Sequence[PhraseBook], *, fallback_language: str | None = None
) -> pl.DataFrame:
    """conversation_id, passage_id, taggable, language: one row per passage, sorted by both ids.

    Not taggable: an agent's passage, an empty one, one in a language without a book. The language is what the
    words decide; else the one given; else `fallback_language`, or, without it, the commonest decided language of
    the frame; else what the words hint at; null when nothing is known.
    """
    return _told(_judge(passages, books, fallback_language))


def tag_and_judge(
    passages: pl.DataFrame, books: Sequence[PhraseBook], *, fallback_language: str | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`tag_passages` and `taggable` of the same passages, which are read only once."""
    judged = _judge(passages, books, fallback_language)
    return _tags(judged, books), _told(judged)


def tag_passages(
    passages: pl.DataFrame, books: Sequence[PhraseBook], *, fallback_language: str | None = None
) -> pl.DataFrame:
    """Tags of all taggable passages as `TAG_SCHEMA`, sorted by ids, signal and span_start; never a text.

    Input columns: conversation_id, passage_id, text, speaker (customer, agent, unknown or null) and language.
    Spans are offsets in characters of the original text, of which the first `MAX_SCAN` are scanned. Mentions
    of one signal that overlap are one tag.
    """
    return _tags(_judge(passages, books, fallback_language), books)


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
            for row, signal, (start, end) in _tag_batch(batch, book):
                conversation, passage = ids.row(row)
                confidence = book.confidence[signal]
                rows.append(
                    (conversation, passage, signal, start, end, TAGGER, version, confidence)
                )
    frame = pl.DataFrame(rows, schema=TAG_SCHEMA, orient="row")
    return frame.sort("conversation_id", "passage_id", "signal", "span_start", "span_end")


def majority_language(passages: pl.DataFrame, books: Sequence[PhraseBook]) -> str | None:
    """The commonest language that words decide, first in the alphabet on a tie; None when none do.

    Give it as `fallback_language` wherever one corpus is tagged in parts.
    """
    return _majority(_prepare(passages, books))


def _prepare(passages: pl.DataFrame, books: Sequence[PhraseBook]) -> pl.DataFrame:
    """The passages with `folded`, `words` (anchor text), and what their words say about the language."""
    columns = {"speaker": pl.lit(None, pl.String), "language": pl.lit(None, pl.String)}
    missing = [value.alias(name) for name, value in columns.items() if name not in passages.columns]
    frame = passages.with_columns(missing).select(
        pl.col("conversation_id", "passage_id", "speaker", "language").cast(pl.String),
        pl.col("text").cast(pl.String).fill_null("").str.slice(0, MAX_SCAN),
    )
    texts = frame["text"].to_list()
    words = pl.col("folded").str.replace_all("'", "", literal=True)
    words = words.str.replace_all(r"[^a-z0-9\x{80}-\x{10ffff}]+", " ").str.strip_chars(" ")
    frame = frame.with_columns(
        pl.Series("folded", [fold(text) for text in texts], pl.String)
    ).with_columns((" " + words + " ").alias("words"))
    detector = Detector(books)
    found = [detector.detect(*pair) for pair in zip(texts, frame["words"].to_list(), strict=True)]
    return frame.with_columns(
        pl.Series("hint", [language for language, _ in found], pl.String),
        pl.Series("decided", [decided for _, decided in found], pl.Boolean),
    )


def _majority(prepared: pl.DataFrame) -> str | None:
    decided = prepared.filter(pl.col("decided") & (pl.col("hint") != OTHER))
    counts = decided.group_by("hint").len().sort(["len", "hint"], descending=[True, False])
    return None if counts.is_empty() else str(counts["hint"][0])


def _judge(
    passages: pl.DataFrame, books: Sequence[PhraseBook], fallback_language: str | None
) -> pl.DataFrame:
    prepared = _prepare(passages, books)
    fallback = primary(fallback_language) or _majority(prepared)
    given = {code: primary(code) for code in prepared["language"].unique().drop_nulls().to_list()}
    decided = pl.when(pl.col("decided")).then(pl.col("hint"))
    declared = pl.col("language").replace_strict(given, default=None, return_dtype=pl.String)
    language = pl.coalesce(decided, declared, pl.lit(fallback, pl.String), pl.col("hint"))
    able = (
        language.is_in([book.language for book in books]).fill_null(False)
        & (pl.col("speaker").fill_null("unknown").str.to_lowercase() != "agent")
        & (pl.col("words").str.strip_chars(" ") != "")
    )
    judged = prepared.with_columns(able.alias("taggable"), language.alias("language"))
    return judged.sort("conversation_id", "passage_id", "text")


def _candidates(batch: pl.DataFrame, book: PhraseBook) -> Iterator[_Candidate]:
    by_anchor: dict[str, list[int]] = defaultdict(list)
    for index, rule in enumerate(book.rules):
        for anchor in rule.pattern.anchors:
            by_anchor[anchor].append(index)
    if not by_anchor or batch.is_empty():
        return
    anchors = sorted(by_anchor)
    found = batch.select(
        row=pl.int_range(pl.len()),
        hits=pl.col("words").str.extract_many(anchors, overlapping=True),
    ).filter(pl.col("hits").list.len() > 0)
    texts = batch["words"]
    for row, hits in found.iter_rows():
        indexes = {index for hit in hits for index in by_anchor[hit]}
        words = frozenset(texts[row].split())
        rules = [book.rules[i] for i in sorted(indexes) if book.rules[i].pattern.possible(words)]
        if rules:
            yield _Candidate(row, words, tuple(rules))


def _tag_batch(batch: pl.DataFrame, book: PhraseBook) -> Iterator[tuple[int, str, _Hit]]:
    folded = batch["folded"]
    texts = batch["text"]
    for candidate in _candidates(batch, book):
        hits = _matches(folded[candidate.row], candidate, book)
        if not hits:
            continue
        text = texts[candidate.row]
        if not is_identity(text):
            _, starts, ends = fold_with_offsets(text)
            hits = {s: [(starts[a], ends[b - 1]) for a, b in found] for s, found in hits.items()}
        for signal, found in hits.items():
            for hit in found:
                yield candidate.row, signal, hit


def _matches(text: str, candidate: _Candidate, book: PhraseBook) -> dict[str, list[_Hit]]:
    places = Places(text, candidate.words)
    sentences = Sentences(text, book)
    found: dict[str, list[_Hit]] = {}
    for rule in candidate.rules:
        for start, end in rule.pattern.spans(places):
            hit = _trim(text, start, end)
            if rule.kind == "question" and not sentences.asks(hit[0]):
                continue
            if rule.kind == "phrases" and negated(text, hit, sentences.around(hit[0]), book.scope):
                continue
            found.setdefault(rule.signal, []).append(hit)
    kept: dict[str, list[_Hit]] = {}
    for signal, hits in found.items():
        excluder = _Excluder(places, book.excludes[signal])
        if left := [hit for hit in hits if not excluder.excludes(hit, sentences.around(hit[0]))]:
            kept[signal] = _merge(left)
    return kept


class _Excluder:
    """What cancels mentions of one signal in one passage; only phrases whose words are there are looked for."""

    def __init__(self, places: Places, excludes: Mapping[str, Sequence[Pattern]]) -> None:
        self.spans = {
            kind: [
                span
                for pattern in patterns
                if pattern.possible(places.words)
                for span in pattern.spans(places)
            ]
            for kind, patterns in excludes.items()
        }

    def excludes(self, hit: _Hit, bounds: _Hit) -> bool:
        return (
            bool(self.spans["exclude_passage"])
            or any(bounds[0] <= a < bounds[1] for a, _ in self.spans["exclude_sentence"])
            or any(a < hit[1] and hit[0] < b for a, b in self.spans["exclude_overlap"])
        )


def _trim(text: str, start: int, end: int) -> _Hit:
    """The span without separators at its edges (a phrase tied to a sentence's start may bring some)."""
    while start < end - 1 and not text[start].isalnum() and text[start] != "$":
        start += 1
    return start, end


def _merge(hits: list[_Hit]) -> list[_Hit]:
    """Overlapping spans joined, in order."""
    merged: list[_Hit] = []
    for start, end in sorted(hits):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
