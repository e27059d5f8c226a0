"""Raw rows turned into rows of canonical tables as the configuration declares it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from transforms.contracts import INPUTS
from transforms.map_columns import holds, map_column
from transforms.mapping_spec import ColumnMap, Conditions, RowFilter, TableMap
from transforms.parsing import as_text
from transforms.validation import EXTRA, ROW, missing_line


class MappingError(ValueError):
    """The file can't be mapped as declared; the message is one line."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """Canonical rows by table, and what was left out on the way.

    `frames` holds the table itself and every table routed to; `unmapped` the raw columns that
    each keeps as unknown (in `_extra`, as JSON). rows in = rows of all frames + filtered.
    """

    frames: dict[str, pl.DataFrame]
    unmapped: dict[str, tuple[str, ...]]
    filtered: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def routed(self, table: str) -> int:
        """Rows that left `table` for another one."""
        return sum(frame.height for name, frame in self.frames.items() if name != table)


def map_rows(
    raw: pl.DataFrame, table: str, spec: TableMap, lookups: Sequence[pl.DataFrame] = ()
) -> Mapped:
    """`raw` (with `_row`) as canonical rows of `table` and of the tables that `spec` routes to.

    `lookups` are the frames of `spec.lookup`, in that order. MappingError where a column that
    decides about rows, or that a required column is made of, is not there.
    """
    brought = raw.columns
    frame = _without(raw, spec.ignore)
    if spec.nulls:
        frame = _blanked(frame, spec.nulls)
    for lookup, other in zip(spec.lookup, lookups, strict=True):
        frame = _looked_up(frame, other, lookup.on, lookup.key or lookup.on, lookup.columns)
    frame, left_out = filtered(frame, spec.filter)
    frames: dict[str, pl.DataFrame] = {}
    unmapped: dict[str, tuple[str, ...]] = {}
    notes: list[str] = []
    for name, maps, rows in _routes(frame, table, spec):
        mapped, left, said = _mapped(rows, name, maps, brought)
        if name in frames:  # two routes may feed one table
            mapped = pl.concat([frames[name], mapped], how="diagonal_relaxed").sort(ROW)
        frames[name], unmapped[name] = mapped, left
        notes += [note for note in said if note not in notes]
    return Mapped(frames, unmapped, left_out, tuple(notes))


def _without(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    there = [name for name in names if name in frame.columns]
    return frame.drop(there) if there else frame


def _blanked(frame: pl.DataFrame, words: Sequence[str]) -> pl.DataFrame:
    """`frame` with null where a text says one of `words`."""
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    blank = pl.col(texts).str.strip_chars().is_in(list(words))
    return frame.with_columns(pl.when(~blank).then(pl.col(texts)))


def _looked_up(
    frame: pl.DataFrame, other: pl.DataFrame, on: str, key: str, columns: Sequence[str]
) -> pl.DataFrame:
    """`frame` with `columns` of `other` beside it; no row is added or lost."""
    _need(frame, (on,), "lookup.on")
    _need(other, (key, *columns), "of the lookup file")
    clash = [name for name in columns if name in frame.columns]
    if clash:
        raise MappingError(f"lookup column '{clash[0]}' is already a column of the file")
    keyed = other.select(as_text(other[key]).alias("_key"), *columns)
    keyed = keyed.unique("_key", keep="first", maintain_order=True)
    sought = frame.with_columns(as_text(frame[on]).alias("_key"))
    return sought.join(keyed, on="_key", how="left", maintain_order="left").drop("_key")


def filtered(
    frame: pl.DataFrame, rules: Sequence[RowFilter]
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The rows that every filter lets through, and how many each rule left out."""
    counts: dict[str, int] = {}
    for rule in rules:
        where = f"filter '{rule.rule}'"
        if rule.first_of is not None:
            _need(frame, rule.first_of, where)
            stays = frame.select(pl.struct(rule.first_of).is_first_distinct()).to_series()
        elif rule.drop is not None:
            stays = ~_all_hold(frame, rule.drop, where)
        else:
            stays = _all_hold(frame, rule.keep or (), where)
        counts[rule.rule] = counts.get(rule.rule, 0) + int((~stays).sum())
        frame = frame.filter(stays)
    return frame, counts


def _routes(
    frame: pl.DataFrame, table: str, spec: TableMap
) -> list[tuple[str, Mapping[str, ColumnMap], pl.DataFrame]]:
    """Table, column maps and rows of every route, and of `table` itself; first route wins."""
    parts: list[tuple[str, Mapping[str, ColumnMap], pl.DataFrame]] = []
    for route in spec.route:
        met = _all_hold(frame, route.when, f"route to '{route.to}'")
        parts.append((route.to, route.map, frame.filter(met)))
        frame = frame.filter(~met)
    return [(table, spec.map, frame), *parts]


def _all_hold(frame: pl.DataFrame, conditions: Conditions, where: str) -> pl.Series:
    _need(frame, [condition.column for condition in conditions], where)
    return holds(frame, conditions)


def _need(
    frame: pl.DataFrame, names: Sequence[str], where: str, asked: Collection[str] = ()
) -> None:
    for name in names:
        if name not in frame.columns:
            found = [column for column in frame.columns if column != ROW]
            raise MappingError(missing_line(name, found, key=where, asked=asked))


def _mapped(
    frame: pl.DataFrame, table: str, maps: Mapping[str, ColumnMap], brought: Sequence[str]
) -> tuple[pl.DataFrame, tuple[str, ...], list[str]]:
    """Canonical columns of `table`, `_row` and `_extra`; unknown columns; remarks."""
    contract = INPUTS[table]
    columns: list[pl.Series] = []
    notes: list[str] = []
    used: set[str] = set()
    asked = {one for plan in maps.values() for one in plan.inputs}
    for name in contract.names:
        plan = maps.get(name)
        if plan is None:
            if name in frame.columns:
                columns.append(frame[name])
                used.add(name)
            elif name in contract.required:
                found = [column for column in brought if column != ROW]
                raise MappingError(missing_line(name, found, asked=asked))
            continue
        lacking = [one for one in (*plan.inputs, *plan.tested) if one not in frame.columns]
        if lacking and name in (*contract.required, *contract.key):
            _need(frame, lacking, f"map.{name}", asked)
        if lacking:
            found = [column for column in frame.columns if column != ROW]
            notes.append(missing_line(lacking[0], found, key=f"map.{name}", asked=asked))
            continue
        columns.append(map_column(frame, plan).alias(name))
        used.update(plan.inputs)
    left = [name for name in frame.columns if name not in used and name in brought and name != ROW]
    return pl.DataFrame([*columns, frame[ROW], extra_json(frame, left)]), tuple(left), notes


def extra_json(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Unknown columns as one JSON object per row; null where the row has none of them."""
    if not names or frame.is_empty():
        return pl.Series(EXTRA, [None], pl.String).new_from_index(0, frame.height)
    given = pl.any_horizontal(pl.col(name).is_not_null() for name in names)
    readable = [_json_ready(frame[name]) for name in names]
    return frame.select(
        pl.when(given).then(pl.struct(readable).struct.json_encode()).alias(EXTRA)
    ).to_series()


def _json_ready(values: pl.Series) -> pl.Series:
    """`values` in a type that JSON has; times and bytes as text, NaN as null."""
    dtype = values.dtype
    if dtype.is_float():
        return pl.select(pl.when(values.is_finite()).then(values)).to_series().alias(values.name)
    if dtype == pl.String or dtype.is_integer() or dtype == pl.Boolean or dtype.is_nested():
        return values
    return values.cast(pl.String, strict=False)
