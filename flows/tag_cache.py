"""What a tagger said of each text, kept in the lake, so that a night reads only what is new.

It lies in `<lake>/tagged/<tagger version>/` and holds digests of texts, languages and places, never
a text. It may be deleted at any time: the next night then reads everything again and finds the same.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from flows.atomic import fsync, private_dir
from transforms.tagging import MAX_SCAN

KEY = "_text"
ROOM = "tagged"
KEPT = 2
"""Versions that stay: the one in use and the one before, so that trying a tagger costs no history."""
MENTION = pl.Struct(
    {
        "signal": pl.String,
        "span_start": pl.Int32,
        "span_end": pl.Int32,
        "confidence": pl.Float64,
    }
)
TABLES: Mapping[str, Mapping[str, pl.DataType]] = {
    "hints": {
        KEY: pl.Binary(),
        "hint": pl.String(),
        "decided": pl.Boolean(),
        "worded": pl.Boolean(),
    },
    "found": {KEY: pl.Binary(), "language": pl.String(), "mentions": pl.List(MENTION)},
}
"""What the words of a text hint at, and its mentions in one language, an empty list where none."""


def text_key(text: str | None) -> bytes:
    """Digest of the part of a text that is scanned."""
    return hashlib.sha256((text or "")[:MAX_SCAN].encode("utf-8", "surrogatepass")).digest()[:16]


def forget_texts(lake: Path) -> None:
    """Removes every digest of a text: those of words that were erased must not stay."""
    shutil.rmtree(lake / ROOM, ignore_errors=True)


class TagCache:
    """The kept results of one tagger version; without a folder nothing is kept."""

    def __init__(self, lake: Path | None, version: str) -> None:
        self._room = None if lake is None else lake / ROOM
        self._version = version

    def read(self, table: str) -> pl.DataFrame:
        """What is kept; nothing where there is none, or where it cannot be read."""
        empty = pl.DataFrame(schema=TABLES[table])
        if self._room is None:
            return empty
        try:
            kept = pl.read_parquet(self._path(table))
        except (OSError, pl.exceptions.PolarsError):
            return empty
        return kept if kept.schema == empty.schema else empty

    def write(self, table: str, rows: pl.DataFrame) -> None:
        """Keeps these rows in the place of what was there, and forgets versions long out of use."""
        if self._room is None:
            return
        path = self._path(table)
        private_dir(self._room.parent, path.parent)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        rows.sort(KEY).write_parquet(temporary, compression="zstd", compression_level=3)
        temporary.chmod(0o600)
        fsync(temporary)
        temporary.replace(path)
        self._forget_others()

    def _path(self, table: str) -> Path:
        return (self._room or Path()) / self._version / f"{table}.parquet"

    def _forget_others(self) -> None:
        rooms = [one for one in (self._room or Path()).iterdir() if one.name != self._version]
        rooms.sort(key=lambda one: one.stat().st_mtime)
        for old in rooms[: len(rooms) - KEPT + 1]:
            shutil.rmtree(old, ignore_errors=True)
