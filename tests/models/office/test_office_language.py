"""Coverage: a ratio over people's sayings, its bootstrap equal to drawing people one by one."""

from __future__ import annotations

import numpy as np
import pytest

from models.office.language import DRAWS, coverage, drawn_ratios, people_phrases


def said(rng: np.random.Generator, people: int, chances: np.ndarray) -> np.ndarray:
    """Who (row) says which phrase (column): the talkative say more of all of them."""
    talk = rng.choice([0.5, 1.5], people)[:, None]
    return (rng.random((people, len(chances))) < chances * talk).astype(np.int64)


CHANCES = np.array([0.3, 0.25, 0.2, 0.1, 0.05])
COVERED = np.array([1, 0, 1, 0, 0])


def matrix(told: np.ndarray) -> object:
    person, phrase = np.nonzero(told)
    return people_phrases(person, phrase, told.shape[1])


def test_coverage_is_sayings_of_covered_phrases_over_all() -> None:
    told = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
    value, lo, hi = coverage(matrix(told), np.array([1, 0, 0]), 1)  # type: ignore[arg-type]
    assert value == 0.25
    assert lo <= value <= hi


def test_nothing_or_everything_covered_still_has_an_interval() -> None:
    told = said(np.random.default_rng(1), 40, CHANCES)
    value, lo, hi = coverage(matrix(told), np.zeros(5, np.int64), 1)  # type: ignore[arg-type]
    assert (value, lo) == (0.0, 0.0)
    assert 0.05 < hi < 0.15
    assert coverage(matrix(told), np.ones(5, np.int64), 1)[2] == 1.0  # type: ignore[arg-type]
    assert np.isnan(coverage(people_phrases(np.array([]), np.array([]), 5), COVERED, 1)[0])


def test_draws_of_kinds_are_draws_of_people() -> None:
    rng = np.random.default_rng(3)
    told = said(rng, 60, CHANCES)
    mine, each = told @ COVERED, told.sum(axis=1)
    fast = drawn_ratios(mine, each, 5)
    picks = rng.integers(0, 60, (DRAWS, 60))
    slow = mine[picks].sum(axis=1) / each[picks].sum(axis=1)
    assert fast.std() == pytest.approx(slow.std(), rel=0.1)
    assert np.quantile(fast, 0.975) == pytest.approx(np.quantile(slow, 0.975), abs=0.02)
    assert np.array_equal(fast, drawn_ratios(mine, each, 5)), "the same seed, the same limits"


@pytest.mark.soak
def test_limits_hold_the_truth_as_often_as_they_say() -> None:
    true, held = CHANCES @ COVERED / CHANCES.sum(), 0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        _, lo, hi = coverage(matrix(said(rng, 80 + seed % 5 * 60, CHANCES)), COVERED, seed)  # type: ignore[arg-type]
        held += lo <= true <= hi
    assert 0.92 <= held / 1000 <= 0.98, held
