"""Values of two arms: a slow loop over customers, what a few large customers do, and when to be silent."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.office.lifts import NOTHING
from models.office.values import (
    LEAST_BUYERS,
    UPPER,
    Effects,
    Paid,
    alike,
    enough,
    value_effects,
)
from models.types import Floats


def effects(treated: Paid, control: Paid, seed: int = 1) -> Effects:
    return value_effects({"x": treated}, {"x": control}, seed)["x"]


def arm(rng: np.random.Generator, n: int) -> Paid:
    per = rng.integers(0, 4, n).astype(float)
    return Paid(per * 20 + per * rng.random(n) * 60, per)


def slow(one: Paid, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Mean, and half widths of its logarithm (either way, down, up), customer by customer."""

    def told(value: Floats, per: Floats) -> tuple[float, float]:
        mean = value.sum() / per.sum()
        left = value - mean * per
        return mean, math.sqrt((left**2).sum() / (len(value) * (len(value) - 1))) / value.mean()

    mean, error = told(one.value, one.per)
    t = []
    for _ in range(4_000):
        i = rng.integers(0, len(one.value), len(one.value))
        again, its_error = told(one.value[i], one.per[i])
        t.append(math.log(again / mean) / its_error)
    both = float(np.quantile(np.abs(t), 0.95))
    down, up = max(both, np.quantile(t, 0.975)), max(both, -np.quantile(t, 1 - UPPER))
    return mean, both * error, float(down) * error, float(up) * error


def test_limits_are_those_of_a_slow_loop_over_customers() -> None:
    rng = np.random.default_rng(4)
    treated, control = arm(rng, 80), arm(rng, 60)
    found = effects(treated, control)
    (b, wide_b, *_), (a, wide_a, down, up) = (slow(one, rng) for one in (treated, control))
    assert found.control == pytest.approx((a, a * math.exp(-down), a * math.exp(up)), rel=0.02)
    wide = math.hypot(wide_a, wide_b)
    assert found.ratio == pytest.approx(
        (b / a, b / a * math.exp(-wide), b / a * math.exp(wide)), rel=0.01
    )
    lo = b - a - math.hypot(b - b * math.exp(-wide_b), a * math.exp(wide_a) - a)
    hi = b - a + math.hypot(b * math.exp(wide_b) - b, a - a * math.exp(-wide_a))
    assert found.difference == pytest.approx((b - a, lo, hi), abs=0.3)
    assert effects(treated, control) == found


def test_many_customers_in_groups_have_the_interval_of_the_central_limit() -> None:
    rng = np.random.default_rng(5)
    arms = [Paid(rng.lognormal(3, 1, 40_000), np.ones(40_000)) for _ in range(2)]
    _, lo, hi = effects(*arms).difference
    error = math.sqrt(sum(one.value.var() / 40_000 for one in arms))
    assert lo is not None
    assert hi is not None
    assert hi - lo == pytest.approx(2 * 1.96 * error, rel=0.06)


def test_one_large_customer_widens_the_interval_and_makes_no_winner() -> None:
    rng = np.random.default_rng(6)
    control, treated = arm(rng, 300), arm(rng, 300)
    treated.value[0] = 8_000.0
    _, lo, hi = effects(treated, control).difference
    assert lo is not None
    assert hi is not None
    assert lo < 0
    assert hi > 2 * 8_000 / treated.per.sum()


def test_names_are_drawn_together_and_each_is_what_it_is_alone() -> None:
    rng = np.random.default_rng(7)
    one, other = arm(rng, 150), arm(rng, 150)
    each = Paid(one.value, np.ones(150)), Paid(other.value, np.ones(150))
    both = value_effects({"a": one, "b": each[0]}, {"a": other, "b": each[1]}, 3)
    assert both["a"].ratio == pytest.approx(effects(one, other, 3).ratio, rel=1e-12)
    assert both["b"].ratio == pytest.approx(effects(*each, 3).ratio, rel=1e-12)


def test_without_an_order_nothing_is_told_and_without_a_value_no_limits() -> None:
    rng = np.random.default_rng(8)
    some = arm(rng, 50)
    for none in (Paid(np.zeros(50), np.zeros(50)), Paid(np.zeros(0), np.zeros(0))):
        for found in (effects(some, none), effects(none, some)):
            assert found == Effects(NOTHING, NOTHING, NOTHING, NOTHING)
    for worth in (0.0, -1.0):
        found = effects(some, Paid(np.full(50, worth), np.ones(50)))
        mean = float(some.value.sum() / some.per.sum())
        assert found.difference[0] == pytest.approx(mean - worth)
        assert found.difference[1:] == (None, None)
        assert found.ratio == NOTHING


def test_a_single_customer_with_a_value_gives_no_limits() -> None:
    value = np.zeros(200)
    value[3] = 90.0
    rng = np.random.default_rng(10)
    found = effects(Paid(value, np.ones(200)), Paid(arm(rng, 200).value, np.ones(200)))
    assert found.treated[0] == pytest.approx(0.45)
    assert found.treated[1:] == found.difference[1:] == found.ratio[1:] == (None, None)


def test_equal_values_have_an_interval_of_no_width() -> None:
    same = Paid(np.full(200, 20.0), np.ones(200))
    assert effects(same, same).ratio == (1.0, 1.0, 1.0)


def test_customers_alike_are_counted_whole_and_one_who_pays_for_all_as_one() -> None:
    assert alike(np.ones(300), np.ones(50)) == pytest.approx(50)
    large = np.zeros(300)
    large[0] = 10.0
    assert alike(large, np.zeros(300)) == pytest.approx(0.5)
    assert alike(np.zeros(5), np.zeros(5)) == 0.0


def test_a_small_arm_without_large_customers_does_not_pass_for_an_equal_one() -> None:
    rng = np.random.default_rng(9)
    large = np.where(np.arange(2_000) < 20, 4_000.0, 20.0)
    small = np.full(150, 20.0)
    assert enough(small, np.full(2_000, 20.0))
    assert not enough(small, rng.permutation(large))


def test_fewer_than_so_many_buyers_are_not_enough() -> None:
    some = np.where(np.arange(500) < LEAST_BUYERS, 20.0, 0.0)
    fewer = np.where(np.arange(500) < LEAST_BUYERS - 1, 20.0, 0.0)
    assert enough(some, some)
    assert not enough(some, fewer)
