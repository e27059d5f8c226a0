"""Themes, signals in categories, and in how many conversations each was heard."""

from __future__ import annotations

import polars as pl

from transforms.office.learnt import KEY


def theme_counts(heard: pl.DataFrame, said: pl.DataFrame, by: str) -> pl.DataFrame:
    """Per slice: n (conversations), mentions, themes_n, once and twice.

    `heard`: conversations with category and `by`; `said`: their signals. `mentions` are pairs of a
    conversation and a theme; `once`, `twice`: themes heard in one and in two conversations.
    """
    whole = heard.group_by(pl.col(by).alias("slice")).agg(pl.len().cast(pl.Int64).alias("n"))
    pairs = said.select(*KEY, "signal").unique().join(heard, on=list(KEY))
    themes = pairs.group_by(pl.col(by).alias("slice"), "signal", "category").agg(
        pl.len().alias("_m")
    )
    count = pl.col("_m")
    found = themes.group_by("slice").agg(
        count.sum().cast(pl.Int64).alias("mentions"),
        pl.len().cast(pl.Int64).alias("themes_n"),
        (count == 1).sum().cast(pl.Int64).alias("once"),
        (count == 2).sum().cast(pl.Int64).alias("twice"),
    )
    numbers = ("mentions", "themes_n", "once", "twice")
    return (
        whole.join(found, on="slice", how="left")
        .with_columns(pl.col(numbers).fill_null(0))
        .sort("slice")
    )


def needs(evidence: pl.DataFrame) -> pl.DataFrame:
    """Per signal, category and target: conversations a week needed, had, and short of it; n, k.

    `had` are the conversations tested over the weeks tested.
    """
    had = pl.col("n_conversations") / pl.col("n_weeks")
    needed = pl.col("conversations_per_week_needed")
    return (
        evidence.filter(pl.col("n_weeks") > 0)
        .select(
            pl.when(pl.col("category").is_null())
            .then(pl.lit("all"))
            .otherwise(pl.lit("category"))
            .alias("dimension"),
            pl.concat_str("signal", "category", separator=" | ", ignore_nulls=True).alias("slice"),
            "target",
            pl.col("n_weeks").alias("window_weeks"),
            pl.col("n_conversations").alias("n"),
            pl.col("n_mentions").alias("k"),
            needed.alias("per_week_needed"),
            had.alias("per_week_had"),
            (needed - had).clip(lower_bound=0.0).alias("per_week_short"),
        )
        .sort("dimension", "slice", "target")
    )
