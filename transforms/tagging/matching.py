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
from transforms.tagging.sentences import Sentences, cued, negated

Hit = tuple[int, int]
Hits = dict[tuple[int, str], list[Hit]]
"""Row of a batch and signal to the places in the original text, in order; none overlaps another."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A row that may match: its folded text and its own, the rules whose words it holds, and what words it lacks."""

    row: int
    folded: str
    text: str
    words: frozenset[str]
    rules: tuple[Rule, ...]
    lacking: int


def rule_hits(
    batch: pl.DataFrame, book: PhraseBook, wanted: Mapping[str, Sequence[bool]] | None = None
) -> Hits:
    """Mentions of the book's signals in a batch of judged passages.

    `wanted`: signal to one answer a row, whether it is worth a look; a signal that it lacks never
    is. Without it every signal is looked for everywhere.
    """
    found: Hits = {}
    for candidate in _candidates(batch, book, wanted):
        hits = _matches(candidate, book)
        for signal, places in original(candidate.text, hits).items():
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
        pl.col("words").str.extract_many(anchors, overlapping=True).alias("hits"),
        pl.int_range(pl.len()).alias("row"),
        "folded", "text", "words",
    ).filter(pl.col("hits").list.len() > 0)  # fmt: skip
    asked, needs, required = _asked(of_signal, wanted, batch.height), book.needs, book.required
    for hits, row, folded, text, said in found.iter_rows():
        met = functools.reduce(operator.or_, map(by_anchor.__getitem__, hits)) & asked[row]
        if not met:
            continue
        words = said.split()
        lacking = required.lacking(words)
        rules = tuple(book.rules[i] for i in _bits(met) if not needs[i] & lacking)
        if rules:
            yield _Candidate(row, folded, text, frozenset(words), rules, lacking)


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


def _bits(bits: int) -> Iterator[int]:
    """The places of the bits that are set, in order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _matches(candidate: _Candidate, book: PhraseBook) -> dict[str, list[Hit]]:
    text = candidate.folded
    places = Places(text, candidate.words)
    sentences = Sentences(text, book)
    may = cued(text, candidate.words, book.scope)
    found: dict[str, list[Hit]] = {}
    for rule in candidate.rules:
        for start, end in rule.pattern.spans(places):
            hit = _trim(text, start, end)
            if rule.kind == "question" and not sentences.asks(hit[0]):
                continue
            if rule.kind == "phrases" and negated(
                text, hit, sentences.around(hit[0]), book.scope, may=may
            ):
                continue
            found.setdefault(rule.signal, []).append(hit)
    kept: dict[str, list[Hit]] = {}
    for signal, hits in found.items():
        cancels = _cancels(places, book.cancels[signal], candidate.lacking)
        if left := [hit for hit in hits if not _cancelled(hit, cancels, sentences)]:
            kept[signal] = _merge(left)
    return kept


def _cancels(
    places: Places, patterns: Sequence[tuple[str, int, Pattern]], lacking: int
) -> list[tuple[str, Hit]]:
    """What cancels mentions of one signal in one passage: kind and place; only phrases whose words are there are looked for."""
    return [
        (kind, span)
        for kind, needs, pattern in patterns
        if not needs & lacking
        for span in pattern.spans(places)
    ]


def _cancelled(hit: Hit, cancels: Sequence[tuple[str, Hit]], sentences: Sentences) -> bool:
    """Whether something cancels a mention: in its passage, in its sentence, or touching it."""
    for kind, (start, end) in cancels:
        if kind == "exclude_passage":
            return True
        if kind == "exclude_overlap":
            if start < hit[1] and hit[0] < end:
                return True
        elif (bounds := sentences.around(hit[0]))[0] <= start < bounds[1]:
            return True
    return False


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
