"""The memory that a process and all that it started hold together, watched from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from resource import getpagesize


@dataclass(slots=True)
class Watched:
    """The most MiB that a process and those below it held at the moments of looking.

    Memory that several share counts once. To count so, the system walks through all pages and holds
    the process up meanwhile: it is asked only where what each holds, shared or not, comes to more
    than the most so far.
    """

    pid: int
    peak_mib: float = 0.0

    def look(self) -> None:
        """Looks once."""
        family = list(_family(self.pid))
        if sum(map(_resident, family)) > self.peak_mib:
            self.peak_mib = max(self.peak_mib, sum(map(_own, family)))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                yield from _family(int(child))
        except OSError:
            continue


def _resident(pid: int) -> float:
    """MiB of a process, shared or not."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * getpagesize() / 2**20
    except (OSError, IndexError):
        return 0.0


def _own(pid: int) -> float:
    """MiB of a process that it shares with nobody, and its part of what it shares."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    pss = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(pss.group(1)) / 1024 if pss else 0.0
