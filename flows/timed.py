"""One stage of a night, timed, shown on a terminal and told in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.progress import BAR
from flows.stopwatch import lap, laps

LOG = logging.getLogger("hearcast")


@contextmanager
def stage(work: str | Path, name: str) -> Iterator[None]:
    """Runs a stage of the night whose folder is `work`; its time and memory stand there after."""
    with lap(work, name):
        BAR.stage(name)
        yield
    took = next((one for one in reversed(laps(work)) if one.stage == name), None)
    if took is not None:
        LOG.info(
            "%s: %.1f s, %.1f s of processor time, at most %.0f MiB",
            name, took.seconds, took.cpu_seconds, took.peak_mib,
            extra={"seconds": round(took.seconds, 3), "cpu_seconds": round(took.cpu_seconds, 3),
                   "peak_mib": round(took.peak_mib, 1)},
        )  # fmt: skip
