"""closed_loop: from an insight to the customer who was told."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.office.given import Given
from models.office.loops import loop_rows
from transforms.contracts import EXPORTS
from transforms.office import loops


def closed_loop(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if (lacking := given.has("insights", "actions")) is not None:
        return lacking
    zone, settings = given.rules.timezone, given.night.settings.office.closed_loop
    found = loops.loops(given.shown("insights"), given.shown("actions"), given.as_of, zone)
    if found.is_empty():
        return f"no insight was accepted whose change is of the last {loops.WEEKS} weeks"
    now, window = given.said.now, (settings.recontact_days, given.as_of, zone)
    units = loops.contacts(found, now.conversations, now.said, window)
    rows = loop_rows(loops.loop_counts(found, units), settings.told_share).rename(
        {"rate": "told_share"}
    )
    contract = EXPORTS["closed_loop"]
    named = rows.with_columns(pl.lit(given.as_of).alias("as_of"))
    return {"closed_loop": named.select(contract.names).sort(contract.order)}
