"""Frames to Parquet bytes that depend on nothing but the rows."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from flows.places import Place
from transforms.contracts import UTC_TIME, Table
from transforms.contracts.check import violations

ROWS_PER_GROUP = 131_072
_ARROW = {
    pl.String: pa.string(),
    pl.Boolean: pa.bool_(),
    pl.Date: pa.date32(),
    pl.Int32: pa.int32(),
    pl.Int64: pa.int64(),
    pl.Float64: pa.float64(),
    UTC_TIME: pa.timestamp("us", tz="UTC"),
}


HELD_BEFORE = {("signals_weekly", "in_series"): True}
"""(table, column) to what held of every row before the column was added."""


class ContractViolation(ValueError):  # noqa: N818 - named for what happened, as planners read it
    """A table is not what its contract says; the message names table and column, never a value."""


def write_table(table: Table, frame: pl.DataFrame, path: Path) -> str:
    """The SHA-256 of the new file `path`, on disk: `frame` in the contract's total order.

    Equal rows give equal bytes, whatever their order and the number of threads: the key is
    unique, every setting of the encoding is given here, and the footer holds neither schema
    metadata nor anything of this run. Raises ContractViolation where `frame` breaks the contract.
    """
    if found := violations(table, frame):
        raise ContractViolation("; ".join(found))
    ordered = frame.sort(table.order, nulls_last=False)
    with path.open("xb") as file:
        pq.write_table(
            _arrow(table, ordered),
            file,
            version="2.6",
            data_page_version="1.0",
            data_page_size=1 << 20,
            write_batch_size=1024,
            row_group_size=ROWS_PER_GROUP,
            compression="zstd",
            compression_level=3,
            use_dictionary=[c.name for c in table.columns if c.dtype != pl.Float64],
            dictionary_pagesize_limit=1 << 20,
            write_statistics=True,
            store_schema=False,
        )
        file.flush()
        os.fsync(file.fileno())
    return sha256(path)


def sha256(path: Place) -> str:
    """The SHA-256 of the file's bytes as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _arrow(table: Table, frame: pl.DataFrame) -> pa.Table:
    schema = pa.schema([pa.field(c.name, _ARROW[c.dtype], c.nullable) for c in table.columns])
    oldest = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    # One chunk a column: page borders must not follow the chunks that the frame came in.
    return oldest.cast(schema).combine_chunks()


def as_of_today(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """`frame`, written by an earlier version, in today's columns: those added since are null.

    Columns are only ever added, so whatever an earlier version wrote can be read so. A column that
    says what always held before it was there has that value.
    """
    since = [
        pl.lit(HELD_BEFORE.get((table.name, column.name)), dtype=column.dtype).alias(column.name)
        for column in table.columns
        if column.name not in frame.columns
    ]
    return frame.with_columns(since)
