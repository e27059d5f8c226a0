"""A tagger for any number of texts: few are read in this process, many where [run] engine says."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import polars as pl

from flows.listening_cluster import Spread
from flows.listening_pool import Pool
from flows.listening_work import Question, part_size
from flows.settings import Settings
from flows.taggers import Tagger


class Elsewhere(Protocol):
    """Other processes that read parts of many texts."""

    def worth(self, name: str, texts: int) -> bool:
        """Whether so many texts are to be read there."""

    def each(self, texts: pl.Series, question: Question) -> Iterator[tuple[int, Any]]:
        """Where each part starts and its answer, in order."""

    def close(self) -> None:
        """Ends what was begun."""


class Readers:
    """`Tagger` of many texts. What it finds depends on no part's size: each text is read alone."""

    def __init__(self, settings: Settings, tagger: Tagger) -> None:
        self._settings, self._tagger = settings, tagger
        dask = settings.run.engine == "dask"
        self._there: Elsewhere = Spread(settings) if dask else Pool(settings.run.threads)

    def __enter__(self) -> Self:
        """Nothing is started before there is enough to read."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends what was started."""
        self._there.close()

    @property
    def languages(self) -> list[str]:
        """Languages that the tagger has a book of."""
        return [book.language for book in self._tagger.books]

    def hints(self, texts: pl.Series) -> pl.DataFrame:
        """`Tagger.hints` of all texts, in their order."""
        parts: list[pl.DataFrame] = [part for _, part in self._answers(texts, "hints")]
        return pl.concat(parts)

    def read(self, texts: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`Tagger.read` of all texts; `row` counts them from 0. Each text is sent and folded once."""
        parts = list(self._answers(texts, "read"))
        found = [tags.with_columns(pl.col("row") + start) for start, (_, tags) in parts]
        return pl.concat(hints for _, (hints, _) in parts), pl.concat(found)

    def find(self, texts: pl.Series, language: str) -> pl.DataFrame:
        """`Tagger.find` of all texts; `row` counts them from 0."""
        parts: Iterator[tuple[int, pl.DataFrame]] = self._answers(texts, "find", language)
        return pl.concat(part.with_columns(pl.col("row") + start) for start, part in parts)

    def _answers(
        self, texts: pl.Series, verb: Literal["hints", "read", "find"], *more: str
    ) -> Iterator[tuple[int, Any]]:
        """Each part's start and answer, in order; at least one part."""
        question = Question(self._settings, self._tagger.name, self._tagger.version, verb, more)
        if self._there.worth(question.name, len(texts)):
            yield from self._there.each(texts, question)
            return
        size = part_size(question.name)
        for start in range(0, max(len(texts), 1), size):
            yield start, question.asked_of(self._tagger, texts[start : start + size])
