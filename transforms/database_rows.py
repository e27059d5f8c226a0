"""What a database's driver hands over, as frames of the types that files are read into."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

ROW = "_row"
_RESERVED = (ROW, "_extra")
_FIRST_US, _LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999
"""Years 1 to 9999 in microseconds: databases also have infinity, which no clock shows."""
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
_WHOLE = r"^-?\d{1,18}$"
_UUID_CUTS = ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))


@dataclass(frozen=True, slots=True)
class Rows:
    """A batch of rows; `unread` names columns whose type has no form here, with the type."""

    frame: pl.DataFrame
    unread: tuple[tuple[str, str], ...] = ()


def rows_of_arrow(batch: pa.RecordBatch, keep: str | None = None) -> Rows:
    """The rows of an Arrow batch in order.

    UUID, JSON and decimals of unknown size become text, whole decimals numbers. A time beyond the
    years 1 to 9999 makes its column text, so that it is told as of the wrong type; in `keep`, the
    column whose order counts, it becomes null. Columns of one name get numbers.
    """
    series: list[pl.Series] = []
    unread: list[tuple[str, str]] = []
    for name, column in zip(unique_names(batch.schema.names), batch.columns, strict=True):
        found = _series(name, column)
        if found is None:
            unread.append((name, _type_name(column.type)))
        else:
            series.append(_bounded(found, drop=name == keep))
    return Rows(pl.DataFrame(series), tuple(unread))


def unique_names(names: Sequence[str]) -> list[str]:
    """`names` with `_2`, `_3` … after repeated ones and those that the lake uses itself."""
    seen = set(_RESERVED)
    found: list[str] = []
    for name in names:
        free, n = name, 2
        while free in seen:
            free, n = f"{name}_{n}", n + 1
        seen.add(free)
        found.append(free)
    return found


def _type_name(kind: pa.DataType) -> str:
    return str(getattr(kind, "type_name", kind))


def _series(name: str, column: pa.Array) -> pl.Series | None:
    """The column, or None where its type has no form here."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _extended(name, column)
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_interval(kind) or pa.types.is_union(kind) or pa.types.is_map(kind):
        return None
    return pl.Series(name, column)


def _extended(name: str, column: pa.Array) -> pl.Series | None:
    kind = column.type
    if kind.extension_name == "arrow.uuid":
        digits = pl.Series(name, column.storage.cast(pa.binary())).bin.encode("hex")
        cuts = [digits.str.slice(start, length) for start, length in _UUID_CUTS]
        return pl.select(pl.concat_str(cuts, separator="-").alias(name)).to_series()
    if not pa.types.is_string(column.storage.type):
        return None
    text = pl.Series(name, column.storage)
    if getattr(kind, "type_name", "") == "numeric" and text.drop_nulls().len():
        whole = text.drop_nulls().str.contains(_WHOLE).all()
        return text.cast(pl.Int64) if whole else text
    return text


def _bounded(values: pl.Series, *, drop: bool) -> pl.Series:
    """`values` without times that no clock shows."""
    if isinstance(values.dtype, pl.Datetime):
        values = values.dt.cast_time_unit("us")
        first, last = _FIRST_US, _LAST_US
    elif values.dtype == pl.Date:
        first, last = _FIRST_DAY, _LAST_DAY
    else:
        return values
    sound = values.to_physical().is_between(first, last)
    if sound.all():  # nulls aside
        return values
    kept = pl.select(pl.when(sound).then(values)).to_series().alias(values.name)
    if drop:
        return kept
    text = kept.dt.to_string("iso")
    outside = values.is_not_null() & ~sound
    return (
        pl.select(pl.when(outside).then(pl.lit("infinity")).otherwise(text))
        .to_series()
        .alias(values.name)
    )


def rows_of_values(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Rows:
    """The rows that a driver gives as Python values; a column of several types becomes text."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    found = [
        _of_values(name, list(values))
        for name, values in zip(unique_names(names), columns, strict=True)
    ]
    return Rows(pl.DataFrame(found))


def _of_values(name: str, values: list[Any]) -> pl.Series:
    try:
        found = pl.Series(name, values, strict=True)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        found = None
    if found is not None and found.dtype != pl.Object and not found.dtype.is_nested():
        return found
    return pl.Series(name, [_text(value) for value in values], pl.String)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
    return str(value)


def together(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """All batches as one frame; a column whose types do not agree becomes text."""
    if not frames:
        return pl.DataFrame()
    try:
        return pl.concat(frames, how="vertical_relaxed", rechunk=True)
    except pl.exceptions.PolarsError:
        kinds = {n: {frame.schema[n] for frame in frames} for n in frames[0].columns}
        texts = [n for n, found in kinds.items() if len(found - {pl.Null}) > 1]
        return pl.concat(
            [frame.with_columns(pl.col(texts).cast(pl.String, strict=False)) for frame in frames],
            how="vertical_relaxed",
            rechunk=True,
        )


def in_order(frame: pl.DataFrame, by: str | None) -> pl.DataFrame:
    """`frame` with `_row`, in an order that depends on the rows alone: by `by`, then by content.

    A database gives rows in any order; equal pulls must be equal, and of two versions of a row
    the later one counts.
    """
    if not frame.width:
        return frame.with_columns(pl.Series(ROW, [], pl.Int64))
    digest = "_digest"
    order = [by, digest] if by is not None else [digest]
    return (
        frame.with_columns(frame.hash_rows(seed=1).alias(digest))
        .sort(order, maintain_order=True)
        .drop(digest)
        .with_row_index(ROW, 1)
        .with_columns(pl.col(ROW).cast(pl.Int64))
    )
