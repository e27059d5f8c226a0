"""Published tables as frames, for notebooks, reports and checks.

from flows.reader import read_table
forecasts = read_table("data/var/exports", "forecasts")     # or "s3://bucket/exports"
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from flows.errors import Mistake, Refusal, disk_trouble
from flows.places import Place
from flows.storage import place_of, storage_of
from transforms.contracts import CONTRACT_VERSION


class NewerExport(Mistake):
    """A newer Hearcast published this; the message is one line with the remedy."""


class DamagedExport(Refusal):
    """A published file is not what was written; the message is one line with the remedy."""


def snapshot_dir(exports: str | Place, as_of: date | str | None = None) -> Place:
    """The snapshot of the night `as_of`, default the latest: an immutable folder.

    Resolve once and read everything from it: tables read by way of `latest` one after another
    may come from two nights. An erasure takes a snapshot away at once, after its pointers lead to
    the one that amends it: where files are gone, resolve again. Raises FileNotFoundError where nothing
    was published for that day, and ValueError where `as_of` is no ISO date.
    """
    root = place_of(exports)
    day = None if as_of is None else date.fromisoformat(str(as_of))
    pointer = root / ("latest.json" if day is None else f"pointers/as_of={day}.json")
    try:
        content = json.loads(pointer.read_bytes())
    except FileNotFoundError:
        wanted = "nothing" if as_of is None else f"no night of {as_of}"
        raise FileNotFoundError(f"{wanted} is published in {root}; {_days(root)}") from None
    return root / str(content["snapshot"])


def read_table(exports: str | Place, table: str, as_of: date | str | None = None) -> pl.DataFrame:
    """One published table of the night `as_of`, default the latest.

    Raises FileNotFoundError where nothing was published for that day, KeyError, with the
    reason from the manifest, where that night has no such table, and NewerExport where what its
    columns mean may have changed since this version, DamagedExport where the file is damaged.
    """
    while True:
        snapshot = snapshot_dir(exports, as_of)
        try:
            return _read(snapshot, table)
        except FileNotFoundError:
            if snapshot_dir(exports, as_of) == snapshot:
                raise


def _read(snapshot: Place, table: str) -> pl.DataFrame:
    entry = read_manifest(snapshot)["tables"].get(table)
    if entry is None:
        raise KeyError(f"no table is named {table}; docs/tables.md lists them")
    if "sha256" not in entry:
        state = "held back" if entry.get("held") else "left out"
        raise KeyError(f"{table} was {state}: {entry.get('why', 'no reason given')}")
    return published_frame(snapshot, table)


def published_frame(
    snapshot: Place, table: str, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """A table of a snapshot that has it, or those of `columns` that the file has.

    Raises DamagedExport where the file cannot be read for what it holds. Damage that Parquet does
    not notice is not noticed here: `hearcast fresh` compares every byte.
    """
    file = snapshot / f"{table}.parquet"
    storage = storage_of(snapshot)
    try:
        if columns is None:
            return storage.read_parquet(file)
        there = storage.columns(file)
        return storage.read_parquet(file, [one for one in columns if one in there])
    except pl.exceptions.PolarsError as error:
        if disk_trouble(error):
            raise
        raise DamagedExport(
            f"{file}: this published file is damaged; run its night again with --as-of, or "
            "`hearcast backfill` where newer data have landed"
        ) from None


def read_manifest(snapshot: Place) -> dict[str, Any]:
    """The manifest of a snapshot: among others `tables`, by name, with rows, sha256 and rung.

    Raises NewerExport where its contract is newer than ours: a column may mean another thing by now,
    and nobody would see it in the numbers.
    """
    manifest: dict[str, Any] = json.loads((snapshot / "manifest.json").read_bytes())
    refuse_newer(snapshot, manifest)
    return manifest


def refuse_newer(snapshot: Place, manifest: Mapping[str, Any]) -> None:
    """Raises NewerExport where the manifest of a snapshot tells of a contract that we do not know."""
    published = manifest.get("contract_version", CONTRACT_VERSION)
    if published > CONTRACT_VERSION:
        raise NewerExport(
            f"{snapshot} was published by a newer version of Hearcast (contract version {published}; "
            f"this one knows {CONTRACT_VERSION}); upgrade Hearcast"
        )


def _days(root: Place) -> str:
    days = sorted(path.stem.removeprefix("as_of=") for path in root.glob("pointers/as_of=*.json"))
    return f"published: {days[0]} to {days[-1]}" if days else "run `hearcast nightly` first"
