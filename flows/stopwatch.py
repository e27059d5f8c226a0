"""What a night is doing, how long each stage took and how much memory: for logs and the manifest.

Standard library only: the command line needs it before anything heavy is imported.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

STAGES = ("examine", "pull", "validate", "listen", "forecast", "publish", "alert")
"""The stages of a night, in their order."""
STAGE_FILE = "HEARCAST_STAGE_FILE"
"""Environment variable: where a supervising process wants to read what its night is doing."""
LAPS = "laps.json"


@dataclass(frozen=True, slots=True)
class Lap:
    """One stage: wall and processor seconds, and the most resident memory meanwhile in MiB.

    Processor time includes processes that ended meanwhile; memory is this process's own.
    """

    stage: str
    seconds: float
    cpu_seconds: float
    peak_mib: float


@dataclass(slots=True)
class _Now:
    """What this process is doing; shown in each line of JSON logs."""

    fields: dict[str, object] = field(default_factory=dict)


_NOW = _Now()


def now() -> Mapping[str, object]:
    """run_id, as_of, stage and more of the night that this process runs; empty: none runs."""
    return _NOW.fields


def note(**fields: object) -> None:
    """Adds to what this process is doing, and tells a supervising process."""
    _NOW.fields.update(fields)
    if path := os.environ.get(STAGE_FILE):
        with suppress(OSError):  # whoever watches may have gone
            aside = Path(f"{path}.{os.getpid()}")
            aside.write_text(json.dumps(_NOW.fields, default=str))
            aside.replace(path)


def nothing_runs() -> None:
    """Forgets the night that has ended; its supervisor keeps what it was told last."""
    _NOW.fields.clear()


@contextmanager
def lap(work: str | Path, stage: str) -> Iterator[None]:
    """Times one stage; what it took stands in the folder `work` for `laps`, failed or not."""
    note(stage=stage)
    _forget_peak()
    began, cpu = time.monotonic(), _cpu()
    try:
        yield
    finally:
        took = Lap(stage, time.monotonic() - began, _cpu() - cpu, peak_mib())
        with suppress(OSError):  # a full disk is told of by what failed on it
            rows = [asdict(one) for one in (*laps(work), took)]
            (Path(work) / LAPS).write_text(json.dumps(rows))


def laps(work: str | Path) -> list[Lap]:
    """The stages that have ended so far, in their order; a stage tried twice stands there twice."""
    try:
        return [Lap(**row) for row in json.loads((Path(work) / LAPS).read_text())]
    except (OSError, ValueError, TypeError):
        return []


def _cpu() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def peak_mib() -> float:
    """The most resident memory of this process since `lap` began, or since its start, in MiB."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        line = next(one for one in lines if one.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _forget_peak() -> None:
    """Lets Linux count the peak anew; elsewhere it is that of the whole process."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
