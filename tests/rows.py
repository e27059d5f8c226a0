"""Small rows in the lake's form, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from flows.lake import LANDED_TYPES
from transforms.asof import DELETED, EXTRA, KNOWN_ON, ORDER, SOURCE, VERSION
from transforms.contracts import INPUTS
from transforms.landing import FILE, ROW


def at(text: str) -> datetime:
    """A UTC time from ISO text."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def line(**changes: Any) -> dict[str, Any]:
    """One order line of 2 March 2026, with changes."""
    base: dict[str, Any] = {
        "order_id": "o1",
        "line_id": "1",
        "sku": "A",
        "ordered_at": at("2026-03-02T15:00"),
        "quantity": 2.0,
        KNOWN_ON: date(2026, 3, 2),
    }
    return base | changes


def good(table: str, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Validated rows as a source hands them to the lake."""
    contract = INPUTS[table]
    full = [{name: row.get(name) for name in contract.names} for row in rows]
    frame = pl.DataFrame(full, schema=dict(contract.schema), orient="row")
    return frame.with_columns(
        pl.int_range(1, pl.len() + 1).cast(pl.Int64).alias(ROW),
        pl.lit(None, dtype=pl.String).alias(EXTRA),
        pl.lit("file").alias(FILE),
    )


def versions(table: str, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Stored versions; rows may give `_known_on`, `_version`, `_deleted`, `_source`, `_order`."""
    frame = good(table, rows)
    own: dict[str, list[Any]] = {
        KNOWN_ON: [row.get(KNOWN_ON, date(2020, 1, 1)) for row in rows],
        VERSION: [row.get(VERSION, 1) for row in rows],
        DELETED: [row.get(DELETED, False) for row in rows],
        SOURCE: [row.get(SOURCE, "main") for row in rows],
        ORDER: [row.get(ORDER, i) for i, row in enumerate(rows)],
    }
    extra = pl.DataFrame(own, schema={name: LANDED_TYPES[name] for name in own})
    return frame.hstack(extra)
