"""Wilson's interval of a share beside its counts, and the verdict on what an objective rests on."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.office.verdicts import against
from models.proportions import wilson
from transforms.contracts.office_columns import MIN_PEOPLE, NOT_ENOUGH


def with_share(rows: pl.DataFrame, name: str, k: str, n: str) -> pl.DataFrame:
    """`rows` with `name`, `name`_lo and `name`_hi: column `k` of column `n`.

    Null where either is, where n is 0, and where k is above n: that is no share.
    """
    trials = rows[n].cast(pl.Float64).fill_null(0.0).to_numpy()
    hits = rows[k].cast(pl.Float64).fill_null(np.inf).to_numpy()
    told = (trials > 0) & (hits <= trials)
    found = wilson(np.where(told, hits, 0.0), np.where(told, trials, 0.0))
    ends = (name, f"{name}_lo", f"{name}_hi")
    return rows.with_columns(
        pl.Series(end, one, dtype=pl.Float64).fill_nan(None)
        for end, one in zip(ends, found, strict=True)
    )


def at_least(
    rows: pl.DataFrame, name: str, n: str, least: float | None, verdict: str
) -> pl.DataFrame:
    """`rows` with the column `verdict`: the interval of `name` beside the target from `least` to 1."""
    target = pl.lit(least, dtype=pl.Float64), pl.lit(1.0 if least is not None else None)
    told = against(
        pl.col(f"{name}_lo"), pl.col(f"{name}_hi"), *target, enough=pl.col(n) >= MIN_PEOPLE
    )
    return rows.with_columns(told.alias(verdict))


def covered(rows: pl.DataFrame, n: int) -> pl.DataFrame:
    """Rows of objective_coverage (kind, signal, k) with n, the share and its verdict."""
    shared = with_share(rows.with_columns(pl.lit(n, dtype=pl.Int64).alias("n")), "share", "k", "n")
    verdict = (
        pl.when(pl.col("kind") == "signal")
        .then(pl.lit("no_objective"))
        .when(pl.col("signal").is_null())
        .then(pl.lit("question_only"))
        .when(pl.col("k") > 0)
        .then(pl.lit("covered"))
        .when(pl.col("n") < MIN_PEOPLE)
        .then(pl.lit(NOT_ENOUGH))
        .otherwise(pl.lit("no_evidence"))
    )
    return shared.with_columns(verdict.alias("verdict"))
