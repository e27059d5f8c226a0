"""Episodes of exceptions over the nights, and how long it took until somebody did something about each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from transforms.calendar import local_day

STEPS = ("alerted", "acknowledged", "acted", "recovered")
EPISODE = ("episode_id", "kind", "category", "sku", "signal", "first_seen")
COLUMNS = ("as_of", *EPISODE, "episode_state")
"""What is read of each night's exceptions."""
UNANSWERED = "metric_out"
ANSWERS = timedelta(days=28)
"""An action answers an episode if it was opened within so many days of it."""
DIMENSIONS = ("all", "kind", "signal", "category")
_TIMES = {"alerted": "alerted_at", "acknowledged": "acknowledged_at", "acted": "shipped_at"}


def episodes(nights: Sequence[pl.DataFrame], since: date) -> pl.DataFrame:
    """EPISODE and closed_on (null: open) of all that began on or after `since`, by episode_id.

    `nights`: the COLUMNS of each night's exceptions. What is opened anew after it closed is open.
    Episodes of metrics are left out: they have neither SKU nor category by which an action answers.
    """
    told = pl.concat(nights).filter(pl.col("first_seen") >= since, pl.col("kind") != UNANSWERED)
    rows = told.sort("episode_id", "as_of")
    closed = pl.when(pl.col("episode_state").last() == "closed").then(pl.col("as_of").last())
    return rows.group_by("episode_id", maintain_order=True).agg(
        *(pl.col(name).last() for name in EPISODE[1:]), closed.alias("closed_on")
    )


def answered(found: pl.DataFrame, actions: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """`found` with the days on which its first action was alerted, acknowledged and shipped.

    An action answers an episode of its SKU, or where it names none of its category, and of its signal
    where both name one. It was opened from the day of the episode on, at most ANSWERS later.
    """
    done = actions.select(
        pl.col("category").alias("_category"),
        pl.col("sku").alias("_sku"),
        pl.col("signal").alias("_signal"),
        "action_id",
        local_day("opened_at", timezone).alias("_opened"),
        *(local_day(column, timezone).alias(f"{step}_on") for step, column in _TIMES.items()),
    )
    by_sku = found.join(done, left_on="sku", right_on="_sku")
    wide = done.filter(pl.col("_sku").is_null())
    by_category = found.join(wide, left_on="category", right_on="_category")
    names = [*found.columns, "_signal", "action_id", "_opened", *(f"{s}_on" for s in _TIMES)]
    both = pl.concat([by_sku.select(names), by_category.select(names)])
    late = pl.min_horizontal(pl.col("first_seen") + ANSWERS, "closed_on")
    fits = both.filter(
        pl.col("_opened").is_between(pl.col("first_seen"), late),
        (pl.col("_signal") == pl.col("signal")).fill_null(value=True),
    )
    first = fits.sort("episode_id", "_opened", "action_id").unique(
        "episode_id", keep="first", maintain_order=True
    )
    days = first.select("episode_id", *(f"{step}_on" for step in _TIMES))
    return found.join(days, on="episode_id", how="left").sort("episode_id")


def steps(found: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One row an episode, step and dimension: dimension, slice, step, days (> 0) and shipped.

    `days` end with the step (shipped: it was taken), else with `as_of`. An episode that ended without
    the step stays without it to `as_of`: it was never taken.
    """
    named = found.rename({"closed_on": "recovered_on"}).with_columns(pl.lit("all").alias("all"))
    parts = [_step(named, step, name, as_of) for step in STEPS for name in DIMENSIONS]
    return pl.concat(parts).sort("dimension", "slice", "step", "days", "shipped")


def _step(named: pl.DataFrame, step: str, dimension: str, as_of: date) -> pl.DataFrame:
    on = pl.col(f"{step}_on")
    days = (pl.coalesce(on, pl.lit(as_of)) - pl.col("first_seen")).dt.total_days()
    return named.filter(pl.col(dimension).is_not_null()).select(
        pl.lit(dimension).alias("dimension"),
        pl.col(dimension).alias("slice"),
        pl.lit(step).alias("step"),
        days.cast(pl.Float64).clip(lower_bound=1 / 1440).alias("days"),
        on.is_not_null().alias("shipped"),
    )
