"""What is left to hear: against counting by hand, and a known world."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.office.saturation import smallest_heard, unseen


def test_the_estimate_is_chao_and_josts() -> None:
    found = unseen(50, 10, 4, 120, 0.05)
    assert found.share == pytest.approx(10 / 120 * (49 * 10) / (49 * 10 + 2 * 4))
    spread = 1.959963984540054 * math.sqrt(10 * (1 - 10 / 120) + 2 * 4) / 120
    assert (found.lo, found.hi) == pytest.approx((found.share - spread, found.share + spread))
    alone = unseen(50, 10, 0, 120, 0.05)
    assert alone.share == pytest.approx(10 / 120 * (49 * 9) / (49 * 9 + 2))


def test_more_conversations_are_those_that_bring_the_curve_to_the_target() -> None:
    found = unseen(50, 10, 4, 120, 0.05)
    factor = (49 * 10) / (49 * 10 + 2 * 4)
    assert found.more is not None
    assert 10 / 120 * factor ** (found.more + 1) <= 0.05 < 10 / 120 * factor**found.more
    assert unseen(50, 3, 4, 120, 0.05).more == 0
    assert unseen(1, 3, 0, 3, 0.05).more is None or unseen(1, 3, 0, 3, 0.05).more == 0


def test_where_every_theme_came_twice_only_an_upper_limit_is_known() -> None:
    found = unseen(40, 0, 0, 90, 0.05)
    assert (found.share, found.lo, found.more) == (0.0, 0.0, 0)
    assert found.hi == pytest.approx(1 - 0.025 ** (1 / 90))


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (10, 0, 0, 0)])
def test_of_nothing_heard_nothing_is_said(counts: tuple[int, int, int, int]) -> None:
    assert unseen(*counts, 0.05) == (None, None, None, None)


def test_the_smallest_theme_heard_is_that_of_the_article() -> None:
    assert pytest.approx(0.64, abs=0.005) == 1 - (1 - 0.05) ** 20
    for n in (20, 50, 200):
        p = smallest_heard(n)
        assert p is not None
        assert 1 - (1 - p) ** n == pytest.approx(0.95)
    assert smallest_heard(0) is None


def test_a_known_world_is_estimated_about_right() -> None:
    rng = np.random.default_rng(2)
    chance = 0.3 / np.arange(1, 81)
    errors = []
    for _ in range(200):
        heard = (rng.random((40, 80)) < chance).sum(axis=0)
        truth = chance[heard == 0].sum() / chance.sum()
        found = unseen(40, int((heard == 1).sum()), int((heard == 2).sum()), int(heard.sum()), 0.05)
        assert found.share is not None
        errors.append(found.share - truth)
    assert abs(np.mean(errors)) < 0.01
