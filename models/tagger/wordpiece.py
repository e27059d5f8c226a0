"""Words into the pieces that a BERT encoder reads (uncased WordPiece: Devlin and others 2019)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

START, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
_LONGEST_WORD = 100
_IGNORED = frozenset({"Mn", "Cc", "Cf", "Cs", "Co"})
_ROUND = 4
"""Characters of text read for each piece that may be kept: enough, and it bounds long texts."""


@dataclass(slots=True)
class WordPieces:
    """A vocabulary, ready to cut texts: `vocabulary` maps each piece to its number."""

    vocabulary: Mapping[str, int]
    _known: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def cut(self, text: str, limit: int) -> tuple[list[int], list[tuple[int, int]]]:
        """Numbers of at most `limit` pieces, the two marks included, and where each stands in `text`.

        Marks stand nowhere: (0, 0). Only as much of a long text is read as can fill `limit`.
        """
        numbers, places = [self.vocabulary[START]], [(0, 0)]
        for word, start, end in _words(text[: limit * _ROUND * 4]):
            for number in self.pieces(word):
                if len(numbers) == limit - 1:
                    break
                numbers.append(number)
                places.append((start, end))
        return [*numbers, self.vocabulary[END]], [*places, (0, 0)]

    @property
    def unknown(self) -> int:
        """The piece of what cannot be cut."""
        return self.vocabulary[UNKNOWN]

    def pieces(self, word: str) -> tuple[int, ...]:
        """The pieces of one word in lower case."""
        found = self._known.get(word)
        if found is None:
            found = self._split(word)
            if len(self._known) < 200_000:
                self._known[word] = found
        return found

    def _split(self, word: str) -> tuple[int, ...]:
        """The longest known piece from the front, again and again; one unknown piece where that fails."""
        if len(word) > _LONGEST_WORD:
            return (self.unknown,)
        out: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.vocabulary:
                    out.append(self.vocabulary[piece])
                    break
            else:
                return (self.unknown,)
            start = end
        return tuple(out)


def _words(text: str) -> list[tuple[str, int, int]]:
    """Lower-case words without accents, each mark of punctuation a word, with start and end."""
    out: list[tuple[str, int, int]] = []
    word: list[str] = []
    begun = last = 0
    for at, raw in enumerate(text):
        if raw.isascii() and raw.isalnum():
            shown, alone = raw.lower(), False
        else:
            shown, alone = _shown(raw)
        if (not shown or alone) and word and not _ignored(raw):
            out.append(("".join(word), begun, last))
            word = []
        if alone:
            out.append((shown, at, at + 1))
        elif shown:
            if not word:
                begun = at
            word.append(shown)
            last = at + 1
    if word:
        out.append(("".join(word), begun, last))
    return out


def _ignored(char: str) -> bool:
    return not char.isascii() and unicodedata.category(char) in _IGNORED


def _shown(char: str) -> tuple[str, bool]:
    """What is read for a character, and whether it is a word of its own; nothing for a space."""
    if char.isspace() or _ignored(char) or (char.isascii() and not char.isprintable()):
        return "", False
    if char.isascii() or unicodedata.category(char).startswith("P") or _is_ideograph(char):
        return char, True
    parts = unicodedata.normalize("NFD", char.lower())
    return "".join(p for p in parts if unicodedata.category(p) not in _IGNORED), False


def _is_ideograph(char: str) -> bool:
    code = ord(char)
    return 0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0xF900 <= code <= 0xFAFF


def vocabulary_of(pieces: Sequence[str]) -> dict[str, int]:
    """Numbers of the pieces of a vocabulary file, one a line; ValueError where a mark is missing."""
    found = {piece: number for number, piece in enumerate(pieces)}
    for mark in (START, END, UNKNOWN):
        if mark not in found:
            raise ValueError(f"the vocabulary lacks {mark}")
    return found
