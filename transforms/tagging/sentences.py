"""Sentences of a folded text, questions, and the reach of negations (after NegEx, Chapman et al. 2001)."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from transforms.tagging.pattern import TOKEN
from transforms.tagging.phrases import PhraseBook, Scope

_END = re.compile(r"(?<![0-9])[.!?]+|[.!?]+(?![0-9])|\n{2,}")
_TOKEN = re.compile(TOKEN)
_CHARS_PER_WORD = 16
_OPENING = 200


@dataclass
class Sentences:
    """Where sentences end, and which of them ask. `ends[i]` is the first character of the mark that ends i."""

    text: str
    book: PhraseBook

    def __post_init__(self) -> None:
        marks = [(m.start(), m.end(), "?" in m.group()) for m in _END.finditer(self.text)]
        marks.append((len(self.text), len(self.text), False))
        self._starts = [0, *(end for _, end, _ in marks[:-1])]
        self._marks = marks
        self._asked: dict[int, bool] = {}

    def around(self, position: int) -> tuple[int, int]:
        """Start and end of the sentence that holds the position."""
        i = bisect_right(self._starts, position) - 1
        return self._starts[i], self._marks[i][0]

    def asks(self, position: int) -> bool:
        """True in a sentence that ends with a question mark or opens like a question."""
        i = bisect_right(self._starts, position) - 1
        start, (end, _, marked) = self._starts[i], self._marks[i]
        if i not in self._asked:
            opening = self.text[start : min(end, start + _OPENING)]
            self._asked[i] = marked or self.book.openers.search(opening)
        return self._asked[i]


def negated(text: str, hit: tuple[int, int], bounds: tuple[int, int], scope: Scope) -> bool:
    """True when a cue reaches the mention `hit` from within its sentence.

    A cue reaches `scope.window` words; a stop word between them ends its reach; a pseudo-negation is no cue.
    """
    start, end = hit
    reach = scope.window * _CHARS_PER_WORD
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
