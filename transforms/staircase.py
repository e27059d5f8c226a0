"""What each step of the forecast said of past weeks, beside what came: the rows of value added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.changes import series_at
from transforms.contracts.columns import LEVELS
from transforms.demand import MILLI, Demand

CELL = ["target", "level", "series_id", "week_start"]
BLIND_SHARE = 0.25
"""A week with at least this share of days without stock says too little about demand."""
SMALL = 0.10
"""An override by less than this share of the forecast is small."""
JUDGED = {
    **dict.fromkeys(("target", "level", "series_id"), pl.String()),
    "week_start": pl.Date(),
    "horizon": pl.Int32(),
    "author": pl.String(),
    "statistical_mean": pl.Float64(),
    "final_mean": pl.Float64(),
    "actual": pl.Float64(),
    "direction": pl.String(),
    "size": pl.String(),
}


def last_weeks(demand: Demand, last_week: date, cutoff: date) -> pl.DataFrame:
    """The naive forecast at a cutoff: target, level, series_id, cutoff, last_value at every level.

    It is what the newest week complete at the cutoff brought, as known then.
    """
    week = demand.weekly.filter(pl.col("week_start") == last_week)
    rows = demand.series.select("series_id", "category", "sku", "channel").join(
        week.select("series_id", "milli"), on="series_id", how="left"
    )
    parts = [
        rows.with_columns(pl.lit(level).alias("level"), series_at(level).alias("series_id"))
        .filter(pl.col("series_id").is_not_null())
        .group_by("level", "series_id")
        .agg(pl.col("milli").sum())
        for level in LEVELS[: LEVELS.index(demand.level) + 1]
    ]
    return pl.concat(parts).select(
        pl.lit(demand.target).alias("target"), "level", "series_id", pl.lit(cutoff).alias("cutoff"),
        (pl.col("milli") / MILLI).alias("last_value"),
    )  # fmt: skip


def with_naive(backtest: pl.DataFrame, naive: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`backtest` with last_value, 0 where a series had no week then."""
    key = ["target", "level", "series_id", "cutoff"]
    if not naive:
        return backtest.with_columns(pl.lit(0.0).alias("last_value"))
    told = pl.concat(naive)
    return backtest.join(told, on=key, how="left", maintain_order="left").with_columns(
        pl.col("last_value").fill_null(0.0)
    )


def judged_overrides(
    published: Sequence[pl.DataFrame], replayed: Sequence[pl.DataFrame], demand_weekly: pl.DataFrame
) -> pl.DataFrame:
    """One row per applied override, horizon and week that is over: JUDGED.

    `published` are override_status of past nights, oldest first; `replayed` the same made at past
    cutoffs with what was known then, which count where no night published for that series, week
    and horizon. Of several nights with one horizon the newest counts. Weeks without enough stock
    are left out: what was sold then is not what was wanted.
    """
    kept = ["as_of", *CELL, "horizon", "author", "statistical_mean", "final_mean"]
    frames = [
        frame.filter(pl.col("status") == "applied")
        .select(kept)
        .with_columns(pl.lit(rank).alias("_rank"))
        for rank, group in ((0, replayed), (1, published))
        for frame in group
    ]
    if not frames:
        return pl.DataFrame(schema=JUDGED)
    rows = pl.concat(frames).sort("_rank", "as_of", *CELL, "author")
    one = rows.unique(subset=[*CELL, "horizon"], keep="last", maintain_order=True)
    came = demand_weekly.filter(
        ~pl.col("is_partial") & ~(pl.col("censored_share") >= BLIND_SHARE).fill_null(value=False)
    ).select(*CELL, pl.col("value").alias("actual"))
    rise = pl.col("final_mean") - pl.col("statistical_mean")
    small = rise.abs() < SMALL * pl.col("statistical_mean")
    return (
        one.join(came, on=CELL)
        .with_columns(
            pl.when(rise >= 0).then(pl.lit("up")).otherwise(pl.lit("down")).alias("direction"),
            pl.when(small).then(pl.lit("small")).otherwise(pl.lit("large")).alias("size"),
        )
        .select(list(JUDGED))
        .sort(*CELL, "horizon")
    )
