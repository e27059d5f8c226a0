"""Replays side by side, each in a process of its own, published in the order of their dates."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.atomic import private_dir
from flows.cli import EXIT_FAILED, logs_as_json
from flows.descendants import descendants, end_children
from flows.settings import Settings
from flows.storage import storage_of

LOG = logging.getLogger("hearcast")
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Job:
    """One date under way; `turn` is the file that lets it look back and publish."""

    day: str
    work: Path
    turn: Path
    process: subprocess.Popen[bytes]


def replays(
    settings: Settings, days: Sequence[str], jobs: int, *, restated: bool
) -> Iterator[tuple[str, int]]:
    """Each date and its exit code, in the order given, which has to be that of the dates.

    Up to `jobs` run at a time; the oldest has the turn. The caller holds the lake; the processes
    end with this one. A date whose process dies counts as failed and gives its turn to the next.
    """
    root = storage_of(settings.paths.lake).workroom(settings.paths.lake)
    shutil.rmtree(root, ignore_errors=True)
    waiting, running = list(days), list[_Job]()
    others = descendants(os.getpid())
    try:
        with tempfile.TemporaryDirectory(prefix="hearcast-turns-") as turns:
            while waiting or running:
                while waiting and len(running) < jobs:
                    day = waiting.pop(0)
                    LOG.info("backfill %s (%s more wait)", day, len(waiting))
                    running.append(_started(settings, day, Path(turns), restated=restated))
                oldest = running.pop(0)
                oldest.turn.touch()
                yield oldest.day, _ended(oldest)
    finally:
        end_children(others)
        shutil.rmtree(root, ignore_errors=True)


def _started(settings: Settings, day: str, turns: Path, *, restated: bool) -> _Job:
    lake = settings.paths.lake
    work = storage_of(lake).workroom(lake) / uuid.uuid4().hex[:12]
    private_dir(work.parent, work)
    turn = turns / day
    told = {
        "config": str(settings.file),
        "as_of": day,
        "restated": restated,
        "turn": str(turn),
        "work": str(work),
        "parent": os.getpid(),
        "threads": settings.run.threads,
        "json_logs": logs_as_json(),
    }
    command = [sys.executable, "-m", "flows.replaying", json.dumps(told)]
    return _Job(day, work, turn, subprocess.Popen(command))  # noqa: S603 - our own module


def _ended(job: _Job) -> int:
    while (code := job.process.poll()) is None:
        time.sleep(LOOK_SECONDS)
    shutil.rmtree(job.work, ignore_errors=True)
    if code < 0:
        LOG.error("%s: its process was ended by signal %s", job.day, -code)
        return EXIT_FAILED
    return code
