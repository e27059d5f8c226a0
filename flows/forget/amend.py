"""Published nights without the person: customer-level tables are written again, everything else stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from flows.exports import amend, drop_unpointed
from flows.forget.journal import Erasure
from flows.parquet import as_of_today
from transforms.contracts import EXPORTS
from transforms.forgetting import identity_erased, quarantine_erased

WHY = "a person was erased on request: their rows in customer-level tables are gone"
LEVEL = ("customers", "identity_edges", "quarantine")
"""Published tables with rows of single customers."""


def amend_nights(exports: Path, one: Erasure) -> dict[str, Any]:
    """Amends every snapshot that tells of the person; what was done, as counts.

    A snapshot that no night points to any more is removed outright.
    """
    amended = removed = rows = 0
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
    frames = {name: _read(path, name) for name in LEVEL}
    before = dict(frames)
    gone = 0
    for who in one.all:
        frames["customers"], frames["identity_edges"] = identity_erased(
            frames["customers"], frames["identity_edges"], who
        )
        frames["quarantine"], found = quarantine_erased(frames["quarantine"], who)
        gone += found
    gone += sum(before[name].height - frames[name].height for name in LEVEL)
    changed = {n: f for n, f in frames.items() if not f.equals(before[n])}
    return changed, gone


def _read(path: Path, name: str) -> pl.DataFrame:
    file, contract = path / f"{name}.parquet", EXPORTS[name]
    if not file.is_file():
        return contract.empty()
    return as_of_today(contract, pl.read_parquet(file)).select(contract.names)
