"""A limit on the time of a night that holds wherever it runs: main thread, service or worker."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from flows.descendants import end_children
from flows.errors import Refusal
from flows.stopwatch import now

GRACE_SECONDS = 60.0
"""How long a night that is told to stop may take to do so, before its process ends."""
EXIT_CODE = 1


class NightTooLong(Refusal):
    """The night was ended at its limit; the message is one line with the remedy."""


class _Late(BaseException):
    """Raised in the middle of whatever runs too long; no `except Exception` may hold it up."""


@contextmanager
def deadline(
    seconds: float, overrun: Callable[[NightTooLong], object], grace: float = GRACE_SECONDS
) -> Iterator[None]:
    """Ends what runs inside after `seconds` with NightTooLong.

    In the main thread it interrupts a call that waits for a disk or share; in another one, and
    where compiled code runs on, it waits for that to return. `overrun` is called and may tell people.
    What has not ended `grace` seconds later, telling included, never will: `overrun` is called in a
    thread of its own, then this process and its children end.
    """
    done = _Done()
    main = threading.current_thread() is threading.main_thread()
    told = (seconds, grace, done, overrun, None if main else threading.get_ident())
    threading.Thread(target=_watch, args=told, daemon=True).start()
    try:
        with _alarm(seconds):
            yield
    except _Late:
        error = _too_long(seconds)
        overrun(error)
        raise error from None
    finally:
        with done.lock:
            done.event.set()


@dataclass(frozen=True, slots=True)
class _Done:
    """Whether what is watched has ended; whoever holds `lock` knows that it does not end now."""

    event: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _too_long(seconds: float) -> NightTooLong:
    stage = now().get("stage", "start")
    return NightTooLong(
        f"the night was ended after {seconds / 60:g} minutes, in the stage {stage}; see whether a "
        "source or disk hangs, or raise [run] timeout_minutes"
    )


def _watch(
    seconds: float,
    grace: float,
    done: _Done,
    overrun: Callable[[NightTooLong], object],
    thread: int | None,
) -> None:
    if done.event.wait(seconds):
        return
    error = _too_long(seconds)
    with done.lock:
        if thread is not None and not done.event.is_set():
            late = ctypes.py_object(_Late)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), late)
    if done.event.wait(grace):
        return
    teller = threading.Thread(target=overrun, args=(error,), daemon=True)
    teller.start()
    teller.join(grace)
    end_children()
    os._exit(EXIT_CODE)


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raises _Late in the main thread after `seconds`; a timer that ran before goes on after."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise _Late

    before = signal.signal(signal.SIGALRM, late)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)
