"""The tables of a database, all of one moment, judged as files are, with how far they were read."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

import polars as pl

from flows.settings import Settings, Source
from flows.settings.sql import SqlTable
from flows.sources.accounting import Account
from flows.sources.base import Cursor, FileKey, FilePull, FileReport, RawFile
from flows.sources.files import judge_rows, signature_of
from flows.sources.readers import read_table_file
from flows.sources.sql.address import address_of
from flows.sources.sql.base import Question, Trouble
from flows.sources.sql.read import read_tables
from flows.sources.sql.spool import Spool, content_digest
from transforms.contracts import INPUTS, Reason
from transforms.database_rows import ROW, in_order
from transforms.mapping_spec import TableMap
from transforms.validation import refuse
from transforms.watermarks import (
    Watermark,
    WatermarkError,
    back,
    highest,
    overlap_of,
    stored_watermark,
)

pause: Callable[[float], object] = time.sleep
"""Waits between two tries."""


def pull_sql(
    source: Source, settings: Settings, cursors: Mapping[str, Cursor]
) -> Iterator[FilePull]:
    """Every table of `source`, read in one transaction, then judged.

    `cursors` maps a table to how far it has landed. A table that cannot be read is yielded with a
    problem line; the others are of one moment all the same. Raises NoDatabase where nobody tells
    the database's URL.
    """
    address = address_of(source)
    asked: dict[str, Question] = {}
    troubles: dict[str, Trouble] = {}
    for table, plan in source.queries.items():
        try:
            asked[table] = Question(table, plan, _since(table, plan, settings, cursors))
        except ValueError as error:
            troubles[table] = Trouble(f"{table}: {error}")
    with ExitStack() as spools:
        read = read_tables(address, list(asked.values()), spools, pause)
        troubles |= read.troubles
        for table, plan in source.queries.items():
            job = _Job(source, settings, table, plan, cursors.get(table))
            if table in troubles:
                yield job.unread(f"{source.name}: {troubles[table]}")
            else:
                yield job.judged(read.spools[table], asked[table].since)


def _since(
    table: str, plan: SqlTable, settings: Settings, cursors: Mapping[str, Cursor]
) -> Watermark | None:
    """From where on the table is read; None: all of it."""
    told = cursors.get(table)
    if (
        told is None
        or plan.watermark is None
        or told["signature"] != _signature(table, plan, settings)
    ):
        return None
    return back(stored_watermark(told), overlap_of(plan.overlap))


def _signature(table: str, plan: SqlTable, settings: Settings) -> str:
    """Digest of everything that decides what is read: when it changes, all is read again."""
    shape = signature_of(table, plan.mapping, settings)
    text = "\x00".join([shape, plan.table or "", plan.query or "", plan.watermark or ""])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class _Job:
    """One table of a pull."""

    source: Source
    settings: Settings
    table: str
    plan: SqlTable
    told: Cursor | None

    def unread(self, line: str) -> FilePull:
        """The table that could not be read, with the reason."""
        key = FileKey(self.source.name, self.table, self._name, "", "")
        report = FileReport(
            self.source.name, self.table, self._name, "", status="unreadable", problem=line
        )
        return FilePull(key, self.plan.mode, self.source.latency_days, reports=(report,))

    @property
    def _name(self) -> str:
        return f"sql:{self.table}"

    def judged(self, spool: Spool, since: Watermark | None) -> FilePull:
        """The rows read, judged; the cursor tells how far they go."""
        rows, column = spool.rows(), self.plan.watermark
        notes = [f"column '{n}' is of type {kind}, which is not read; cast it to text in a query"
                 for n, kind in sorted(spool.unread.items())]  # fmt: skip
        mark = None
        if column is not None:
            try:
                mark = self._reached(rows, column, since, notes)
            except WatermarkError as error:
                return self.unread(f"{self.source.name}: {self.table}: {error}")
        frame = in_order(rows, column)
        signature = _signature(self.table, self.plan, self.settings)
        digest = content_digest(frame.drop(ROW))
        key = FileKey(self.source.name, self.table, self._name, digest, signature)
        account = Account(key, INPUTS[self.table], RawFile(frame, notes=tuple(notes)))
        self._judge(account)
        return FilePull(
            key,
            self.plan.mode,
            self.source.latency_days,
            good=account.good,
            quarantined=account.quarantined(),
            reports=tuple(
                replace(
                    one,
                    watermark_from=None if since is None else since.value,
                    watermark_to=None if mark is None else mark.value,
                )
                for one in account.reports()
            ),
            family=self.table if since is None else f"{self.table} since",
            cursor=None if mark is None else {**mark.stored(), "signature": signature},
        )

    def _reached(
        self,
        rows: pl.DataFrame,
        column: str,
        since: Watermark | None,
        notes: list[str],
    ) -> Watermark | None:
        """The watermark after this pull: never behind the one before."""
        if column not in rows.columns:
            raise WatermarkError(
                f"column '{column}', the watermark, is missing; add it to the query"
            )
        found, late = highest(rows[column], datetime.now(UTC))
        if late:
            notes.append(
                f"{late:,} rows have a '{column}' in the future; they are read, and again each night"
            )
        before = (
            stored_watermark(self.told) if self.told is not None and since is not None else None
        )
        if before is None or found is None or found.kind != before.kind:
            return found or before
        return max(before, found, key=lambda one: one.plain)

    def _judge(self, account: Account) -> None:
        """Maps and judges the rows. Lines without a name cannot be read piece by piece."""
        rows, table = account.raw.frame, account.table
        named = "line_id" in rows.columns or "line_id" in self.plan.map
        if "line_id" in table.names and self.plan.watermark is not None and not named:
            line = (
                "column 'line_id' is missing: with a watermark a changed line could not be told "
                'from a new one; map it, e.g. map.line_id = { concat = ["order_id", "position"] }, '
                'or read with mode = "snapshot"'
            )
            shown = self.settings.privacy.quarantine_chars
            found = refuse(rows, table, Reason.MISSING_COLUMN, line, max_chars=shown)
            account.add(table, rows.height, found)
            return
        judge_rows(account, self._mapping, self.settings, cache(read_table_file))

    @property
    def _mapping(self) -> TableMap:
        """How rows are shaped. A watermark that nothing else reads is no content of a row.

        Otherwise a row that was touched and says what it said would be another version of it.
        """
        spec, column = self.plan.mapping, self.plan.watermark
        canonical = {
            *INPUTS[self.table].names,
            *(n for r in spec.route for n in INPUTS[r.to].names),
        }
        if column is None or column in canonical or column in _texts(spec.model_dump()):
            return spec
        return spec.model_copy(update={"ignore": (*spec.ignore, column)})


def _texts(value: object) -> Iterator[str]:
    """Every text in a nested value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _texts(one)
