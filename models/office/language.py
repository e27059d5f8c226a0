"""How much of what customers say stands in copy, with an interval over the people who said it."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from models.proportions import wilson
from models.types import Floats, Ints

DRAWS = 2000


def people_phrases(person: Ints, phrase: Ints, phrases: int) -> csr_array:
    """Whether each person (row) said each phrase (column): 0 or 1, from pairs (S,) without repeats."""
    _, row = np.unique(person, return_inverse=True)
    shape = (int(row.max()) + 1 if len(row) else 0, phrases)
    return csr_array((np.ones(len(row), dtype=np.int64), (row, phrase)), shape=shape)


def coverage(said: csr_array, covered: Ints, seed: int) -> tuple[float, float, float]:
    """Share of all sayings whose phrase is `covered` (0 or 1, by phrase), with 95 % limits.

    sum of people over covered phrases / sum of people over all. Limits are those of the percentile
    bootstrap over people (Efron 1979): somebody's phrases go together. Where nothing or everything
    is covered no draw differs, and limits are Wilson's for so many people. nan where nobody spoke.
    """
    each = np.asarray(said.sum(axis=1)).ravel()
    mine = np.asarray(said @ covered).ravel()
    if not each.sum():
        return np.nan, np.nan, np.nan
    value = float(mine.sum() / each.sum())
    if value in (0.0, 1.0):
        n = np.array([len(each)])
        _, lo, hi = wilson((value * n).astype(np.int64), n)
        return value, float(lo[0]), float(hi[0])
    drawn = drawn_ratios(mine, each, seed)
    lo, hi = np.quantile(drawn, [0.025, 0.975], method="linear")
    return value, float(lo), float(hi)


def drawn_ratios(mine: Ints, each: Ints, seed: int) -> Floats:
    """sum(mine) / sum(each) of `DRAWS` bootstrap samples of people.

    People with equal numbers are alike, so a sample is one draw from the multinomial of how many
    there are of each kind: as good as drawing people, and as cheap for a million as for ten.
    """
    kinds, count = np.unique(np.stack([mine, each]), axis=1, return_counts=True)
    rng = np.random.default_rng(seed)
    times = rng.multinomial(int(count.sum()), count / count.sum(), size=DRAWS)
    return np.asarray((times @ kinds[0]) / (times @ kinds[1]), dtype=np.float64)
