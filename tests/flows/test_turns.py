"""Runs of different deployments take turns on one lake."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flows.alone import AnotherNight, alone
from flows.backfill_run import NoRange, dates_of
from flows.turns import in_turn
from tests.flows.test_trouble import HOLDER, ROOT


def held(lake: Path) -> subprocess.Popen[str]:
    """A process that holds the lake until it is killed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lake)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_run_gets_its_turn_once_the_one_before_it_has_ended(tmp_path: Path) -> None:
    holder = held(tmp_path / "lake")
    began = time.monotonic()
    ender = threading.Timer(1, holder.kill)
    ender.start()
    with in_turn(tmp_path / "lake", wait_minutes=5, look_every=0.05):
        assert time.monotonic() - began >= 1
        with pytest.raises(AnotherNight), alone(tmp_path / "lake"):
            pass
    ender.join()
    holder.communicate()


def test_patience_ends_and_without_any_a_run_is_turned_away_at_once(tmp_path: Path) -> None:
    holder = held(tmp_path / "lake")
    try:
        for minutes, least in ((0.0, 0.0), (0.01, 0.6)):
            began = time.monotonic()
            turn = in_turn(tmp_path / "lake", wait_minutes=minutes, look_every=0.05)
            with pytest.raises(AnotherNight, match="another night is running"), turn:
                pass
            assert least <= time.monotonic() - began < least + 20
    finally:
        holder.kill()
        holder.communicate()


def test_dates_of_a_backfill_are_those_from_first_to_last() -> None:
    assert dates_of("2026-10-27", "2026-11-12", 7) == ["2026-10-27", "2026-11-03", "2026-11-10"]
    assert dates_of("2026-11-01", "2026-11-01", 1) == ["2026-11-01"]


@pytest.mark.parametrize(
    ("first", "last", "step"),
    [(None, None, 7), ("2026-11-02", "2026-11-01", 7), ("2026-11-01", "2026-11-02", 0), ("x", "y", 1)],
)  # fmt: skip
def test_what_is_no_range_of_dates_is_told_in_one_line(
    first: str | None, last: str | None, step: int
) -> None:
    with pytest.raises(NoRange, match="give first and last like 2026-10-27") as told:
        dates_of(first, last, step)
    assert "\n" not in str(told.value)
