"""Reading a file of labelled passages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from flows.errors import Mistake
from transforms.tagging.gold import Gold, gold_of


class GoldError(Mistake):
    """The labelled passages cannot be used; the message is one line with the remedy."""


def read_gold(path: Path, signals: Sequence[str]) -> Gold:
    """Labelled passages of a JSONL file. GoldError names file, line, key and remedy."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise GoldError(f"{path}: no such file; give labelled passages with --gold") from None
    except IsADirectoryError:
        raise GoldError(f"{path}: is a folder; give the file in it") from None
    except OSError as error:
        raise GoldError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise GoldError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    try:
        return gold_of([_row(line, at) for at, line in _lines(text)], signals)
    except ValueError as error:
        raise GoldError(f"{path}: {error}") from None


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines with their numbers, empty ones at the end left out."""
    lines = text.rstrip().split("\n")
    return list(enumerate(lines, start=1)) if lines != [""] else []


def _row(line: str, at: int) -> dict[str, object]:
    """One parsed line; ValueError where it is no JSON object."""
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if isinstance(row, dict):
        return row
    raise ValueError(f'line {at}: is no JSON object; write {{"text": …, "signals": […]}}')
