"""What a table is: columns, types, keys, rules and the time from which each value is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeAlias

import polars as pl
from polars.datatypes import DataType, DataTypeClass

CONTRACT_VERSION = 1
"""Raised whenever a published column changes its name, type, unit or meaning."""

PolarsType: TypeAlias = DataType | DataTypeClass
UTC_TIME = pl.Datetime("us", "UTC")
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class Reason(StrEnum):
    """Why a row, or a whole file, stands in quarantine."""

    UNREADABLE_FILE = "unreadable_file"
    UNRECOGNISED = "unrecognised"
    MISSING_COLUMN = "missing_column"
    MALFORMED_ROW = "malformed_row"
    NULL_REQUIRED = "null_required"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    NOT_ALLOWED = "not_allowed"
    TOO_LONG = "too_long"
    KEY_CONFLICT = "key_conflict"
    ENCODING = "encoding"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a contract.

    `lo` and `hi` are inclusive bounds. `known_from` names the time column from which the value is
    known; before that instant an as-of read shows the value as null.
    """

    name: str
    dtype: PolarsType
    prose: str
    unit: str = ""
    required: bool = False
    nullable: bool = True
    lo: float | date | datetime | None = None
    hi: float | date | datetime | None = None
    one_of: tuple[str, ...] = ()
    max_chars: int | None = None
    known_from: str | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table declared once: validation, storage and documentation are derived from it.

    `event_time` is the column that says when a row happened (None where the row is a state
    without a time). `text` tables hold customers' words and live in the restricted part.
    `weight` names the quantity by which a share of bad rows is judged beside the row count. `needs`
    are triples (column, value, other): where the column has that value, the other must be given.
    """

    name: str
    prose: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    event_time: str | None = None
    text: bool = False
    weight: str | None = None
    sort: tuple[str, ...] = ()
    needs: tuple[tuple[str, str, str], ...] = ()

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(names) != len(set(names)):
            raise ValueError(f"contract {self.name}: a column is declared twice")
        missing = {*self.key, *self.sort} - set(names)
        if missing or (self.event_time is not None and self.event_time not in names):
            raise ValueError(f"contract {self.name}: {sorted(missing)} not among its columns")

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in published order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that an input must bring."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def schema(self) -> dict[str, PolarsType]:
        """Column name to Polars type, in published order."""
        return {column.name: column.dtype for column in self.columns}

    @property
    def order(self) -> tuple[str, ...]:
        """Columns by which a stored or published table is sorted: a total order."""
        return self.sort or self.key

    def column(self, name: str) -> Column:
        """The declaration of `name`; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")

    def empty(self) -> pl.DataFrame:
        """A frame without rows that has exactly the contract's columns and types."""
        return pl.DataFrame(schema=dict(self.schema))


def by_name(*tables: Table) -> Mapping[str, Table]:
    """Tables keyed by name; ValueError where two share one."""
    found = {table.name: table for table in tables}
    if len(found) != len(tables):
        raise ValueError("two contracts share a name")
    return found
