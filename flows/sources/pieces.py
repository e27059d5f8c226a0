"""Large files piece by piece: the rows that reading the whole file gives, without all of them at once."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.exceptions import PolarsError

from flows.places import Place
from flows.sources import content
from flows.sources.ahead import ahead
from flows.sources.base import FileProblem
from flows.sources.plain_text import Heading, heading_of, rows_of
from transforms.validation import EXTRA, ROW

PARQUET = b"PAR1"
TEXT_ENDINGS = (".csv", ".tsv", ".txt")
_BLOCK_BYTES = 1 << 24
_GROUP_ROWS = 1 << 16
_FAILURES = (PolarsError, pa.ArrowException, FileProblem, OSError, ValueError, *content.Damaged)


class NeedsCare(Exception):  # noqa: N818 - named for what was found
    """The file has to be read whole, by whom can tell what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A file's rows in pieces of the same columns, numbered as `RawFile.frame` has them.

    `rows` may be called again, for the same rows; it raises NeedsCare where a piece is not what
    the beginning of the file promised, after some pieces perhaps. `notes` are remarks on the file.
    """

    rows: Callable[[], Iterator[pl.DataFrame]]
    notes: tuple[str, ...] = ()


def pieces_of(
    path: Place, *, block_bytes: int = _BLOCK_BYTES, group_rows: int = _GROUP_ROWS
) -> Pieces | None:
    """The file at `path` in pieces: Parquet, and text in which nothing asks for care; else None.

    Text comes in pieces of some `block_bytes`, Parquet in row groups of at least `group_rows`.
    """
    try:
        with content.opened(path) as file:
            start = file.read(len(PARQUET))
            line = start + file.readline()
        if start == PARQUET:
            data = content.load(path)
            return Pieces(lambda: ahead(_careful(_groups(data, group_rows))))
    except (FileProblem, OSError, *content.Damaged):
        return None
    heading = heading_of(line) if ending(path) in TEXT_ENDINGS else None
    if heading is None or content.looks_binary(start) is not None:
        return None
    return Pieces(
        lambda: ahead(_careful(_blocks(path, heading, block_bytes))), tuple(heading.notes)
    )


def ending(path: Place) -> str:
    """What a file's name ends with, before `.gz`, in small letters."""
    return PurePath(path.name.lower().removesuffix(".gz")).suffix


def numbered(frame: pl.DataFrame, before: int = 0) -> pl.DataFrame:
    """`frame` with the number of each row in its file, of which `before` rows came earlier."""
    clash = {name: f"{name}_2" for name in (ROW, EXTRA) if name in frame.columns}
    return frame.rename(clash).with_columns(
        pl.int_range(before + 1, before + frame.height + 1, dtype=pl.Int64).alias(ROW)
    )


def _careful(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """`frames` numbered. NeedsCare for whatever goes wrong, and where there is no row."""
    seen = 0
    try:
        for frame in frames:
            # One chunk: what was decoded beside the rows is let go.
            yield numbered(frame.rechunk(), seen)
            seen += frame.height
    except _FAILURES as error:
        raise NeedsCare from error
    except BaseException as error:  # a Rust panic is not an Exception
        if type(error).__name__ != "PanicException":
            raise
        raise NeedsCare from error
    if not seen:
        raise NeedsCare


def _groups(data: bytes, least: int) -> Iterator[pl.DataFrame]:
    """Parquet by whole row groups, as many at a time as have `least` rows."""
    footer = pq.read_metadata(io.BytesIO(data))
    scanned = pl.scan_parquet(io.BytesIO(data))
    start = taken = 0
    for group in range(footer.num_row_groups):
        taken += footer.row_group(group).num_rows
        if taken - start >= least or group + 1 == footer.num_row_groups:
            yield scanned.slice(start, taken - start).collect()
            start = taken


def _blocks(path: Place, heading: Heading, size: int) -> Iterator[pl.DataFrame]:
    """Text by whole lines."""
    with content.opened(path) as file:
        file.readline()
        while block := file.read(size):
            frame = rows_of(block + file.readline(), heading)
            if frame is None:
                raise NeedsCare
            yield frame
