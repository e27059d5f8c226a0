"""Many texts read by several processes: Python's own part of the work holds one thread at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType
from typing import Self, TypeVar

import polars as pl

from flows.settings import Settings
from flows.taggers import Tagger, open_tagger

WORTH_PROCESSES = {"accurate": 1_000}
"""Texts from which on more processes save more than their start costs."""
WORTH_OTHERWISE = 60_000
PART = {"accurate": 200}
PART_OTHERWISE = 20_000
_AHEAD = 2
_opened: dict[str, Tagger] = {}
Part = TypeVar("Part")


class Workers:
    """A tagger that reads any number of texts, in as many processes as [run] threads says.

    What it finds does not depend on their number: each text is read alone. Few texts are read in
    this process; memory holds a few parts of many.
    """

    def __init__(self, settings: Settings, tagger: Tagger) -> None:
        self._settings, self._tagger = settings, tagger
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Processes are started only once there is enough to read."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    @property
    def languages(self) -> list[str]:
        """Languages that the tagger has a book of."""
        return [book.language for book in self._tagger.books]

    def hints(self, texts: pl.Series) -> pl.DataFrame:
        """`Tagger.hints` of all texts, in their order."""
        return pl.concat(part for _, part in self._parts(texts, self._tagger.hints, _hints))

    def read(self, texts: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`Tagger.read` of all texts; `row` counts them from 0. Each text is sent and folded once."""
        parts = list(self._parts(texts, self._tagger.read, _read))
        found = [tags.with_columns(pl.col("row") + start) for start, (_, tags) in parts]
        return pl.concat(hints for _, (hints, _) in parts), pl.concat(found)

    def find(self, texts: pl.Series, language: str) -> pl.DataFrame:
        """`Tagger.find` of all texts; `row` counts them from 0."""
        found = self._parts(texts, lambda part: self._tagger.find(part, language), _find, language)
        return pl.concat(part.with_columns(pl.col("row") + start) for start, part in found)

    def _parts(
        self,
        texts: pl.Series,
        here: Callable[[pl.Series], Part],
        there: Callable[..., Part],
        *more: str,
    ) -> Iterator[tuple[int, Part]]:
        """Each part's start and result, in order; only a few parts wait at a time."""
        name, many = self._tagger.name, self._settings.run.threads
        size = PART.get(name, PART_OTHERWISE)
        starts = range(0, max(len(texts), 1), size)
        if many < 2 or len(texts) < WORTH_PROCESSES.get(name, WORTH_OTHERWISE):
            for start in starts:
                yield start, here(texts[start : start + size])
            return
        waiting: deque[tuple[int, Future[Part]]] = deque()
        for start in starts:
            part = texts[start : start + size]
            waiting.append((start, self._running().submit(there, part, *more)))
            if len(waiting) > _AHEAD * many:
                first, done = waiting.popleft()
                yield first, done.result()
        for first, done in waiting:
            yield first, done.result()

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            told = (self._settings, self._tagger.name)
            self._pool = ProcessPoolExecutor(
                self._settings.run.threads, get_context("spawn"), initializer=_open, initargs=told
            )
        return self._pool


def _open(settings: Settings, name: str) -> None:
    """Opens the tagger once in each process."""
    _opened["tagger"] = open_tagger(settings, name)


def _hints(texts: pl.Series) -> pl.DataFrame:
    return _opened["tagger"].hints(texts)


def _read(texts: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    return _opened["tagger"].read(texts)


def _find(texts: pl.Series, language: str) -> pl.DataFrame:
    return _opened["tagger"].find(texts, language)
