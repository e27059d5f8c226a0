"""What each source has new, judged and landed in the lake: all of it at once or nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl

from flows.accounts import WITHDRAWN, news
from flows.deliveries import schema_entry
from flows.forget.journal import Guard, finish_begun, read_erasures
from flows.keys import keyring
from flows.lake import Lake, Landing, Part
from flows.parquet import as_of_today
from flows.settings import Settings
from flows.settings.model import Source
from flows.sources.base import Cursor, FileKey, FilePull, FileReport
from flows.sources.files import pull_source
from flows.sources.http.source import Brought, pull_http, sweep_pages
from flows.sources.inbox import pull_inbox
from flows.sources.sql.pull import pull_sql
from flows.words import forgiving
from transforms.contracts import EXPORTS, INPUTS
from transforms.contracts.inputs import MAX_QUANTITY
from transforms.holding import bad_share, verdict
from transforms.landing import FILE, land_rows

Cursors = Mapping[str, Mapping[str, Cursor]]
MOST_NAMED = 5
"""Unrecognised files of a source that have a line each; a replica brings dozens that nobody needs."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did: lines for people, tables held back with the reason, rows stored."""

    replay: bool = False
    lines: tuple[str, ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    rows_stored: int = 0


@dataclass(slots=True)
class _Batch:
    """Everything that one pull brings of one source's table."""

    source: Source
    table: str
    snapshot: bool
    pulls: list[FilePull] = field(default_factory=list)
    reports: list[FileReport] = field(default_factory=list)
    frames: list[pl.DataFrame] = field(default_factory=list)


def pull(settings: Settings, lake: Lake, as_of: date) -> Pulled:
    """Lands what is new, without the forgotten. A night older than the newest landing only reads."""
    if lake.is_replay(as_of):
        newest = lake.newest_as_of()
        line = f"read-only replay: data of {newest} have landed already, so nothing was pulled"
        return Pulled(replay=True, lines=(line,), held=lake.held_at(as_of))
    lake.keep_words_apart()
    lake.sweep()
    number, landed = lake.next_number(), lake.landed_as_of(as_of)
    taken, cursors = lake.taken(), lake.cursors()
    entry = _Entry(number, landed)
    guard = _guard(settings, lake)
    sweep_pages(settings, lake)
    asked: dict[str, Brought] = {}
    for source in settings.sources:
        if source.kind == "http":
            asked[source.name] = pull_http(source, settings, lake, taken, os.environ)
            batches = list(_batches(source, asked[source.name].pulls))
        else:
            batches = list(_batches(source, pulls(source, settings, taken, cursors)))
        guard.learn_stored(lake, source.name)
        for batch in sorted(batches, key=lambda one: one.table != "customers"):
            for rows in batch.frames:
                guard.learn(source.name, batch.table, rows)
        for batch in batches:
            if batch.table not in INPUTS:
                _note_unrecognised(batch, entry)
                continue
            batch.frames = [guard.guarded(source.name, rows) for rows in batch.frames]
            _land_batch(batch, settings, lake, entry)
    for name, brought in asked.items():
        entry.apis[name] = entry.reached(brought)
    done = entry.commit(lake)
    for name, brought in asked.items():
        brought.settle(entry.apis[name])
    return done


def _guard(settings: Settings, lake: Lake) -> Guard:
    """What keeps the forgotten out; an erasure that a kill cut short is finished first."""
    if not any((lake.root / "erasures").glob("*.json")):
        return Guard([])
    erasures = read_erasures(lake, settings, keyring(settings, lake))
    return Guard(finish_begun(lake, settings, erasures))


@dataclass(slots=True)
class _Entry:
    """A landing while it is put together."""

    number: int
    landed: date
    parts: list[Part] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    same: list[dict[str, Any]] = field(default_factory=list)
    """Reports of snapshots that bring nothing new."""
    quarantined: list[pl.DataFrame] = field(default_factory=list)
    signatures: dict[str, str] = field(default_factory=dict)
    unfinished: set[str] = field(default_factory=set)
    """Files of which some table is held: they are read again, whatever else of them landed."""
    cursors: dict[str, tuple[FileKey, Cursor]] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    apis: dict[str, dict[str, str]] = field(default_factory=dict)
    """Source to the cursors of its endpoints."""

    def reached(self, brought: Brought) -> dict[str, str]:
        """Cursors of those endpoints all of whose files landed: none is ever ahead of its rows."""
        return {
            name: until
            for name, until in brought.cursors.items()
            if not self.unfinished.intersection(map(_name, brought.files.get(name, ())))
        }

    def commit(self, lake: Lake) -> Pulled:
        """Writes the log entry, unless the lake says all of this already."""
        rows = sum(part.rows for part in self.parts)
        known = lake.reports(self.landed)
        told_anew = news(self.reports, self.same, known, self.landed)
        cursors = self._cursors()
        told = lake.cursors()
        moved = any(
            told.get(name, {}).get(table) != cursor
            for name, tables in cursors.items()
            for table, cursor in tables.items()
        )
        if rows or told_anew or moved or self.held != dict(lake.held_at(self.landed)):
            contract = EXPORTS["quarantine"]
            bad = pl.concat([contract.empty(), *self.quarantined]).sort(contract.order)
            lake.commit(
                Landing(
                    self.number,
                    self.landed,
                    tuple(self.parts),
                    (*self.reports, *(row for row in told_anew if WITHDRAWN in row)),
                    self.held,
                    lake.write_quarantine(self.number, bad),
                    {k: v for k, v in self.signatures.items() if k not in self.unfinished},
                    cursors,
                )
            )
        return Pulled(False, tuple(dict.fromkeys(self.lines)), self.held, rows)

    def _cursors(self) -> dict[str, dict[str, Any]]:
        """How far each source has landed with this entry; what is held does not count."""
        found: dict[str, dict[str, Any]] = {n: dict(told) for n, told in self.apis.items() if told}
        for name, (key, cursor) in self.cursors.items():
            if name not in self.unfinished:
                found.setdefault(key.source, {})[key.table] = cursor
        return found


def _batches(source: Source, found: Iterable[FilePull]) -> Iterator[_Batch]:
    batches: dict[str, _Batch] = {}
    for one in found:
        if one.skipped:
            continue
        for report in one.reports:
            batch = batches.setdefault(
                report.table, _Batch(source, report.table, one.mode == "snapshot")
            )
            batch.pulls.append(one)
            batch.reports.append(report)
            if report.table in one.good:
                rows = one.good[report.table]
                batch.frames.append(rows.with_columns(pl.lit(one.file).alias(FILE)))
    yield from batches.values()


def pulls(
    source: Source, settings: Settings, taken: Mapping[str, str], cursors: Cursors
) -> Iterator[FilePull]:
    """Every file or pull of a source that is no API."""
    if source.kind == "inbox":
        return pull_inbox(source, settings, taken)
    if source.kind == "sql":
        return pull_sql(source, settings, cursors.get(source.name, {}))

    def skip(key: FileKey) -> bool:
        snapshot = source.tables[key.table].mode == "snapshot"
        return not snapshot and taken.get(_name(key)) == f"{key.sha256} {key.signature}"

    return pull_source(source, settings, skip=skip)


def _note_unrecognised(batch: _Batch, entry: _Entry) -> None:
    """Files that are no table: named, with every row in quarantine; they hold nothing back."""
    told = [str(r.problem) for r in batch.reports if r.problem is not None]
    entry.lines += told[:MOST_NAMED]
    if more := told[MOST_NAMED:]:
        entry.lines.append(
            f"{batch.source.name}: {len(more)} more files are not recognised; ingest_report names them"
        )
    bad = pl.concat([_bad_rows(one, batch.table) for one in batch.pulls])
    _report(batch, {}, False, entry)
    landed = bad.with_columns(pl.lit(entry.landed).alias("landed_as_of"))
    entry.quarantined.append(landed.select(EXPORTS["quarantine"].names))


def _name(key: FileKey) -> str:
    return f"{key.source}/{key.table}/{key.file}"


def _land_batch(batch: _Batch, settings: Settings, lake: Lake, entry: _Entry) -> None:
    table, name = INPUTS[batch.table], batch.source.name
    good = pl.concat(batch.frames) if batch.frames else None
    bad = pl.concat([_bad_rows(one, batch.table) for one in batch.pulls])
    reason = lake.maimed(table.name) or _judge(batch, good, bad, settings, entry)
    unchanged: Mapping[str, int] = {}
    if good is not None and reason is None:
        first = not lake.has(name, table.name)
        result = land_rows(
            good,
            forgiving(lake.current(name, table.name), good, list(table.key)),
            table,
            source=name,
            landed_as_of=entry.landed,
            latency_days=batch.source.latency_days,
            timezone=settings.business.timezone,
            first=first,
            snapshot=batch.snapshot and bad.is_empty(),
        )
        if batch.snapshot and bad.height and not first:
            entry.lines.append(
                f"{table.name}: some rows of the snapshot are quarantined, so none is taken as "
                "deleted; mend the export"
            )
        unchanged = result.unchanged
        most = settings.validation.snapshot_delete_hold_share
        if result.deleted_share > most:
            reason = (
                f"the new snapshot lacks {result.deleted_share:.0%} of the rows known so far "
                f"(allowed: {most:.0%}); check the export, or raise "
                "[validation] snapshot_delete_hold_share"
            )
        elif result.fresh.height:
            entry.parts.append(lake.write_part(entry.number, table.name, name, result.fresh))
    if reason is not None:
        entry.held[table.name] = reason
        entry.lines.append(f"{table.name} held back: {reason}")
    _report(batch, unchanged, reason is not None, entry)
    landed = bad.with_columns(pl.lit(entry.landed).alias("landed_as_of"))
    entry.quarantined.append(landed.select(EXPORTS["quarantine"].names))


def _bad_rows(one: FilePull, table: str) -> pl.DataFrame:
    return one.quarantined.filter(pl.col("table") == table)


def _judge(
    batch: _Batch,
    good: pl.DataFrame | None,
    bad: pl.DataFrame,
    settings: Settings,
    entry: _Entry,
) -> str | None:
    """Why the table must be held back; None where it may land. Adds warnings to the entry."""
    table = INPUTS[batch.table]
    entry.lines += [note for report in batch.reports for note in report.notes]
    problems = [r for r in batch.reports if r.problem is not None]
    entry.lines += [str(r.problem) for r in problems]
    for report in problems:
        if report.status in ("refused", "unreadable"):
            return str(report.problem)
    share = bad_share(
        table.empty() if good is None else good,
        bad,
        rows_in=sum(r.rows_in - r.rows_filtered - r.rows_routed for r in batch.reports),
        weight=table.weight,
        most=MAX_QUANTITY,
    )
    warn, hold = settings.validation.thresholds(table.name)
    said = verdict(share, warn, hold)
    what = (
        f"{share.share:.1%} of its rows or quantity are bad "
        f"({share.rows_bad} of {share.rows_in} rows; see table quarantine)"
    )
    if said == "hold":
        return f"{what}; allowed: {hold:.1%}, [validation] hold_share"
    if said == "warn":
        entry.lines.append(f"{table.name}: {what}")
    return None


def _report(batch: _Batch, unchanged: Mapping[str, int], held: bool, entry: _Entry) -> None:  # noqa: FBT001
    """Adds the batch's reports, less those that say nothing but «as before»."""
    for one, report in zip(batch.pulls, batch.reports, strict=True):
        same = 0 if held else unchanged.get(report.file, 0)
        final = replace(report, rows_good=report.rows_good - same, rows_unchanged=same)
        if report.status == "read":
            entry.signatures[_name(one.key)] = f"{one.sha256} {one.signature}"
            if one.cursor is not None:
                entry.cursors[_name(one.key)] = (one.key, one.cursor)
        if held:
            entry.unfinished.add(_name(one.key))
        row = _as_row(final, entry.landed, held)
        if batch.snapshot and final.problem is None and final.rows_unchanged == final.rows_in:
            entry.same.append(row)
        else:
            entry.reports.append(row | schema_entry(one, report))


def _as_row(report: FileReport, landed: date, held: bool) -> dict[str, Any]:  # noqa: FBT001
    """An ingest_report row as the log keeps it: JSON values only."""
    row = asdict(report)
    reasons = {**row.pop("reasons"), **row.pop("filtered_by")}
    for name in ("min_event_at", "max_event_at"):
        row[name] = None if row[name] is None else row[name].isoformat()
    row.pop("status"), row.pop("notes")
    return row | {
        "reasons": json.dumps(reasons, sort_keys=True),
        "unmapped_columns": json.dumps(sorted(row["unmapped_columns"])),
        "landed_as_of": landed.isoformat(),
        "held": held,
    }


def report_table(lake: Lake, as_of: date) -> pl.DataFrame:
    """The published ingest_report of a night."""
    contract = EXPORTS["ingest_report"]
    rows = [dict(row) for row in lake.reports(as_of)]
    if not rows:
        return contract.empty()
    times = ["min_event_at", "max_event_at"]
    frame = pl.DataFrame(
        rows, schema_overrides=dict.fromkeys(times, pl.String), infer_schema_length=None
    )
    frame = as_of_today(contract, frame)
    return frame.with_columns(
        *[pl.col(n).str.to_datetime("%+", time_unit="us", time_zone="UTC") for n in times],
        pl.col("landed_as_of").str.to_date(),
    ).select([pl.col(c.name).cast(c.dtype) for c in contract.columns])
