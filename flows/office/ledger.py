"""benefits: what each shipped action was worth, as far as an experiment measured it."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.office.given import Given
from models.office.ledger import graded
from transforms.contracts import EXPORTS
from transforms.office import ledger


def benefits(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if (lacking := given.has("actions")) is not None:
        return lacking
    lifts = given.made.get("lifts", EXPORTS["lifts"].empty())
    rows = ledger.measured(given.shown("actions"), lifts)
    if rows.is_empty():
        return "no action was shipped yet"
    measuring = sorted(rows["experiment_id"].drop_nulls().unique())
    shared = ledger.shared_units(given.shown("assignments"), measuring)
    told = graded(ledger.overlaps(rows, shared)).with_columns(
        pl.lit(given.as_of).alias("as_of"),
        pl.col("_source").alias("source"),
        pl.col("arm").fill_null("(not measured)"),
    )
    contract = EXPORTS["benefits"]
    return {"benefits": told.select(contract.names).sort(contract.order)}
