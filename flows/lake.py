"""The lake: append-only landings, each committed by one log entry, read as of a date.

Layout below the root (mode 0700: customers' words and identities live here):

    log/00000007.json            a committed landing; what no entry names does not exist
    tables/<table>/00000007-<source>.parquet
    restricted/<table>/…         the same for tables of contact details
    restricted/words/<table>/…   what customers said, row for row beside its part in tables/
    quarantine/00000007.parquet
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from flows.accounts import newest
from flows.lake_health import with_digests
from flows.lake_rooms import ROOMS, left_behind
from flows.landings import LakeError, Landing, Part, entry_bytes, read_entry
from flows.parquet import as_of_today
from flows.places import Place, relative
from flows.storage import storage_of
from flows.words import RAW, STATE, WORDED, split_words, words_path
from transforms.asof import DELETED, EXTRA, KNOWN_ON, ORDER, SOURCE, VERSION
from transforms.contracts import EXPORTS, INPUTS, Table
from transforms.landing import FILE, ROW

__all__ = ["LANDED_TYPES", "ORDER_STRIDE", "Lake", "LakeError", "Landing", "Part", "landing_of"]
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
KEY_LINES = 50_000
"""Order lines that the lake's own key comes from, at most."""


class Lake:
    """Append-only store of every version of every row. One writer at a time; readers need no lock."""

    def __init__(self, root: Place, without: Mapping[str, str] | None = None) -> None:
        """`without`: relative paths of damaged files, which are not read, to what befell them."""
        self.root = root
        self.without = dict(without or {})
        self.storage = storage_of(root)

    # -- log ------------------------------------------------------------------------------------
    def landings(self) -> list[Landing]:
        """Committed landings, oldest first. LakeError names an entry that cannot be read."""
        return [read_entry(*one) for one in self.storage.contents(self.root / "log", ".json")]

    def maimed(self, table: str) -> str | None:
        """What befell a file of `table` that is not read; None: all are."""
        if not self.without:
            return None
        parts = (part for entry in self.landings() for part in entry.parts if part.table == table)
        return next(
            (self.without[p] for part in parts for p in part.paths if p in self.without), None
        )

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

    def cursors(self) -> dict[str, dict[str, Any]]:
        """Source and table or endpoint to how far they have landed, for sources read piece by piece."""
        found: dict[str, dict[str, Any]] = {}
        for entry in self.landings():
            for source, told in entry.cursors.items():
                found.setdefault(source, {}).update(told)
        return found

    def own_key(self) -> bytes:
        """The lake's own key of join keys, made once, when first asked for.

        It comes from the first order lines that landed, so that the same deliveries give the same
        published bytes in another lake; whoever can work it out holds those files already. Give a
        key of your own where that is not enough.
        """
        path = self.root / "key"
        if not path.is_file():
            digest = self._first_lines_digest().encode()
            self.storage.private(self.root, self.root)
            self.storage.write(path, digest, mode=0o600)
        return path.read_bytes()

    def _first_lines_digest(self) -> str:
        contract = INPUTS["order_lines"]
        told = [[p for p in entry.parts if p.table == contract.name] for entry in self.landings()]
        first = next((parts for parts in told if parts), None)
        if first is None:
            raise LakeError(f"{self.root}: no order line has landed here; run a night first")
        columns = ["ordered_at", "order_id", "sku", "quantity", "customer_id"]
        stored = self._scan(contract, first).select(columns)
        times = stored.select("ordered_at").collect(engine="streaming")["ordered_at"]
        early = pl.col("ordered_at") <= times.bottom_k(KEY_LINES).max()
        lines = stored.filter(early).collect().sort(columns).head(KEY_LINES)
        text = io.BytesIO()
        lines.write_csv(text)
        return hashlib.sha256(b"hearcast lake key\x00" + text.getvalue()).hexdigest()

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
        return [row for _, row in newest(self.shown_at(as_of)).values()]

    def quarantine(self, as_of: date) -> pl.DataFrame:
        """Quarantined rows of the newest landing of each file."""
        contract = EXPORTS["quarantine"]
        frames, entries = [], self.shown_at(as_of)
        for entry in entries:
            if entry.quarantine is not None and entry.quarantine not in self.without:
                frame = as_of_today(
                    contract, self.storage.read_parquet(self.root / entry.quarantine)
                )
                frame = frame.select(contract.names)
                frames.append(frame.with_columns(pl.lit(entry.number).alias("_number")))
        if not frames:
            return contract.empty()
        latest = pl.DataFrame(
            [(*key, number) for key, (number, _) in newest(entries).items()],
            schema={
                "source": pl.String,
                "table": pl.String,
                "file": pl.String,
                "_number": pl.Int32,
            },
            orient="row",
        )
        rows = pl.concat(frames).join(latest, on=["source", "table", "file", "_number"], how="semi")
        return rows.select(contract.names).sort(contract.order)

    def _scan(self, contract: Table, parts: Sequence[Part]) -> pl.LazyFrame:
        schema = {**contract.schema, **LANDED_TYPES}
        worded = contract.name in WORDED
        parts = [part for part in parts if not set(part.paths) & set(self.without)]
        named = [self.root / name for part in parts for name in part.paths]
        for path in self.storage.missing(named):
            raise LakeError(
                f"{path}: a landed file is missing; restore it from a backup of the lake"
            )
        if not parts:
            return pl.LazyFrame(schema={**schema, STATE: pl.String()} if worded else schema)
        plain = [self.root / part.path for part in parts if part.words is None]
        if not worded:
            return self._scan_plain(plain, schema)
        frames = [_in_schema(self.scan_part(part), schema) for part in parts if part.words]
        if plain:
            frames.append(self._scan_plain(plain, schema).with_columns(pl.lit(RAW).alias(STATE)))
        return pl.concat(frames)

    def scan_part(self, part: Part) -> pl.LazyFrame:
        """The rows of one part as stored, with its words where they are kept apart."""
        frames = [self.storage.scan_parquet([self.root / path]) for path in part.paths]
        return frames[0] if len(frames) == 1 else pl.concat(frames, how="horizontal")

    def _scan_plain(self, paths: list[Place], schema: Mapping[str, Any]) -> pl.LazyFrame:
        return self.storage.scan_parquet(
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
        name = self.storage.part_name(f"{number:08d}-{_slug(source)}.parquet")
        ordered = rows.with_columns(
            (pl.col(ORDER).cast(pl.Int64) + number * ORDER_STRIDE).alias(ORDER)
        )
        schema = {**contract.schema, **LANDED_TYPES}
        frame = ordered.select([pl.col(n).cast(t) for n, t in schema.items()])
        if table in WORDED:
            part = Part(
                table, source, f"tables/{table}/{name}", frame.height, words_path(table, name)
            )
        else:
            room = "restricted" if contract.text else "tables"
            part = Part(table, source, f"{room}/{table}/{name}", frame.height)
        self._store(part, frame)
        return with_digests(self.root, part)

    def rewrite(self, part: Part, frame: pl.DataFrame) -> None:
        """Puts `frame` in the place of a landed part's rows: erasure and retention alone may.

        The log forgets its digests first and learns the new ones last: a part whose rewriting was
        cut short is not taken for damaged.
        """
        self._relearn(replace(part, sha256=None, words_sha256=None))
        self._store(part, frame)
        self._relearn(with_digests(self.root, part))

    def _relearn(self, part: Part) -> None:
        """Puts the digests of `part` into the log entry that names it."""
        for entry in self.landings():
            at = [number for number, one in enumerate(entry.parts) if one.path == part.path]
            if at and entry.parts[at[0]] != part:
                parts = [part if number in at else one for number, one in enumerate(entry.parts)]
                self.amend(replace(entry, parts=tuple(parts)))

    def _store(self, part: Part, frame: pl.DataFrame) -> None:
        """Writes a part's files. Words go first: a kill leaves what was to be deleted deleted."""
        if part.words is None:
            self.write_parquet(part.path, frame)
            return
        counted, words = split_words(part.table, frame)
        self.write_parquet(part.words, words)
        self.write_parquet(part.path, counted)

    def write_quarantine(self, number: int, rows: pl.DataFrame) -> str | None:
        """Stores quarantined rows; None where there are none."""
        if rows.is_empty():
            return None
        name = f"quarantine/{self.storage.part_name(f'{number:08d}.parquet')}"
        self.write_parquet(name, rows)
        return name

    def commit(self, landing: Landing) -> None:
        """Makes a landing visible, all of it at once. LakeError where its number is taken."""
        self.storage.private(self.root, self.root / "log")
        path = self._log_path(landing.number)
        try:
            self.storage.create(path, entry_bytes(landing), mode=0o600)
        except FileExistsError:
            raise LakeError(
                f"{path}: another night has landed meanwhile; run the night again"
            ) from None

    def amend(self, landing: Landing) -> None:
        """Writes the entry of a landing that is there anew, in one step."""
        self.storage.write(self._log_path(landing.number), entry_bytes(landing), mode=0o600)

    def keep_words_apart(self) -> None:
        """Brings parts written by an earlier version into today's form: words in files of their own.

        Each landing changes by the rename of its log entry; what it no longer names is swept.
        """
        for entry in self.landings():
            old = [part for part in entry.parts if part.table in WORDED and part.words is None]
            if not old:
                continue
            parts = [self._apart(part) if part in old else part for part in entry.parts]
            self.amend(replace(entry, parts=tuple(parts)))

    def _apart(self, part: Part) -> Part:
        name = Path(part.path).name
        new = replace(part, path=f"tables/{part.table}/{name}", words=words_path(part.table, name))
        schema = {**INPUTS[part.table].schema, **LANDED_TYPES}
        self._store(new, self._scan_plain([self.root / part.path], schema).collect())
        return with_digests(self.root, new)

    def _log_path(self, number: int) -> Place:
        return self.root / "log" / f"{number:08d}.json"

    def write_parquet(self, name: str, frame: pl.DataFrame) -> None:
        """Stores `frame` at a path relative to the lake, whole or not at all, for its owner only."""
        path = self.root / name
        self.storage.private(self.root, path.parent)
        self.storage.write_parquet(path, frame)

    def sweep(self) -> list[str]:
        """Removes what an interrupted landing left behind; returns the relative paths removed.

        Only the single writer may call it: a file that no log entry names is then nobody's.
        """
        named = {path for entry in self.landings() for part in entry.parts for path in part.paths}
        named |= {entry.quarantine for entry in self.landings() if entry.quarantine}
        removed = []
        for room in ROOMS:
            for path in self.storage.files(self.root / room):
                if left_behind(self.root, room, path, named):
                    self.storage.delete(path)
                    removed.append(relative(path, self.root))
        return removed


def _in_schema(frame: pl.LazyFrame, schema: Mapping[str, Any]) -> pl.LazyFrame:
    """`frame` in today's columns, in order, with the state of its words."""
    there = set(frame.collect_schema().names())
    return frame.select(
        *(
            pl.col(name) if name in there else pl.lit(None, dtype=dtype).alias(name)
            for name, dtype in schema.items()
        ),
        STATE,
    )


def landing_of(order: str) -> pl.Expr:
    """The number of the landing that brought a row, from its column `order`."""
    return pl.col(order) // ORDER_STRIDE


def _slug(source: str) -> str:
    """A file name for a source; two different names never share one."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in source)
    if plain == source:
        return plain
    return f"{plain}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"
