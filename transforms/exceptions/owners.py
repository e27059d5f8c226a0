"""Whose a finding is."""

from __future__ import annotations

from datetime import date

import polars as pl

from transforms.asof import ORDER, SOURCE

UNASSIGNED = "unassigned"
ORDERED = (
    ("metric", "series_id"),
    ("sku", "sku"),
    ("exception", "kind"),
    ("signal", "signal"),
    ("category", "category"),
    ("target", "target"),
)
"""Object types from the nearest to the widest, and the column of a finding that names the object."""


def with_owners(
    findings: pl.DataFrame, owners: pl.DataFrame, default: str, as_of: date
) -> pl.DataFrame:
    """`findings` with owner and owner_from.

    `owners` is the input table as known tonight. The owner of the nearest object counts, of
    several the one since the latest day; then `default` ("": nobody), then 'unassigned'. Owners
    that are e-mail addresses are shown by the part before the @.
    """
    told = (
        owners.filter(pl.col("since").is_null() | (pl.col("since") <= as_of))
        .sort("since", ORDER, SOURCE, nulls_last=False)
        .unique(subset=["object_type", "object_id"], keep="last", maintain_order=True)
        .with_columns(pl.col("owner").str.replace(r"^\s*([^@\s]+)@\S+\s*$", "${1}"))
    )
    rows = findings
    ordered = [one for one in ORDERED if one[1] in findings.columns]
    for kind, column in ordered:
        mine = told.filter(pl.col("object_type").str.to_lowercase() == kind)
        named = mine.select(pl.col("object_id").alias(column), pl.col("owner").alias(f"_{kind}"))
        rows = rows.join(named, on=column, how="left", maintain_order="left")
    given = pl.coalesce(*(f"_{kind}" for kind, _ in ordered))
    fallback = pl.lit(default or UNASSIGNED)
    whence = pl.lit("configuration" if default else "unassigned")
    return rows.with_columns(
        pl.coalesce(given, fallback).alias("owner"),
        pl.when(given.is_not_null()).then(pl.lit("input")).otherwise(whence).alias("owner_from"),
    ).drop([f"_{kind}" for kind, _ in ordered])
