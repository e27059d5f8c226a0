"""A small network that reads a passage by windows of five pieces, fast enough for backfills.

Each of its features is the strongest answer that any window gives (Kim 2014, "Convolutional neural
networks for sentence classification"), so it also tells which window spoke.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import polars as pl

from models.compiled import compiled
from models.tagger.wordpiece import WordPieces
from models.types import Halves, Ints, Shorts, Singles

_WORD_WITH_MARKS = re.compile(r"[a-z0-9\x80-\U0010ffff]+(?:'+[a-z0-9\x80-\U0010ffff]+)*|[?!$]")
_KEPT_WORDS = 500_000
_BETWEEN, _NO_PIECE = "\n", -1
"""What stands between texts: no text holds a line break once its words are spaced."""
HOPELESS = -6.0
"""Log odds up to which nobody asks where it was said."""


def words_of(folded: str) -> list[str]:
    """The words of a folded text, without apostrophes, and its question and exclamation marks."""
    return [word for word in spaced([folded])[0].split(" ") if word]


def spaced(folded: Sequence[str]) -> list[str]:
    """The same of many texts, words between spaces."""
    texts = pl.Series(folded, dtype=pl.String).str.replace_all("'", "", literal=True)
    texts = texts.str.replace_all(r"[^a-z0-9?!$\x{80}-\x{10ffff}]+", " ")
    return texts.str.replace_all(r"([?!$])", " ${1} ").to_list()


@dataclass(frozen=True, slots=True)
class Windows:
    """Weights, ready to use.

    `table`: pieces x places of a window x features, what a piece adds at that place, in units of
    `step`: whole numbers, so that sums are exact and a piece's lie together. `start`: one a
    feature. `weigh`: signals x features. `mean`: pieces x signals. `base`: one a signal.
    """

    words: WordPieces
    table: Halves
    step: float
    start: Singles
    weigh: Singles
    mean: Singles
    base: Singles
    known: _Known = field(init=False)

    def __post_init__(self) -> None:
        """What is kept of words begins empty."""
        object.__setattr__(self, "known", _Known(self.words))

    def score(self, folded: Sequence[str]) -> tuple[Singles, Ints]:
        """Log odds, passages x signals, and the piece in the middle of the window that says most.

        A passage's figures do not hang on what is read beside it.
        """
        numbers, ends = self._pieces(spaced(folded))
        odds = np.empty((len(folded), len(self.base)), dtype=np.float32)
        spoke = np.zeros(odds.shape, dtype=np.int32)
        step = np.float32(self.step)
        net = (self.table, step, self.start, self.weigh, self.mean, self.base)
        _read(numbers, ends, *net, odds, spoke)
        return odds, spoke.astype(np.int64)

    def places(self, folded: str, spoke: Ints) -> list[tuple[int, int]]:
        """Start and end in the folded text of the windows around the pieces `spoke`."""
        where: list[tuple[int, int]] = []
        for match in _WORD_WITH_MARKS.finditer(folded):
            where += [match.span()] * len(self.known[match.group().replace("'", "")])
        if not where:
            return [(0, len(folded))] * len(spoke)
        reach = self.table.shape[1] // 2
        last = len(where) - 1
        return [
            (where[max(0, at - reach)][0], where[min(last, at + reach)][1]) for at in spoke.tolist()
        ]

    def _pieces(self, texts: Sequence[str]) -> tuple[Shorts, Ints]:
        """The pieces of spaced texts one after the other, at least one each, and where each ends."""
        if not texts:
            return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64)
        words = f" {_BETWEEN} ".join(texts).split(" ")
        found = chain.from_iterable(map(self.known.__getitem__, words))
        marked = np.fromiter(found, dtype=np.int32)
        between = np.flatnonzero(marked == _NO_PIECE)
        empty = np.flatnonzero(np.diff(between, prepend=-1, append=len(marked)) == 1)
        if len(empty):
            marked = np.insert(marked, np.append(between, len(marked))[empty], self.words.unknown)
            between = np.flatnonzero(marked == _NO_PIECE)
        ends = np.append(between, len(marked)) - np.arange(len(texts))
        return marked[marked != _NO_PIECE], ends


class _Known(dict[str, tuple[int, ...]]):
    """Words to their pieces; filled on first use, always with the same value."""

    def __init__(self, words: WordPieces) -> None:
        super().__init__({"": (), _BETWEEN: (_NO_PIECE,)})
        self._words = words

    def __missing__(self, word: str) -> tuple[int, ...]:
        found = self._words.pieces(word)
        if len(self) < _KEPT_WORDS:
            self[word] = found
        return found


@compiled
def _read(  # noqa: PLR0917 - compiled code takes plain arrays
    pieces: Shorts,
    ends: Ints,
    table: Halves,
    step: np.float32,
    start: Singles,
    weigh: Singles,
    mean: Singles,
    base: Singles,
    odds: Singles,
    spoke: Shorts,
) -> None:
    """Fills `odds`, and `spoke` where the odds are not hopeless: the middle of the loudest window."""
    features, signals = len(start), len(base)
    best = np.empty(features, dtype=np.float32)
    at = np.empty(features, dtype=np.int32)
    most = 0
    begin = 0
    for i in range(len(ends)):
        most = max(most, ends[i] - begin)
        begin = ends[i]
    here = np.empty((most, features), dtype=np.int32)
    begin = 0
    for i in range(len(ends)):
        n = ends[i] - begin
        _sums(pieces[begin : begin + n], table, here)
        _strongest(here, n, start, step, best, at)
        for s in range(signals):
            total = np.float32(0.0)
            for t in range(begin, begin + n):
                total += mean[pieces[t], s]
            total = base[s] + total / np.float32(max(n, 1))
            for f in range(features):
                total += weigh[s, f] * best[f]
            odds[i, s] = total
            spoke[i, s] = _loudest(weigh[s], best, at, n) if total > HOPELESS else 0
        begin = ends[i]


@compiled
def _sums(pieces: Shorts, table: Halves, here: Shorts) -> None:
    """Fills the first rows of `here`, one a window, with what its pieces add to each feature."""
    n, width = len(pieces), table.shape[1]
    reach = width // 2
    here[:n] = 0
    for t in range(n):
        added = table[pieces[t]]
        for j in range(max(0, t + reach - n + 1), min(width, t + reach + 1)):
            row, window = added[j], here[t + reach - j]
            for f in range(len(row)):
                window[f] += row[f]


@compiled
def _strongest(  # noqa: PLR0917 - compiled code takes plain arrays
    here: Shorts, n: int, start: Singles, step: np.float32, best: Singles, at: Shorts
) -> None:
    """Fills `best`, the strength of each feature in the window where it is greatest, and `at`."""
    best[:] = 0.0
    at[:] = 0
    for t in range(n):
        window, now = here[t], np.int32(t)
        for f in range(len(best)):
            strength = start[f] + step * np.float32(window[f])
            better = strength > best[f]
            best[f] = strength if better else best[f]
            at[f] = now if better else at[f]


@compiled
def _loudest(weigh: Singles, best: Singles, at: Shorts, n: int) -> int:
    """The window that adds most of what the features say; the first of equals."""
    said = np.zeros(max(n, 1), dtype=np.float32)
    for f in range(len(weigh)):
        said[at[f]] += weigh[f] * best[f]
    top = 0
    for t in range(1, n):
        if said[t] > said[top]:
            top = t
    return top
