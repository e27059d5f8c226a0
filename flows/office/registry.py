"""source_registry: every source, who answers for it, and whether it is as fresh as usual."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from flows.accounts import standing
from flows.deliveries import SCHEMA
from flows.landings import Landing
from flows.office.given import Given
from models.office.shares import with_share
from transforms.contracts import EXPORTS
from transforms.office.registry import KEY, REPORTS, registry


def source_registry(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table; it needs no input."""
    night, settings = given.night, given.night.settings
    rows = [_row(entry, told) for entry, told in standing(night.lake.shown_at(given.as_of))]
    reports = pl.DataFrame(rows, schema=REPORTS, orient="row")
    configured = [(one.name, table) for one in settings.sources for table in one.tables]
    owners = given.shown("owners").filter(
        (pl.col("object_type") == "source") & (pl.col("since") <= given.as_of).fill_null(value=True)
    )
    found = registry(
        reports,
        pl.DataFrame(configured, schema=dict.fromkeys(KEY, pl.String()), orient="row"),
        owners.sort(
            "object_id", "since", "_source", descending=[False, True, False], nulls_last=True
        ),
        as_of=given.as_of,
        timezone=given.rules.timezone,
        late_after=settings.office.registry.late_after_days,
    )
    shared = with_share(found, "quarantined_share", "k", "n")
    return {"source_registry": shared.select(EXPORTS["source_registry"].names)}


def _row(entry: Landing, told: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a landing reported of one file, as REPORTS has it; of what is held back nothing was taken in."""
    held = bool(told.get("held"))
    newest = None if held else told["max_event_at"]
    at = (
        None
        if newest is None
        else pl.Series([newest]).str.to_datetime("%+", time_unit="us", time_zone="UTC")[0]
    )
    return (
        *(told["source"], told["table"], told["file"], entry.number, entry.landed_as_of),
        *(told["rows_in"], 0 if held else told["rows_good"], told["rows_quarantined"], at),
        _digest(told),
    )


def _digest(told: Mapping[str, Any]) -> str | None:
    """Hash of the columns that a file gives; None: no good row told them."""
    if SCHEMA not in told:
        return None
    text = json.dumps(sorted(json.loads(told[SCHEMA])["given"]))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
