"""Any file of an inbox as records: JSON documents and lines with values within, or flat tables."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from flows.places import Place
from flows.sources import content
from flows.sources.perilous import reading
from flows.sources.readers import bad_rows, is_json, read_table_file
from transforms.readers.parented import is_parented, with_children
from transforms.readers.stack import Object, Stack
from transforms.readers.unwrap import Unwrapped, unwrap, unwrap_table

_CONSTANTS = {"Infinity": "inf", "-Infinity": "-inf"}


@dataclass(frozen=True, slots=True)
class Records:
    """What a file holds: stacks by stream, lines that could not be read, messages, remarks."""

    stacks: tuple[Stack, ...]
    bad: pl.DataFrame
    messages: int = 0
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Rule to how many records it has left out before anybody read them."""

    @property
    def rows(self) -> int:
        """Records, messages and unreadable lines together."""
        return sum(one.height for one in self.stacks) + self.messages + self.bad.height


def read_records(path: Place, max_chars: int) -> Records:
    """The records of the file at `path`. FileProblem, one line, where nothing can be read."""
    data = content.load(path)
    text = ""
    if not content.looks_binary(data) and not data.startswith(b"PAR1"):
        bare = data.removeprefix(codecs.BOM_UTF8).lstrip()
        if bare[:1] in (b"{", b"[") and is_json(path, bare[:1].decode()):
            text, notes = content.decode(data)
            return _objects(text, notes, max_chars)
    with reading(path):
        raw = read_table_file(path, max_chars)
    if raw.frame.columns == ["_row"]:
        return Records((), raw.bad_rows, 0, raw.notes)
    found = unwrap_table(raw.frame)
    return Records(found.stacks, raw.bad_rows, found.messages, raw.notes)


def _objects(text: str, notes: Sequence[str], max_chars: int) -> Records:
    whole = _document(text)
    if whole is not None:
        pairs: list[tuple[int, Any]] = list(enumerate(whole, 1))
        bad = [(n, json.dumps(one)) for n, one in pairs if not isinstance(one, dict)]
    else:
        lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        pairs = [(n, _parsed(line)) for n, line in lines]
        told = dict(lines)
        bad = [(n, told[n]) for n, one in pairs if not isinstance(one, dict)]
    good = [(n, one) for n, one in pairs if isinstance(one, dict)]
    found = unwrap([one for _, one in good], [n for n, _ in good])
    stacks, orphans = _families(found)
    bad += [(n, '{"__parentId": "its parent is not in the file"}') for n in orphans]
    return Records(stacks, bad_rows(sorted(bad), max_chars), found.messages, tuple(notes))


def _families(found: Unwrapped) -> tuple[tuple[Stack, ...], list[int]]:
    """Children that stand on lines of their own put into their parents; numbers of the orphans."""
    stacks: list[Stack] = []
    lost: list[int] = []
    for stack in found.stacks:
        if stack.table is not None or not is_parented(stack.spelled):
            stacks.append(stack)
            continue
        tops, numbers, orphans = with_children(stack.objects, stack.numbers)
        lost += orphans
        stacks.append(Stack(stack.stream, None, tops, numbers, stack.spelled))
    return tuple(stacks), lost


def _document(text: str) -> list[Any] | None:
    """The objects of a text that is one JSON value; None where it is lines of them."""
    try:
        found = _load(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else [found]


def _parsed(line: str) -> Object | None:
    try:
        found = _load(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _load(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """JSON whose numbers keep the digits that they were written with."""
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=_CONSTANTS.get)
