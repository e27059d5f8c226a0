"""A night in a process of its own, watched: whatever ends that process does not end the watch.

Standard library only until something is wrong, so that the watcher is the last that a system out
of memory would end.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flows.descendants import (
    NIGHT_OF,
    adopt_orphans,
    descendants,
    end_abandoned,
    end_children,
    identity,
)
from flows.stepping import Stepping, ended_by
from flows.stopwatch import STAGE_FILE

LOG = logging.getLogger("hearcast")
PARENT = "HEARCAST_SUPERVISED_BY"
"""Environment variable of a watched process: the id of the process that watches it."""
ROOM_SECONDS = 240.0
"""Beyond a night's own limit: for its own ways to end, and to tell of it."""
SHOWN = 128
"""What a shell adds to a signal's number."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a watched process ended: exit code, or minus the signal; what it did last."""

    code: int
    doing: Mapping[str, object]
    late: bool = False


def supervise(
    command: Sequence[str],
    seconds: float | None,
    lost: Callable[[Ended, str], object],
    *,
    apart: bool = False,
) -> Ended:
    """Runs `command`, a night or what reads as one, to its end; the answer of the last attempt.

    A night that is killed or crashes while it listens or forecasts, as where memory runs out, is
    run again from the next rung below; one that crashes of a delivered file, without that. One that
    dies elsewhere, or that still runs `seconds` and some minutes on, is lost: `lost` is called to
    tell of it. What it started is ended, too. `apart`: signals from the terminal do not reach it.
    Ended with the thread that calls.
    """
    end_abandoned()
    stepping, others = Stepping(), descendants(os.getpid())
    while True:
        most = None if seconds is None else seconds + ROOM_SECONDS
        ended = _once(command, most, stepping, apart=apart)
        if ended.code >= 0 and not ended.late:
            return ended
        end_children(others)
        if -ended.code in (signal.SIGTERM, signal.SIGINT):
            return ended
        below = None if ended.late else stepping.below(ended.doing, -ended.code)
        if below is None:
            lost(ended, _said(ended))
            return ended
        LOG.error(stepping.next_try(below, -ended.code))
        stepping = below


def _said(ended: Ended) -> str:
    stage = ended.doing.get("stage", "start")
    if ended.late:
        return f"the night did not end at its limit, in the stage {stage}, and was killed"
    return f"the night {ended_by(-ended.code)} in the stage {stage}"


def shell_code(ended: Ended) -> int:
    """The exit code that a shell would show."""
    if ended.late:
        return 1
    return ended.code if ended.code >= 0 else SHOWN - ended.code


def _once(
    command: Sequence[str], seconds: float | None, stepping: Stepping, *, apart: bool
) -> Ended:
    with tempfile.TemporaryDirectory(prefix="hearcast-") as folder:
        told = Path(folder) / "stage"
        environ = {**os.environ, STAGE_FILE: str(told), PARENT: str(os.getpid())}
        environ |= {NIGHT_OF: me} if (me := identity(os.getpid())) else {}
        environ |= stepping.variable() if stepping != Stepping() else {}
        adopt_orphans()
        child = subprocess.Popen(command, env=environ, start_new_session=apart)  # noqa: S603 - our own modules
        with _passed_on(child):
            try:
                code, late = child.wait(seconds), False
            except subprocess.TimeoutExpired:
                child.kill()
                code, late = child.wait(), True
        doing: dict[str, object] = {}
        with suppress(OSError, ValueError):
            doing = json.loads(told.read_text())
        return Ended(code, doing, late)


class _passed_on:  # noqa: N801 - reads as what it does
    """Signals that end a process go to `child` while this one waits for it.

    Ctrl-C reaches both: the child decides what it means.
    """

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self.child = child
        self.before: dict[int, object] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        self.before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.before[signal.SIGTERM] = signal.signal(
            signal.SIGTERM, lambda number, _frame: self.child.send_signal(number)
        )

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]


def lost_night(config: str, as_of: str | None) -> Callable[[Ended, str], object]:
    """Tells outside monitors and people of a night whose process is gone."""

    def lost(ended: Ended, why: str) -> None:
        LOG.error(why)  # before imports, for which there may be no memory
        from flows import outcome  # noqa: PLC0415 - imports prefect
        from flows.night import night_of  # noqa: PLC0415
        from flows.settings import SettingsError, load_settings  # noqa: PLC0415

        try:
            settings = load_settings(Path(config), os.environ)
        except SettingsError:
            return  # the night has said so
        day = night_of(settings, str(ended.doing.get("as_of") or as_of or "") or None)
        outcome.lost(settings, day, str(ended.doing.get("run_id", "")), why)

    return lost


def watched_command(arguments: Sequence[str]) -> list[str]:
    """The command line of a watched `hearcast` with these arguments."""
    return [sys.executable, "-m", "flows.cli", *arguments]
