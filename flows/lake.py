"""The lake: append-only landings, each committed by one log entry, read as of a date.

Layout below the root (mode 0700: customers' words and identities live here):

    log/00000007.json            a committed landing; what no entry names does not exist
    tables/<table>/00000007-<source>.parquet
    restricted/<table>/…         the same for tables that hold text or contact details
    quarantine/00000007.parquet
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from flows.atomic import fsync, private_dir, write_atomic
from flows.errors import Refusal
from flows.parquet import as_of_today
from transforms.asof import DELETED, EXTRA, KNOWN_ON, ORDER, SOURCE, VERSION
from transforms.contracts import EXPORTS, INPUTS, Table
from transforms.landing import FILE, ROW

LANDED_TYPES = {
    KNOWN_ON: pl.Date(),
    VERSION: pl.Int32(),
    DELETED: pl.Boolean(),
    SOURCE: pl.String(),
    ORDER: pl.Int64(),
    FILE: pl.String(),
    ROW: pl.Int64(),
    EXTRA: pl.String(),
}
ORDER_STRIDE = 1 << 36
"""Rows of landing n have `_order` from n * ORDER_STRIDE on, so that a later landing wins."""


class LakeError(Refusal):
    """The lake cannot be read or written; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Part:
    """One stored data file."""

    table: str
    source: str
    path: str
    rows: int


@dataclass(frozen=True, slots=True)
class Landing:
    """One committed log entry.

    `reports` are ingest_report rows of this landing, `held` says by table why its new rows were
    kept out, as of `landed_as_of`.
    """

    number: int
    landed_as_of: date
    parts: tuple[Part, ...] = ()
    reports: tuple[Mapping[str, Any], ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    quarantine: str | None = None
    signatures: Mapping[str, str] = field(default_factory=dict)


class Lake:
    """Append-only store of every version of every row. One writer at a time; readers need no lock."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # -- log ------------------------------------------------------------------------------------
    def landings(self) -> list[Landing]:
        """Committed landings, oldest first. LakeError names an entry that cannot be read."""
        return [_read_entry(path) for path in sorted((self.root / "log").glob("*.json"))]

    def newest_as_of(self) -> date | None:
        """The greatest date that any landing was made for; None: the lake is empty."""
        return max((entry.landed_as_of for entry in self.landings()), default=None)

    def is_replay(self, as_of: date) -> bool:
        """Whether a night at `as_of` may only read: newer data have landed already."""
        newest = self.newest_as_of()
        return newest is not None and as_of < newest

    def shown_at(self, as_of: date) -> list[Landing]:
        """Landings that a night at `as_of` sees.

        Those landed for `as_of` or before. A night from before the first landing never ran; it
        sees that landing's history, each row from the day that it counts as known.
        """
        entries = self.landings()
        if not entries:
            return []
        bound = max(as_of, min(entry.landed_as_of for entry in entries))
        return [entry for entry in entries if entry.landed_as_of <= bound]

    def told_on(self, as_of: date) -> dict[int, date]:
        """Landing number to the date it was made for, for landings that a night at `as_of` sees."""
        return {entry.number: entry.landed_as_of for entry in self.shown_at(as_of)}

    def held_at(self, as_of: date) -> Mapping[str, str]:
        """Table to reason, for tables whose newest rows are held back from a night at `as_of`."""
        entries = self.shown_at(as_of)
        return entries[-1].held if entries else {}

    def has(self, source: str, table: str) -> bool:
        """Whether any rows of `source`'s `table` have landed."""
        return any(
            part.source == source and part.table == table
            for entry in self.landings()
            for part in entry.parts
        )

    def taken(self) -> dict[str, str]:
        """`source/table/file` to the sha256 and mapping signature that last landed cleanly."""
        found: dict[str, str] = {}
        for entry in self.landings():
            found.update(entry.signatures)
        return found

    def key(self) -> bytes:
        """Key of pseudonyms: HEARCAST_HMAC_KEY, else the lake's own, made when first asked for."""
        told = os.environ.get("HEARCAST_HMAC_KEY")
        if told:
            return told.encode()
        path = self.root / "key"
        if not path.is_file():
            private_dir(self.root, self.root)
            write_atomic(path, secrets.token_hex(32).encode(), mode=0o600)
        return path.read_bytes()

    # -- reading --------------------------------------------------------------------------------
    def versions(self, table: str, as_of: date) -> pl.LazyFrame:
        """Every version of `table` known by `as_of`, with the lake's own columns.

        Feed it to `transforms.asof.visible`, which alone decides what a cutoff may see.
        """
        contract = INPUTS[table]
        parts = [
            part for entry in self.shown_at(as_of) for part in entry.parts if part.table == table
        ]
        return self._scan(contract, parts).filter(pl.col(KNOWN_ON) <= as_of)

    def current(self, source: str, table: str) -> pl.DataFrame:
        """Newest stored version of each key of one source, deleted ones included."""
        contract = INPUTS[table]
        parts = [
            part
            for entry in self.landings()
            for part in entry.parts
            if part.table == table and part.source == source
        ]
        versions = self._scan(contract, parts).collect()
        if not (versions[VERSION] > 1).any():
            return versions
        return versions.sort(ORDER).unique(
            subset=list(contract.key), keep="last", maintain_order=True
        )

    def reports(self, as_of: date) -> list[Mapping[str, Any]]:
        """Newest ingest_report row of each source, table and file, as a night at `as_of` sees it."""
        newest: dict[tuple[str, str, str], Mapping[str, Any]] = {}
        for entry in self.shown_at(as_of):
            for row in entry.reports:
                newest[(row["source"], row["table"], row["file"])] = row
        return [newest[key] for key in sorted(newest)]

    def quarantine(self, as_of: date) -> pl.DataFrame:
        """Quarantined rows of the newest landing of each file."""
        contract = EXPORTS["quarantine"]
        latest: dict[tuple[str, str, str], int] = {}
        frames = []
        for entry in self.shown_at(as_of):
            for row in entry.reports:
                latest[(row["source"], row["table"], row["file"])] = entry.number
            if entry.quarantine is not None:
                frame = as_of_today(contract, pl.read_parquet(self.root / entry.quarantine))
                frame = frame.select(contract.names)
                frames.append(frame.with_columns(pl.lit(entry.number).alias("_number")))
        if not frames:
            return contract.empty()
        newest = pl.DataFrame(
            [(*key, number) for key, number in sorted(latest.items())],
            schema={
                "source": pl.String,
                "table": pl.String,
                "file": pl.String,
                "_number": pl.Int32,
            },
            orient="row",
        )
        rows = pl.concat(frames).join(newest, on=["source", "table", "file", "_number"], how="semi")
        return rows.select(contract.names).sort(contract.order)

    def _scan(self, contract: Table, parts: Sequence[Part]) -> pl.LazyFrame:
        schema = {**contract.schema, **LANDED_TYPES}
        paths = [self.root / part.path for part in parts]
        for path in paths:
            if not path.is_file():
                raise LakeError(
                    f"{path}: a landed file is missing; restore it from a backup of the lake"
                )
        if not paths:
            return pl.LazyFrame(schema=schema)
        return pl.scan_parquet(
            paths, schema=schema, missing_columns="insert", extra_columns="ignore"
        )

    # -- writing --------------------------------------------------------------------------------
    def next_number(self) -> int:
        """Number of the landing that would be committed next."""
        entries = self.landings()
        return entries[-1].number + 1 if entries else 1

    def landed_as_of(self, as_of: date) -> date:
        """The date that a landing made by a run at `as_of` carries: it never moves back."""
        newest = self.newest_as_of()
        return as_of if newest is None else max(as_of, newest)

    def write_part(self, number: int, table: str, source: str, rows: pl.DataFrame) -> Part:
        """Stores rows of one table and source; invisible until `commit` names them."""
        contract = INPUTS[table]
        room = "restricted" if contract.text else "tables"
        relative = f"{room}/{table}/{number:08d}-{_slug(source)}.parquet"
        ordered = rows.with_columns(
            (pl.col(ORDER).cast(pl.Int64) + number * ORDER_STRIDE).alias(ORDER)
        )
        schema = {**contract.schema, **LANDED_TYPES}
        frame = ordered.select([pl.col(n).cast(t) for n, t in schema.items()])
        self._write_parquet(relative, frame)
        return Part(table, source, relative, frame.height)

    def write_quarantine(self, number: int, rows: pl.DataFrame) -> str | None:
        """Stores quarantined rows; None where there are none."""
        if rows.is_empty():
            return None
        relative = f"quarantine/{number:08d}.parquet"
        self._write_parquet(relative, rows)
        return relative

    def commit(self, landing: Landing) -> None:
        """Makes a landing visible, all of it at once, by one rename."""
        entry = {
            "landing": landing.number,
            "landed_as_of": landing.landed_as_of.isoformat(),
            "parts": [
                {"table": p.table, "source": p.source, "path": p.path, "rows": p.rows}
                for p in landing.parts
            ],
            "reports": list(landing.reports),
            "held": dict(landing.held),
            "quarantine": landing.quarantine,
            "signatures": dict(landing.signatures),
        }
        text = json.dumps(entry, sort_keys=True, indent=1, ensure_ascii=False)
        private_dir(self.root, self.root / "log")
        write_atomic(self._log_path(landing.number), text.encode(), mode=0o600)

    def _log_path(self, number: int) -> Path:
        return self.root / "log" / f"{number:08d}.json"

    def _write_parquet(self, relative: str, frame: pl.DataFrame) -> None:
        path = self.root / relative
        private_dir(self.root, path.parent)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        frame.write_parquet(temporary, compression="zstd", compression_level=3)
        temporary.chmod(0o600)
        fsync(temporary)
        temporary.replace(path)
        fsync(path.parent)

    def sweep(self) -> list[str]:
        """Removes what an interrupted landing left behind; returns the relative paths removed.

        Only the single writer may call it: a file that no log entry names is then nobody's.
        """
        named = {part.path for entry in self.landings() for part in entry.parts}
        named |= {entry.quarantine for entry in self.landings() if entry.quarantine}
        removed = []
        for room in ("tables", "restricted", "quarantine", "log"):
            for path in sorted((self.root / room).rglob("*")):
                relative = path.relative_to(self.root).as_posix()
                left_over = path.suffix == ".tmp" or (room != "log" and relative not in named)
                if path.is_file() and left_over:
                    path.unlink()
                    removed.append(relative)
        return removed


def landing_of(order: str) -> pl.Expr:
    """The number of the landing that brought a row, from its column `order`."""
    return pl.col(order) // ORDER_STRIDE


def _slug(source: str) -> str:
    """A file name for a source; two different names never share one."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in source)
    if plain == source:
        return plain
    return f"{plain}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"


def _read_entry(path: Path) -> Landing:
    try:
        entry = json.loads(path.read_text())
        return Landing(
            number=entry["landing"],
            landed_as_of=date.fromisoformat(entry["landed_as_of"]),
            parts=tuple(Part(**part) for part in entry["parts"]),
            reports=tuple(entry["reports"]),
            held=entry["held"],
            quarantine=entry["quarantine"],
            signatures=entry["signatures"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LakeError(
            f"{path}: this entry of the lake's log cannot be read ({type(error).__name__}); "
            "restore it from a backup of the lake"
        ) from error
