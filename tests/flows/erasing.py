"""`hearcast forget` in a process of its own, killed while somebody reads, and what an erasure must leave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from flows.exports import snapshot_problems
from flows.kept_tags import kept_tags
from flows.lake import Lake
from flows.reader import snapshot_dir
from tests.flows.conftest import child_environment, digests

ROOT = Path(__file__).resolve().parents[2]


def start(config: Path, home: Path, customer: str) -> subprocess.Popen[bytes]:
    """A forget in a process group of its own, so that all of it can be killed."""
    command = [sys.executable, "-m", "flows.cli", "forget", "--config", str(config)]
    return subprocess.Popen(
        [*command, "--customer", customer],
        cwd=ROOT,
        env=child_environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def erasing(process: subprocess.Popen[bytes], lake: Path, before: float) -> None:
    """Waits until the erasure says on disk that it has begun, or the process ends."""
    while process.poll() is None:
        told = list((lake / "erasures").glob("*.json"))
        if told and told[0].stat().st_mtime > before:
            return
        time.sleep(0.002)


def whole(config: Path, home: Path, customer: str) -> float:
    """Runs an erasure to its end; returns the seconds from its first word on disk to that."""
    before = time.time()
    process = start(config, home, customer)
    erasing(process, config.parent / "lake", before)
    began = time.monotonic()
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said.decode()[-2000:]
    return time.monotonic() - began


def killed(config: Path, home: Path, customer: str, after: float) -> bool:
    """Kills an erasure so many seconds after it began; False: it had ended before."""
    before = time.time()
    process = start(config, home, customer)
    erasing(process, config.parent / "lake", before)
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


class Reader(threading.Thread):
    """Resolves `latest` again and again, by pointer and by link, and checks every file behind it.

    A snapshot may go while it is read; then the pointer must lead to another one already.
    """

    def __init__(self, exports: Path) -> None:
        super().__init__(daemon=True)
        self.exports, self.stopped = exports, threading.Event()
        self.wrong: list[str] = []
        self.seen: set[str] = set()

    def run(self) -> None:
        while not self.stopped.wait(0.002):
            for find in (lambda: snapshot_dir(self.exports), (self.exports / "latest").resolve):
                try:
                    self._look(find)
                except Exception as error:  # noqa: BLE001 - whatever it is, the test must tell of it
                    self.wrong.append(repr(error))

    def _look(self, find: Callable[[], Path]) -> None:
        path = find()
        problems = snapshot_problems(path)
        if not problems:
            self.seen.add(path.name)
        elif find() == path:
            self.wrong += problems

    def __enter__(self) -> Reader:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join()


def end_state(shop: Path) -> dict[str, Any]:
    """What an erasure leaves, but for the times and counts of its report."""
    lake = Lake(shop / "lake")
    order = ["passage_id", "signal", "span_start"]
    erasures = [json.loads(path.read_bytes()) for path in (lake.root / "erasures").glob("*")]
    changing = ("asked_at", "report")
    files = [path for path in sorted(lake.root.rglob("*")) if path.is_file()]
    plain = [path for path in files if path.parts[len(lake.root.parts)] not in ("kept", "erasures")]
    return {
        "exports": digests(shop / "exports", "*"),
        "links": {p.name: p.readlink() for p in (shop / "exports").iterdir() if p.is_symlink()},
        "lake": {
            path.relative_to(lake.root).as_posix(): pl.read_parquet(path).to_dict(as_series=False)
            if path.suffix == ".parquet"
            else path.read_bytes().replace(str(shop).encode(), b"")
            for path in plain
        },
        "kept": kept_tags(lake).tags.sort(order).to_dict(as_series=False),
        "erasures": [{k: v for k, v in one.items() if k not in changing} for one in erasures],
    }
