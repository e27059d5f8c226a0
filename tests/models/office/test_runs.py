"""Run rules against a slow reading of their text, week by week."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from models.office.runs import first_rule

SIDES = (1.0, -1.0)


def side(z: list[float], length: int, least: int, far: float) -> bool:
    last = z[-length:]
    return any(
        z[-1] * s > far and sum(one * s > far for one in last) >= least
        for s in SIDES
    )  # fmt: skip


def trend(z: list[float], length: int) -> bool:
    last = z[-length:]
    if len(last) < length:
        return False
    pairs = list(pairwise(last))
    return all(a < b for a, b in pairs) or all(a > b for a, b in pairs)


def alternating(z: list[float], length: int) -> bool:
    last = z[-length:]
    if len(last) < length:
        return False
    up = [b > a for a, b in pairwise(last)]
    return all(a != b for a, b in pairwise(up))


def whole(z: list[float], length: int, near: bool) -> bool:  # noqa: FBT001
    last = z[-length:]
    return len(last) == length and all((abs(one) < 1) == near for one in last)


SLOW = {
    "western_electric": (
        ("beyond_limits", lambda z: abs(z[-1]) > 3),
        ("two_of_three", lambda z: side(z, 3, 2, 2)),
        ("four_of_five", lambda z: side(z, 5, 4, 1)),
        ("eight_on_a_side", lambda z: side(z, 8, 8, 0)),
    ),
    "nelson": (
        ("beyond_limits", lambda z: abs(z[-1]) > 3),
        ("nine_on_a_side", lambda z: side(z, 9, 9, 0)),
        ("six_in_a_trend", lambda z: trend(z, 6)),
        ("fourteen_alternating", lambda z: alternating(z, 14)),
        ("two_of_three", lambda z: side(z, 3, 2, 2)),
        ("four_of_five", lambda z: side(z, 5, 4, 1)),
        ("fifteen_near_centre", lambda z: whole(z, 15, near=True)),
        ("eight_off_centre", lambda z: whole(z, 8, near=False)),
    ),
    "limits": (("beyond_limits", lambda z: abs(z[-1]) > 3),),
}


@pytest.mark.parametrize("rules", list(SLOW))
def test_each_week_has_the_first_rule_that_holds(rules: str) -> None:
    rng = np.random.default_rng(6)
    courses = [rng.normal(shift, width, 60) for shift in (0, 0.8) for width in (0.5, 1, 1.6)]
    courses += [np.cumsum(rng.normal(0, 0.4, 60)), np.tile([0.5, -0.5], 30), np.zeros(5)]
    met = set()
    for z in courses:
        slow = [
            next((name for name, holds in SLOW[rules] if holds(z[: i + 1].tolist())), None)
            for i in range(len(z))
        ]
        assert first_rule(z, rules) == slow
        met |= set(slow)
    assert met >= {name for name, _ in SLOW[rules]} - {"eight_off_centre"}


def test_a_course_shorter_than_a_rule_is_judged_by_what_there_is() -> None:
    assert first_rule(np.array([]), "nelson") == []
    assert first_rule(np.array([0.1, 4.0]), "nelson") == [None, "beyond_limits"]
