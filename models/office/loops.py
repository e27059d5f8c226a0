"""Customers told of what came of their word: how many, and whether they say it again."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.office.insight import shares
from models.office.lifts import NOTHING, Limits, share_difference
from models.proportions import wilson
from transforms.contracts.office_columns import MIN_PEOPLE

GROUPS, TIMES = ("told", "untold"), ("before", "after")


def loop_rows(counts: pl.DataFrame, target: tuple[float, float] | None) -> pl.DataFrame:
    """`counts` with told_share, every recontact rate, their 95 % limits, the difference and verdict.

    difference: share who said it again after the change, told less untold (Newcombe); null where either
    group has fewer than MIN_PEOPLE customers.
    """
    made = shares(counts, target)
    for group in GROUPS:
        n = counts[f"{group}_n"].to_numpy()
        for time in TIMES:
            found = wilson(counts[f"{group}_{time}_k"].to_numpy(), n)
            made = made.with_columns(
                pl.Series(f"{group}_{time}{end}", np.asarray(x), dtype=pl.Float64).fill_nan(None)
                for end, x in zip(("", "_lo", "_hi"), found, strict=True)
            )
    names = ("told_after_k", "told_n", "untold_after_k", "untold_n")
    compared = [_difference(*row) for row in counts.select(names).iter_rows()]
    return made.with_columns(
        pl.Series(f"difference{end}", [one[i] for one in compared], dtype=pl.Float64)
        for i, end in enumerate(("", "_lo", "_hi"))
    )


def _difference(k: int, n: int, k0: int, n0: int) -> Limits:
    return NOTHING if min(n, n0) < MIN_PEOPLE else share_difference(k, n, k0, n0)
