"""Shops unlike the bundled one publish: whatever their size, their settings and what they lack."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.flows.odd_shops import odd_shop
from tests.soaking import length, progress, spent, tell, time_is_up

SHOPS = 60
NO_LEVEL, BY_WEIGHT = 0, 20
"""Seeds of a shop whose tickets have none of the levels asked for, and of one of broken quantities."""
FAILED = ("failed", "could not be made", "contradict")


pytestmark = pytest.mark.usefixtures("prefect_server")


def published(folder: Path, seed: int, run_night: Callable[..., Any], *, nights: int) -> None:
    """Runs nights of that shop, a week apart; each publishes every table that it can make."""
    folder.mkdir()
    config, day = odd_shop(folder, seed)
    for night in [day + timedelta(weeks=week) for week in range(nights)]:
        state = run_night(config, night.isoformat())
        assert state.name in {"Completed", "PublishedDegraded"}, (seed, night, state.message)
        manifest = json.loads((folder / f"exports/as_of={night}/manifest.json").read_text("utf-8"))
        why = {name: str(entry.get("why")) for name, entry in manifest["tables"].items()}
        broken = {n: told for n, told in why.items() if any(word in told for word in FAILED)}
        assert broken == {}, (seed, night)


@pytest.mark.parametrize("seed", [NO_LEVEL, BY_WEIGHT])
def test_a_shop_unlike_the_bundled_one_publishes(
    tmp_path: Path, seed: int, run_night: Callable[..., Any]
) -> None:
    published(tmp_path / "shop", seed, run_night, nights=1)


@pytest.mark.soak
def test_many_odd_shops_publish(tmp_path: Path, run_night: Callable[..., Any]) -> None:
    began, start, done = spent(), time.monotonic(), 0
    first = 1000 * length("HEARCAST_SOAK_SEED", 1)
    for seed in range(first, first + length("HEARCAST_SOAK_SHOPS", SHOPS)):
        if time_is_up(start):
            break
        published(tmp_path / f"shop-{seed}", seed, run_night, nights=2)
        done += 1
        progress(f"shop {seed}")
    line = f"odd shops that published two nights: {done}, {spent() - began:.0f} s of processor time"
    tell(line, "HEARCAST_SOAK_SHOPS", done, SHOPS)
