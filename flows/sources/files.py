"""Source of kind "files": canonical tables, or raw files through a mapping, from local folders or buckets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import polars as pl

from flows.accounts import NO_MATCH
from flows.places import Place
from flows.settings import Settings, Source, TableSource
from flows.sources import content
from flows.sources.accounting import Account
from flows.sources.base import FileKey, FileProblem, FilePull, FileReport, RawFile
from flows.sources.matching import matches
from flows.sources.perilous import reading
from flows.sources.pieces import pieces_of
from flows.sources.piecewise import judged_in_pieces
from flows.sources.readers import read_table_file
from flows.storage import Access, place_of
from transforms.contracts import CONTRACT_VERSION, INPUTS, Reason, Table
from transforms.contracts.review_inputs import HEARD_AS, REVIEWS
from transforms.mapping import MappingError, map_rows
from transforms.mapping_spec import TableMap
from transforms.privacy import redact_text, redact_words_text
from transforms.review_rows import heard_as
from transforms.validation import ROW, refuse, split

READING = 1
"""Raised when reading or judging changes, so that files landed before are read again."""

Skip = Callable[[FileKey], bool]


def pull_source(source: Source, settings: Settings, skip: Skip) -> Iterator[FilePull]:
    """Every file of `source`, table by table and in order of name, read and judged.

    A file for whose key `skip` says True is yielded unread, as `skipped`. A pattern without a
    file and a file that can't be read are yielded with a problem line; nothing is raised for
    what a file holds.
    """
    lookup: Callable[[Place], RawFile] = cache(read_table_file)
    for table, plan in source.tables.items():
        found, barren = matches(plan.path, settings.folder, settings.storage.access)
        found = [(public_name(name), path) for name, path in found]
        for pattern in barren:
            yield _absent(source, table, plan, pattern)
        for name, path in found:
            job = _Job(source, table, plan, settings, lookup)
            yield _pull_file(job, name, path, skip)


def public_name(name: str) -> str:
    """A file's name as logs and tables may show it: the same where it tells nobody.

    Else what tells a person is replaced, and four hex digits of a hash tell such files apart: too
    few to confirm a guess, as one address in 65,536 has the same.
    """
    safe = redact_words_text(name) if redact_text(name) != name else name
    if safe == name:
        return name
    return f"{safe}~{hashlib.sha256(name.encode()).hexdigest()[:4]}"


def _absent(source: Source, table: str, plan: TableSource, pattern: str) -> FilePull:
    line = f"{pattern}: {NO_MATCH}; check the path of {table} in [[sources]] '{source.name}'"
    report = FileReport(source.name, table, pattern, "", status="no_match", problem=line)
    key = FileKey(source.name, table, pattern, "", "")
    return FilePull(key, plan.mode, source.latency_days, reports=(report,))


@dataclass(frozen=True, slots=True)
class _Job:
    """What is the same for all files of one configured table."""

    source: Source
    table: str
    plan: TableSource
    settings: Settings
    lookup: Callable[[Place], RawFile]


def _pull_file(job: _Job, name: str, path: Place, skip: Skip) -> FilePull:
    source, table, mode = job.source, job.table, job.plan.mode
    spec = job.plan.mapping
    sha256 = signature = ""
    try:
        sha256 = content.digest(path)
        signature = signature_of(table, spec, job.settings)
        key = FileKey(source.name, table, name, sha256, signature)
        if skip(key):
            return FilePull(key, mode, source.latency_days, skipped=True)
        with reading(path):
            account = _judged(job, key, path)
    except FileProblem as error:
        key = FileKey(source.name, table, name, sha256, signature)
        line = redact_text(str(error).replace(path.name, name, 1))
        report = FileReport(source.name, table, name, sha256, status="unreadable", problem=line)
        return FilePull(key, mode, source.latency_days, reports=(report,))
    return FilePull(
        key,
        mode,
        source.latency_days,
        good=account.good,
        quarantined=account.quarantined(),
        reports=account.reports(),
        family=table,
    )


def _judged(job: _Job, key: FileKey, path: Place) -> Account:
    """What became of the file's rows: in pieces where they can be judged so, else all at once."""
    table, spec = INPUTS[job.table], job.plan.mapping
    shown, zone = job.settings.privacy.quarantine_chars, job.settings.business.timezone
    if spec.row_by_row and table is not REVIEWS and (pieces := pieces_of(path)) is not None:
        found = judged_in_pieces(key, table, pieces, spec, timezone=zone, max_chars=shown)
        if found is not None:
            return found
    account = Account(key, table, read_table_file(path, shown))
    judge_rows(account, spec, job.settings, job.lookup)
    return account


def judge_rows(
    account: Account, spec: TableMap, settings: Settings, lookup: Callable[[Place], RawFile]
) -> None:
    """Maps and splits the rows of one file, or of one pull, into `account`."""
    table, rows = account.table, account.raw.frame
    shown = settings.privacy.quarantine_chars
    if rows.columns == [ROW] and rows.is_empty():
        return  # an empty file names no columns; there is nothing to map
    try:
        mapped = map_rows(rows, table.name, spec, _lookups(spec, settings.storage.access, lookup))
    except (MappingError, FileProblem) as error:
        lost = isinstance(error, FileProblem)
        reason = Reason.UNREADABLE_FILE if lost else Reason.MISSING_COLUMN
        account.add(table, rows.height, refuse(rows, table, reason, str(error), max_chars=shown))
        return
    account.set_aside(mapped)
    for name, frame in mapped.frames.items():
        judged = split(frame, INPUTS[name], timezone=settings.business.timezone, max_chars=shown)
        account.add(INPUTS[name], frame.height, judged)
    if REVIEWS.name in account.good:
        _hear(account, settings)


def _hear(account: Account, settings: Settings) -> None:
    """Hands reviews on to the tables that they are heard as."""
    shown, zone = settings.privacy.quarantine_chars, settings.business.timezone
    for name, frame in heard_as(account.hand_on(REVIEWS)).items():
        judged = split(frame, INPUTS[name], timezone=zone, max_chars=shown)
        account.add(INPUTS[name], frame.height, judged)


def _lookups(
    spec: TableMap, access: Access, lookup: Callable[[Place], RawFile]
) -> list[pl.DataFrame]:
    frames = []
    for plan in spec.lookup:
        try:
            frames.append(lookup(place_of(plan.file, access)).frame.drop(ROW))
        except FileProblem as error:
            raise FileProblem(redact_text(f"lookup file {error}")) from None
    return frames


def signature_of(table: str, spec: TableMap, settings: Settings) -> str:
    """Digest of everything but the file itself that decides what is read from it."""
    shape = spec.model_dump(mode="json", exclude_defaults=True)
    for plan, dumped in zip(spec.lookup, shape.get("lookup", ()), strict=True):
        try:
            dumped["file"] = content.digest(place_of(plan.file, settings.storage.access))
        except FileProblem:
            dumped["file"] = "unreadable"
    tables = [table, *(route.to for route in spec.route)]
    tables += HEARD_AS if REVIEWS.name in tables else ()
    rules = [rules_of(INPUTS[name]) for name in tables]
    parts = [READING, CONTRACT_VERSION, settings.business.timezone, shape, rules]
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def rules_of(table: Table) -> Mapping[str, object]:
    """What of a contract decides how a row is judged."""
    return {
        "key": table.key,
        "columns": [
            (
                column.name,
                str(column.dtype),
                column.required,
                column.nullable,
                column.lo,
                column.hi,
                column.one_of,
                column.max_chars,
                column.known_from,
            )
            for column in table.columns
        ],
    }
