"""Parts of many texts read by several processes: Python's own part of the work holds one thread at a time."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from typing import Any

import polars as pl

from flows.listening_work import Question, part_size
from flows.progress import BAR

WORTH_PROCESSES = {"accurate": 1_000}
"""Texts from which on more processes save more than their start costs."""
WORTH_OTHERWISE = 60_000
_AHEAD = 2
TRIES = 3
"""How often what a killed process was reading is read again."""
LOG = logging.getLogger("hearcast")


class Pool:
    """Processes of this machine, `many` at most; none is started before there is enough to read.

    Memory holds a few parts of many. A process that is killed, as where memory runs out, ends the
    others, too: what was under way is read again by fewer processes in smaller parts.
    BrokenProcessPool or MemoryError where that does not help.
    """

    def __init__(self, many: int) -> None:
        self._many = many
        self._pool: ProcessPoolExecutor | None = None
        self._others: set[BaseProcess] = set()

    def worth(self, name: str, texts: int) -> bool:
        """Whether so many texts are quicker read here than in the process that asks."""
        return self._many > 1 and texts >= WORTH_PROCESSES.get(name, WORTH_OTHERWISE)

    def each(self, texts: pl.Series, question: Question) -> Iterator[tuple[int, Any]]:
        """Where each part starts and its answer, in order."""
        at, tries, size = 0, 0, part_size(question.name)
        while at < len(texts):
            try:
                for start, answer, read in self._shared(texts, at, size, question):
                    at = start + read
                    BAR.shards("listen", at, len(texts))
                    yield start, answer
            except (BrokenProcessPool, MemoryError):
                self._kill()
                self.close()
                tries += 1
                if tries > TRIES:
                    raise
                size, self._many = max(size // 4, 1), max(self._many // 2, 1)
                LOG.warning(
                    "a process that reads texts was killed, as where memory runs out; %s texts are "
                    "read again by %s in parts of %s", len(texts) - at, self._many, size,
                )  # fmt: skip

    def _kill(self) -> None:
        """Ends the processes at once, one that started while the pool broke, too: nobody else would.

        Python's own pool may wait for such a one forever.
        """
        for one in set(active_children()) - self._others:
            one.kill()

    def close(self) -> None:
        """Ends the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _shared(
        self, texts: pl.Series, at: int, size: int, question: Question
    ) -> Iterator[tuple[int, Any, int]]:
        """Start, answer and size of each part from `at` on, in order."""
        waiting: deque[tuple[int, int, Future[Any]]] = deque()
        for start in range(at, len(texts), size):
            part = texts[start : start + size]
            waiting.append((start, len(part), self._running().submit(question, part)))
            if len(waiting) > _AHEAD * self._many:
                first, read, done = waiting.popleft()
                yield first, done.result(), read
        for first, read, done in waiting:
            yield first, done.result(), read

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._others = set(active_children())
            self._pool = ProcessPoolExecutor(self._many, get_context("spawn"))
        return self._pool
