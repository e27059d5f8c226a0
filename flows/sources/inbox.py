"""Source of kind "inbox": a folder of whatever there is; each file recognised, read, accounted for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import polars as pl

from flows.places import Place
from flows.settings import Settings, Source
from flows.sources import content
from flows.sources.base import NO_TABLE, FileKey, FileProblem, FilePull, FileReport
from flows.sources.files import public_name, rules_of
from flows.sources.inbox_account import InboxAccount
from flows.sources.matching import matches
from flows.sources.records import Records, read_records
from flows.storage import Access, place_of
from transforms.contracts import CONTRACT_VERSION, INPUTS
from transforms.privacy import redact_text
from transforms.readers.catalogue import BY_KEY, LAYOUTS
from transforms.readers.file_day import file_day
from transforms.readers.layout import Layout
from transforms.readers.read import HalfFileError, Neighbours, Read, merged, read
from transforms.readers.recognise import Recognised, recognise
from transforms.readers.stack import Stack
from transforms.readers.textual import textual
from transforms.readers.unfold import rows_at

READING = 2
"""Raised when recognising or reading changes, so that files landed before are read again."""
INBOX = "inbox"
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload")
"""Endings of files that somebody is still writing: passed over until they have their name."""
KEPT_BYTES = 1 << 25
"""Bytes of files that are parsed once rather than twice; as objects they take ten times as much."""
_LINKED = "<"


@dataclass(slots=True)
class _File:
    """One file of the inbox: what it is, told by an earlier landing or found out now."""

    name: str
    path: Place
    sha256: str
    layouts: frozenset[str] = frozenset()
    records: Records | None = None
    problem: str | None = None


@dataclass(slots=True)
class _Box:
    """The inbox of one night."""

    source: Source
    settings: Settings
    files: list[_File] = field(default_factory=list)
    kept: int = 0

    def read(self, file: _File) -> Records:
        """The records of a file: kept from when it was looked at, where they are few."""
        found, file.records = file.records, None
        return found or read_records(file.path, self.settings.privacy.quarantine_chars)

    def keep(self, file: _File, found: Records) -> None:
        """Keeps records until they are read, within a bound on memory."""
        size = file.path.stat().st_size
        if self.kept + size <= KEPT_BYTES:
            self.kept += size
            file.records = found


def pull_inbox(source: Source, settings: Settings, taken: Mapping[str, str]) -> Iterator[FilePull]:
    """Every file of the folder in order of name, recognised, read and judged.

    `taken` maps `source/inbox/file` to the digest and signature that landed last: what has not
    changed, nor any file that is read beside it, is yielded unread, as `skipped`. Nothing is
    raised for what a file holds.
    """
    box = _Box(source, settings)
    found, barren = matches(
        _patterns(source, settings.storage.access), settings.folder, settings.storage.access
    )
    for pattern in barren:
        yield _absent(source, pattern)
    for name, path in found:
        if not name.lower().endswith(UNFINISHED):
            box.files.append(_look(box, public_name(name), path, taken))
    neighbour = cache(lambda key: _neighbour(box, key))
    for file in box.files:
        yield _pull_file(box, file, taken, neighbour)


def _patterns(source: Source, access: Access) -> list[str]:
    """The patterns of the source; a folder stands for all files below it."""
    return [
        str(place_of(one, access) / "**" / "[!.]*") if place_of(one, access).is_dir() else one
        for one in source.path
    ]


def _absent(source: Source, pattern: str) -> FilePull:
    line = f"{pattern}: no file is there; check the path of [[sources]] '{source.name}'"
    report = FileReport(source.name, NO_TABLE, pattern, "", status="no_match", problem=line)
    key = FileKey(source.name, INBOX, pattern, "", "")
    return FilePull(key, "append", source.latency_days, reports=(report,))


def _look(box: _Box, name: str, path: Place, taken: Mapping[str, str]) -> _File:
    """What the file is, from the lake's log where nothing of it has changed."""
    told = taken.get(f"{box.source.name}/{INBOX}/{name}", "")
    try:
        file = _File(name, path, content.digest(path))
        start = f"{file.sha256} {reading_of(box.settings)}/"
        if told.startswith(start):
            file.layouts = frozenset(layouts_in(told.partition(" ")[2]))
            return file
        found = read_records(path, box.settings.privacy.quarantine_chars)
    except FileProblem as error:
        line = redact_text(str(error).replace(path.name, name, 1))
        return _File(name, path, "", frozenset(layouts_in(told.partition(" ")[2])), problem=line)
    box.keep(file, found)
    file.layouts = frozenset(
        one.layout.key for one in _recognised(found, name) if one.layout is not None
    )
    return file


def _recognised(found: Records, name: str) -> list[Recognised]:
    return [recognise(stack, LAYOUTS, name) for stack in found.stacks]


def _neighbour(box: _Box, key: str) -> pl.DataFrame | None:
    """The records of every file of one layout, in order of name."""
    frames = []
    for file in box.files:
        if key not in file.layouts:
            continue
        try:
            found = read_records(file.path, box.settings.privacy.quarantine_chars)
        except FileProblem:
            continue  # its own pull tells it
        for stack, one in zip(found.stacks, _recognised(found, file.name), strict=True):
            if one.layout is not None and one.layout.key == key:
                frames.append(rows_at(textual(stack), "", frozenset()).drop("_row"))
    return pl.concat(frames, how="diagonal_relaxed") if frames else None


def _signature(box: _Box, file: _File) -> str:
    """Digest of everything that decides what is read, what the file is, and its neighbours."""
    near = {key for name in file.layouts if name in BY_KEY for key in BY_KEY[name].neighbours}
    used = sorted(one.sha256 for one in box.files if near & one.layouts)
    linked = hashlib.blake2b("".join(used).encode(), digest_size=8).hexdigest() if used else ""
    return f"{reading_of(box.settings)}/{'+'.join(sorted(file.layouts))}{_LINKED}{linked}"


def layouts_in(signature: str) -> list[str]:
    """Keys of the layouts that a file was recognised as, out of the signature of its pull."""
    told = signature.partition("/")[2].partition(_LINKED)[0]
    return [key for key in told.split("+") if key in BY_KEY]


def reading_of(settings: Settings) -> str:
    """Digest of everything in the program and the configuration that decides what is read."""
    return _digest(READING, settings.business.timezone)


@cache
def _digest(reading: int, timezone: str) -> str:
    rules = [rules_of(table) for table in INPUTS.values()]
    text = json.dumps([reading, CONTRACT_VERSION, timezone, rules], sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _pull_file(box: _Box, file: _File, taken: Mapping[str, str], neighbour: Neighbours) -> FilePull:
    latency = box.source.latency_days
    key = FileKey(box.source.name, INBOX, file.name, file.sha256, _signature(box, file))
    if file.problem is not None:
        return _unreadable(key, file, latency)
    if taken.get(f"{key.source}/{INBOX}/{key.file}") == f"{key.sha256} {key.signature}":
        return FilePull(key, "append", latency, skipped=True)
    try:
        found = box.read(file)
    except FileProblem as error:  # taken away, or changed for the worse, since it was looked at
        file.problem = redact_text(str(error).replace(file.path.name, file.name, 1))
        return _unreadable(key, file, latency)
    account = InboxAccount(key, found, box.settings)
    reads: list[Read] = []
    for stack, told in zip(found.stacks, _recognised(found, file.name), strict=True):
        if told.layout is None:
            account.refuse(stack, told.nearest, told.problem or "")
            continue
        try:
            day = file_day(file.name)
            reads += read_stack(stack, told.layout, day, neighbour, account)
        except HalfFileError as error:
            account.refuse(stack, told.layout, str(error))
    for one in merged(reads).values():
        account.judge(one)
    return FilePull(
        key,
        "append",
        latency,
        good=account.good,
        quarantined=account.quarantined(),
        reports=account.reports(),
        family="+".join(sorted(file.layouts)),
    )


def _unreadable(key: FileKey, file: _File, latency: int) -> FilePull:
    """A file without rows; what it was when it could be read is what is missing now."""
    table = next((BY_KEY[one].table for one in sorted(file.layouts)), NO_TABLE)
    report = FileReport(key.source, table, file.name, "", status="unreadable", problem=file.problem)
    return FilePull(key, "append", latency, reports=(report,))


def read_stack(
    stack: Stack, layout: Layout, day: str | None, neighbour: Neighbours, account: InboxAccount
) -> list[Read]:
    """The rows of one stack, of which the account learns what it is. Raises HalfFileError."""
    account.recognised(layout)
    prepared = any(part.prepare is not None for part in layout.parts) or layout.nested
    rows = textual(stack) if prepared else stack
    found = read(rows, layout, neighbour, day)
    if layout.notes is not None:
        account.note(*layout.notes(rows_at(rows, "", frozenset())))
    return found
