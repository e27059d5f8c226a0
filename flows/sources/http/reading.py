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
from transforms.pulls.records import REPEATED, load, newest, numbered
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
    ones = [_Pages(one) for one in come]

    @cache
    def neighbour(key: str) -> pl.DataFrame | None:
        frames = [
            rows_at(textual(stack_of(objects, range(1, len(objects) + 1))), "", frozenset())
            for pages in ones
            for chunk in (pages.chunks() if pages.has(key) else ())
            if (objects := _objects(chunk).get(key))
        ]
        told = [frame.drop("_row") for frame in frames]
        return pl.concat(told, how="diagonal_relaxed") if told else None

    for pages in ones:
        name = pages.endpoint.name
        for number, chunk in enumerate(pages.chunks(), 1):
            file = name if number == 1 else f"{name}-{number}"
            yield name, _pull(source, settings, file, chunk, taken=taken, neighbour=neighbour)


@dataclass(slots=True)
class _Chunk:
    """Some pages of an endpoint; of each record only what was fetched last."""

    endpoint: Endpoint
    records: list[tuple[str, Object]]
    strange: list[tuple[int, str]]
    repeated: int = 0
    size: int = 0

    def if_any(self) -> Iterator[_Chunk]:
        """The chunk itself, unless nothing stands on its pages."""
        if self.records or self.strange or self.repeated:
            yield self


class _Pages:
    """The pages of an endpoint, some at a time, however often they are needed."""

    def __init__(self, one: Come) -> None:
        self.endpoint = one.endpoint
        self._bodies = one.bodies
        self._last = newest((load(body) for body in one.bodies()), one.endpoint.streams)

    def has(self, layout: str) -> bool:
        """Whether records of this layout may stand on them."""
        return any(stream.layout == layout for stream in self.endpoint.streams)

    def chunks(self) -> Iterator[_Chunk]:
        """The records in order, of each id what was fetched last; chunks without any are left out."""
        number, chunk = 0, _Chunk(self.endpoint, [], [])
        for body in self._bodies():
            for stream, record, _ in numbered([load(body)], self.endpoint.streams):
                number += 1
                if not isinstance(record, dict):
                    chunk.strange.append((number, "{}"))
                elif self._last.counts(stream, record, number):
                    chunk.records.append((stream.layout, record))
                else:
                    chunk.repeated += 1
            chunk.size += len(body)
            if chunk.size >= MOST_BYTES:
                yield from chunk.if_any()
                chunk = _Chunk(self.endpoint, [], [])
        yield from chunk.if_any()


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
