"""action_speed: how fast insights become changes."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.office.given import Given
from models.office.speed import speeds
from transforms.contracts import EXPORTS
from transforms.office.acted import WEEKS, by_dimension, items

KEY = ("dimension", "slice")


def action_speed(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if (lacking := given.has("actions")) is not None:
        return lacking
    rows = by_dimension(items(given.shown("actions"), given.as_of, given.rules.timezone))
    if rows.is_empty():
        return f"no action was opened in the last {WEEKS} weeks"
    target = given.night.settings.office.actions.median_days
    counts = rows.group_by(KEY).agg(
        pl.len().alias("n"),
        pl.col("shipped").sum().alias("shipped_n"),
        (~pl.col("shipped") & ~pl.col("dropped")).sum().alias("open_n"),
        pl.col("dropped").sum().alias("dropped_n"),
    )
    found = speeds(rows, KEY, target).join(counts, on=list(KEY))
    told = found.with_columns(
        pl.lit(given.as_of).alias("as_of"),
        pl.lit(target[0]).alias("target_lo"),
        pl.lit(target[1]).alias("target_hi"),
    )
    return {"action_speed": told.select(EXPORTS["action_speed"].names)}
