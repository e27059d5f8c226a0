"""JSON objects, one per line or in one array, to a frame of strings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import polars as pl

_FLAT = frozenset({str, bool, type(None)})
_CONSTANTS = {"Infinity": "inf", "-Infinity": "-inf"}
"""What some writers put where JSON has no number; NaN is how they write an absent value."""


def parse(text: str) -> tuple[pl.DataFrame, list[int], list[tuple[int, str]]]:
    """(frame of text columns, row numbers, bad rows as number and text).

    A line that is no JSON object is a bad row; blank lines are no rows but count as lines.
    Numbers keep the digits that they were written with, nested values stay JSON.
    """
    if text.lstrip().startswith("["):
        whole = _whole_array(text)
        if whole is not None:
            return _collect(enumerate(whole, 1))
    return _collect(
        (number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()
    )


def _whole_array(text: str) -> list[Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return [one if isinstance(one, dict) else json.dumps(one) for one in found]


def _collect(
    items: Iterable[tuple[int, Any]],
) -> tuple[pl.DataFrame, list[int], list[tuple[int, str]]]:
    columns: dict[str, list[str | None]] = {}
    numbers: list[int] = []
    bad: list[tuple[int, str]] = []
    for number, item in items:
        row = _row(item)
        if row is None:
            bad.append((number, item))
            continue
        for name, value in row.items():
            cells = columns.setdefault(name, [])
            if len(cells) < len(numbers):
                cells.extend([None] * (len(numbers) - len(cells)))
            cells.append(value)
        numbers.append(number)
    for cells in columns.values():
        cells.extend([None] * (len(numbers) - len(cells)))
    return pl.DataFrame([_series(n, cells) for n, cells in columns.items()]), numbers, bad


def _row(item: str | dict[str, object]) -> dict[str, str | None] | None:
    """Names and text values of one object, or None where it is none."""
    if isinstance(item, dict):
        return {_name(name): _text(value) for name, value in item.items()}
    try:
        flat = json.loads(item, parse_float=str, parse_int=str, parse_constant=_CONSTANTS.get)
        if not isinstance(flat, dict):
            return None
        if not _FLAT.issuperset(map(type, flat.values())):
            flat = json.loads(item)
        return {_name(name): _text(value) for name, value in flat.items()}
    except (ValueError, RecursionError):
        return None


@lru_cache(maxsize=4096)
def _name(name: str) -> str:
    trimmed = name.strip()
    return f"{trimmed}_2" if trimmed in ("_row", "_extra", "") else trimmed


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _series(name: str, cells: list[str | None]) -> pl.Series:
    try:
        return pl.Series(name, cells, pl.String)
    except UnicodeEncodeError:  # half of a surrogate pair, as "\\ud83d" in JSON
        return pl.Series(name, list(_encodable(cells)), pl.String)


def _encodable(cells: list[str | None]) -> Iterator[str | None]:
    for cell in cells:
        yield None if cell is None else cell.encode("utf-8", "replace").decode()
