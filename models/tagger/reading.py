"""The accurate tagger's reader: any length of text through an encoder that reads 128 pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.tagger.encoder import Encoder, scores
from models.tagger.wordpiece import WordPieces
from models.types import Ints, Singles

_LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Reader:
    """An encoder and its vocabulary."""

    words: WordPieces
    encoder: Encoder

    def score(self, folded: Sequence[str]) -> tuple[Singles, Ints]:
        """Log odds, passages x signals, and where in the folded text it is said: x 2, characters.

        A text of more pieces than the encoder reads is read in parts, and its odds are those of
        the part that says most.
        """
        cut = [self._parts(text) for text in folded]
        told, windows = scores(self.encoder, [part for parts, _ in cut for part in parts])
        signals = len(self.encoder.bias)
        odds = np.empty((len(folded), signals), dtype=np.float32)
        places = np.zeros((len(folded), signals, 2), dtype=np.int64)
        first = 0
        for i, (parts, where) in enumerate(cut):
            rows = slice(first, first + len(parts))
            odds[i], places[i] = self._loudest(told[rows], windows[rows], where)
            first = rows.stop
        return odds, places

    def places(self, folded: str, spoke: Ints) -> list[tuple[int, int]]:  # noqa: ARG002
        """The places themselves, which `score` has told: as the fast network is asked for its own."""
        return [(start, end) for start, end in spoke.tolist()]

    @property
    def _room(self) -> int:
        """Pieces of a part, without the marks of its beginning and end."""
        return self.encoder.longest - 2

    def _parts(self, text: str) -> tuple[list[list[int]], list[tuple[int, int]]]:
        """The pieces of a text in parts that the encoder can read, and where each piece stands."""
        pieces, where = self.words.cut(text, _LONGEST_TEXT)
        first, *inner, last = pieces
        starts = range(0, max(1, len(inner)), self._room)
        return [[first, *inner[i : i + self._room], last] for i in starts], where

    def _loudest(
        self, odds: Singles, windows: Ints, where: list[tuple[int, int]]
    ) -> tuple[Singles, Ints]:
        """The odds of the part that says most, by signal, and the characters where it does."""
        out = np.zeros((odds.shape[1], 2), dtype=np.int64)
        for j, part in enumerate(odds.argmax(axis=0).tolist()):
            start, end = (int(x) + part * self._room for x in windows[part, j])
            out[j] = where[start][0], where[max(start, end - 1)][1]
        return odds.max(axis=0), out
