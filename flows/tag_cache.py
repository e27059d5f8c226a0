"""What a tagger said of each text, kept in the lake, so that a night reads only what is new.

It lies in `<lake>/tagged/<tagger version>/` and holds digests of texts, languages and places, never
a text. It may be deleted at any time: the next night then reads everything again and finds the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import polars as pl

from flows.places import Place
from flows.storage import storage_of
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


def forget_texts(lake: Place) -> None:
    """Removes every digest of a text: those of words that were erased must not stay."""
    storage_of(lake).remove(lake / ROOM)


class TagCache:
    """The kept results of one tagger version; without a folder nothing is kept."""

    def __init__(self, lake: Place | None, version: str) -> None:
        self._room = None if lake is None else lake / ROOM
        self._version = version

    def read(self, table: str) -> pl.DataFrame:
        """What is kept; nothing where there is none, or where it cannot be read."""
        empty = pl.DataFrame(schema=TABLES[table])
        if self._room is None:
            return empty
        path = self._path(self._room, table)
        try:
            kept = storage_of(path).read_parquet(path)
        except (OSError, pl.exceptions.PolarsError):
            return empty
        return kept if kept.schema == empty.schema else empty

    def write(self, table: str, rows: pl.DataFrame) -> None:
        """Keeps these rows in the place of what was there, and forgets versions long out of use."""
        if self._room is None:
            return
        path, storage = self._path(self._room, table), storage_of(self._room)
        storage.private(self._room.parent, path.parent)
        storage.write_parquet(path, rows.sort(KEY))
        rooms = [one for one in self._room.glob("*") if one.name != self._version]
        rooms.sort(key=storage.idle_since)
        for old in rooms[: len(rooms) - KEPT + 1]:
            storage.remove(old)

    def _path(self, room: Place, table: str) -> Place:
        return room / self._version / f"{table}.parquet"
