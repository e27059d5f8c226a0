"""Chances and lots: what is published is exactly what happens."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from models.office.design import UNIT, allocated, chances, drawn, held_out, scrambled, seed_of


def keys(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, n, dtype=np.uint64)


def doubt(new: np.ndarray, worth: np.ndarray, spread: np.ndarray, known: np.ndarray) -> float:
    return float((worth**2 * spread**2 / (known + new)).sum())


@pytest.mark.parametrize("seed", range(4))
def test_the_allocation_leaves_the_least_doubt_as_a_slow_search_finds_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    worth, spread, known = rng.uniform(1, 9, 5), rng.uniform(0.1, 0.5, 5), rng.uniform(1, 60, 5)
    made = allocated(40.0, worth, spread, known)
    assert made.sum() == pytest.approx(40.0)
    assert (made >= 0).all()
    slow = minimize(
        doubt,
        np.full(5, 8.0),
        args=(worth, spread, known),
        bounds=[(0, 40)] * 5,
        constraints={"type": "eq", "fun": lambda x: x.sum() - 40},
        options={"maxiter": 500, "ftol": 1e-12},
    )
    assert doubt(made, worth, spread, known) <= slow.fun * (1 + 1e-6)


def test_families_of_no_worth_get_nothing() -> None:
    made = allocated(10.0, np.array([0.0, 2.0]), np.array([0.5, 0.5]), np.array([0.0, 3.0]))
    assert made.tolist() == [0.0, 10.0]
    assert allocated(10.0, np.zeros(4), np.ones(4), np.ones(4)).tolist() == [0.0] * 4


def test_chances_add_up_to_the_list_and_leave_nobody_out() -> None:
    family = np.repeat(np.arange(4), [500, 300, 20, 5])
    made = chances(60, family, np.array([0.0, 10.0, 50.0, 200.0]), 0.5)
    assert made.sum() / UNIT == pytest.approx(60, abs=0.01)
    assert made.min() > 0
    assert (made[family == 3] == UNIT).all(), "what a small family cannot use falls on the others"
    each = [made[family == f][0] / UNIT for f in range(3)]
    assert each[0] < each[1] < each[2]


def test_with_fewer_customers_than_are_wanted_all_are_drawn() -> None:
    made = chances(60, np.zeros(12, np.int64), np.ones(1), 0.5)
    assert (made == UNIT).all()
    assert drawn(made, seed_of("x")).all()


def test_inclusion_frequencies_equal_the_stated_chances() -> None:
    rng = np.random.default_rng(5)
    chance = np.rint(rng.dirichlet(np.ones(40)) * 12 * UNIT).clip(1, UNIT).astype(np.int64)
    lots = 8_000
    hits = np.zeros(40)
    for lot in range(lots):
        hits += drawn(chance, seed_of("start", lot))
    p = chance / UNIT
    spread = np.sqrt(p * (1 - p) / lots)
    assert (np.abs(hits / lots - p) <= 4.5 * spread + 1e-9).all()


def test_a_lot_holds_the_expected_number_or_one_more_or_less() -> None:
    chance = np.full(97, 123_457, dtype=np.int64)
    expected = chance.sum() / UNIT
    sizes = {int(drawn(chance, seed_of(lot)).sum()) for lot in range(200)}
    assert sizes <= {int(expected), int(expected) + 1}
    assert len(sizes) == 2


def test_keys_come_out_evenly_and_differ_between_seeds() -> None:
    who = np.arange(20_000, dtype=np.uint64)
    one, two = (scrambled(who, seed_of(name)).astype(np.float64) / 2**64 for name in "ab")
    counts = np.histogram(one, bins=20, range=(0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 45, "chi-squared of 19 degrees of freedom"
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.03
    assert len(np.unique(scrambled(who, 7))) == len(who)


def test_the_holdout_is_the_same_every_night_and_another_for_another_programme() -> None:
    who = keys(50_000)
    held = held_out(who, "abandoner", 0.1)
    assert held.mean() == pytest.approx(0.1, abs=0.006)
    assert (held_out(who[::-1], "abandoner", 0.1)[::-1] == held).all()
    both = held & held_out(who, "recent", 0.1)
    assert both.mean() == pytest.approx(0.01, abs=0.003)
    assert (held <= held_out(who, "abandoner", 0.2)).all(), "a larger share keeps who was held"


def test_seeds_hang_on_their_parts_alone() -> None:
    assert seed_of("lot", "", "recent", "2026-11-01") == seed_of("lot", "", "recent", "2026-11-01")
    assert seed_of("a", "bc") != seed_of("ab", "c")
