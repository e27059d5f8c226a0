"""What every source yields: rows, what was set aside and why, and an exact account of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

import polars as pl

from transforms.quarantine import QUARANTINED

Mode = Literal["append", "snapshot"]
Cursor = Mapping[str, str]
"""How far a table of a source has been read; what it says is the source's own affair."""
Status = Literal["read", "refused", "unreadable", "unrecognised", "no_match"]
NO_TABLE = "(none)"
"""Stands for the table of a file that nobody could recognise."""


QUARANTINE = {
    "table": pl.String,
    "source": pl.String,
    "file": pl.String,
    **QUARANTINED,
}
"""Columns of the published quarantine table."""


class FileProblem(Exception):  # noqa: N818 - a fact about a file, not a fault of ours
    """A file that can't be read at all; the message is one line that says what to do."""


class FileKey(NamedTuple):
    """Identity of what a file said under one reading of it; equal keys need no second landing."""

    source: str
    table: str
    file: str
    sha256: str
    signature: str


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file's rows as read: `frame` has `_row`, the 1-based number of the row in the file.

    `bad_rows` (columns of QUARANTINED) are those that could not even be split into fields;
    `notes` say what had to be assumed, one line each.
    """

    frame: pl.DataFrame
    bad_rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=QUARANTINED))
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """All rows of the file."""
        return self.frame.height + self.bad_rows.height


def one_line(text: str) -> str:
    """`text` without breaks."""
    return " ".join(text.splitlines())


@dataclass(frozen=True, slots=True)
class FileReport:
    """The account of one file for one table.

    rows_in = good + quarantined + duplicate + unchanged + filtered + routed, exactly. A source
    leaves rows_unchanged at 0: only the lake knows what it holds already. `problem` is one line
    where the file, or what it was meant to bring, is absent or refused; `notes` are remarks.
    """

    source: str
    table: str
    file: str
    sha256: str
    status: Status = "read"
    rows_in: int = 0
    rows_good: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    rows_unchanged: int = 0
    rows_filtered: int = 0
    rows_routed: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    filtered_by: Mapping[str, int] = field(default_factory=dict)
    unmapped_columns: tuple[str, ...] = ()
    min_event_at: datetime | None = None
    max_event_at: datetime | None = None
    problem: str | None = None
    notes: tuple[str, ...] = ()
    watermark_from: str | None = None
    watermark_to: str | None = None

    def __post_init__(self) -> None:
        """Lines stay lines: a damaged header may have put a newline into the name of a column."""
        told = None if self.problem is None else one_line(self.problem)
        object.__setattr__(self, "problem", told)
        object.__setattr__(self, "notes", tuple(map(one_line, self.notes)))

    def balanced(self) -> bool:
        """Whether every row is accounted for exactly once."""
        return self.rows_in == (
            self.rows_good
            + self.rows_quarantined
            + self.rows_duplicate
            + self.rows_unchanged
            + self.rows_filtered
            + self.rows_routed
        )


@dataclass(frozen=True, slots=True)
class FilePull:
    """One file of one configured table, read and judged.

    `good` holds rows by table (more than one where rows were routed), each frame with the
    contract's columns, `_row` and `_extra`; it is empty for a file that was `skipped` (landed
    before, not read), unreadable or absent. `quarantined` has the columns of QUARANTINE.
    `reports` has one entry per table that the file fed, the configured one first.
    """

    key: FileKey
    mode: Mode
    latency_days: int
    skipped: bool = False
    good: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    quarantined: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=QUARANTINE))
    reports: tuple[FileReport, ...] = ()
    family: str = ""
    """Files of one family have the same columns by right: the configured table, or the layouts."""
    cursor: Cursor | None = None
    """How far the table has been read with this pull, for the next one to go on from."""

    @property
    def source(self) -> str:
        """Name of the source."""
        return self.key.source

    @property
    def table(self) -> str:
        """The configured table; rows routed elsewhere stand in `good` under their own."""
        return self.key.table

    @property
    def file(self) -> str:
        """Name of the file, free of machine paths; the pattern where no file matched."""
        return self.key.file

    @property
    def sha256(self) -> str:
        """Digest of the file's bytes; empty where there was nothing to read."""
        return self.key.sha256

    @property
    def signature(self) -> str:
        """Digest of mapping, contract, time zone and lookup files."""
        return self.key.signature
