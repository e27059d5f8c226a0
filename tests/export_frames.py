"""Frames that keep their contract, made from the contract alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from transforms.contracts import EXPORTS, UTC_TIME, Column, Table


def frame_for(table: Table, rows: int, seed: int = 0) -> pl.DataFrame:
    """At most `rows` rows with nulls, umlauts and all allowed values, unique in the key."""
    rng = np.random.default_rng([seed, *table.name.encode()])
    data = {column.name: _values(column, rows, rng) for column in table.columns}
    frame = pl.DataFrame(data, schema=dict(table.schema))
    return frame.unique(subset=table.key, keep="first", maintain_order=True)


def all_frames(rows: int, seed: int = 0) -> dict[str, pl.DataFrame]:
    return {name: frame_for(table, rows, seed) for name, table in EXPORTS.items()}


def _values(column: Column, n: int, rng: np.random.Generator) -> list[object]:
    draws = rng.integers(0, 500, n)
    values: list[object] = [_value(column, int(draw)) for draw in draws]
    if column.nullable:
        values = [None if gone else v for v, gone in zip(values, rng.random(n) < 0.1, strict=True)]
    return values


def _value(column: Column, draw: int) -> object:
    if column.one_of:
        return column.one_of[draw % len(column.one_of)]
    if column.dtype == pl.Int64 and isinstance(column.hi, int):
        draw %= column.hi
    return _MADE[column.dtype](draw)


_MADE: dict[object, Callable[[int], object]] = {
    pl.String: lambda draw: f"Größe {draw}" if draw % 3 else f"sku-{draw:04d}",
    pl.Date: lambda draw: date(2024, 1, 1) + timedelta(days=draw),
    UTC_TIME: lambda draw: (
        datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=draw, microseconds=draw)
    ),
    pl.Boolean: lambda draw: draw % 2 == 0,
    pl.Float64: lambda draw: draw / 512,
    pl.Int32: lambda draw: draw + 1,
    pl.Int64: lambda draw: draw + 1,
}
