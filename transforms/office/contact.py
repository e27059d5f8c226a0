"""How lately the customers of each segment were spoken with."""

from __future__ import annotations

from datetime import date

import polars as pl

from transforms.calendar import local_day
from transforms.contracts.segment_exports import EVERYBODY, SEGMENTS_UP

WINDOWS = (30, 90, 365)


def newest_contacts(
    conversations: pl.DataFrame, attempts: pl.DataFrame, as_of: date, timezone: str
) -> pl.DataFrame:
    """customer_id and contacted_on, the day of the newest conversation or answered call up to `as_of`."""
    answered = attempts.filter(pl.col("connected").fill_null(value=False))
    parts = [
        frame.select("customer_id", local_day(at, timezone).alias("contacted_on"))
        for frame, at in ((conversations, "started_at"), (answered, "attempted_at"))
    ]
    known = pl.concat(parts).drop_nulls().filter(pl.col("contacted_on") <= as_of)
    return known.group_by("customer_id").agg(pl.col("contacted_on").max())


def recency(customers: pl.DataFrame, contacts: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """n, k, never_n and median_days_since by segment, and of everybody, and window_days.

    `customers`: customer_id and segment. A contact on `as_of` is 0 days ago; a window of 30 days
    holds 0 to 29.
    """
    since = (pl.lit(as_of) - pl.col("contacted_on")).dt.total_days().alias("since")
    both = customers.join(contacts, on="customer_id", how="left").select("segment", since)
    whole = pl.concat([both, both.with_columns(pl.lit(EVERYBODY).alias("segment"))])
    rows = [
        whole.group_by("segment").agg(
            pl.lit(window, dtype=pl.Int64).alias("window_days"),
            pl.len().cast(pl.Int64).alias("n"),
            (pl.col("since") < window).sum().cast(pl.Int64).alias("k"),
            pl.col("since").null_count().cast(pl.Int64).alias("never_n"),
            pl.col("since").median().alias("median_days_since"),
        )
        for window in WINDOWS
    ]
    rank = {name: at for at, name in enumerate((*SEGMENTS_UP, EVERYBODY))}
    order = pl.col("segment").replace_strict(rank, return_dtype=pl.Int64)
    return pl.concat(rows).sort(order, "window_days")
