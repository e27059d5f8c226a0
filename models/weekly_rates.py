"""Weekly counts of a signal into shrunk rates, each drawn towards its parent scope."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.estimates import prior_weights, shrunk_rates
from models.types import Floats

FIRST_GUESS = 0.05
"""A signal's rate before any conversation: what the codebook's signals are about, worth one."""


def with_rates(counts: pl.DataFrame) -> pl.DataFrame:
    """`counts` with rate, rate_shrunk, rate_lo and rate_hi.

    A category's week is drawn towards the whole business in that week; the whole business' week
    towards its rate over the weeks up to and including it. The weight of each prior is estimated
    by signal from the weeks up to and including its own: a later week never changes an earlier
    one. Rows and their order stay as they are: signal, category (null: everything), week_start,
    conversations_taggable, conversations_with_signal.
    """
    if counts.is_empty():
        return counts.with_columns(*[pl.lit(None, dtype=pl.Float64).alias(n) for n in _RATES])
    ordered = counts.with_row_index("_row").sort(
        "signal", "week_start", "category", nulls_last=False
    )
    parts = [_one_signal(frame) for frame in ordered.partition_by("signal", maintain_order=True)]
    return pl.concat(parts).sort("_row").drop("_row")


_RATES = ("rate", "rate_shrunk", "rate_lo", "rate_hi")


def _one_signal(frame: pl.DataFrame) -> pl.DataFrame:
    whole = frame.filter(pl.col("category").is_null()).sort("week_start")
    k = whole["conversations_with_signal"].to_numpy()
    n = whole["conversations_taggable"].to_numpy()
    long_run = (np.cumsum(k) + FIRST_GUESS) / (np.cumsum(n) + 1.0)
    weight = prior_weights(k.astype(float), n.astype(float), long_run, np.arange(len(k)))
    total = shrunk_rates(k, n, long_run, weight)
    whole = _attach(whole, total.rate, total.shrunk, total.lo, total.hi)
    parent = whole.select("week_start", pl.col("rate_shrunk").alias("_parent"))
    split = frame.filter(pl.col("category").is_not_null())
    if split.is_empty():
        return whole
    split = split.join(parent, on="week_start", how="left", maintain_order="left")
    above = split["_parent"].to_numpy()
    k, n = (
        split["conversations_with_signal"].to_numpy(),
        split["conversations_taggable"].to_numpy(),
    )
    week = split["week_start"].rank("dense").to_numpy().astype(np.int64) - 1
    pull = prior_weights(k.astype(float), n.astype(float), above, week)
    part = shrunk_rates(k, n, above, pull)
    return pl.concat(
        [whole, _attach(split.drop("_parent"), part.rate, part.shrunk, part.lo, part.hi)]
    )


def _attach(frame: pl.DataFrame, *values: Floats) -> pl.DataFrame:
    columns = [pl.Series(name, v).fill_nan(None) for name, v in zip(_RATES, values, strict=True)]
    return frame.with_columns(columns)
