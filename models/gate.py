"""The weekly gate and its memory: what passes at each closed week, what is adopted since when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.types import Bools, Ints

WINDOW, NEEDED = 4, 3


@dataclass(frozen=True, slots=True)
class Adoption:
    """State after the last week: adopted (N,), week of the last change (N,; -1 = never)."""

    adopted: Bools
    since: Ints


def adoption(passed: Bools) -> Adoption:
    """Return the state that weekly gates (N, W) lead to, oldest week first.

    Adopted when 3 of the last 4 gates passed, retired when 3 of the last 4 failed; in between
    nothing changes, so that numbers do not flap.
    """
    n, weeks = passed.shape
    adopted = np.zeros(n, dtype=bool)
    since = np.full(n, -1, dtype=np.int64)
    for week in range(weeks):
        recent = passed[:, max(0, week - WINDOW + 1) : week + 1]
        passes = recent.sum(axis=1)
        turned = np.where(adopted, recent.shape[1] - passes >= NEEDED, passes >= NEEDED)
        adopted = adopted ^ turned
        since = np.where(turned, week, since)
    return Adoption(adopted, since)
