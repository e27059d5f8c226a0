"""Rows of canonical tables out of a recognised stack, with an account of those left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from transforms.contracts import INPUTS
from transforms.map_columns import map_column
from transforms.mapping import extra_json, filtered
from transforms.parsing import as_text
from transforms.readers.layout import Beside, Layout, Part
from transforms.readers.names import LIST, alternatives, plain
from transforms.readers.recognise import lacks
from transforms.readers.stack import Stack
from transforms.readers.unfold import NUMBER, rows_at
from transforms.validation import EXTRA

Neighbours = Callable[[str], pl.DataFrame | None]
"""Layout to the records of its files in the same folder, plain names; None where there are none."""


BESIDE = "read beside other files"
"""The rule under which records are counted that only complete those of other files."""
DAY = "file.day"
_WRAPPED = r"^(?:gid://shopify/\w+/|shopify-)"


class HalfFileError(ValueError):
    """A file that lacks what it needs to be read; the message is one line."""


@dataclass(slots=True)
class Read:
    """What one stack gives to one canonical table: rows, rows left out by rule, unknown columns."""

    table: str
    rows: pl.DataFrame
    filtered: dict[str, int] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()


def read(
    stack: Stack, layout: Layout, neighbours: Neighbours, day: str | None = None
) -> list[Read]:
    """The canonical rows that `layout` makes of `stack`, part by part.

    `rows` has canonical columns as text, `_row` (number of the record in the file) and `_extra`.
    `day` is the date that the file's name tells, where it tells one. Raises HalfFileError
    where a needed column or a needed neighbour is not there.
    """
    if layout.dated and day is None:
        raise HalfFileError(
            f"is {layout.title}, which tells no day: put the day of the export into the file's "
            "name, as in inventory_2026-11-17.csv"
        )
    around = _Around(neighbours, day)
    found = [_part(stack, layout, part, around) for part in layout.parts]
    if all(part.derived for part in layout.parts):
        none = pl.DataFrame(schema={NUMBER: pl.Int64, EXTRA: pl.String})
        return [Read(layout.table, none, {BESIDE: stack.height}), *found]
    _account_for_empty(stack, layout, found, around.fed)
    return found


@dataclass(slots=True)
class _Around:
    """What parts of one stack share: neighbours, the file's day, and records that fed a row."""

    neighbours: Neighbours
    day: str | None
    fed: set[int] = field(default_factory=set)


def _part(stack: Stack, layout: Layout, part: Part, around: _Around) -> Read:
    """The rows of one part."""
    raw = rows_at(stack, part.rows, part.inputs)
    if raw.height:
        missing = [one for one in part.needs if set(alternatives(one)).isdisjoint(raw.columns)]
        if missing:
            raise HalfFileError(lacks(layout, missing))
    if not part.derived:
        around.fed.update(raw[NUMBER])
    brought = raw.columns
    frame = _filled(raw, part).with_columns(pl.lit(around.day, pl.String).alias(DAY))
    for beside in part.beside:
        frame = _with_neighbour(frame, beside, layout, around.neighbours)
    if part.prepare is not None:
        frame = part.prepare(frame)
    frame, left_out = filtered(frame, part.filter)
    unknown = _unknown(layout, part, brought)
    columns = [_mapped(frame, part, name) for name in INPUTS[part.table].names if name in part.map]
    extra = extra_json(frame.rename(_spelled(stack, unknown)), _names(stack, unknown))
    rows = pl.DataFrame([*columns, frame[NUMBER], extra.alias(EXTRA)])
    if part.derived:
        return Read(part.table, _distinct(rows, part.table))
    return Read(part.table, rows, {k: n for k, n in left_out.items() if n}, _names(stack, unknown))


def _filled(raw: pl.DataFrame, part: Part) -> pl.DataFrame:
    """`raw` with a column of nulls for each input that the file does not have."""
    marks = tuple(f"{one.mark}." for one in part.beside)
    lacking = sorted(
        name for name in part.inputs if name not in raw.columns and not name.startswith(marks)
    )
    nothing = [pl.lit(None, pl.String).alias(name) for name in lacking]
    return raw.with_columns(nothing) if nothing else raw


def _with_neighbour(
    frame: pl.DataFrame, beside: Beside, layout: Layout, neighbours: Neighbours
) -> pl.DataFrame:
    names = [plain(name) for name in beside.columns]
    found = [one for one in (neighbours(key) for key in beside.layouts) if one is not None]
    keys = alternatives(beside.key)
    if beside.required and not found and frame.height:
        raise HalfFileError(
            f"is {layout.title}, and needs beside it {' or '.join(beside.layouts)}"
            + (f": {layout.remedy}" if layout.remedy else "")
        )
    parts = [
        one.select(
            _key(one, [key for key in keys if key in one.columns]),
            *(
                pl.col(name) if name in one.columns else pl.lit(None, pl.String).alias(name)
                for name in names
            ),
        ).with_columns(pl.col(names).cast(pl.String))
        for one in found
        if not set(keys).isdisjoint(one.columns)
    ]
    marked = {name: f"{beside.mark}.{name}" for name in names}
    if not parts:
        return frame.with_columns(pl.lit(None, pl.String).alias(name) for name in marked.values())
    told = pl.any_horizontal(pl.col(names).is_not_null() & (pl.col(names) != ""))
    others = pl.concat(parts).filter(pl.col("_key").is_not_null(), told)
    others = others.unique("_key", keep="last", maintain_order=True).rename(marked)
    sought = frame.with_columns(_key(frame, alternatives(beside.on)))
    return sought.join(others, on="_key", how="left", maintain_order="left").drop("_key")


def _key(frame: pl.DataFrame, names: Sequence[str]) -> pl.Expr:
    """The key of each row: the same number whether a system writes it plain or as part of a name."""
    found = pl.coalesce(as_text(frame[name]) for name in names)
    return found.str.replace(_WRAPPED, "").alias("_key")


def _mapped(frame: pl.DataFrame, part: Part, name: str) -> pl.Series:
    values = map_column(frame, part.map[name]).alias(name)
    before = part.prefix.get(name)
    if before is None:
        return values
    return (before + as_text(values)).alias(name)


def _distinct(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """Rows that stand within others: each key once, as the last one that bears it says."""
    key = [name for name in INPUTS[table].key if name in rows.columns]
    given = rows.filter(pl.all_horizontal(as_text(rows[name]).is_not_null() for name in key))
    return given.unique(key, keep="last", maintain_order=True)


def _unknown(layout: Layout, part: Part, brought: Sequence[str]) -> list[str]:
    """Plain names of the rows' own columns that nothing is known about."""
    if layout.rest or part.derived:
        return []
    segments = [rf"{re.escape(plain(one))}(?:\[\])?\." for one in part.rows.split(".") if one]
    found = [(name, re.match("".join(segments), name)) for name in brought if name != NUMBER]
    own = [(name, match.group()) for name, match in found if match is not None]
    return [name for name, within in own if not _known(name, within, layout.understood)]


def _known(name: str, own: str, understood: frozenset[str]) -> bool:
    """Whether `name`, or what it lies within below `own`, is understood."""
    at = name
    while len(at) > len(own):
        if at in understood or any(one.startswith(at + LIST) for one in understood):
            return True
        at = at.rpartition(".")[0]
    return False


def _aside(stack: Stack, layout: Layout) -> tuple[str, ...]:
    """Unknown names of records that hold their rows in lists: told, as the rows do not keep them."""
    if layout.rest or not all(part.rows or part.derived for part in layout.parts):
        return ()
    tops = sorted(name for name in stack.names if "." not in name)
    return _names(stack, [name for name in tops if not _known(name, "", layout.understood)])


def _spelled(stack: Stack, names: Sequence[str]) -> dict[str, str]:
    told = {plain(n): n for n in stack.table.columns} if stack.table is not None else stack.spelled
    return {name: told[name] for name in names if name in told}


def _names(stack: Stack, names: Sequence[str]) -> tuple[str, ...]:
    spelled = _spelled(stack, names)
    return tuple(spelled.get(name, name) for name in names)


def _account_for_empty(stack: Stack, layout: Layout, found: Sequence[Read], fed: set[int]) -> None:
    """Counts, for the main table, records in which no part found a row."""
    if not all(part.rows or part.derived for part in layout.parts):
        return
    empty = sum(number not in fed for number in stack.row_numbers())
    main = next(one for one in found if one.table == layout.table)
    main.unmapped = (*main.unmapped, *_aside(stack, layout))
    if empty:
        main.filtered["nothing in it that is read"] = empty


def merged(parts: Sequence[Read]) -> Mapping[str, Read]:
    """All of a file's parts by table, rows numbered through where several feed one table."""
    out: dict[str, Read] = {}
    for one in parts:
        before = out.get(one.table)
        if before is None:
            out[one.table] = one
            continue
        counts = dict(before.filtered)
        for rule, n in one.filtered.items():
            counts[rule] = counts.get(rule, 0) + n
        rows = pl.concat([before.rows, one.rows], how="diagonal_relaxed")
        unmapped = tuple(dict.fromkeys([*before.unmapped, *one.unmapped]))
        out[one.table] = Read(one.table, rows, counts, unmapped)
    return {name: _numbered(one) for name, one in out.items()}


def _numbered(one: Read) -> Read:
    """`one` with a row number of its own for each row: a record may hold several rows."""
    if not one.rows[NUMBER].is_duplicated().any():
        return one
    numbers = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(NUMBER)
    return Read(one.table, one.rows.with_columns(numbers), one.filtered, one.unmapped)
