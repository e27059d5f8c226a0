"""Over a hundred seeds: intervals of lifts and of repeat orders hold the truth, and alarms mean something."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from models.office.hazards import said_hazards
from models.office.lifts import sample_ratio, share_difference, share_ratio
from models.office.placebo import Days, before_and_after
from models.office.repeat import curve
from tests.models.office.repeats import drawn

pytestmark = pytest.mark.soak
SEEDS, EACH = 100, 10
Held = list[bool]


def covered(name: str, one: Callable[[np.random.Generator], Held], *, seeds: int = SEEDS) -> float:
    """Share of intervals that hold the truth; printed, so that a soak run tells it."""
    held = [h for seed in range(seeds) for h in one(np.random.default_rng([seed, 78]))]
    share = float(np.mean(held))
    print(f"{name}: {share:.3f} of {len(held)}")  # noqa: T201 - the figure is the result
    return share


def ok(share: float) -> bool:
    return 0.92 <= share <= 0.98


def inside(limits: tuple[float | None, float | None, float | None], truth: float) -> bool:
    _, lo, hi = limits
    return lo is not None and lo <= truth and (hi is None or truth <= hi)


@pytest.mark.parametrize(("base", "lift"), [(0.03, 1.27), (0.1, 1.0), (0.3, 1.27)])
def test_lifts_of_conversion(base: float, lift: float) -> None:
    def one(rng: np.random.Generator, *, ratio: bool) -> Held:
        held = []
        for _ in range(2 * EACH):
            n, n0 = (int(x) for x in rng.integers(300, 3_000, 2))
            k, k0 = int(rng.binomial(n, base * lift)), int(rng.binomial(n0, base))
            held.append(
                inside(share_ratio(k, n, k0, n0), lift)
                if ratio
                else inside(share_difference(k, n, k0, n0), base * (lift - 1))
            )
        return held

    assert ok(covered(f"lifts, difference at {base}", lambda r: one(r, ratio=False)))
    assert ok(covered(f"lifts, ratio at {base}", lambda r: one(r, ratio=True)))


def series(rng: np.random.Generator, step: float) -> np.ndarray:
    """Daily means that wander from week to week, with a step on day 700."""
    weeks = np.zeros(108)
    for i in range(1, 108):
        weeks[i] = 0.5 * weeks[i - 1] + rng.normal(0, 2)
    return np.repeat(weeks, 7) + rng.normal(60, 4, 756) + np.where(np.arange(756) >= 700, step, 0)


def test_before_and_after_beside_placebos() -> None:
    fired: dict[float, int] = {}

    def one(rng: np.random.Generator, step: float) -> Held:
        held = []
        for _ in range(EACH):
            row = before_and_after(Days(series(rng, step), np.ones(756)), 700, 42, over=True)
            fired[step] = fired.get(step, 0) + (row["verdict"] == "above")
            held.append(
                inside((row["difference"], row["difference_lo"], row["difference_hi"]), step)
            )
        return held

    assert ok(covered("lifts, observational, nothing", lambda r: one(r, 0.0)))
    assert ok(covered("lifts, observational, a step", lambda r: one(r, 8.0)))
    print(f"observational alarms: {fired}")  # noqa: T201 - the figure is the result
    assert fired[0.0] < 0.05 * SEEDS * EACH
    assert fired[8.0] > 0.9 * SEEDS * EACH


def test_the_sample_ratio_alarm_fires_for_a_broken_lot_and_stays_silent_else() -> None:
    half = np.array([0.5, 0.5])
    sound = broken = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng([seed, 79])
        for n, share in ((2_000, 0.5), (2_000, 0.6)):
            k = int(rng.binomial(n, share))
            alarm = sample_ratio(np.array([n - k, k]), half) < 0.001
            sound, broken = (sound + alarm, broken) if share == 0.5 else (sound, broken + alarm)
    print(f"sample ratio: {sound} of {SEEDS} sound lots stopped, {broken} broken ones")  # noqa: T201
    assert sound <= 1
    assert broken == SEEDS


@pytest.mark.parametrize("ratio", [1.0, 1.6, 0.6])
def test_hazard_ratios(ratio: float) -> None:
    alarms = []

    def one(rng: np.random.Generator) -> Held:
        limits, p = said_hazards(drawn(rng, 1_500, ratio).spans(), 1)[0]
        alarms.append(p is not None and p < 0.05)
        return [inside(limits, ratio)]

    assert ok(covered(f"repeat_timing, hazard ratio {ratio}", one, seeds=5 * SEEDS))
    print(f"hazard ratio {ratio}: {np.mean(alarms):.3f} below p = .05")  # noqa: T201
    assert np.mean(alarms) < 0.08 if ratio == 1.0 else np.mean(alarms) > 0.8


def test_shares_who_order_again_and_the_median() -> None:
    def one(rng: np.random.Generator, name: str, truth: float) -> Held:
        held = []
        for _ in range(EACH):
            n = int(rng.integers(40, 400))
            wait, follow = rng.exponential(120.0, n), rng.uniform(20, 400, n)
            row = curve(np.minimum(wait, follow), wait <= follow)
            held.append(inside((row[name], row[f"{name}_lo"], row[f"{name}_hi"]), truth))  # type: ignore[arg-type]  # numbers
        return held

    for day in (30, 90, 180):
        truth = 1 - float(np.exp(-day / 120))
        assert ok(
            covered(f"repeat_timing, p_{day}d", lambda r, d=day, t=truth: one(r, f"p_{d}d", t))
        )  # type: ignore[misc]
    median = 120 * float(np.log(2))
    assert ok(covered("repeat_timing, median", lambda r: one(r, "km_median_days", median)))
