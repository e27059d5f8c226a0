"""Pages that have come, through the readers that read exports: each endpoint is one file of an inbox."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import polars as pl

from flows.settings import Settings, Source
from flows.sources.base import FileKey, FilePull
from flows.sources.inbox import INBOX, read_stack, reading_of
from flows.sources.inbox_account import InboxAccount
from flows.sources.readers import bad_rows
from flows.sources.records import Records
from transforms.pulls.endpoint import Endpoint
from transforms.pulls.records import REPEATED, found, load, newest
from transforms.readers.catalogue import BY_KEY
from transforms.readers.read import HalfFileError, Neighbours, Read, merged
from transforms.readers.stack import Object, stack_of
from transforms.readers.textual import textual
from transforms.readers.unfold import rows_at

MOST_BYTES = 1 << 25
"""Bytes of pages that are read at a time: as objects they take ten times as much."""


@dataclass(frozen=True, slots=True)
class Come:
    """An endpoint and the pages that came of it, as often as they are asked for."""

    endpoint: Endpoint
    bodies: Callable[[], Iterable[bytes]]


def read_pages(
    source: Source, settings: Settings, come: Sequence[Come], taken: Mapping[str, str]
) -> Iterator[tuple[str, FilePull]]:
    """(endpoint, its rows, judged and accounted for); a large endpoint comes in several files."""
    chosen = {one.endpoint.name: list(_chosen(one)) for one in come}

    @cache
    def neighbour(key: str) -> pl.DataFrame | None:
        frames = [
            rows_at(textual(stack_of(objects, range(1, len(objects) + 1))), "", frozenset())
            for records in chosen.values()
            for one in records
            for objects in [_objects(one).get(key, [])]
            if objects
        ]
        told = [frame.drop("_row") for frame in frames]
        return pl.concat(told, how="diagonal_relaxed") if told else None

    for name, parts in chosen.items():
        for number, part in enumerate(parts, 1):
            file = name if number == 1 else f"{name}-{number}"
            yield name, _pull(source, settings, file, part, taken=taken, neighbour=neighbour)


@dataclass(slots=True)
class _Chunk:
    """Some pages of an endpoint; of each record only what was fetched last."""

    endpoint: Endpoint
    records: list[tuple[str, Object]]
    strange: list[tuple[int, str]]
    repeated: int = 0
    size: int = 0


def _chosen(one: Come) -> Iterator[_Chunk]:
    streams = one.endpoint.streams
    last = newest((load(body) for body in one.bodies()), streams)
    number = 0
    chunk = _Chunk(one.endpoint, [], [])
    for body in one.bodies():
        page = load(body)
        for stream in streams:
            for record in found(page, stream):
                number += 1
                if not isinstance(record, dict):
                    chunk.strange.append((number, "{}"))
                elif last.counts(stream, record, number):
                    chunk.records.append((stream.layout, record))
                else:
                    chunk.repeated += 1
        chunk.size += len(body)
        if chunk.size >= MOST_BYTES:
            yield chunk
            chunk = _Chunk(one.endpoint, [], [])
    if chunk.records or chunk.strange or chunk.repeated:
        yield chunk


def _objects(chunk: _Chunk) -> dict[str, list[Object]]:
    """The records of a chunk by the layout that reads them."""
    piles: dict[str, list[Object]] = defaultdict(list)
    for layout, record in chunk.records:
        piles[layout].append(record)
    return piles


def _pull(
    source: Source,
    settings: Settings,
    file: str,
    chunk: _Chunk,
    *,
    taken: Mapping[str, str],
    neighbour: Neighbours,
) -> FilePull:
    text = json.dumps(chunk.records, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    piles = _objects(chunk)
    key = FileKey(
        source.name, INBOX, file, digest, f"{reading_of(settings)}/{'+'.join(sorted(piles))}<"
    )
    if taken.get(f"{key.source}/{INBOX}/{file}") == f"{digest} {key.signature}":
        return FilePull(key, "append", source.latency_days, skipped=True)
    shown = settings.privacy.quarantine_chars
    left_out = {REPEATED: chunk.repeated} if chunk.repeated else {}
    account = InboxAccount(
        key, Records((), bad_rows(chunk.strange, shown), left_out=left_out), settings
    )
    reads: list[Read] = []
    for layout in dict.fromkeys(stream.layout for stream in chunk.endpoint.streams):
        objects = piles.get(layout, [])
        if not objects:
            continue
        stack = stack_of(objects, range(1, len(objects) + 1), layout)
        try:
            reads += read_stack(stack, BY_KEY[layout], None, neighbour, account)
        except HalfFileError as error:
            account.refuse(stack, BY_KEY[layout], str(error))
    for one in merged(reads).values():
        account.judge(one)
    return FilePull(
        key,
        "append",
        source.latency_days,
        good=account.good,
        quarantined=account.quarantined(),
        reports=account.reports(),
        family="+".join(sorted(piles)),
    )
