"""Run rules: what in the course of a chart is too regular for chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from models.types import Bools, Floats
from transforms.contracts.status_exports import RULE_SETS, RULES

LIMITS, WESTERN_ELECTRIC, NELSON = RULE_SETS
BEYOND = RULES[0]


def _windows(z: Floats, length: int) -> Floats:
    """Each week with the `length` - 1 before it, missing ones as nan: weeks x length."""
    padded = np.concatenate([np.full(length - 1, np.nan), z])
    return np.asarray(sliding_window_view(padded, length))


def _of(z: Floats, length: int, least: int, far: float) -> Bools:
    """At least `least` of `length` weeks beyond `far` on one side, this week among them."""
    seen = _windows(z, length)
    high = ((seen > far).sum(axis=1) >= least) & (z > far)
    low = ((seen < -far).sum(axis=1) >= least) & (z < -far)
    return np.asarray(high | low)


def _trend(z: Floats, length: int) -> Bools:
    steps = np.diff(_windows(z, length), axis=1)
    return np.asarray((steps > 0).all(axis=1) | (steps < 0).all(axis=1))


def _alternating(z: Floats, length: int) -> Bools:
    steps = np.sign(np.diff(_windows(z, length), axis=1))
    return np.asarray((steps[:, 1:] * steps[:, :-1] < 0).all(axis=1))


def _near(z: Floats, length: int) -> Bools:
    return np.asarray((np.abs(_windows(z, length)) < 1).all(axis=1))


def _off(z: Floats, length: int) -> Bools:
    return np.asarray((np.abs(_windows(z, length)) > 1).all(axis=1))


_SETS: Mapping[str, Sequence[str]] = {
    LIMITS: (BEYOND,),
    WESTERN_ELECTRIC: (BEYOND, "two_of_three", "four_of_five", "eight_on_a_side"),
    NELSON: (
        BEYOND, "nine_on_a_side", "six_in_a_trend", "fourteen_alternating", "two_of_three",
        "four_of_five", "fifteen_near_centre", "eight_off_centre",
    ),
}  # fmt: skip
"""Western Electric (1956), rules 1 to 4; Nelson (1984), rules 1 to 8."""


def _holds(rule: str, z: Floats) -> Bools:
    if rule == BEYOND:
        return np.asarray(np.abs(z) > 3)
    if rule in ("eight_on_a_side", "nine_on_a_side"):
        length = 8 if rule == "eight_on_a_side" else 9
        return _of(z, length, length, 0.0)
    return {
        "two_of_three": lambda: _of(z, 3, 2, 2.0),
        "four_of_five": lambda: _of(z, 5, 4, 1.0),
        "six_in_a_trend": lambda: _trend(z, 6),
        "fourteen_alternating": lambda: _alternating(z, 14),
        "fifteen_near_centre": lambda: _near(z, 15),
        "eight_off_centre": lambda: _off(z, 8),
    }[rule]()


def first_rule(z: Floats, rules: str) -> list[str | None]:
    """For each week of `z`, oldest first, the first rule of the set that holds there; None: none does."""
    found: list[str | None] = [None] * len(z)
    if not found:
        return found
    for rule in reversed(_SETS[rules]):
        for at in np.flatnonzero(_holds(rule, z)):
            found[at] = rule
    return found
