"""responsiveness: how fast exceptions are alerted, acknowledged, acted on, and over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from flows.earlier import nights_before, table_of
from flows.office.given import Given
from models.office.speed import speeds
from transforms.contracts import EXPORTS
from transforms.office import responses

WEEKS = 52
"""Episodes that began in so many weeks count."""
BY = ("dimension", "slice", "step")


def responsiveness(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    since = given.as_of - timedelta(weeks=WEEKS)
    found = responses.episodes(_nights(given), since)
    if found.is_empty():
        return f"nothing was out of the ordinary on any night of the last {WEEKS} weeks"
    told = responses.answered(found, given.shown("actions"), given.rules.timezone)
    rows = responses.steps(told, given.as_of)
    targets = given.night.settings.office.responsiveness.targets()
    parts = [
        speeds(rows.filter(pl.col("step") == step), BY, target).with_columns(
            pl.lit(target[0]).alias("target_lo"), pl.lit(target[1]).alias("target_hi")
        )
        for step, target in targets.items()
    ]
    counts = rows.group_by(BY).agg(
        pl.len().cast(pl.Int64).alias("n"), pl.col("shipped").sum().cast(pl.Int64).alias("taken_n")
    )
    table = (
        pl.concat(parts)
        .join(counts, on=list(BY))
        .with_columns(
            pl.lit(given.as_of).alias("as_of"),
            pl.col("share_shipped").alias("share_taken"),
            median_days_lo=pl.col("median_lo"),
            median_days_hi=pl.col("median_hi"),
        )
    )
    contract = EXPORTS["responsiveness"]
    return {"responsiveness": table.select(contract.names).sort(contract.order)}


def _nights(given: Given) -> list[pl.DataFrame]:
    """Exceptions of this night and of those of a year before it."""
    exports = given.night.settings.paths.exports
    days = [
        day
        for day in nights_before(exports, given.as_of)
        if day >= given.as_of - timedelta(weeks=WEEKS)
    ]
    past = [table_of(exports, day, "exceptions", responses.COLUMNS) for day in days]
    tonight = given.tables.get("exceptions", EXPORTS["exceptions"].empty())
    return [*(one for one in past if one is not None), tonight.select(responses.COLUMNS)]
