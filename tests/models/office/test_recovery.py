"""Recoveries: the lot's difference and the effect on the reached hold their truths."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models.office.recovery import Arm, complier_effect, newcombe, recovery_rows


def drawn(
    rng: np.random.Generator, n: int, base: float, effect: float, reach: float
) -> tuple[Arm, Arm]:
    """Two arms of a lot of four to one; who would answer would also order a little more anyway."""
    arms = []
    for size, called in ((4 * n, True), (n, False)):
        answers = rng.random(size) < reach
        chance = base + 0.05 * answers + effect * answers * called
        ordered = rng.random(size) < chance
        reached = answers & called
        arms.append(
            Arm(size, int(ordered.sum()), int(reached.sum()), int((ordered & reached).sum()))
        )
    return arms[0], arms[1]


def test_the_effect_is_the_difference_over_those_reached() -> None:
    called, held = Arm(400, 80, 160, 50), Arm(100, 10, 0, 0)
    value, lo, hi = newcombe(called, held)
    assert value == pytest.approx(0.1)
    assert lo < value < hi
    found = complier_effect(called, held)
    assert found is not None
    assert found[0] == pytest.approx(0.1 / 0.4)
    assert found[1] is not None
    assert found[2] is not None
    assert found[1] < 0.25 < found[2]


def test_limits_are_those_effects_that_a_search_does_not_reject() -> None:
    """Anderson and Rubin's set by its definition: each effect tested by itself."""
    called, held = Arm(400, 80, 160, 50), Arm(100, 12, 3, 1)
    found = complier_effect(called, held)
    assert found is not None
    kept = [d for d in np.linspace(-1, 1, 20_001) if not _rejected(d, called, held)]
    assert found[1] == pytest.approx(min(kept), abs=2e-4)
    assert found[2] == pytest.approx(max(kept), abs=2e-4)


def _rejected(effect: float, called: Arm, held: Arm) -> bool:
    z = 1.959963984540054
    gap, variance = 0.0, 0.0
    for sign, arm in ((1, called), (-1, held)):
        size = arm.n + z**2
        p, r = ((k + z**2 / 2) / size for k in (arm.ordered, arm.reached))
        joint = (arm.both + z**2 / 4) / size
        gap += sign * (arm.ordered - effect * arm.reached) / arm.n
        variance += (p * (1 - p) - 2 * effect * (joint - p * r) + effect**2 * r * (1 - r)) / size
    return abs(gap) > z * variance**0.5


def test_few_reached_leave_the_effect_open_and_none_tell_nothing() -> None:
    found = complier_effect(Arm(100, 20, 2, 1), Arm(100, 15, 1, 0))
    assert found is not None
    assert found[1:] == (None, None)
    assert complier_effect(Arm(100, 20, 0, 0), Arm(100, 15, 0, 0)) is None


def counts(called: int, held: int) -> pl.DataFrame:
    row = {"period": "4 weeks", "period_end": 1, "attempted": 10, "ordered_14d": 5, "reached": 4,
           "reached_ordered_14d": 2, "recovered_14d": 2}  # fmt: skip
    return pl.DataFrame([{**row, "arm": "called", "eligible": called},
                         {**row, "arm": "holdout", "eligible": held, "reached": 0, "attempted": 0,
                          "recovered_14d": 0, "reached_ordered_14d": 0}])  # fmt: skip


def test_small_arms_are_not_compared_and_rates_of_nobody_are_null() -> None:
    found = recovery_rows(counts(40, 19), "called", "holdout")
    assert found["difference"].to_list() == [None, None]
    assert found["reached_share"].to_list() == [0.4, None]
    told = recovery_rows(counts(40, 20), "called", "holdout")
    assert told["difference"][0] == pytest.approx(5 / 40 - 5 / 20)
    assert told["difference"][1] is None


@pytest.mark.soak
@pytest.mark.parametrize(("base", "effect"), [(0.1, 0.2), (0.2, 0.0), (0.05, 0.1)])
def test_limits_hold_the_truth_and_nothing_is_found_where_nothing_is(
    base: float, effect: float
) -> None:
    reach, held, alarms = 0.4, np.zeros(2), 0
    for seed in range(1000):
        called, other = drawn(np.random.default_rng(seed), 60 + seed % 4 * 40, base, effect, reach)
        _, lo, hi = newcombe(called, other)
        found = complier_effect(called, other)
        assert found is not None
        assert found[1] is not None
        assert found[2] is not None
        held += (lo <= effect * reach <= hi, found[1] <= effect <= found[2])
        alarms += lo > 0
    assert ((held / 1000 >= 0.92) & (held / 1000 <= 0.98)).all(), held
    if not effect:
        assert alarms / 1000 <= 0.04
