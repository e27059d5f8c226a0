"""Ten weeks of nights, each with a fault: what is published in the end is what faultless nights publish."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from prefect.settings import PREFECT_API_URL

from flows.cli import EXIT_DEGRADED, EXIT_FAILED, EXIT_PUBLISHED, main
from flows.descendants import descendants
from flows.staging import locked
from tests.flows.conftest import digests
from tests.flows.test_kill import start
from tests.flows.test_lake_health import flip
from tests.flows.tiny import END, FORECAST, order_rows
from tests.flows.written import write_config
from tests.soaking import length, progress, spent, tell, time_is_up

NIGHTS = 70
pytestmark = pytest.mark.usefixtures("prefect_server")


class Shop:
    """One shop, its deliveries and its nights."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.random = folder, random.Random(seed)
        for name in ("in", "desk", "home"):
            (folder / name).mkdir(parents=True)
        self.config = write_config(
            folder, {"order_lines": "in/*.parquet", "tickets": "desk/*.csv"}, FORECAST
        )
        self.lake, self.exports = folder / "lake", folder / "exports"
        self.alone = False

    def deliver(self, first: date, last: date) -> Path:
        """The orders of some days in two files, their tickets in another; the first of them."""
        rows = order_rows(first, last, seed=first.toordinal())
        rows[1:].write_parquet(self.folder / "in" / f"orders-{last}-more.parquet")
        rows[:1].write_parquet(path := self.folder / "in" / f"orders-{last}.parquet")
        sold = rows.filter(pl.col("quantity").cast(pl.Int64) > 5)
        sold.select(
            (pl.lit("T") + pl.col("order_id")).alias("ticket_id"),
            pl.col("ordered_at").alias("opened_at"),
            "sku",
        ).write_csv(self.folder / "desk" / f"tickets-{last}.csv")
        return path

    def night(self, day: date) -> int:
        return main(["nightly", "--config", str(self.config), "--as-of", str(day)])

    def apart(self, day: date) -> subprocess.Popen[bytes]:
        """A night in processes of its own; every other time it starts a server of its own, too."""
        self.alone = not self.alone
        shared = {} if self.alone else {"PREFECT_API_URL": str(PREFECT_API_URL.value())}
        return start(self.config, day, self.folder / "home", shared)


def killed_anywhere(shop: Shop, day: date, _delivery: Path) -> None:
    process = shop.apart(day)
    try:
        process.wait(timeout=shop.random.uniform(3.0, 25.0))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def out_of_memory(shop: Shop, day: date, _delivery: Path) -> None:
    """The night's process is killed once it forecasts: it steps down by itself."""
    process = shop.apart(day)
    assert process.stderr is not None
    for line in process.stderr:
        if b" listen: " in line and b"processor time" in line:
            time.sleep(0.2)
            night = [p for p in descendants(process.pid) if b"flows.cli" in _command(p)]
            os.kill(night[0], signal.SIGKILL)
            break
    process.communicate()
    assert process.returncode == EXIT_DEGRADED


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def cut_short(shop: Shop, day: date, delivery: Path) -> None:
    whole = delivery.read_bytes()
    delivery.write_bytes(whole[: len(whole) // 2])
    assert shop.night(day) == EXIT_DEGRADED
    delivery.write_bytes(whole)


def folder_gone(shop: Shop, day: date, _delivery: Path) -> None:
    (shop.folder / "desk").rename(shop.folder / "away")
    assert shop.night(day) == EXIT_DEGRADED
    (shop.folder / "away").rename(shop.folder / "desk")


def lake_damaged(shop: Shop, day: date, _delivery: Path) -> None:
    part = shop.random.choice(sorted((shop.lake / "tables").rglob("*.parquet")))
    whole = part.read_bytes()
    flip(part)
    orders = "order_lines" in part.parts
    assert shop.night(day) == (EXIT_FAILED if orders else EXIT_DEGRADED)
    part.write_bytes(whole)


def exports_broken(shop: Shop, day: date, _delivery: Path) -> None:
    (shop.exports / "snapshots").rename(shop.folder / "aside")
    (shop.exports / "snapshots").write_text("no folder")
    assert shop.night(day) == EXIT_FAILED
    (shop.exports / "snapshots").unlink()
    (shop.folder / "aside").rename(shop.exports / "snapshots")


def hung(shop: Shop, day: date, _delivery: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, locked(shop.exports / ".lock"):
        patch.setenv("HEARCAST_RUN__TIMEOUT_MINUTES", "0.4")
        assert shop.night(day) == EXIT_FAILED


FAULTS: tuple[Callable[[Shop, date, Path], None], ...] = (
    killed_anywhere, out_of_memory, cut_short, folder_gone, lake_damaged, exports_broken, hung,
)  # fmt: skip


def weeks_of_nights(folder: Path, nights: int, seed: int) -> Counter[str]:
    """Nights of two shops, one with a fault each night; how often each fault was made.

    The last of them is `END`, since no night is run for a day to come.
    """
    made: Counter[str] = Counter()
    faulty, sound = Shop(folder / "faulty", seed), Shop(folder / "sound", seed)
    first = END - timedelta(days=nights)
    for shop in (faulty, sound):
        shop.deliver(first - timedelta(days=280), first)
        assert shop.night(first) == EXIT_PUBLISHED
    order: list[Callable[[Shop, date, Path], None]] = []
    start_of_all, number = time.monotonic(), 0
    while number < nights and not time_is_up(start_of_all):
        number += 1
        day = first + timedelta(days=number)
        order = order or faulty.random.sample(FAULTS, len(FAULTS))
        fault = order.pop()
        fault(faulty, day, faulty.deliver(day, day))
        made[fault.__name__] += 1
        sound.deliver(day, day)
        assert faulty.night(day) == sound.night(day) == EXIT_PUBLISHED, (day, fault.__name__)
        same(faulty, sound, day, fault.__name__)
        progress(f"night {number}: {fault.__name__}")
    for past in range(number + 1):
        same(faulty, sound, first + timedelta(days=past), "at the end")
    return made


def same(faulty: Shop, sound: Shop, day: date, fault: str) -> None:
    ours, theirs = (digests(one.exports / f"as_of={day}") for one in (faulty, sound))
    assert ours, day
    assert ours.keys() == theirs.keys(), (day, fault)
    assert [name for name in theirs if ours[name] != theirs[name]] == [], (day, fault)


@pytest.mark.soak
def test_ten_weeks_of_faults_end_as_ten_weeks_without(tmp_path: Path) -> None:
    began, asked = spent(), length("HEARCAST_SOAK_NIGHTS", NIGHTS)
    made = weeks_of_nights(tmp_path, asked, seed=length("HEARCAST_SOAK_SEED", 4))
    nights = made.total()
    faults = ", ".join(f"{name} {count}" for name, count in sorted(made.items()))
    line = f"nights with faults: {nights} ({faults}), {spent() - began:.0f} s of processor time"
    tell(line, "HEARCAST_SOAK_NIGHTS", nights, NIGHTS)
