"""Which words patterns require, as bits: of hundreds, those that a text may match are told at once."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Mapping, Sequence

from transforms.tagging.pattern import Pattern


class Required:
    """The groups of words of many patterns, each of them a bit.

    A text matches a pattern only where it holds a word of each of the pattern's groups: so a pattern whose `needs`
    share a bit with what the text is `lacking` need not be tried.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        """Number the groups of `patterns`; equal groups are one."""
        bits: dict[frozenset[str], int] = {}
        for group in (group for pattern in patterns for group in pattern.groups):
            bits.setdefault(group, 1 << len(bits))
        self._all = (1 << len(bits)) - 1
        self._of_word: dict[str, int] = {}
        for group, bit in bits.items():
            for word in group:
                self._of_word[word] = self._of_word.get(word, 0) | bit
        self._bits: Mapping[frozenset[str], int] = bits

    def needs(self, pattern: Pattern) -> int:
        """The groups of one of the patterns."""
        return sum(self._bits[group] for group in set(pattern.groups))

    def lacking(self, words: Iterable[str]) -> int:
        """The groups of which a text of these words holds none."""
        held = filter(None, map(self._of_word.get, words))
        return self._all ^ functools.reduce(operator.or_, held, 0)
