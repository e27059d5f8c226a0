"""A night killed at any moment: `latest` stays whole, and the next run ends as if nothing had been."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.exports import snapshot_problems
from flows.lake import Lake
from flows.reader import read_manifest, snapshot_dir
from tests.flows.conftest import child_environment, digests
from tests.flows.test_exports_kill import reading
from tests.flows.tiny import END, order_rows, tiny_shop

NEXT = END + timedelta(days=7)


def start(config: Path, as_of: date, home: Path) -> subprocess.Popen[bytes]:
    """A `hearcast nightly` in a process group of its own, so that all of it can be killed."""
    command = [sys.executable, "-m", "flows.cli", "nightly", "--config", str(config)]
    return subprocess.Popen(
        [*command, "--as-of", as_of.isoformat()],
        cwd=Path(__file__).resolve().parents[2],
        env=child_environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def whole(config: Path, as_of: date, home: Path) -> float:
    """Runs a night to its end; returns the seconds that it took."""
    began = time.monotonic()
    process = start(config, as_of, home)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said.decode()[-2000:]
    return time.monotonic() - began


def killed(config: Path, as_of: date, home: Path, after: float) -> None:
    process = start(config, as_of, home)
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def two_nights(folder: Path, home: Path) -> Path:
    """A shop with one published night and a second delivery waiting."""
    config = tiny_shop(folder)
    whole(config, END, home)
    later = order_rows(END + timedelta(days=1), NEXT, seed=8)
    later.write_csv(folder / "in" / "later.csv")
    return config


def trials(folder: Path, count: int, seed: int) -> None:
    home = folder / "home"
    config = two_nights(folder / "shop", home)
    control = folder / "control"
    shutil.copytree(folder / "shop", control, symlinks=True)
    seconds = whole(control / config.name, NEXT, home)
    exports = config.parent / "exports"
    moments = random.Random(seed)
    with reading(exports) as reader:
        for _ in range(count):
            killed(config, NEXT, home, moments.uniform(0.25, 1.0) * seconds)
            latest = (exports / "latest").resolve()
            assert snapshot_problems(latest) == []
            assert read_manifest(snapshot_dir(exports))["as_of"] in (str(END), str(NEXT))
            assert latest.name == snapshot_dir(exports).name
            assert reader.wrong == []
    assert reader.reads > count
    whole(config, NEXT, home)
    assert digests(exports / "latest") == digests(control / "exports" / "latest")
    stored = [
        Lake(f / "lake").versions("order_lines", NEXT).collect().sort("_order")
        for f in (config.parent, control)
    ]
    assert stored[0].drop("_order").equals(stored[1].drop("_order"))
    assert not stored[0].select("order_id", "line_id").is_duplicated().any()
    assert stored[0].height == _rows(config.parent / "in")
    assert not any((config.parent / "lake" / "work").iterdir())


def _rows(inbox: Path) -> int:
    return sum(pl.read_csv(path, infer_schema=False).height for path in inbox.glob("*.csv"))


def test_a_killed_night_leaves_the_previous_one_whole_and_the_next_run_succeeds(
    tmp_path: Path,
) -> None:
    trials(tmp_path, count=1, seed=1)


@pytest.mark.soak
def test_many_killed_nights(tmp_path: Path) -> None:
    trials(tmp_path, count=200, seed=2)
