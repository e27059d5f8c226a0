"""One file mapped and judged piece by piece: its raw rows are never all in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl

from flows.sources.accounting import Account
from flows.sources.base import FileKey, RawFile
from flows.sources.pieces import NeedsCare, Pieces
from transforms.contracts import Table
from transforms.mapping import Mapped, MappingError, map_rows
from transforms.mapping_spec import TableMap
from transforms.validation import split_pieces


def judged_in_pieces(
    key: FileKey, table: Table, pieces: Pieces, spec: TableMap, *, timezone: str, max_chars: int
) -> Account | None:
    """The account of a file that `spec` maps row by row; None where it has to be read whole.

    It says of every row what reading the whole file says.
    """
    mapping = _Mapping(table, pieces, spec)
    try:
        judged = split_pieces(mapping.frames, table, timezone=timezone, max_chars=max_chars)
    except (NeedsCare, MappingError):
        return None
    account = Account(key, table, RawFile(pl.DataFrame(), notes=pieces.notes))
    account.set_aside(mapping.told())
    account.add(table, mapping.rows, judged)
    return account


class _Mapping:
    """Maps pieces, and keeps the tally of the last time that all were asked for."""

    def __init__(self, table: Table, pieces: Pieces, spec: TableMap) -> None:
        self._table, self._pieces, self._spec = table.name, pieces, spec
        self._begin()

    def _begin(self) -> None:
        self.rows = 0
        self._filtered: Counter[str] = Counter()
        self._last = Mapped({}, {})

    def frames(self) -> Iterator[pl.DataFrame]:
        """Canonical rows of each piece."""
        self._begin()
        for piece in self._pieces.rows():
            self._last = map_rows(piece, self._table, self._spec)
            frame = self._last.frames.pop(self._table)
            self.rows += frame.height
            self._filtered.update(self._last.filtered)
            yield frame

    def told(self) -> Mapped:
        """What the mapping left out and did not know; columns and remarks are those of any piece."""
        return Mapped({}, self._last.unmapped, dict(self._filtered), self._last.notes)
