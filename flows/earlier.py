"""Nights published before one: their tables, in today's columns."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from flows.parquet import as_of_today
from flows.places import Place
from flows.reader import published_frame, read_manifest, snapshot_dir
from transforms.contracts import EXPORTS


def nights_before(exports: Place, as_of: date) -> list[date]:
    """Days of the nights published for days before `as_of`, oldest first."""
    names = (path.stem.removeprefix("as_of=") for path in exports.glob("pointers/as_of=*.json"))
    return sorted(day for name in names if (day := date.fromisoformat(name)) < as_of)


def manifest_of(exports: Place, day: date) -> dict[str, Any]:
    """The manifest of the night `day`."""
    return read_manifest(snapshot_dir(exports, day))


def table_of(
    exports: Place, day: date, name: str, columns: tuple[str, ...] | None = None
) -> pl.DataFrame | None:
    """Table `name` of the night `day`, or some columns of it; None where that night has none."""
    snapshot = snapshot_dir(exports, day)
    if "sha256" not in read_manifest(snapshot)["tables"].get(name, {}):
        return None
    contract = EXPORTS[name]
    frame = as_of_today(contract, published_frame(snapshot, name, columns or contract.names))
    return frame.select(columns or contract.names)
