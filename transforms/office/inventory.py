"""How much of what passes at each touchpoint is captured, and how much of that is mined."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day
from transforms.contracts.answering_exports import UNLISTED

KEY = [SOURCE, "conversation_id"]
WINDOWS = (4, 13)


def inventory(
    touchpoints: pl.DataFrame,
    conversations: pl.DataFrame,
    hearable: pl.DataFrame,
    last_week: date,
    timezone: str,
) -> pl.DataFrame:
    """One row a touchpoint and window, with n, captured, mined and the weekly figures.

    `touchpoints`: the newest figures of each; channels that have conversations in the longer window
    and no touchpoint have a row of their own. Windows end with the week that begins on `last_week`.
    """
    end = last_week + timedelta(days=6)
    mined = hearable.select(KEY).unique().with_columns(pl.lit(True).alias("mined"))
    talked = (
        conversations.filter(pl.col("channel").is_not_null())
        .select(*KEY, "channel", local_day("started_at", timezone).alias("day"))
        .filter(pl.col("day") <= end)
        .join(mined, on=KEY, how="left")
    )
    windows = pl.DataFrame({"window_weeks": WINDOWS}, schema={"window_weeks": pl.Int64})
    age = (pl.lit(end) - pl.col("day")).dt.total_days()
    counts = (
        talked.join(windows, how="cross")
        .filter(age < 7 * pl.col("window_weeks"))
        .group_by("channel", "window_weeks")
        .agg(
            pl.len().cast(pl.Int64).alias("captured"),
            pl.col("mined").fill_null(value=False).sum().cast(pl.Int64).alias("mined"),
        )
    )
    newest = talked.group_by("channel").agg(pl.col("day").max().alias("last_captured_on"))
    rows = _listed(touchpoints, counts).join(windows, how="cross")
    rows = rows.join(counts, on=["channel", "window_weeks"], how="left")
    rows = rows.join(newest, on="channel", how="left").with_columns(
        pl.col("captured", "mined").fill_null(0), pl.lit(end).alias("window_end")
    )
    return _weekly(rows).sort("touchpoint", "channel", "window_weeks")


def _listed(touchpoints: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """Touchpoints with the volume of their channel, and one for each channel that has none."""
    columns = ["touchpoint", "channel", "owner", "system", "consent_basis", "volume_per_week"]
    volume = pl.col("volume_per_week")
    whole = pl.when(volume.null_count() == 0).then(volume.sum())
    by_channel = touchpoints.sort("channel", "touchpoint").group_by("channel").agg(
        whole.alias("channel_volume"), pl.len().cast(pl.Int64).alias("channel_touchpoints")
    )  # fmt: skip
    known = touchpoints.select(columns).join(by_channel, on="channel", how="left")
    others = counts.select("channel").unique().join(touchpoints, on="channel", how="anti")
    bare = others.with_columns(
        pl.lit(UNLISTED).alias("touchpoint"), pl.lit(0, dtype=pl.Int64).alias("channel_touchpoints")
    )
    return pl.concat([known, bare], how="diagonal")


def _weekly(rows: pl.DataFrame) -> pl.DataFrame:
    weeks = pl.col("window_weeks")
    n = (pl.col("channel_volume") * weeks).round().cast(pl.Int64)
    unheard = (pl.col("channel_volume") - pl.col("mined") / weeks).clip(lower_bound=0.0)
    return rows.with_columns(
        (pl.col("captured") / weeks).alias("captured_per_week"),
        (pl.col("mined") / weeks).alias("mined_per_week"),
        unheard.alias("unheard_per_week"),
        n.alias("n"),
    )


def gap() -> pl.Expr:
    """The first thing that is wrong at a touchpoint, of rows with counts and limits."""
    return (
        pl.when(pl.col("channel_touchpoints") == 0)
        .then(pl.lit("not_listed"))
        .when(pl.col("n").is_null() | (pl.col("n") == 0))
        .then(pl.lit("volume_unknown"))
        .when(pl.col("captured") > pl.col("n"))
        .then(pl.lit("volume_understated"))
        .when(pl.col("captured") == 0)
        .then(pl.lit("not_captured"))
        .when(pl.col("mined") == 0)
        .then(pl.lit("not_mined"))
        .when(pl.col("capture_rate_hi") < 1)
        .then(pl.lit("partly_captured"))
        .when(pl.col("mined_rate_hi") < 1)
        .then(pl.lit("partly_mined"))
        .otherwise(pl.lit("none"))
    )
