"""The tagger that the settings ask for, and what it says of texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from flows.night import phrase_books
from flows.settings import Settings
from flows.tagger_files import code_digest, read_accurate, read_fast
from models.tagger.files import About
from models.tagger.reading import Reader
from models.tagger.windows import Windows
from transforms.tagging import PhraseBook, tagger_version
from transforms.tagging.combined import (
    found_by_rules,
    found_together,
    hits_where,
    ruled,
)
from transforms.tagging.judging import hinted, read_words
from transforms.tagging.matching import rule_hits

HINTS = ("hint", "decided", "worded")
"""What words say of their language, as `transforms.tagging.judging.hinted` tells it."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A network, and what its odds mean beside rules."""

    network: Windows | Reader
    about: About


@dataclass(frozen=True, slots=True)
class Tagger:
    """Something that tags: its name, its version, and what it is made of."""

    name: str
    version: str
    books: list[PhraseBook]
    learned: Learned | None

    def hints(self, texts: pl.Series) -> pl.DataFrame:
        """What the words of each text say of its language: `hint`, `decided` and `worded`."""
        return hinted(read_words(texts), self.books).select(HINTS)

    def find(self, texts: pl.Series, language: str) -> pl.DataFrame:
        """Tags of texts in one language as `FOUND_SCHEMA`; `row` counts texts from 0."""
        return self._find(read_words(texts), language)

    def read(self, texts: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`hints` of texts, and `find` with its `language` of those whose words decide for a book."""
        words = hinted(read_words(texts), self.books)
        hints, words = words.select(HINTS), words.with_row_index("row")
        found = []
        for book in self.books:
            own = words.filter("decided", "worded", pl.col("hint") == book.language)
            tags = self._find(own, book.language)
            rows = own["row"].gather(tags["row"]).cast(pl.Int64)
            found.append(tags.with_columns(rows, pl.lit(book.language).alias("language")))
        return hints, pl.concat(found)

    def _find(self, words: pl.DataFrame, language: str) -> pl.DataFrame:
        book, learned = next(book for book in self.books if book.language == language), self.learned
        if learned is None or book.language not in learned.about.languages:
            return found_by_rules(rule_hits(words, book), book.confidence)
        signals, stack = learned.about.signals, learned.about.stack
        folded = words["folded"].to_list()
        odds, spoke = learned.network.score(folded)
        hits = hits_where(words, book, signals, stack.open(odds))
        by_rule = ruled(hits, len(folded), signals)
        chance = stack.chance(odds, by_rule)
        tagged = stack.tagged(chance)
        windows = {
            (row, column): place
            for row in np.flatnonzero((tagged & ~by_rule).any(axis=1)).tolist()
            for column, place in enumerate(learned.network.places(folded[row], spoke[row]))
        }
        return found_together(
            words, signals, tagged=tagged, chance=chance, hits=hits, windows=windows
        )


def open_tagger(settings: Settings, name: str | None = None) -> Tagger:
    """The tagger called `name`, else the one of the settings. SettingsError where a file is missing."""
    books = phrase_books(settings)
    name = name or settings.tagging.tagger
    learned, model = None, ""
    if name == "fast":
        network, about, model = read_fast()
        learned = Learned(network, about)
    elif name == "accurate":
        reader, about, model = read_accurate(settings)
        learned = Learned(reader, about)
    version = tagger_version(books, name, code=code_digest(), model=model)
    return Tagger(name, version, books, learned)
