"""What a frame must satisfy to be published under its contract."""

from __future__ import annotations

import polars as pl

from transforms.contracts.ordered import keyed_in_order
from transforms.contracts.schema import Column, Table


def violations(table: Table, frame: pl.DataFrame) -> list[str]:
    """Every way in which `frame` breaks the contract of `table`; empty where it keeps it.

    Each line names the table and the column and quotes no value: a published frame that breaks
    its contract may hold anything.
    """
    if found := _shape(table, frame):
        return found
    found = [line for column in table.columns for line in _values(table, column, frame)]
    unique = keyed_in_order(table, frame)
    if not unique and frame.select(table.key).is_duplicated().any():
        found.append(f"{table.name}: the key {', '.join(table.key)} is not unique")
    return found


def _shape(table: Table, frame: pl.DataFrame) -> list[str]:
    names = set(frame.columns)
    found = [f"{table.name}.{name} is missing" for name in table.names if name not in names]
    extra = names - set(table.names)
    found += [f"{table.name}.{name} is not in the contract" for name in sorted(extra)]
    if not found and tuple(frame.columns) != table.names:
        first = next(a for a, b in zip(frame.columns, table.names, strict=True) if a != b)
        found.append(f"{table.name}.{first} is not in its place")
    if found:
        return found
    return [
        f"{table.name}.{column.name} is {frame.schema[column.name]}, not {column.dtype}"
        for column in table.columns
        if frame.schema[column.name] != column.dtype
    ]


def _values(table: Table, column: Column, frame: pl.DataFrame) -> list[str]:
    values = frame[column.name]
    found = {}
    if not column.nullable:
        found["null"] = values.null_count()
    if values.dtype.is_float():
        found["not a finite number"] = int((~values.is_finite()).sum())
    if column.one_of:
        found[f"none of {', '.join(column.one_of)}"] = int((~values.is_in(column.one_of)).sum())
    if column.lo is not None:
        found[f"below {column.lo}"] = int((values < column.lo).sum())
    if column.hi is not None:
        found[f"above {column.hi}"] = int((values > column.hi).sum())
    where = f"{table.name}.{column.name}"
    return [f"{where} is {what} in {n} of {frame.height} rows" for what, n in found.items() if n]
