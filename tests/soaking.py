"""How long the long tests run, and what they found: told at the end of a run."""

from __future__ import annotations

import os
import resource

LEGEND = (
    "Long tests are made shorter or longer by HEARCAST_SOAK_NIGHTS (of weeks of faults), "
    "HEARCAST_SOAK_KILLS (of nights) and HEARCAST_FUZZ_EXAMPLES (of each fuzz test)."
)
TOLD: list[str] = []
"""Lines that the end of a run shows, in the order in which tests ended."""


def length(variable: str, usual: int) -> int:
    """How much of it a test does: as the environment says, else as usual."""
    return int(os.environ.get(variable, usual))


def tell(line: str, variable: str, count: int, usual: int) -> None:
    """Adds what a long test did and found, and how it is made shorter or longer."""
    TOLD.append(f"{line} ({variable}={count}; usual {usual})")


def spent() -> float:
    """Processor seconds of this process and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
