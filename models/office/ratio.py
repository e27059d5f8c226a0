"""A ratio of sums over things of very different size, with its interval."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import stats

from models.types import Floats


def ratio_limits(top: Floats, bottom: Floats) -> tuple[float, float, float] | None:
    """sum(top) / sum(bottom) with 95 % limits; None: fewer than two things, or a sum of 0.

    Things are taken for independent. Jackknife variance (Quenouille 1956), Student's t with Kish's
    (1965) effective number of things less one: where few large ones carry the sums, they are few.
    """
    n, total = len(top), float(bottom.sum())
    if n < 2 or total <= 0 or (bottom >= total).any():
        return None
    ratio = float(top.sum()) / total
    without = (top.sum() - top) / (total - bottom)
    error = float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))
    effective = total**2 / float((bottom**2).sum())
    width = float(stats.t.ppf(0.975, max(effective - 1, 1.0))) * error
    return ratio, max(ratio - width, 0.0), ratio + width


def with_ratio(rows: pl.DataFrame, top: str, bottom: str) -> pl.DataFrame:
    """`rows` whose lists `top` and `bottom` give a ratio, with value, lo and hi in their place."""
    lists = zip(rows[top].to_list(), rows[bottom].to_list(), strict=True)
    found = [ratio_limits(np.array(a), np.array(b)) for a, b in lists]
    told = rows.drop(top, bottom).with_columns(
        pl.Series(name, [None if one is None else one[i] for one in found], dtype=pl.Float64)
        for i, name in enumerate(("value", "lo", "hi"))
    )
    return told.drop_nulls("value")
