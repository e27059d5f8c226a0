"""Many tests at once: q values that bound the share of false discoveries."""

from __future__ import annotations

import math

import numpy as np

from models.types import Floats


def q_values(p: Floats, *, tests: int = 0) -> Floats:
    """Q values of Benjamini and Hochberg (1995) along the first axis; nan = not tested, stays nan.

    `tests`: how many tests there were, where more than are given; the others are taken as p = 1.
    The same values as statsmodels' `multipletests(method="fdr_bh")`, for any number of columns at
    once: a gate is computed for each week of years.
    """
    rows = p.reshape(p.shape[0], math.prod(p.shape[1:]))
    order = np.argsort(rows, axis=0, kind="stable")
    ranked = np.take_along_axis(rows, order, axis=0)
    tested = np.maximum((~np.isnan(rows)).sum(axis=0), tests)
    rank = np.arange(1, rows.shape[0] + 1)[:, None]
    scaled = np.where(np.isnan(ranked), np.inf, ranked * tested[None] / rank)
    stepped = np.minimum(np.minimum.accumulate(scaled[::-1], axis=0)[::-1], 1.0)
    out = np.empty_like(rows)
    np.put_along_axis(out, order, stepped, axis=0)
    return np.where(np.isnan(rows), np.nan, out).reshape(p.shape)
