"""Shares of conversations that taught something, and what an insight costs."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import stats

from models.office.verdicts import against
from models.proportions import wilson
from models.types import Floats, Ints
from transforms.contracts.office_columns import MIN_PEOPLE


def shares(rows: pl.DataFrame, target: tuple[float, float] | None) -> pl.DataFrame:
    """`rows` (n, k …) with rate, its 95 % Wilson limits lo and hi, target_lo, target_hi and verdict."""
    ends = (None, None) if target is None else target
    limited = with_limits(rows).with_columns(
        pl.lit(ends[0], dtype=pl.Float64).alias("target_lo"),
        pl.lit(ends[1], dtype=pl.Float64).alias("target_hi"),
    )
    return judged(limited)


def with_limits(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` (n, k) with rate, lo and hi; null where either is null, or n is 0 or below k."""
    n = rows["n"].cast(pl.Float64).fill_null(0.0).to_numpy()
    k = rows["k"].cast(pl.Float64).fill_null(np.inf).to_numpy()
    told = (n > 0) & (k <= n)
    found = wilson(np.where(told, k, 0.0), np.where(told, n, 0.0))
    return rows.with_columns(
        pl.Series(name, one, dtype=pl.Float64).fill_nan(None)
        for name, one in zip(("rate", "lo", "hi"), found, strict=True)
    )


def judged(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` (n, lo, hi, target_lo, target_hi) with their verdict."""
    columns = (pl.col(name) for name in ("lo", "hi", "target_lo", "target_hi"))
    enough = pl.col("n") >= MIN_PEOPLE
    return rows.with_columns(against(*columns, enough=enough).alias("verdict"))


def poisson_limits(k: Ints | Floats) -> tuple[Floats, Floats]:
    """95 % limits of the mean of a count `k` (Garwood 1936)."""
    lo = np.where(k > 0, stats.chi2.ppf(0.025, 2 * np.maximum(k, 1)) / 2, 0.0)
    return np.asarray(lo), np.asarray(stats.chi2.ppf(0.975, 2 * (k + 1)) / 2)


def costs(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` (cost, insights_n) with cost_per_insight and its 95 % limits, the count taken as Poisson.

    Without an insight only the lower limit is known; without a cost nothing is.
    """
    lo, hi = poisson_limits(rows["insights_n"].to_numpy())
    counts = rows.with_columns(pl.Series("_lo", lo), pl.Series("_hi", hi))
    some = pl.col("insights_n") > 0
    return counts.with_columns(
        pl.when(some).then(pl.col("cost") / pl.col("insights_n")).alias("cost_per_insight"),
        (pl.col("cost") / pl.col("_hi")).alias("cost_per_insight_lo"),
        pl.when(some).then(pl.col("cost") / pl.col("_lo")).alias("cost_per_insight_hi"),
    ).drop("_lo", "_hi")
