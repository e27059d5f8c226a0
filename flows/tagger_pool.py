"""Many texts read by several processes: Python's own part of the work holds one thread at a time."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType
from typing import Self, TypeVar

import polars as pl

from flows.progress import BAR
from flows.settings import Settings
from flows.taggers import Tagger, open_tagger

WORTH_PROCESSES = {"accurate": 1_000}
"""Texts from which on more processes save more than their start costs."""
WORTH_OTHERWISE = 60_000
PART = {"accurate": 200}
PART_OTHERWISE = 20_000
_AHEAD = 2
TRIES = 3
"""How often what a killed process was reading is read again."""
LOG = logging.getLogger("hearcast")
_opened: dict[str, Tagger] = {}
Part = TypeVar("Part")


class Workers:
    """A tagger that reads any number of texts, in as many processes as [run] threads says.

    What it finds does not depend on their number: each text is read alone. Few texts are read in
    this process; memory holds a few parts of many. A process that is killed, as where memory runs
    out, ends the others, too: what was under way is read again by fewer processes in smaller
    parts. BrokenProcessPool or MemoryError where that does not help.
    """

    def __init__(self, settings: Settings, tagger: Tagger) -> None:
        self._settings, self._tagger = settings, tagger
        self._pool: ProcessPoolExecutor | None = None
        self._many = settings.run.threads

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
        self._end()

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

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
        name = self._tagger.name
        size = PART.get(name, PART_OTHERWISE)
        starts = range(0, max(len(texts), 1), size)
        if self._settings.run.threads < 2 or len(texts) < WORTH_PROCESSES.get(
            name, WORTH_OTHERWISE
        ):
            for start in starts:
                yield start, here(texts[start : start + size])
            return
        at, tries = 0, 0
        while at < len(texts):
            try:
                for start, found, read in self._shared(texts, at, size, there, *more):
                    at = start + read
                    BAR.shards("listen", at, len(texts))
                    yield start, found
            except (BrokenProcessPool, MemoryError):
                self._end()
                tries += 1
                if tries > TRIES:
                    raise
                size, self._many = max(size // 4, 1), max(self._many // 2, 1)
                LOG.warning(
                    "a process that reads texts was killed, as where memory runs out; %s texts are "
                    "read again by %s in parts of %s", len(texts) - at, self._many, size,
                )  # fmt: skip

    def _shared(
        self, texts: pl.Series, at: int, size: int, there: Callable[..., Part], *more: str
    ) -> Iterator[tuple[int, Part, int]]:
        """Start, result and size of each part from `at` on, in order, by several processes."""
        waiting: deque[tuple[int, int, Future[Part]]] = deque()
        for start in range(at, len(texts), size):
            part = texts[start : start + size]
            waiting.append((start, len(part), self._running().submit(there, part, *more)))
            if len(waiting) > _AHEAD * self._many:
                first, read, done = waiting.popleft()
                yield first, done.result(), read
        for first, read, done in waiting:
            yield first, done.result(), read

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            told = (self._settings, self._tagger.name)
            self._pool = ProcessPoolExecutor(
                self._many, get_context("spawn"), initializer=_open, initargs=told
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
