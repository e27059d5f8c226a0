"""Over hundreds of seeds: limits of values hold the truth, though a few customers carry half of the sum."""

from __future__ import annotations

import numpy as np
import pytest

from models.office.lifts import Limits
from models.office.values import Effects, Paid, enough, value_effects
from models.types import Floats
from tests.models.office.paid import heavy, heavy_truth, of_customers, simulated_customers

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]
LIFT, FACTOR = 1.27, 1.1
NAMES = ("average_order_value", "revenue_per_eligible")
RATIOS = (FACTOR, LIFT * FACTOR)
SIZES = (
    (100, 100, 300),
    (300, 300, 300),
    (1_000, 1_000, 300),
    (400, 1_600, 200),
    (5_000, 5_000, 100),
)
"""Customers of the control and of the arm, and seeds."""
Held = dict[str, list[bool]]


@pytest.fixture(scope="module")
def known() -> tuple[Floats, Floats]:
    return simulated_customers()


def inside(limits: Limits, truth: float) -> bool:
    _, lo, hi = limits
    return lo is not None and hi is not None and lo <= truth <= hi


def one_trial(
    arms: tuple[tuple[Paid, Paid], tuple[Paid, Paid]], truth: tuple[float, float], seed: int
) -> Held:
    """Which limits of a trial hold the truth: of each metric's difference and ratio, and of means."""
    control, treated = (dict(zip(NAMES, arm, strict=True)) for arm in arms)
    found: dict[str, Effects] = value_effects(treated, control, seed)
    held: Held = {"difference": [], "ratio": [], "mean": []}
    for name, mean, ratio in zip(NAMES, truth, RATIOS, strict=True):
        one = found[name]
        held["difference"].append(inside(one.difference, mean * (ratio - 1)))
        held["ratio"].append(inside(one.ratio, ratio))
        held["mean"] += [inside(one.control, mean), inside(one.treated, mean * ratio)]
    return held


@pytest.mark.parametrize("who", ["simulated", "heavy"])
def test_limits_of_values(who: str, known: tuple[Floats, Floats]) -> None:
    value, orders = known
    mine = (float(value.sum() / orders.sum()), float(value.mean()))
    truth = mine if who == "simulated" else heavy_truth()
    told: Held = {"difference": [], "ratio": [], "mean": []}
    for n0, n1, seeds in SIZES:
        here: Held = {"difference": [], "ratio": [], "mean": []}
        silent = 0
        for seed in range(seeds):
            rng = np.random.default_rng([seed, n0, n1, 81])
            one, two = (n0, 1.0, 1.0), (n1, LIFT, FACTOR)
            arms = (
                (of_customers(rng, known, *one), of_customers(rng, known, *two))
                if who == "simulated"
                else (heavy(rng, *one), heavy(rng, *two))
            )
            held = one_trial(arms, truth, seed)
            tells = enough(arms[0][1].value, arms[1][1].value)
            silent += not tells
            for name, these in held.items():
                here[name] += these
                told[name] += these if tells else []
        shares = {name: f"{np.mean(x):.3f}" for name, x in here.items()}
        print(f"{who}, {n0} and {n1}: {shares}, silent {silent} of {seeds}")  # noqa: T201 - the result
        assert 0.92 <= np.mean(here["difference"]) <= 0.985
        assert 0.92 <= np.mean(here["ratio"]) <= 0.985
    print({name: f"{np.mean(x):.3f} of {len(x)} told" for name, x in told.items()})  # noqa: T201
    assert 0.92 <= np.mean(told["difference"]) <= 0.98
    assert 0.92 <= np.mean(told["ratio"]) <= 0.98
    assert 0.92 <= np.mean(told["mean"]) <= (0.98 if who == "heavy" else 0.99)


def test_a_small_arm_beside_a_large_one_is_silent_where_a_few_carry_the_sum(
    known: tuple[Floats, Floats],
) -> None:
    """With a hundred customers beside a thousand, four in ten arms have no trade customer at all."""
    told = 0
    for seed in range(200):
        rng = np.random.default_rng([seed, 82])
        small, large = (of_customers(rng, known, n, 1.0, 1.0)[1].value for n in (100, 1_000))
        told += enough(small, large)
    assert told == 0
