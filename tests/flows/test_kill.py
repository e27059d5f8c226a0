"""A night killed at any moment: `latest` stays whole, and the next run ends as if nothing had been."""

from __future__ import annotations

import json
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
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.cli import EXIT_DEGRADED, EXIT_PUBLISHED
from flows.descendants import descendants
from flows.exports import snapshot_problems
from flows.lake import Lake
from flows.reader import read_manifest, snapshot_dir
from flows.stopwatch import STAGES
from tests.flows.conftest import child_environment, digests
from tests.flows.test_exports_kill import reading
from tests.flows.tiny import END, order_rows, tiny_shop
from tests.soaking import length, progress, spent, tell, time_is_up

KILLS = 200
LONG = ("validate", "listen", "forecast", "publish")
"""Stages that take long enough to be met by each kind of kill."""
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


def whole(config: Path, as_of: date, home: Path, api: str | None = None) -> float:
    """Runs a night to its end; returns the seconds that it took."""
    began = time.monotonic()
    process = start(config, as_of, home, {"PREFECT_API_URL": api} if api else {})
    _, said = process.communicate(timeout=900)
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
    def any(cls, chance: random.Random, laps: Mapping[str | None, float]) -> Moment:
        """One in any stage, each as often as another; `laps`: seconds from the end of a stage on."""
        after = chance.choice(list(laps))
        return cls(after, chance.uniform(0.0, laps[after]))


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


class Killed(NamedTuple):
    """How a night ended, minus a signal or a code; the stage of its kill, None where none met it."""

    code: int
    stage: str | None


def killed(
    process: subprocess.Popen[bytes], folder: Path, moment: Moment, kill: Victim = all_of_it
) -> Killed:
    """Kills a night, or some of it, at a moment; its temporary files lie in `folder`."""
    heard, stage = Heard(process), None
    heard.start()
    while moment.after not in heard.ended and process.poll() is None:
        time.sleep(0.005)
    try:
        process.wait(timeout=moment.seconds)
    except subprocess.TimeoutExpired:
        stage = doing(folder)
        kill(process)
        process.wait()
        wait_for_night(process.pid)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        heard.join()
    code = process.returncode
    return Killed(code, stage if code != EXIT_PUBLISHED else None)


def doing(folder: Path) -> str:
    """The stage of the night whose watcher keeps its notes in a folder."""
    for file in folder.glob("hearcast-*/stage"):
        with suppress(OSError, ValueError):
            return str(json.loads(file.read_text()).get("stage", STARTING))
    return STARTING


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


STARTING = "start"
KILLED = -signal.SIGKILL
EARLY = {EXIT_PUBLISHED: "ended before"}
ENDS: dict[Victim, dict[int, str]] = {
    all_of_it: {KILLED: "killed", **EARLY},
    the_watcher: {KILLED: "killed", **EARLY},
    the_night: {128 - KILLED: "lost", EXIT_DEGRADED: "stepped down", **EARLY},
}
"""How a `hearcast nightly` may end of which some was killed."""


class Shop:
    """A shop to which orders come late, its nights, and the home of their processes."""

    def __init__(self, config: Path, home: Path, api: str | None = None) -> None:
        self.config, self.home, self.api = config, home, api
        self.exports, self.lake = (config.with_name(name) for name in ("exports", "lake"))
        self.temporary = home.with_name("temporary")

    @property
    def inbox(self) -> Path:
        return self.config.with_name("in")

    def deliver(self, number: int) -> None:
        """Two orders that nobody knew of, so that each night has something to land."""
        day = END - timedelta(days=number % 280)
        rows = order_rows(day, day, seed=number)[:2]
        ids = pl.format("L{}-{}", pl.lit(number), "order_id").alias("order_id")
        rows.with_columns(ids).write_csv(self.inbox / f"late-{number:03d}.csv")

    def night(self, number: int) -> subprocess.Popen[bytes]:
        """A night to be killed; three in four find a server that runs and leave no pages."""
        more = {"TMPDIR": str(self.temporary)}
        if self.api and number % 4:
            more |= {"PREFECT_API_URL": self.api, "HEARCAST_RUN__DATA_DOCS": "false"}
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir()
        return start(self.config, NEXT, self.home, more)

    def first_night(self) -> dict[str | None, float]:
        """Publishes; seconds from the end of each stage to that of the next, None: from the start."""
        seconds = whole(self.config, END, self.home)
        stages = json.loads((self.exports / "latest.json").read_bytes())["stages"]
        took = {str(one["stage"]): float(one["seconds"]) for one in stages}
        laps: dict[str | None, float] = {None: seconds - sum(took.values())}
        return laps | {before: took[after] for before, after in pairwise(STAGES[:6])}


def trials(
    folder: Path, count: int, seed: int, api: str | None = None
) -> Counter[tuple[str, str, str]]:
    """Kills so many nights; how often which victim ended how, by the stage of its kill."""
    shop, moments = Shop(tiny_shop(folder / "shop"), folder / "home", api), random.Random(seed)
    laps = shop.first_night()
    order_rows(END + timedelta(days=1), NEXT, seed=8).write_csv(shop.inbox / "later.csv")
    shutil.copytree(folder / "shop", folder / "control", symlinks=True)
    control = Shop(folder / "control" / shop.config.name, shop.home)
    ended: Counter[tuple[str, str, str]] = Counter()
    number, began = 0, time.monotonic()
    with reading(shop.exports, rest=0.2) as reader:
        while ended.total() < count and not time_is_up(began):
            number += 1
            shop.deliver(number)
            kill = VICTIMS[number % len(VICTIMS)]
            moment = Moment.any(moments, laps)
            code, stage = killed(shop.night(number), shop.temporary, moment, kill)
            assert code in ENDS[kill], (kill.__name__, code, stage)
            if stage:
                ended[kill.__name__, ENDS[kill][code], stage] += 1
                progress(f"kill {ended.total()}: {kill.__name__} in {stage}, {code}")
            whole_still(shop.exports)
            assert reader.wrong == []
    assert reader.reads > ended.total()
    whole(shop.config, NEXT, shop.home, api)
    end_alike(shop, control, number)
    return ended


def whole_still(exports: Path) -> None:
    """What is published is one night's, and whole, by link and by pointer."""
    latest = (exports / "latest").resolve()
    assert snapshot_problems(latest) == []
    assert read_manifest(snapshot_dir(exports))["as_of"] in (str(END), str(NEXT))
    assert latest.name == snapshot_dir(exports).name


def end_alike(shop: Shop, control: Shop, deliveries: int) -> None:
    """Lake and exports are those of a shop whose nights were left alone."""
    for number in range(1, deliveries + 1):
        control.deliver(number)
    whole(control.config, NEXT, control.home, shop.api)
    assert digests(shop.exports / "latest") == digests(control.exports / "latest")
    ours, theirs = (
        Lake(one.lake).versions("order_lines", NEXT).collect().drop("_order")
        for one in (shop, control)
    )
    assert_frame_equal(ours, theirs, check_row_order=False)
    assert not ours.select("order_id", "line_id").is_duplicated().any()
    assert ours.height == _rows(shop.inbox)
    assert not any((shop.lake / "work").iterdir())
    assert half_made(shop) == []


def half_made(shop: Shop) -> list[Path]:
    """Files that a killed night left: without their last name, or that no log entry names."""
    parts = [part for entry in Lake(shop.lake).landings() for part in entry.parts]
    named = {shop.lake / path for part in parts for path in part.paths}
    landed = {path for path in (shop.lake / "tables").rglob("*") if path.is_file()}
    aside = {path for room in (shop.lake, shop.exports) for path in room.rglob("*.tmp")}
    return sorted(landed ^ named | aside)


def told(ended: Mapping[tuple[str, str, str], int]) -> str:
    """How often which victim ended how, and how often a kill met which stage."""
    ways, stages = Counter[str](), Counter[str]()
    for (name, how, stage), n in ended.items():
        ways[f"{name} {how}"] += n
        stages[stage] += n
    return "; ".join(
        ", ".join(f"{name} {n}" for name, n in sorted(counts.items())) for counts in (ways, stages)
    )


def _rows(inbox: Path) -> int:
    return sum(pl.read_csv(path, infer_schema=False).height for path in inbox.glob("*.csv"))


def test_a_killed_night_leaves_the_previous_one_whole_and_the_next_run_succeeds(
    tmp_path: Path, prefect_server: str
) -> None:
    trials(tmp_path, count=1, seed=1, api=prefect_server)


@pytest.mark.soak
def test_many_killed_nights(tmp_path: Path, prefect_server: str) -> None:
    began, asked = spent(), length("HEARCAST_SOAK_KILLS", KILLS)
    ended = trials(tmp_path, asked, seed=length("HEARCAST_SOAK_SEED", 2), api=prefect_server)
    count = ended.total()
    line = f"nights killed: {count} ({told(ended)}), {spent() - began:.0f} s of processor time"
    tell(line, "HEARCAST_SOAK_KILLS", count, KILLS)
    hit = {(name, stage) for name, _, stage in ended}
    wanted = {(kill.__name__, stage) for kill in VICTIMS for stage in (STARTING, *LONG)}
    assert count < KILLS or wanted <= hit, wanted - hit
    assert count < KILLS or "pull" in {stage for _, stage in hit}
