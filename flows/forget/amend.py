"""Published nights without the person: customer-level tables are written again, everything else stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from flows.exports import amend, drop_unpointed
from flows.forget.journal import Erasure
from flows.parquet import as_of_today
from flows.review_folders import drop_reviews
from transforms.contracts import EXPORTS
from transforms.forgetting import customer_keys, quarantine_erased, without_customers

WHY = "a person was erased on request: their rows in customer-level tables are gone"
QUOTED = {
    name: tuple(c.name for c in table.columns if c.name.startswith("quote"))
    for name, table in EXPORTS.items()
    if any(c.name.startswith("quote") for c in table.columns)
}
"""Published tables that may hold redacted words, with the columns in which they stand."""
LEVEL = tuple(name for name, table in EXPORTS.items() if "customer_key" in table.names)
"""Published tables with rows of single customers."""


def amend_nights(exports: Path, one: Erasure) -> dict[str, Any]:
    """Amends every snapshot that tells of the person; what was done, as counts.

    A snapshot that no night points to any more is removed outright. All quotes go, as nobody can tell
    from redacted words whose they are, and the review pages, which may show them: both can be made
    again, without the person.
    """
    amended = removed = rows = 0
    drop_reviews(exports)
    for path in sorted((exports / "snapshots").glob("*")):
        changed, gone = _without(path, one)
        if not changed:
            continue
        rows += gone
        if drop_unpointed(exports, path):
            removed += 1
            continue
        amend(exports, path, changed, WHY)
        amended += 1
    return {"nights_amended": amended, "old_snapshots_removed": removed, "published_rows": rows}


def _without(path: Path, one: Erasure) -> tuple[dict[str, pl.DataFrame], int]:
    """The tables of a snapshot that hold the person, without them, and the rows that go."""
    edges = _read(path, "identity_edges")
    keys = {key for who in one.all for key in customer_keys(edges, who)}
    before = {name: _read(path, name) for name in LEVEL} if keys else {}
    after = {name: without_customers(frame, keys) for name, frame in before.items()}
    gone = sum(frame.height - after[name].height for name, frame in before.items())
    before["quarantine"] = after["quarantine"] = _read(path, "quarantine")
    for who in one.all:
        after["quarantine"], found = quarantine_erased(after["quarantine"], who)
        gone += found
    for name in QUOTED:
        before[name] = _read(path, name)
        after[name] = _unquoted(name, before[name])
    return {n: f for n, f in after.items() if not f.equals(before[n])}, gone


def _unquoted(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """A table without quotes; one of quotes alone is left without rows."""
    if any(not EXPORTS[name].column(column).nullable for column in QUOTED[name]):
        return frame.clear()
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(c) for c in QUOTED[name])


def _read(path: Path, name: str) -> pl.DataFrame:
    file, contract = path / f"{name}.parquet", EXPORTS[name]
    if not file.is_file():
        return contract.empty()
    return as_of_today(contract, pl.read_parquet(file)).select(contract.names)
