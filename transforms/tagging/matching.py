"""Where a book's rules find its signals: literal prefilter for all passages, expressions for the few that may match."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from transforms.tagging.normalise import fold_with_offsets, is_identity
from transforms.tagging.pattern import Pattern, Places
from transforms.tagging.phrases import PhraseBook, Rule
from transforms.tagging.sentences import Sentences, negated

Hit = tuple[int, int]
Hits = dict[tuple[int, str], list[Hit]]
"""Row of a batch and signal to the places in the original text, in order; none overlaps another."""


@dataclass(frozen=True)
class _Candidate:
    """A row that may match, its words, and the rules whose words it holds."""

    row: int
    words: frozenset[str]
    rules: tuple[Rule, ...]


def rule_hits(
    batch: pl.DataFrame, book: PhraseBook, wanted: Mapping[str, Sequence[bool]] | None = None
) -> Hits:
    """Mentions of the book's signals in a batch of judged passages.

    `wanted`: signal to one answer a row, whether it is worth a look; a signal that it lacks never
    is. Without it every signal is looked for everywhere.
    """
    found: Hits = {}
    for candidate in _candidates(batch, book, wanted):
        hits = _matches(batch["folded"][candidate.row], candidate, book)
        for signal, places in original(batch["text"][candidate.row], hits).items():
            found[candidate.row, signal] = places
    return found


def original(text: str, hits: Mapping[str, list[Hit]]) -> Mapping[str, list[Hit]]:
    """Places in a folded text as places in the text that was folded."""
    if not hits or is_identity(text):
        return hits
    _, starts, ends = fold_with_offsets(text)
    return {s: [(starts[a], ends[b - 1]) for a, b in found] for s, found in hits.items()}


def _candidates(
    batch: pl.DataFrame, book: PhraseBook, wanted: Mapping[str, Sequence[bool]] | None
) -> Iterator[_Candidate]:
    by_anchor: dict[str, list[int]] = defaultdict(list)
    for index, rule in enumerate(book.rules):
        if wanted is None or rule.signal in wanted:
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
        if wanted is not None:
            indexes = {i for i in indexes if wanted[book.rules[i].signal][row]}
        if not indexes:
            continue
        words = frozenset(texts[row].split())
        rules = [book.rules[i] for i in sorted(indexes) if book.rules[i].pattern.possible(words)]
        if rules:
            yield _Candidate(row, words, tuple(rules))


def _matches(text: str, candidate: _Candidate, book: PhraseBook) -> dict[str, list[Hit]]:
    places = Places(text, candidate.words)
    sentences = Sentences(text, book)
    found: dict[str, list[Hit]] = {}
    for rule in candidate.rules:
        for start, end in rule.pattern.spans(places):
            hit = _trim(text, start, end)
            if rule.kind == "question" and not sentences.asks(hit[0]):
                continue
            if rule.kind == "phrases" and negated(text, hit, sentences.around(hit[0]), book.scope):
                continue
            found.setdefault(rule.signal, []).append(hit)
    kept: dict[str, list[Hit]] = {}
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

    def excludes(self, hit: Hit, bounds: Hit) -> bool:
        return (
            bool(self.spans["exclude_passage"])
            or any(bounds[0] <= a < bounds[1] for a, _ in self.spans["exclude_sentence"])
            or any(a < hit[1] and hit[0] < b for a, b in self.spans["exclude_overlap"])
        )


def _trim(text: str, start: int, end: int) -> Hit:
    """The span without separators at its edges (a phrase tied to a sentence's start may bring some)."""
    while start < end - 1 and not text[start].isalnum() and text[start] != "$":
        start += 1
    return start, end


def _merge(hits: list[Hit]) -> list[Hit]:
    """Overlapping spans joined, in order."""
    merged: list[Hit] = []
    for start, end in sorted(hits):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
