"""How often each phrase of the English book is right: `python -m bench.tagger.firmness [--data FOLDER]`.

On labelled passages of the folder, which the phrases' author has read, and on passages of our own,
which were written later: the former flatter, the latter are meant to be hard.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from statsmodels.stats.proportion import proportion_confint

from bench.tagger.material import ROOT, SIGNALS, Labelled, labelled, own
from transforms.tagging import PhraseBook, parse_phrases
from transforms.tagging.judging import read_words
from transforms.tagging.matching import rule_hits

FEWEST = 5
LEVELS = (0.5, 0.6, 0.7, 0.8)


@dataclass(frozen=True, slots=True)
class Firmness:
    """A phrase, the passages that it finds alone, and how many of them carry its signal."""

    signal: str
    kind: str
    phrase: str
    found: int
    right: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share that is right (Wilson 1927)."""
        lo, hi = proportion_confint(self.right, self.found, alpha=0.05, method="wilson")
        return float(lo), float(hi)


def english() -> PhraseBook:
    """The English book."""
    raw = tomllib.loads((ROOT / "data" / "phrases" / "en.toml").read_text("utf-8"))
    return parse_phrases("en", raw)


def measured(book: PhraseBook, passages: Sequence[Labelled]) -> list[Firmness]:
    """Every phrase that finds `FEWEST` passages or more, the firmest first.

    A phrase is tried alone, with the negations and exclusions of its book.
    """
    words = read_words(pl.Series([text for one in passages for text in one.texts]))
    told = [row for one in passages for row in one.labels.tolist()]
    out = []
    for rule in book.rules:
        alone = dataclasses.replace(book, rules=(rule,))
        rows = {row for row, _ in rule_hits(words, alone)}
        right = sum(told[row][SIGNALS.index(rule.signal)] for row in rows)
        out.append(Firmness(rule.signal, rule.kind, rule.pattern.source, len(rows), right))
    enough = [one for one in out if one.found >= FEWEST]
    return sorted(enough, key=lambda one: (-one.interval[0], one.signal, one.kind, one.phrase))


def main(arguments: Sequence[str]) -> int:
    """Prints each phrase with its share and interval, and how many stand above each level."""
    parser = argparse.ArgumentParser(prog="python -m bench.tagger.firmness", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of third-party data")
    asked = parser.parse_args(arguments)
    passages = [own()]
    if asked.data:
        passages.append(labelled(asked.data / "passages" / "passages_train.jsonl"))
    book = english()
    found = measured(book, passages)
    for one in found:
        lo, hi = one.interval
        share = f"{one.right:4} of {one.found:4}  [{lo:.2f}, {hi:.2f}]"
        print(f"{share}  {one.signal:20} {one.kind:8} {one.phrase[:80]}")
    for level in LEVELS:
        above = sum(one.interval[0] >= level for one in found)
        print(
            f"{above} of {len(book.rules)} phrases: right {level:.0%} of the time at the lower end"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
