"""A night killed at any moment: `latest` stays whole, and the next run ends as if nothing had been."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import polars as pl
import pytest

from flows.cli import EXIT_DEGRADED, EXIT_PUBLISHED
from flows.descendants import descendants
from flows.exports import snapshot_problems
from flows.lake import Lake
from flows.reader import read_manifest, snapshot_dir
from flows.stopwatch import STAGES
from tests.flows.conftest import child_environment, digests
from tests.flows.test_exports_kill import reading
from tests.flows.tiny import END, order_rows, tiny_shop
from tests.soaking import length, spent, tell

KILLS = 200
NEXT = END + timedelta(days=7)


def start(
    config: Path, as_of: date, home: Path, more: Mapping[str, str] = MappingProxyType({})
) -> subprocess.Popen[bytes]:
    """A `hearcast nightly` in a process group of its own, so that all of it can be killed."""
    command = [sys.executable, "-m", "flows.cli", "nightly", "--config", str(config)]
    return subprocess.Popen(
        [*command, "--as-of", as_of.isoformat()],
        cwd=Path(__file__).resolve().parents[2],
        env={**child_environment(home), **more},
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


def all_of_it(process: subprocess.Popen[bytes]) -> None:
    """Power cut: the night, who watches it and what they started."""
    os.killpg(process.pid, signal.SIGKILL)


def the_watcher(process: subprocess.Popen[bytes]) -> None:
    """Only who watches: the night ends with it."""
    process.kill()


def the_night(process: subprocess.Popen[bytes]) -> None:
    """Only the night, as where memory runs out: it is watched, and may step down by itself."""
    for one in (pid for pid in descendants(process.pid) if is_night(pid)):
        os.kill(one, signal.SIGKILL)


def is_night(pid: int) -> bool:
    with suppress(OSError):
        return b"flows.cli" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


class Moment(NamedTuple):
    """Some seconds after the end of a stage; None: after the start."""

    after: str | None
    seconds: float

    @classmethod
    def any(cls, chance: random.Random, night: float) -> Moment:
        """One in any stage of a night that takes so many seconds, most of them to start."""
        after = chance.choice((None, *STAGES[:5]))
        return cls(after, chance.uniform(0.0, night * (0.1 if after else 0.9)))


Victim = Callable[[subprocess.Popen[bytes]], None]
VICTIMS: tuple[Victim, ...] = (all_of_it, the_watcher, the_night)


class Heard(threading.Thread):
    """Reads what a night says, and knows which of its stages have ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        assert process.stderr is not None
        self.lines, self.ended = process.stderr, set[str | None]([None])

    def run(self) -> None:
        for line in self.lines:
            if found := re.search(rb" INFO (\w+): \S+ s, \S+ s of processor time", line):
                self.ended.add(found[1].decode())
        self.lines.close()


def killed(config: Path, as_of: date, home: Path, moment: Moment, kill: Victim = all_of_it) -> int:
    """Kills a night, or some of it, at a moment; how it ended: minus a signal, or a code."""
    process = start(config, as_of, home)
    heard = Heard(process)
    heard.start()
    while moment.after not in heard.ended and process.poll() is None:
        time.sleep(0.02)
    try:
        return process.wait(timeout=moment.seconds)
    except subprocess.TimeoutExpired:
        kill(process)
        code = process.wait()
        wait_for_night(process.pid)
        return code
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        heard.join()


def wait_for_night(group: int) -> None:
    """Until no night of a group of processes is left: none may outlive who watches it."""
    for _ in range(100):
        if not [one for one in living(group) if is_night(one)]:
            return
        time.sleep(0.1)
    pytest.fail("a night went on unwatched")


def living(group: int) -> list[int]:
    """Processes of a group that have not ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, its_group = folder.joinpath("stat").read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                found.append(int(folder.name))
    return found


KILLED = -signal.SIGKILL
EARLY = {EXIT_PUBLISHED: "ended before"}
ENDS: dict[Victim, dict[int, str]] = {
    all_of_it: {KILLED: "killed", **EARLY},
    the_watcher: {KILLED: "killed", **EARLY},
    the_night: {128 - KILLED: "lost", EXIT_DEGRADED: "stepped down", **EARLY},
}
"""How a `hearcast nightly` may end of which some was killed."""


def two_nights(folder: Path, home: Path) -> Path:
    """A shop with one published night and a second delivery waiting."""
    config = tiny_shop(folder)
    whole(config, END, home)
    later = order_rows(END + timedelta(days=1), NEXT, seed=8)
    later.write_csv(folder / "in" / "later.csv")
    return config


def trials(folder: Path, count: int, seed: int) -> Counter[tuple[str, str]]:
    home = folder / "home"
    config = two_nights(folder / "shop", home)
    control = folder / "control"
    shutil.copytree(folder / "shop", control, symlinks=True)
    seconds = whole(control / config.name, NEXT, home)
    exports = config.parent / "exports"
    moments = random.Random(seed)
    ended: Counter[tuple[str, str]] = Counter()
    with reading(exports, rest=0.2) as reader:
        for number in range(count):
            kill = VICTIMS[number % len(VICTIMS)]
            code = killed(config, NEXT, home, Moment.any(moments, seconds), kill)
            assert code in ENDS[kill], (kill.__name__, code)
            ended[kill.__name__, ENDS[kill][code]] += 1
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
    return ended


def told(ended: Mapping[tuple[str, str], int]) -> str:
    return ", ".join(f"{name} {how} {n}" for (name, how), n in sorted(ended.items()))


def _rows(inbox: Path) -> int:
    return sum(pl.read_csv(path, infer_schema=False).height for path in inbox.glob("*.csv"))


def test_a_killed_night_leaves_the_previous_one_whole_and_the_next_run_succeeds(
    tmp_path: Path,
) -> None:
    trials(tmp_path, count=1, seed=1)


@pytest.mark.soak
def test_many_killed_nights(tmp_path: Path) -> None:
    began, count = spent(), length("HEARCAST_SOAK_KILLS", KILLS)
    ended = trials(tmp_path, count, seed=2)
    line = f"nights killed: {count} ({told(ended)}), {spent() - began:.0f} s of processor time"
    tell(line, "HEARCAST_SOAK_KILLS", count, KILLS)
