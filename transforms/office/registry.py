"""Sources and their tables: what came when, and whether it is as fresh as usual."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.contracts.columns import AS_OF
from transforms.contracts.office_columns import NOT_ENOUGH
from transforms.contracts.schema import PolarsType

KEY = ["source", "table"]
LEAST_DELIVERIES = 4
REPORTS: dict[str, PolarsType] = {
    "source": pl.String, "table": pl.String, "file": pl.String, "landing": pl.Int64,
    "landed_as_of": pl.Date, "rows_in": pl.Int64, "rows_good": pl.Int64,
    "rows_quarantined": pl.Int64, "max_event_at": pl.Datetime("us", "UTC"), "schema": pl.String,
}  # fmt: skip
"""Columns of what each landing reported of each file; schema: a text that tells its columns."""


def registry(
    reports: pl.DataFrame,
    configured: pl.DataFrame,
    owners: pl.DataFrame,
    *,
    as_of: date,
    timezone: str,
    late_after: int | None,
) -> pl.DataFrame:
    """One row a source and table of `reports` (REPORTS) or `configured` (KEY), sorted by KEY.

    `owners`: object_id and owner of the sources. Shares are to be added: their counts are k and n.
    """
    end = (
        pl.lit(as_of + timedelta(days=1))
        .cast(pl.Datetime("us"))
        .dt.replace_time_zone(timezone)
        .dt.convert_time_zone("UTC")
    )
    sums = reports.group_by(KEY).agg(
        pl.col("rows_good").sum().alias("rows"),
        pl.col("rows_in").sum().alias("n"),
        pl.col("rows_quarantined").sum().alias("k"),
        ((end - pl.col("max_event_at").max()).dt.total_seconds() / 3600).clip(lower_bound=0.0).alias("freshness_hours"),
    )  # fmt: skip
    rows = configured.select(*KEY, pl.lit(True).alias("configured")).unique()
    for part in (sums, _deliveries(reports), _schemas(reports)):
        rows = rows.join(part, on=KEY, how="full", coalesce=True)
    named = owners.select(pl.col("object_id").alias("source"), "owner").unique(
        "source", keep="first", maintain_order=True
    )
    return (
        rows.join(named, on="source", how="left")
        .with_columns(pl.col("rows", "n", "k", "deliveries_n").fill_null(0))
        .with_columns(
            # A replay of a day before the first landing sees that landing.
            (pl.lit(as_of) - pl.col("last_delivered_on"))
            .dt.total_days()
            .clip(lower_bound=0)
            .alias("days_since"),
            _limit(late_after).alias("late_after_days"),
            _access().alias("access"),
        )
        .with_columns(_verdict().alias("verdict"), pl.lit(as_of).alias(AS_OF.name))
        .sort(KEY)
    )


def _deliveries(reports: pl.DataFrame) -> pl.DataFrame:
    """deliveries_n, last_delivered_on and usual_gap_days of nights that took in something."""
    days = reports.filter(pl.col("rows_good") > 0).select(*KEY, "landed_as_of").unique()
    gaps = days.sort(*KEY, "landed_as_of").with_columns(
        pl.col("landed_as_of").diff().over(KEY).dt.total_days().alias("gap")
    )
    many = pl.len() >= LEAST_DELIVERIES
    return gaps.group_by(KEY).agg(
        pl.len().cast(pl.Int64).alias("deliveries_n"),
        pl.col("landed_as_of").max().alias("last_delivered_on"),
        pl.when(many).then(pl.col("gap").median()).alias("usual_gap_days"),
    )


def _schemas(reports: pl.DataFrame) -> pl.DataFrame:
    """schema_version of the newest file, and the night since which it differs from the one before."""
    told = reports.filter(pl.col("schema").is_not_null()).sort(*KEY, "landing", "file")
    told = told.unique([*KEY, "landing"], keep="last", maintain_order=True)
    changed = pl.col("schema") != pl.col("schema").shift(1).over(KEY)
    return (
        told.with_columns(changed.fill_null(value=False).alias("changed"))
        .group_by(KEY, maintain_order=True)
        .agg(
            pl.col("schema").last().alias("schema_version"),
            pl.col("landed_as_of").filter("changed").max().alias("schema_changed_on"),
        )
    )


def _limit(late_after: int | None) -> pl.Expr:
    if late_after is not None:
        return pl.lit(float(late_after))
    return (2 * pl.col("usual_gap_days")).clip(lower_bound=1.0)


def _access() -> pl.Expr:
    return (
        pl.when((pl.col("rows") > 0) & pl.col("configured").is_null())
        .then(pl.lit("inherited"))
        .when(pl.col("rows") > 0)
        .then(pl.lit("delivers"))
        .when(pl.col("n") > 0)
        .then(pl.lit("empty"))
        .otherwise(pl.lit("never"))
    )


def _verdict() -> pl.Expr:
    late = pl.col("days_since") > pl.col("late_after_days")
    return (
        pl.when(late.is_null())
        .then(pl.lit(NOT_ENOUGH))
        .when(late)
        .then(pl.lit("above"))
        .otherwise(pl.lit("inside"))
    )
