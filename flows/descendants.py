"""The processes that this one started, and theirs: none may outlive a night that was ended."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

NIGHT_OF = "HEARCAST_NIGHT_OF"
"""Environment variable of all that a watched night starts: who watches it, by `identity`."""
SET_DEATH_SIGNAL, SET_SUBREAPER = 1, 36
"""Numbers of Linux's ``prctl`` (linux/prctl.h)."""


def descendants(of: int) -> list[int]:
    """Ids of the processes below `of`, parents first; empty where the system has no /proc."""
    found: list[int] = []
    for file in Path(f"/proc/{of}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, file.read_text().split()):
                found += [child, *descendants(child)]
    return found


def end_children(spared: Collection[int] = ()) -> None:
    """Kills every process below this one but those `spared`: they were there before."""
    for one in set(descendants(os.getpid())) - set(spared):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(one, signal.SIGKILL)


def identity(pid: int) -> str:
    """A process's id and start, which no other has; empty where there is none, or no /proc."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return f"{pid}:{fields[19]}"
    return ""


def end_abandoned() -> None:
    """Kills what nights have left behind whose watcher was killed, such as a server of Prefect.

    A night itself ends with its watcher; what it had started is told by its environment. Processes
    of other accounts, and of other containers, whose ids are not ours, are left alone.
    """
    for folder in set(Path("/proc").glob("[0-9]*")) - {Path(f"/proc/{os.getpid()}")}:
        with suppress(OSError):
            told = _variable(folder, NIGHT_OF)
            here = (folder / "ns" / "pid").readlink() == Path("/proc/self/ns/pid").readlink()
            if told and here and identity(int(told.partition(":")[0])) != told:
                os.kill(int(folder.name), signal.SIGKILL)


def _variable(process: Path, name: str) -> str:
    """A variable of a process's environment as it was when it started; empty where it has none."""
    head = f"{name}=".encode()
    given = (process / "environ").read_bytes().split(b"\0")
    return next((one[len(head) :].decode() for one in given if one.startswith(head)), "")


def reap_adopted() -> None:
    """Lets the system forget orphans that were adopted and have ended; a service gathers them."""
    for child in descendants(os.getpid()):
        with suppress(OSError):
            if " Z " in Path(f"/proc/{child}/stat").read_text():
                os.waitpid(child, os.WNOHANG)


def adopt_orphans() -> None:
    """On Linux, processes below this one whose parent dies become its own children."""
    _prctl(SET_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """On Linux, this process is killed when the thread that started it ends; now, if it has."""
    _prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _prctl(number: int, value: int) -> None:
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).prctl(number, value, 0, 0, 0)
