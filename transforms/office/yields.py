"""Invitations, answers and costs of each channel over a window of weeks."""

from __future__ import annotations

from datetime import date

import polars as pl

CALL = "call"


def invited(touchpoints: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Per channel, of the newest figures of each touchpoint: names, weekly invitations and what they cost.

    `invited_cost_per_week`: invitations times cost_per_contact; `cost_per_contact`: the dearest of
    the channel's touchpoints, for channels in which nobody is asked. Figures from after `as_of` do
    not count.
    """
    begun = touchpoints.filter((pl.col("since") <= as_of).fill_null(value=True))
    newest = begun.sort("touchpoint", "since", "_source", nulls_last=False).unique(
        "touchpoint", keep="last", maintain_order=True
    )
    asked = pl.col("invited_per_week")
    return (
        newest.sort("channel", "touchpoint")
        .group_by("channel", maintain_order=True)
        .agg(
            pl.col("touchpoint").str.join(", ").alias("touchpoints"),
            pl.when(asked.count() > 0).then(asked.sum()).alias("invited_per_week"),
            pl.when((asked * pl.col("cost_per_contact")).count() > 0)
            .then((asked * pl.col("cost_per_contact")).sum())
            .alias("invited_cost_per_week"),
            pl.col("cost_per_contact").max(),
        )
    )


def yields(
    plans: pl.DataFrame,
    talked: pl.DataFrame,
    dialled: pl.DataFrame,
    windows: pl.DataFrame,
    captured: pl.Series,
) -> pl.DataFrame:
    """Per channel and window: touchpoints, invited, responded, n, insights_n and cost.

    `plans` as `invited` gives them; `talked`: conversations by window with channel and whole_n;
    `dialled`: dials by window with person and connected; `windows`: window_weeks and window_end of
    each window shown. Of a channel that is not among those `captured` nobody knows who answered.
    """
    cell = ["window_weeks", "window_end"]
    answers = talked.group_by(*cell, "channel").agg(
        pl.len().cast(pl.Int64).alias("conversations"),
        (pl.col("whole_n") > 0).sum().cast(pl.Int64).alias("insights_n"),
    )
    people = dialled.group_by(*cell).agg(
        pl.len().cast(pl.Int64).alias("dials"),
        pl.col("person").n_unique().cast(pl.Int64).alias("people"),
        pl.col("person").filter("connected").n_unique().cast(pl.Int64).alias("reached"),
        pl.lit(CALL).alias("channel"),
    )
    names = pl.concat(
        [plans.select("channel"), answers.select("channel"), people.select("channel")]
    )
    rows = names.unique().join(windows, how="cross")
    for part, key in (
        (plans, ["channel"]),
        (answers, [*cell, "channel"]),
        (people, [*cell, "channel"]),
    ):
        rows = rows.join(part, on=key, how="left")
    asked = pl.coalesce("people", pl.col("invited_per_week") * pl.col("window_weeks"))
    price = pl.col("cost_per_contact")
    cost = (
        pl.when(pl.col("dials").is_not_null())
        .then(pl.col("dials") * price)
        .when(pl.col("invited_per_week").is_not_null())
        .then(pl.col("invited_cost_per_week") * pl.col("window_weeks"))
        .otherwise(pl.col("conversations").fill_null(0) * price)
    )
    known = (
        pl.col("channel").is_in(captured.drop_nulls().implode()) | pl.col("reached").is_not_null()
    )
    responded = pl.when(known).then(pl.coalesce("reached", "conversations", pl.lit(0, pl.Int64)))
    return rows.select(
        "channel",
        "touchpoints",
        *cell,
        asked.alias("invited"),
        asked.round().cast(pl.Int64).alias("n"),
        responded.alias("responded"),
        responded.alias("k"),
        pl.col("insights_n").fill_null(0),
        cost.alias("cost"),
    ).sort("channel", *cell)
