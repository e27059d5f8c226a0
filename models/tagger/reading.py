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
        found = [self._one(text) for text in folded]
        signals = len(self.encoder.bias)
        odds = np.array([one for one, _ in found], dtype=np.float32).reshape(-1, signals)
        places = np.array([where for _, where in found], dtype=np.int64)
        return odds, places.reshape(-1, signals, 2)

    def places(self, folded: str, spoke: Ints) -> list[tuple[int, int]]:  # noqa: ARG002
        """The places themselves, which `score` has told: as the fast network is asked for its own."""
        return [(start, end) for start, end in spoke.tolist()]

    def _one(self, text: str) -> tuple[Singles, Ints]:
        pieces, where = self.words.cut(text, _LONGEST_TEXT)
        first, *inner, last = pieces
        room = self.encoder.longest - 2
        parts = [inner[i : i + room] for i in range(0, max(1, len(inner)), room)]
        odds, windows = scores(self.encoder, [[first, *part, last] for part in parts])
        best = odds.argmax(axis=0)
        out = np.zeros((odds.shape[1], 2), dtype=np.int64)
        for j, part in enumerate(best.tolist()):
            start, end = (int(x) + part * room for x in windows[part, j])
            out[j] = where[start][0], where[max(start, end - 1)][1]
        return odds.max(axis=0), out
