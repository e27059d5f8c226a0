"""The split of a file's rows into good, quarantined and duplicate ones, from the contract."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from transforms import parsing
from transforms.contracts import Column, Reason, Table
from transforms.contracts.schema import PolarsType
from transforms.identifiers import content_ids, repeated
from transforms.quarantine import QUARANTINED, quarantined_rows
from transforms.shown_columns import found_columns, shown_name

ROW = "_row"
EXTRA = "_extra"
_REASON = "_reason"
_WHERE = "_column"


@dataclass(frozen=True, slots=True)
class Split:
    """What became of the rows of one mapped file: every row stands in exactly one place.

    `good` has the contract's columns in order and type, `_row` and `_extra`. `quarantined` has
    row_number, reason, column and the redacted row. `duplicates` counts rows that say nothing new.
    `problem` is one line where the whole file had to be refused, else None.
    """

    good: pl.DataFrame
    quarantined: pl.DataFrame
    duplicates: int
    problem: str | None = None


def split(raw: pl.DataFrame, table: Table, *, timezone: str, max_chars: int = 200) -> Split:
    """The rows of `raw` judged by the contract of `table`.

    `raw` holds canonical column names with text or native values, `_row` (row number in the file)
    and, where there is any, `_extra` (unknown columns as JSON). The first failing rule in column
    order names the reason. Quarantined strings are cut at `max_chars`. A missing required column refuses every row.
    """
    missing = [name for name in table.required if name not in raw.columns]
    if missing:
        found = [name for name in raw.columns if name not in (ROW, EXTRA)]
        line = missing_line(missing[0], found)
        return refuse(raw, table, Reason.MISSING_COLUMN, line, max_chars=max_chars)
    return split_pieces(lambda: (raw,), table, timezone=timezone, max_chars=max_chars)


def split_pieces(
    pieces: Callable[[], Iterable[pl.DataFrame]],
    table: Table,
    *,
    timezone: str,
    max_chars: int = 200,
) -> Split:
    """As `split`, for rows that come piece by piece, so that the raw ones are never all there.

    Every piece has the same columns, the required ones among them. `pieces` is asked once, and
    once more where rows of equal keys conflict: only then is it known what they said.
    """
    goods, set_aside = [empty_good(table)], [pl.DataFrame(schema=QUARANTINED)]
    for raw in pieces():
        sound, broken = _judge(raw, table, timezone)
        goods.append(sound)
        set_aside.append(quarantined_rows(raw, broken, table, max_chars))
    good, keys_are_unique = _with_line_ids(pl.concat(goods), table)
    duplicates = 0
    if not keys_are_unique:
        good, duplicates, conflicts = _one_per_key(good, table)
        verdict = _verdict(conflicts, Reason.KEY_CONFLICT, table.key[0])
        for raw in pieces() if conflicts.len() else ():
            met = verdict.join(raw.select(ROW), on=ROW, how="semi")
            set_aside.append(quarantined_rows(raw, met, table, max_chars))
    bad = pl.concat(set_aside).sort("row_number", maintain_order=True)
    return Split(good, bad, duplicates)


def refuse(
    raw: pl.DataFrame, table: Table, reason: Reason, problem: str, *, max_chars: int = 200
) -> Split:
    """Every row of `raw` in quarantine for `reason`, with the line that explains it."""
    verdict = raw.select(
        ROW, pl.lit(reason.value).alias(_REASON), pl.lit(None, pl.String).alias(_WHERE)
    )
    return Split(empty_good(table), quarantined_rows(raw, verdict, table, max_chars), 0, problem)


def empty_good(table: Table) -> pl.DataFrame:
    """A frame without rows, with the columns of `Split.good`."""
    return pl.DataFrame(schema={**table.schema, ROW: pl.Int64, EXTRA: pl.String})


def missing_line(
    name: str, found: Sequence[str], *, key: str | None = None, asked: Collection[str] = ()
) -> str:
    """One line that names the missing column, what is there instead and the remedy.

    `asked`: names that the configuration has; they may be shown.
    """
    shown = found_columns(found, asked)
    if key is not None:
        return f"column '{name}' ({key}) is missing (found: {shown})"
    near = [one for one in get_close_matches(name, found, n=1) if shown_name(one) == one] or ["…"]
    return (
        f"column '{name}' is missing (found: {shown}); "
        f'rename it or map it with map.{name} = "{near[0]}"'
    )


def _judge(raw: pl.DataFrame, table: Table, timezone: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The typed columns of rows that break no rule, and the others, each with the first it breaks."""
    typed: list[pl.Series] = []
    verdicts: list[pl.DataFrame] = []
    rows = raw[ROW].cast(pl.Int64)
    bad = pl.Series([False]).new_from_index(0, raw.height)

    def note(breaks: pl.Series, reason: Reason, column: str) -> None:
        nonlocal bad
        if breaks.any():
            first = breaks.fill_null(False) & ~bad
            verdicts.append(_verdict(rows.filter(first), reason, column))
            bad |= first

    for column in table.columns:
        if column.name not in raw.columns:
            typed.append(_nulls(column.name, column.dtype, raw.height))
            continue
        value = parsing.read(raw[column.name], column.dtype, timezone).alias(column.name)
        typed.append(value)
        for reason, breaks in _checks(raw[column.name], value, column):
            note(breaks, reason, column.name)
    for where, what, other in table.needs:
        lacks = (pl.col(where) == what) & pl.col(other).is_null()
        note(pl.DataFrame(typed).select(lacks).to_series(), Reason.NULL_REQUIRED, other)
    extra = raw[EXTRA] if EXTRA in raw.columns else _nulls(EXTRA, pl.String(), raw.height)
    good = pl.DataFrame([*typed, rows, extra])
    return good.filter(~bad) if verdicts else good, pl.concat([_verdict(rows.clear()), *verdicts])


def _verdict(
    rows: pl.Series, reason: Reason | None = None, column: str | None = None
) -> pl.DataFrame:
    """`rows` with one reason against all of them."""
    return pl.DataFrame({ROW: rows}).with_columns(
        pl.lit(None if reason is None else reason.value, pl.String).alias(_REASON),
        pl.lit(column, pl.String).alias(_WHERE),
    )


def _nulls(name: str, dtype: PolarsType, height: int) -> pl.Series:
    return pl.Series(name, [None], dtype).new_from_index(0, height)


def _checks(raw: pl.Series, value: pl.Series, column: Column) -> Iterator[tuple[Reason, pl.Series]]:
    """Rules that some value may break, and which values do: null where there is none."""
    unread = value.is_null()
    if unread.any():
        given = parsing.is_given(raw)
        if column.dtype == pl.String and raw.dtype.is_float():
            given &= raw.is_not_nan()  # how data frames write an absent key
        yield Reason.WRONG_TYPE, unread & given
        if not column.nullable:
            yield Reason.NULL_REQUIRED, unread & ~given
    if column.lo is not None:
        yield Reason.OUT_OF_RANGE, value < column.lo
    if column.hi is not None:
        yield Reason.OUT_OF_RANGE, value > column.hi
    if value.dtype.is_float():
        yield Reason.OUT_OF_RANGE, value.is_infinite()
    if column.one_of:
        yield Reason.NOT_ALLOWED, ~value.is_in(list(column.one_of))
    if column.max_chars is not None and _most_bytes(value) > column.max_chars:
        yield Reason.TOO_LONG, value.str.len_chars() > column.max_chars


def _most_bytes(texts: pl.Series) -> int:
    """Bytes of the longest text: no text has more characters."""
    return int(texts.str.len_bytes().max() or 0)  # type: ignore[arg-type]


def _with_line_ids(good: pl.DataFrame, table: Table) -> tuple[pl.DataFrame, bool]:
    """`good` with a line_id in every row, and whether all of them were made here.

    A line is named by what it said from the start: values that come later (a cancellation) and
    the hand-over time are left out, so that a later version of the line keeps its name.
    """
    if "line_id" not in table.names or good.is_empty():
        return good, good.is_empty()
    unnamed = good["line_id"].is_null()
    if not unnamed.any():
        return good, False
    constant = [
        column.name
        for column in table.columns
        if column.known_from is None and column.name not in ("line_id", "ingested_at")
    ]
    made = content_ids(good.filter(unnamed), constant)
    if unnamed.all():
        return good.with_columns(made.alias("line_id")), True
    named = good["line_id"].scatter(unnamed.arg_true(), made)
    return good.with_columns(named.alias("line_id")), False


def _one_per_key(good: pl.DataFrame, table: Table) -> tuple[pl.DataFrame, int, pl.Series]:
    """`good` with one row per key and version, the count of duplicates, and conflicting rows.

    Rows of a key with different `ingested_at` are versions of it. Within a version the last row
    in the file counts: rows equal to it are duplicates, others conflict with it.
    """
    version = [*table.key, *(("ingested_at",) if "ingested_at" in table.names else ())]
    shared = repeated(good, version)
    if not shared.any():
        return good, 0, good[ROW].clear()
    content = [name for name in good.columns if name != ROW]
    contested = good.filter(shared).with_columns(
        pl.col(ROW).max().over(version).alias("_last"), pl.struct(content).alias("_content")
    )
    contested = contested.with_columns(
        pl.col("_content").sort_by(ROW).last().over(version).alias("_kept")
    )
    beaten = contested.filter(pl.col(ROW) != pl.col("_last")).select(
        ROW, pl.col("_content").eq_missing(pl.col("_kept")).alias("same")
    )
    kept = good.join(beaten, on=ROW, how="anti", maintain_order="left")
    return kept, int(beaten["same"].sum()), beaten.filter(~pl.col("same"))[ROW]
