"""Which signals customers carry more often than before, by category, with intervals."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from statsmodels.stats.proportion import confint_proportions_2indep

RECENT_WEEKS, BEFORE_WEEKS = 4, 12
COLUMNS: dict[str, pl.DataType] = {
    "signal": pl.String(),
    "category": pl.String(),
    **dict.fromkeys(("said", "heard", "said_before", "heard_before"), pl.Int64()),
    **dict.fromkeys(("share", "share_before", "more_lo", "more_hi"), pl.Float64()),
}


def voices(signals_weekly: pl.DataFrame, last_week: date) -> pl.DataFrame:
    """One row per signal and category (null: all) that anybody spoke of: COLUMNS.

    `said` of `heard` taggable conversations of the four weeks to `last_week` carry the signal,
    `said_before` of `heard_before` of the 12 before. `more_lo` and `more_hi` bound the
    difference of the two shares (95 %, Newcombe 1998).
    """
    week = pl.col("week_start")
    first = last_week - timedelta(weeks=RECENT_WEEKS - 1)
    known = signals_weekly.filter(
        pl.col("in_series"), week <= last_week, week >= first - timedelta(weeks=BEFORE_WEEKS)
    )
    recent, said, heard = (
        week >= first, pl.col("conversations_with_signal"), pl.col("conversations_taggable"),
    )  # fmt: skip
    sums = (
        known.group_by("signal", "category")
        .agg(
            said.filter(recent).sum().alias("said"),
            heard.filter(recent).sum().alias("heard"),
            said.filter(~recent).sum().alias("said_before"),
            heard.filter(~recent).sum().alias("heard_before"),
        )
        .filter((pl.col("said") > 0) & (pl.col("heard_before") > 0))
        .sort("category", "signal")
    )
    if sums.is_empty():
        return pl.DataFrame(schema=COLUMNS)
    counts = [sums[n].to_numpy() for n in ("said", "heard", "said_before", "heard_before")]
    ends = [
        confint_proportions_2indep(*row, method="newcomb", compare="diff")
        for row in zip(*counts, strict=True)
    ]
    lo, hi = np.array(ends, dtype=np.float64).T
    return sums.with_columns(
        (pl.col("said") / pl.col("heard")).alias("share"),
        (pl.col("said_before") / pl.col("heard_before")).alias("share_before"),
        pl.Series("more_lo", lo),
        pl.Series("more_hi", hi),
    ).select([pl.col(name).cast(dtype) for name, dtype in COLUMNS.items()])
