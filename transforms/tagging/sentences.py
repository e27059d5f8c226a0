"""Sentences of a folded text, questions, and the reach of negations (after NegEx, Chapman et al. 2001)."""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Set

from transforms.tagging.pattern import TOKEN
from transforms.tagging.phrases import PhraseBook, Scope

_END = re.compile(r"(?<![0-9])[.!?]+|[.!?]+(?![0-9])|\n{2,}")
_TOKEN = re.compile(TOKEN)
_CHARS_PER_WORD = 16
_OPENING = 200


class Sentences:
    """Where sentences end, and which of them ask; nothing is looked for before it is asked for."""

    def __init__(self, text: str, book: PhraseBook) -> None:
        """Take a folded text and the book of its language."""
        self.text, self.book = text, book
        self._asked: dict[int, bool] = {}

    def around(self, position: int) -> tuple[int, int]:
        """Start of the sentence that holds the position, and of the mark that ends it."""
        i = bisect_right(self._starts, position) - 1
        return self._starts[i], self._marks[i][0]

    def asks(self, position: int) -> bool:
        """True in a sentence that ends with a question mark or opens like a question."""
        i = bisect_right(self._starts, position) - 1
        start, (end, after) = self._starts[i], self._marks[i]
        if i not in self._asked:
            opening = self.text[start : min(end, start + _OPENING)]
            marked = "?" in self.text[end:after]
            self._asked[i] = marked or self.book.openers.search(opening)
        return self._asked[i]

    @functools.cached_property
    def _marks(self) -> list[tuple[int, int]]:
        """Start and end of the mark that ends each sentence; the last ends with the text."""
        marks = [match.span() for match in _END.finditer(self.text)]
        marks.append((len(self.text), len(self.text)))
        return marks

    @functools.cached_property
    def _starts(self) -> list[int]:
        return [0, *(end for _, end in self._marks[:-1])]


def cued(text: str, words: Set[str], scope: Scope) -> bool:
    """False when a folded text of these words surely holds no cue, wherever it is cut between words.

    Two apostrophes in a row stand inside a word for some tests and between two for others.
    """
    return scope.before.among(words) or scope.after.among(words) or "''" in text


def negated(
    text: str, hit: tuple[int, int], bounds: tuple[int, int], scope: Scope, *, may: bool = True
) -> bool:
    """True when a cue reaches the mention `hit` from within its sentence.

    A cue reaches `scope.window` words; a stop word between them ends its reach; a pseudo-negation is no cue.
    `may`: whether the text is `cued`; where it is not, only a part of a word, at the end of what is read of a long
    sentence, can look like a cue.
    """
    start, end = hit
    reach = scope.window * _CHARS_PER_WORD
    if not may and start - bounds[0] <= reach and bounds[1] - end <= reach:
        return False
    before = text[max(bounds[0], start - reach) : start]
    tokens = [m.start() for m in _TOKEN.finditer(before)]
    if len(tokens) > scope.window:
        before = before[tokens[-scope.window] :]
    if scope.before.search(before):
        before = _without(before, scope)
        stops = scope.stop.spans(before)
        if scope.before.search(before[stops[-1][1] :] if stops else before):
            return True
    return _negated_after(text[end : min(bounds[1], end + reach)], scope)


def _negated_after(after: str, scope: Scope) -> bool:
    tokens = [m.end() for m in _TOKEN.finditer(after)]
    if len(tokens) > scope.window:
        after = after[: tokens[scope.window - 1]]
    if not scope.after.search(after):
        return False
    after = _without(after, scope)
    stops = scope.stop.spans(after)
    return scope.after.search(after[: stops[0][0]] if stops else after)


def _without(text: str, scope: Scope) -> str:
    """The text with its pseudo-negations blanked."""
    for start, end in scope.pseudo.spans(text):
        text = text[:start] + " " * (end - start) + text[end:]
    return text
