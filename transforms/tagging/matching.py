"""Where a book's rules find its signals: literal prefilter for all passages, expressions for the few that may match."""

from __future__ import annotations

import functools
import operator
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
    folded, texts = batch["folded"].to_list(), batch["text"].to_list()
    for candidate in _candidates(batch, book, wanted):
        hits = _matches(folded[candidate.row], candidate, book)
        for signal, places in original(texts[candidate.row], hits).items():
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
    by_anchor: dict[str, int] = defaultdict(int)
    of_signal: dict[str, int] = defaultdict(int)
    for index, rule in enumerate(book.rules):
        if wanted is None or rule.signal in wanted:
            of_signal[rule.signal] |= 1 << index
            for anchor in rule.pattern.anchors:
                by_anchor[anchor] |= 1 << index
    if not by_anchor or batch.is_empty():
        return
    anchors = sorted(by_anchor)
    found = batch.select(
        row=pl.int_range(pl.len()),
        hits=pl.col("words").str.extract_many(anchors, overlapping=True),
    ).filter(pl.col("hits").list.len() > 0)
    texts, asked = batch["words"].to_list(), _asked(of_signal, wanted, batch.height)
    for row, hits in found.iter_rows():
        met = functools.reduce(operator.or_, map(by_anchor.__getitem__, hits)) & asked[row]
        if not met:
            continue
        words = frozenset(texts[row].split())
        rules = [rule for rule in _of(met, book) if rule.pattern.possible(words)]
        if rules:
            yield _Candidate(row, words, tuple(rules))


def _asked(
    of_signal: Mapping[str, int], wanted: Mapping[str, Sequence[bool]] | None, rows: int
) -> list[int]:
    """The rules that each row is to be tried with, as bits."""
    if wanted is None:
        return [functools.reduce(operator.or_, of_signal.values(), 0)] * rows
    known: dict[tuple[bool, ...], int] = {}
    signals = [signal for signal in wanted if signal in of_signal]
    out = []
    for answers in zip(*(wanted[signal] for signal in signals), strict=True):
        if answers not in known:
            chosen = [
                of_signal[signal] for signal, yes in zip(signals, answers, strict=True) if yes
            ]
            known[answers] = functools.reduce(operator.or_, chosen, 0)
        out.append(known[answers])
    return out


def _of(bits: int, book: PhraseBook) -> Iterator[Rule]:
    """The rules of a book that bits stand for, in order."""
    while bits:
        lowest = bits & -bits
        yield book.rules[lowest.bit_length() - 1]
        bits ^= lowest


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
