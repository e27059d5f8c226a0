"""How long the long tests run, and what they found: told at the end of a run."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

LEGEND = (
    "Long tests are made shorter or longer by HEARCAST_SOAK_NIGHTS (of weeks of faults), "
    "HEARCAST_SOAK_KILLS (of nights), HEARCAST_SOAK_SHOPS (unlike the bundled one) and "
    "HEARCAST_FUZZ_EXAMPLES (of each fuzz test); "
    "HEARCAST_SOAK_MINUTES ends each of the first three then, checked for as far as it came; "
    "HEARCAST_SOAK_SEED gives them other moments and faults."
)
TOLD: list[str] = []
"""Lines that the end of a run shows, in the order in which tests ended."""


def length(variable: str, usual: int) -> int:
    """How much of it a test does: as the environment says, else as usual."""
    return int(os.environ.get(variable, usual))


def tell(line: str, variable: str, count: int, usual: int) -> None:
    """Adds what a long test did and found, and how it is made shorter or longer."""
    TOLD.append(f"{line} ({variable}={count}; usual {usual})")


def time_is_up(began: float) -> bool:
    """Whether a test that began then, by the monotonic clock, has taken HEARCAST_SOAK_MINUTES."""
    minutes = float(os.environ.get("HEARCAST_SOAK_MINUTES", "inf"))
    return time.monotonic() - began > 60 * minutes


def progress(line: str) -> None:
    """Adds a line to the file that HEARCAST_SOAK_LOG names, if it does: a long test shows nothing else."""
    if path := os.environ.get("HEARCAST_SOAK_LOG"):
        with Path(path).open("a", encoding="utf-8") as log:
            log.write(f"{line}; {spent():.0f} s of processor time so far\n")


def spent() -> float:
    """Processor seconds of this process and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
