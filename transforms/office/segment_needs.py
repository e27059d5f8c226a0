"""What the customers of each segment say, each person once in a window of weeks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day
from transforms.contracts.segment_exports import SEGMENTS_UP

KEY = (SOURCE, "conversation_id")
WINDOWS = (4, 13)


def heard_of(
    conversations: pl.DataFrame,
    taggable: pl.DataFrame,
    customers: pl.DataFrame,
    last_week: date,
    timezone: str,
) -> pl.DataFrame:
    """Conversations of known customers that could be tagged, once for each window that holds them.

    Columns: window_weeks, window_end, KEY, customer_id, segment and cents.
    `customers`: customer_id, segment, cents (null: no price known). A conversation counts in each
    window that holds the day on which it began; windows end with the week that begins on `last_week`.
    """
    end = last_week + timedelta(days=6)
    known = (
        conversations.join(taggable.select(KEY).unique(), on=list(KEY), how="semi")
        .select(*KEY, "customer_id", local_day("started_at", timezone).alias("day"))
        .join(customers.select("customer_id", "segment", "cents"), on="customer_id")
    )
    parts = [
        known.filter(pl.col("day").is_between(end - timedelta(days=7 * weeks - 1), end)).select(
            pl.lit(weeks, dtype=pl.Int64).alias("window_weeks"),
            pl.lit(end).alias("window_end"),
            pl.exclude("day"),
        )
        for weeks in WINDOWS
    ]
    return pl.concat(parts)


def needs(heard: pl.DataFrame, said: pl.DataFrame, signals: Sequence[str]) -> pl.DataFrame:
    """Counts by window, segment and signal; of every segment with somebody heard, and every signal.

    n, k: people heard, and those who said it; rest_n, rest_k: the same of all other segments; cents,
    said_cents: what they bought, and those who said it; square_cents: sum of the squares, as a float.
    """
    cell = ["window_weeks", "window_end"]
    people = heard.select(*cell, "segment", "customer_id", "cents").unique()
    talkers = (
        heard.join(said.select(*KEY, "signal").unique(), on=list(KEY))
        .select(*cell, "segment", "signal", "customer_id", "cents")
        .unique()
    )
    money = pl.col("cents").fill_null(0)
    sizes = people.group_by(*cell, "segment").agg(
        pl.len().cast(pl.Int64).alias("n"),
        money.sum().alias("cents"),
        (money.cast(pl.Int128) ** 2).sum().cast(pl.Float64).alias("square_cents"),
    )
    counts = talkers.group_by(*cell, "segment", "signal").agg(
        pl.len().cast(pl.Int64).alias("k"), money.sum().alias("said_cents")
    )
    grid = sizes.join(
        pl.DataFrame({"signal": sorted(signals)}, schema={"signal": pl.String}), how="cross"
    )
    rows = grid.join(counts, on=[*cell, "segment", "signal"], how="left").with_columns(
        pl.col("k", "said_cents").fill_null(0)
    )
    over = [*cell, "signal"]
    rank = {name: at for at, name in enumerate(SEGMENTS_UP)}
    return rows.with_columns(
        (pl.col("n").sum().over(over) - pl.col("n")).alias("rest_n"),
        (pl.col("k").sum().over(over) - pl.col("k")).alias("rest_k"),
    ).sort("window_weeks", pl.col("segment").replace_strict(rank, return_dtype=pl.Int64), "signal")
