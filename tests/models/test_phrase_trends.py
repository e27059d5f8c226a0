"""Phrases that rise: the published formula, exact chances, and few false alarms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.phrase_trends import MIN_TOTAL, emerging, trends
from models.types import Ints


def test_log_odds_and_z_are_those_of_the_paper() -> None:
    y, x, n, m = 30, 60, 1000, 12_000
    found = trends(*(np.array([v]) for v in (y, x, n, m)), asked=1)  # type: ignore[arg-type]
    a0 = n
    a = a0 * (y + x) / (n + m)
    delta = math.log((y + a) / (n + a0 - y - a)) - math.log((x + a) / (m + a0 - x - a))
    assert found.log_odds[0] == pytest.approx(delta)
    assert found.z[0] == pytest.approx(delta / math.sqrt(1 / (y + a) + 1 / (x + a)))


def test_chances_are_exact() -> None:
    found = trends(np.array([3]), np.array([0]), np.array([100]), np.array([1200]), asked=1)
    assert found.p[0] == pytest.approx((1 / 13) ** 3)


def test_as_often_as_before_is_no_rise() -> None:
    found = trends(np.array([10]), np.array([120]), np.array([100]), np.array([1200]), asked=1)
    assert abs(found.log_odds[0]) < 0.01
    assert not emerging(found)[0]


def test_q_counts_tests_that_are_not_shown() -> None:
    counts = [np.array(v) for v in ([9, 4], [3, 20], [500, 500], [6000, 6000])]
    few, many = trends(*counts, asked=2), trends(*counts, asked=100)  # type: ignore[arg-type]
    assert many.q[0] == pytest.approx(50 * few.q[0])
    assert few.q[0] == pytest.approx(2 * few.p[0])


def corpus(rng: np.random.Generator, size: int, times: int = 1) -> tuple[Ints, Ints]:
    """People in a week and in the twelve before: Zipf-like phrases with an unchanged habit."""
    mean = 200.0 / np.arange(1, size + 1)
    return rng.poisson(times * mean), rng.poisson(12 * mean)


def test_an_unchanged_habit_hardly_ever_emerges_and_a_new_one_does() -> None:
    rng = np.random.default_rng(4)
    false_weeks = found_weeks = 0
    for _ in range(200):
        now, before = corpus(rng, 5000)
        now[-1], before[-1] = rng.poisson(12), rng.poisson(4)
        often = now + before >= MIN_TOTAL
        shown = often & (now >= 3)
        totals = (np.full(shown.sum(), now.sum()), np.full(shown.sum(), before.sum()))
        made = trends(now[shown], before[shown], *totals, asked=int(often.sum()))
        up = emerging(made)
        place = int(np.flatnonzero(np.flatnonzero(shown) == 4999)[0]) if shown[-1] else -1
        planted = place >= 0 and bool(up[place])
        found_weeks += planted
        false_weeks += bool(up.sum() - planted)
    assert false_weeks <= 0.15 * 200
    assert found_weeks >= 0.7 * 200


def test_ten_times_the_passages_are_no_rise() -> None:
    rng = np.random.default_rng(5)
    now, before = corpus(rng, 2000, times=10)
    shown = now >= 3
    totals = (np.full(shown.sum(), now.sum()), np.full(shown.sum(), before.sum()))
    made = trends(now[shown], before[shown], *totals, asked=int((now + before >= 5).sum()))
    assert emerging(made).sum() <= 2
