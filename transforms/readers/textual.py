"""Columns of any type as the text in which the readers' steps expect them."""

from __future__ import annotations

import json

import polars as pl

from transforms.parsing import as_text
from transforms.readers.stack import Stack


def textual(stack: Stack) -> Stack:
    """`stack` with a table of nothing but text: numbers as written, times in ISO 8601, lists as JSON."""
    table = stack.table
    if table is None or all(dtype == pl.String for dtype in table.drop("_row").dtypes):
        return stack
    columns = [one if one.name == "_row" else _text(one) for one in table.get_columns()]
    return Stack(stack.stream, pl.DataFrame(columns))


def _text(values: pl.Series) -> pl.Series:
    dtype = values.dtype
    if isinstance(dtype, pl.Datetime):
        form = "%Y-%m-%dT%H:%M:%S%.6f" + ("Z" if dtype.time_zone else "")
        utc = values.dt.convert_time_zone("UTC") if dtype.time_zone else values
        return utc.dt.strftime(form)
    if dtype == pl.Date:
        return values.dt.strftime("%Y-%m-%d")
    if isinstance(dtype, pl.List | pl.Struct | pl.Array):
        texts = [None if one is None else json.dumps(one, default=str) for one in values.to_list()]
        return pl.Series(values.name, texts, pl.String)
    return as_text(values)
