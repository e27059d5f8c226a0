"""One piece of pure work in a process of its own while the night goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

LOG = logging.getLogger("hearcast")
Answer = TypeVar("Answer")


class Beside(Generic[Answer]):
    """`work(asked)` begins at once elsewhere; `answer` waits for it.

    What it raises is raised by `answer`. Where its process dies, as where memory runs out, or could
    not be started, the work is done here: the answer is the same. Left as a context, it ends.
    """

    def __init__(self, work: Callable[[Any], Answer], asked: Any) -> None:  # noqa: ANN401 - work's
        self._work, self._asked = work, asked
        context = get_context("spawn")
        self._told, there = context.Pipe(duplex=False)
        self._process = context.Process(target=_tell, args=(there, work, asked), daemon=True)
        # A process takes what it is given only once it has read its libraries, for seconds.
        starter = ThreadPoolExecutor(1)
        self._started = starter.submit(self._start, there)
        starter.shutdown(wait=False)

    def _start(self, there: Connection) -> None:
        try:
            self._process.start()
        except OSError:
            LOG.warning("no process could be started beside the night; its work is done here")
        finally:
            there.close()

    def __enter__(self) -> Beside[Answer]:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the process, whatever it was doing."""
        wait([self._started])
        if self._process.pid is not None:
            self._process.kill()
            self._process.join()
        self._told.close()

    def answer(self) -> Answer:
        """What the work gives. At most once."""
        self._started.result()
        try:
            answer, error = self._told.recv()
        except (EOFError, OSError):
            LOG.warning("a process beside the night was killed; its work is done here")
            return self._work(self._asked)
        if error is not None:
            raise error
        return answer  # type: ignore[no-any-return]


def _tell(there: Connection, work: Callable[[Any], Any], asked: Any) -> None:  # noqa: ANN401
    """Runs in the other process; nobody listens any more where the night was killed."""
    told: tuple[Any, Exception | None]
    try:
        told = (work(asked), None)
    except Exception as error:  # noqa: BLE001 - raised again where it is asked for
        told = (None, error)
    with suppress(OSError):
        there.send(told)
