"""The statistical forecast with planners' overrides over it, coherent over the levels.

An override says what a series and week will bring. It is shared over the series below it in
proportion to their means; overrides further down stand, and those above are shared over what they
leave. Sums over SKUs then equal categories and total exactly, in whole 2^-10.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from transforms.changes import series_at
from transforms.contracts.columns import CUMULATIVE_QUANTILES, LEVELS, QUANTILES, quantile_name

UNIT = 1024
CELL = ["target", "level", "series_id", "week_start"]
MARKS = ["override_level", "override_id", "author", "reason"]


def forecasts_final(forecasts: pl.DataFrame, overrides: pl.DataFrame) -> pl.DataFrame:
    """Rows of forecasts_final: every row of `forecasts`, with `overrides` of status applied.

    `overrides`: target, level, series_id, week_start, value, override_id, author, reason, status.
    One that cannot be reached changes nothing: where overrides below it already sum up to more,
    or leave nothing that sells to share it over. Quantiles keep their ratio to the mean, as
    signals move them; where the mean was 0 they are moved by what the override adds.
    """
    asked = overrides.filter(pl.col("status") == "applied").with_columns(
        (pl.col("value") * UNIT).round().cast(pl.Int64).alias("_asked")
    )
    bottom = _bottom(forecasts, asked)
    for level in reversed(LEVELS):
        mine = asked.filter(pl.col("level") == level)
        if mine.height:
            bottom = _shared(bottom, mine, level)
    return _finished(_marked(_moved(forecasts, bottom), asked, bottom))


def _bottom(forecasts: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Each target's finest series in the weeks that overrides touch, nobody's yet."""
    depth = pl.col("level").replace_strict(
        {name: i for i, name in enumerate(LEVELS)}, return_dtype=pl.Int8
    )
    weeks = asked.select("target", "week_start").unique()
    return (
        forecasts.filter(depth == depth.max().over("target"))
        .join(weeks, on=["target", "week_start"], how="semi")
        .select(
            *("target", "week_start", "series_id", "category", "sku", "channel"),
            (pl.col("mean") * UNIT).round().cast(pl.Int64).alias("_before"),
        )
        .with_columns(
            pl.col("_before").alias("_value"),
            pl.lit(None, dtype=pl.String).alias("_owner"),
        )
        .sort("target", "week_start", "series_id")
    )


def _shared(bottom: pl.DataFrame, mine: pl.DataFrame, level: str) -> pl.DataFrame:
    """`bottom` after the overrides of one level: what others below have fixed stays."""
    key = ["target", "week_start", "_scope"]
    told = mine.select(
        "target", "week_start", pl.col("series_id").alias("_scope"), "override_id", "_asked"
    )
    rows = bottom.with_columns(series_at(level).alias("_scope")).join(
        told, on=key, how="left", maintain_order="left"
    )
    free = pl.col("_owner").is_null()
    one = "override_id"
    rows = rows.with_columns(
        (pl.col("_asked") - pl.when(free).then(0).otherwise("_value").sum().over(one)).alias("_rest"),
        pl.when(free).then("_value").otherwise(0).sum().over(one).alias("_sells"),
        free.sum().over(one).alias("_free"),
    )  # fmt: skip
    alone = (pl.col("_free") == 1) & (pl.col("_sells") == 0)
    weight = pl.when(alone).then(1.0).otherwise(pl.col("_value") / pl.col("_sells"))
    reached = (pl.col("_rest") >= 0) & ((pl.col("_sells") > 0) | alone | (pl.col("_rest") == 0))
    rows = rows.with_columns(
        (pl.col(one).is_not_null() & reached).alias("_reached"),
        pl.when(free).then(pl.col("_rest") * weight).fill_nan(0.0).fill_null(0.0).alias("_exact"),
    ).with_columns((pl.col("_reached") & free).alias("_mine"))
    return _in_whole(rows).with_columns(
        pl.when("_mine").then("_part").otherwise("_value").alias("_value"),
        pl.when("_reached").then(pl.coalesce("_owner", one)).otherwise("_owner").alias("_owner"),
    ).select(bottom.columns)  # fmt: skip


def _in_whole(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with `_part`: `_exact` in whole numbers that add up to `_rest`, by largest remainder."""
    floor = pl.col("_exact").floor()
    free = pl.when("_mine").then("override_id")
    rows = rows.with_columns(
        floor.cast(pl.Int64).alias("_part"), (pl.col("_exact") - floor).alias("_frac"),
        free.alias("_set"),
    ).with_columns(
        (pl.col("_rest") - pl.col("_part").sum().over("_set")).alias("_left"),
        pl.struct(-pl.col("_frac"), "series_id").rank("ordinal").over("_set").alias("_rank"),
    )  # fmt: skip
    rows = rows.with_columns(pl.col("_part") + (pl.col("_rank") <= pl.col("_left")).cast(pl.Int64))
    # What arithmetic of large numbers leaves over goes to the row that comes first.
    left = pl.col("_rest") - pl.col("_part").sum().over("_set")
    return rows.with_columns(
        pl.col("_part") + pl.when(pl.col("_rank") == 1).then(left).otherwise(0)
    )


def _moved(forecasts: pl.DataFrame, bottom: pl.DataFrame) -> pl.DataFrame:
    """`forecasts` with statistical_mean, final_mean and override_delta at every level."""
    moved = bottom.with_columns((pl.col("_value") - pl.col("_before")).alias("_moved"))
    parts = [
        moved.with_columns(pl.lit(level).alias("level"), series_at(level).alias("series_id"))
        .filter(pl.col("series_id").is_not_null())
        .group_by(CELL)
        .agg(pl.col("_moved").sum())
        for level in LEVELS
    ]
    delta = (pl.col("_moved").fill_null(0) / UNIT).alias("override_delta")
    return (
        forecasts.join(pl.concat(parts), on=CELL, how="left", maintain_order="left")
        .with_columns(pl.col("mean").alias("statistical_mean"), delta)
        .with_columns((pl.col("statistical_mean") + pl.col("override_delta")).alias("final_mean"))
    )


def _marked(rows: pl.DataFrame, asked: pl.DataFrame, bottom: pl.DataFrame) -> pl.DataFrame:
    """`rows` with the override that each bears: its own, else the nearest above it."""
    reached = asked.filter(_fulfilled(asked, rows, bottom))
    marks = rows
    for level in LEVELS:
        told = reached.filter(pl.col("level") == level).select(
            "target",
            "week_start",
            pl.col("series_id").alias("_scope"),
            pl.col("level").alias(f"override_level_{level}"),
            *(pl.col(name).alias(f"{name}_{level}") for name in MARKS[1:]),
        )
        within = series_at(level) if level != "total" else pl.lit("total")
        marks = (
            marks.with_columns(within.alias("_scope"))
            .join(told, on=["target", "week_start", "_scope"], how="left", maintain_order="left")
            .drop("_scope")
        )
    near: Sequence[str] = tuple(reversed(LEVELS))
    return marks.with_columns(
        pl.coalesce(*(f"{name}_{level}" for level in near)).alias(name) for name in MARKS
    )


def _fulfilled(asked: pl.DataFrame, rows: pl.DataFrame, bottom: pl.DataFrame) -> pl.Series:
    """Whether each override's own series and week have come to what it asked."""
    got = asked.select(CELL).join(
        rows.select(*CELL, (pl.col("final_mean") * UNIT).round().cast(pl.Int64).alias("_got")),
        on=CELL, how="left", maintain_order="left",
    )  # fmt: skip
    owned = set(bottom["_owner"].drop_nulls().to_list())
    same = (got["_got"] == asked["_asked"]).fill_null(value=False)
    return same | asked["override_id"].is_in(owned)


def _finished(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with quantiles of the final forecast and its sums from horizon 1."""
    mean, final = pl.col("statistical_mean"), pl.col("final_mean")
    names = [quantile_name(q) for q in QUANTILES]
    series = ["as_of", "target", "level", "series_id"]
    whole = {
        "_final": (final * UNIT).round().cast(pl.Int64),
        "_mean": (mean * UNIT).round().cast(pl.Int64),
    }
    summed = {
        name: column.cum_sum().over(series, order_by="horizon") for name, column in whole.items()
    }
    return rows.with_columns(
        *(
            pl.when(pl.col("override_delta") == 0).then(pl.col(name))
            .when(mean > 0).then(pl.col(name) * (final / mean))
            .otherwise(pl.col(name) + pl.col("override_delta")).alias(name)
            for name in names
        ),
        **summed,
    ).with_columns(
        (pl.col("_final") / UNIT).alias("cumulative_mean"),
        pl.when(pl.col("_mean") > 0).then(pl.col("_final") / pl.col("_mean"))
        .alias("cumulative_factor"),
    )  # fmt: skip


def cumulative_final(cumulative: pl.DataFrame, final: pl.DataFrame) -> pl.DataFrame:
    """`cumulative` (forecasts_cumulative) with the overrides of `final` (forecasts_final) in it.

    Its mean becomes cumulative_mean and its quantiles keep their ratio to it; where the
    statistical sum was 0 they are moved by what overrides add. Baselines stay, and so does every
    row that no override reaches.
    """
    key = ["as_of", *CELL, "horizon"]
    told = final.select(*key, "cumulative_mean", "cumulative_factor")
    rows = cumulative.join(told, on=key, how="left", maintain_order="left")
    names = ["mean", *(quantile_name(q) for q in CUMULATIVE_QUANTILES)]
    reached = pl.col("cumulative_mean").is_not_null()
    return rows.with_columns(
        pl.when(reached & pl.col("cumulative_factor").is_not_null())
        .then(pl.col(name) * pl.col("cumulative_factor"))
        .when(reached)
        .then(pl.col(name) + pl.col("cumulative_mean"))
        .otherwise(pl.col(name))
        .alias(name)
        for name in names
    ).drop("cumulative_mean", "cumulative_factor")


def overridden(
    forecasts: pl.DataFrame, cumulative: pl.DataFrame, final: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`forecasts` and `cumulative` (forecasts_cumulative) as `final` (forecasts_final) has them.

    What an order is to cover: means of weeks are final_mean, sums as `cumulative_final` has them.
    """
    key = ["as_of", *CELL, "horizon"]
    told = final.select(*key, "final_mean")
    rows = forecasts.join(told, on=key, how="left", maintain_order="left")
    mean = pl.coalesce("final_mean", "mean").alias("mean")
    return rows.with_columns(mean).drop("final_mean"), cumulative_final(cumulative, final)
