"""Nights killed at any moment while somebody reads."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import IO

import pytest

from flows import exports as ex
from flows.reader import read_manifest, read_table, snapshot_dir
from tests.export_frames import all_frames

ROOT = Path(__file__).parents[2]
# Days go up, sometimes down, sometimes the same day is published again with other rows.
WRITER = """
import itertools, sys
from datetime import date, timedelta
from pathlib import Path
from flows.exports import prune, publish, write_snapshot
from tests.export_frames import all_frames
exports, first, keep = Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), int(sys.argv[3])
frames = [all_frames(60, seed) for seed in range(2)]
print("ready", flush=True)
for n in itertools.count():
    day = first + timedelta(days=(n + 1) // 2 - 3 * (n % 5 == 4))
    run = {"run_id": f"run-{n}", "status": "Published"}
    publish(exports, write_snapshot(exports, frames[n % 2], {"as_of": day, **run}), day, run)
    print("published", flush=True)
    if n % 3 == 2:
        prune(exports, keep)
"""


@contextmanager
def writing(exports: Path, first: date) -> Iterator[IO[str]]:
    """A writer in a process of its own that publishes night after night until it is killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(exports), first.isoformat(), "5"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1"},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    try:
        yield child.stdout
    finally:
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL, "the writer must die of the kill, not of an error"
        child.stdout.close()


def seconds_a_night(exports: Path) -> float:
    """How long a publication takes here and now: a kill comes within the length of one."""
    with writing(exports, date(2026, 1, 1)) as told:
        started = time.monotonic()
        for _ in range(3):
            assert told.readline() == "published\n"
        return (time.monotonic() - started) / 3


class Reader(threading.Thread):
    """Resolves `latest` again and again, by pointer and by link; keeps what was wrong.

    `rest`: seconds between two looks; a night beside it needs the processor, too.
    """

    def __init__(self, exports: Path, rest: float) -> None:
        super().__init__(daemon=True)
        self.exports, self.rest, self.stopped = exports, rest, threading.Event()
        self.wrong: list[str] = []
        self.reads = 0
        self.greatest = ""

    def run(self) -> None:
        while not self.stopped.wait(self.rest):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the test must tell of it
                self.wrong.append(repr(error))

    def look(self) -> None:
        pointer = json.loads((self.exports / "latest.json").read_bytes())
        if pointer["as_of"] < self.greatest:
            self.wrong.append(f"latest moved back from {self.greatest} to {pointer['as_of']}")
        self.greatest = pointer["as_of"]
        for path in (self.exports / pointer["snapshot"], (self.exports / "latest").resolve()):
            self.wrong += ex.snapshot_problems(path)
        json.loads((self.exports / "freshness.json").read_bytes())
        self.reads += 1


@contextmanager
def reading(exports: Path, rest: float = 0.002) -> Iterator[Reader]:
    reader = Reader(exports, rest)
    reader.start()
    try:
        yield reader
    finally:
        reader.stopped.set()
        reader.join()


def trials(exports: Path, count: int, seed: int) -> None:
    """Each writer dies at a random moment of its first four nights.

    Nights are counted by what the writer says, so that a busy machine moves no kill to its start.
    """
    rng = random.Random(seed)
    night = seconds_a_night(exports.with_name("timed"))
    day = date(2026, 1, 5)
    publish_one(exports, day)
    with reading(exports) as reader:
        for trial in range(count):
            with writing(exports, date.fromisoformat(latest_day(exports))) as told:
                for _ in range(trial % 4):
                    assert told.readline() == "published\n"
                time.sleep(rng.uniform(0.0, night))
            assert ex.snapshot_problems(snapshot_dir(exports)) == []
            assert reader.wrong == []
    assert reader.reads > count
    assert latest_day(exports) > day.isoformat(), "no trial got as far as publishing a night"
    after = date.fromisoformat(latest_day(exports)) + timedelta(days=1)
    publish_one(exports, after)
    assert read_manifest(snapshot_dir(exports))["as_of"] == after.isoformat()
    assert (exports / "latest").resolve() == snapshot_dir(exports).resolve()
    assert read_table(exports, "forecasts").height > 0
    ex.prune(exports, 2, grace_seconds=0)
    assert list((exports / ".staging").iterdir()) == []
    assert list(exports.rglob("*.tmp")) == []
    assert len(list((exports / "snapshots").iterdir())) == 2


def latest_day(exports: Path) -> str:
    return str(json.loads((exports / "latest.json").read_bytes())["as_of"])


def publish_one(exports: Path, day: date) -> None:
    run = {"run_id": "whole", "status": "Published"}
    snapshot = ex.write_snapshot(exports, all_frames(50), {"as_of": day, **run})
    ex.publish(exports, snapshot, day, run)


def test_a_kill_at_any_moment_leaves_latest_whole(tmp_path: Path) -> None:
    trials(tmp_path / "exports", 6, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_kills_leave_latest_whole(tmp_path: Path, seed: int) -> None:
    trials(tmp_path / "exports", 20, seed=100 + seed)
