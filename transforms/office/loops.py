"""From an insight to the customer who was told, and whether they came back with the same."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day

WEEKS = 52
"""Changes shipped in so many weeks count."""
DIMENSIONS = ("all", "signal", "function")
UNKNOWN = "(unknown)"
KEY = (SOURCE, "conversation_id")


def loops(
    insights: pl.DataFrame, actions: pl.DataFrame, as_of: date, timezone: str
) -> pl.DataFrame:
    """One row an accepted insight: KEY, signal, function, shipped_on, told, as its first action has it.

    The first action is the first shipped of those that name the insight, else the first opened. Changes
    shipped before the last WEEKS are left out; insights of them whose change is to come are kept.
    """
    done = actions.sort("shipped_at", "opened_at", "action_id", nulls_last=True)
    first = done.filter(pl.col("insight_id").is_not_null()).unique(
        ["insight_id", SOURCE], keep="first", maintain_order=True
    )
    linked = insights.filter(pl.col("accepted_at").is_not_null()).join(
        first.select(
            SOURCE,
            "insight_id",
            pl.col("function").fill_null(UNKNOWN),
            local_day("shipped_at", timezone).alias("shipped_on"),
            pl.col("customer_told_at").is_not_null().alias("told"),
        ),
        on=[SOURCE, "insight_id"],
        how="left",
    )
    since = as_of - timedelta(weeks=WEEKS)
    newest = pl.coalesce("shipped_on", local_day("noted_at", timezone)) > since
    return linked.filter(newest).select(
        *KEY,
        "insight_id",
        pl.col("signal").fill_null(UNKNOWN),
        pl.col("function").fill_null(UNKNOWN),
        "shipped_on",
        pl.col("told").fill_null(value=False),
        pl.lit("all").alias("all"),
    )


def contacts(
    found: pl.DataFrame,
    conversations: pl.DataFrame,
    said: pl.DataFrame,
    window: tuple[int, date, str],
) -> pl.DataFrame:
    """One row a customer and signal of shipped changes: told, before, after, signal, function, all.

    `window`: days, as_of, time zone. before: they had said the signal within `days` before the day
    of the conversation that gave the insight; after: within `days` after the change was shipped. Changes shipped
    less than `days` ago are left out. Of several insights the first shipped counts; told: of any of them.
    """
    days, as_of, zone = window
    talks = conversations.filter(pl.col("customer_id").is_not_null()).select(
        *KEY, "customer_id", local_day("started_at", zone).alias("on")
    )
    ripe = found.filter(
        pl.col("shipped_on") <= as_of - timedelta(days=days), pl.col("signal") != UNKNOWN
    )
    mine = ripe.join(talks, on=list(KEY)).sort("customer_id", "signal", "shipped_on", "insight_id")
    units = mine.group_by("customer_id", "signal", maintain_order=True).agg(
        pl.col("on", "shipped_on", "function").first(), pl.col("told").any()
    )
    spoken = talks.join(said.select(*KEY, "signal").unique(), on=list(KEY)).select(
        "customer_id", "signal", pl.col("on").alias("again")
    )
    both = units.join(spoken, on=["customer_id", "signal"], how="left")
    span = timedelta(days=days)
    before = pl.col("again").is_between(pl.col("on") - span, pl.col("on"), closed="left")
    after = pl.col("again").is_between(
        pl.col("shipped_on"), pl.col("shipped_on") + span, closed="right"
    )
    return (
        both.group_by("customer_id", "signal")
        .agg(
            pl.col("function", "told").first(),
            before.any().alias("before"),
            after.any().alias("after"),
        )
        .with_columns(pl.lit("all").alias("all"))
        .sort("customer_id", "signal")
    )


def loop_counts(found: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Per dimension and slice: accepted_n, n (shipped), k (told), and customers told and not, before and after."""
    parts = []
    for name in DIMENSIONS:
        cell = pl.col(name).alias("slice")
        shipped = pl.col("shipped_on").is_not_null()
        whole = found.group_by(cell).agg(
            pl.len().cast(pl.Int64).alias("accepted_n"),
            shipped.sum().cast(pl.Int64).alias("n"),
            (shipped & pl.col("told")).sum().cast(pl.Int64).alias("k"),
        )
        sums = [
            expression.sum().cast(pl.Int64).alias(f"{group}_{what}")
            for group, mine in (("told", pl.col("told")), ("untold", ~pl.col("told")))
            for what, expression in (
                ("n", mine), ("before_k", mine & pl.col("before")), ("after_k", mine & pl.col("after")),
            )
        ]  # fmt: skip
        rows = whole.join(units.group_by(cell).agg(sums), on="slice", how="left")
        parts.append(rows.select(pl.lit(name).alias("dimension"), pl.all()))
    return pl.concat(parts).fill_null(0).sort("dimension", "slice")
