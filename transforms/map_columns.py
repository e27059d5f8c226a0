"""One canonical column from raw ones, and the conditions that choose rows."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence

import polars as pl

from transforms.identifiers import content_ids
from transforms.mapping_spec import ColumnMap, Condition, Scalar
from transforms.parsing import as_text, localise, numbers, plain_zero, times

_EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000}
"""Names that `format` takes for counts since 1970, and their microseconds."""
_ISO_OUT = "%Y-%m-%dT%H:%M:%S%.6f"


def map_column(frame: pl.DataFrame, plan: ColumnMap) -> pl.Series:
    """The values that `plan` makes of `frame`'s columns, as text or in the raw type.

    A value that a step can't read is passed on as it stands, so that validation quarantines it
    with what the file really said.
    """
    values = _origin(frame, plan)
    if plan.extract is not None:
        group = 1 if re.search(r"(?<!\\)\((?!\?)|\(\?P?<", plan.extract) else 0
        values = as_text(values).str.extract(plan.extract, group)
    if plan.values is not None:
        values = _translated(as_text(values), plan)
    if plan.decimal is not None or plan.thousands is not None:
        values = _plain_number(values, plan.decimal or ".", plan.thousands)
    if plan.format is not None or plan.timezone is not None:
        values = _instant(values, plan.format or (), plan.timezone)
    if plan.negate:
        values = _negated(values)
    if plan.when is not None:
        met = holds(frame, plan.when)
        values = pl.select(pl.when(met).then(values)).to_series()
    return values


def _origin(frame: pl.DataFrame, plan: ColumnMap) -> pl.Series:
    if plan.value is not None:
        return pl.Series([_text(plan.value)], dtype=pl.String).new_from_index(0, frame.height)
    if plan.concat is not None:
        parts = [as_text(frame[name]) for name in plan.concat]
        joined = pl.concat_str(parts, separator=plan.separator, ignore_nulls=True)
        return pl.select(joined).to_series().replace("", None)
    if plan.first is not None:
        return pl.select(pl.coalesce(as_text(frame[name]) for name in plan.first)).to_series()
    if plan.content_id is not None:
        made = content_ids(frame, plan.content_id)
        return made if plan.column is None else as_text(frame[plan.column]) + "-" + made
    return frame[plan.column or ""]


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _translated(texts: pl.Series, plan: ColumnMap) -> pl.Series:
    words = {old: _text(new) for old, new in (plan.values or {}).items()}
    if plan.otherwise is None:
        return texts.replace(words)
    return texts.replace_strict(words, default=_text(plan.otherwise), return_dtype=pl.String)


def _plain_number(values: pl.Series, decimal: str, thousands: str | None) -> pl.Series:
    """Numbers as text with a decimal point; what breaks the declared form stays unreadable."""
    if values.dtype != pl.String:
        return values
    group = thousands if thousands is not None else "." if decimal == "," else ""
    mark, point = re.escape(group), re.escape(decimal)
    grouped = rf"\d{{1,3}}(?:{mark}\d{{3}})+" if group else r"\d+"
    form = rf"^[+-]?(?:{grouped}|\d+)(?:{point}\d+)?$"
    texts = as_text(values)
    bare = texts.str.replace_all(group, "", literal=True) if group else texts
    plain = bare.str.replace(decimal, ".", literal=True)
    fits = texts.str.contains(form)
    marked = texts + f" (expected decimal '{decimal}')"
    return pl.select(pl.when(fits).then(plain).otherwise(marked)).to_series()


def _instant(values: pl.Series, formats: Sequence[str], timezone: str | None) -> pl.Series:
    """Times as ISO text, read by the first of `formats` that fits (none: as ISO 8601)."""
    found = pl.Series([None], dtype=pl.String).new_from_index(0, len(values))
    for form in formats:
        found = found.zip_with(found.is_not_null(), _by_format(values, form, timezone))
    if not formats and timezone is not None:
        found = _iso(times(values, timezone))
    texts = values if values.dtype == pl.String else values.cast(pl.String, strict=False)
    return found.zip_with(found.is_not_null(), texts)


def _by_format(values: pl.Series, form: str, timezone: str | None) -> pl.Series:
    if form in _EPOCHS:
        micros = (numbers(values) * _EPOCHS[form]).round().cast(pl.Int64, strict=False)
        return _iso(micros.cast(pl.Datetime("us", "UTC")))
    texts = as_text(values)
    if "%z" in form or "%#z" in form:
        return _iso(texts.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False))
    clock = texts.str.to_datetime(form, time_unit="us", strict=False)
    if clock.null_count() == len(clock):  # a form without a time of day
        clock = texts.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    return _iso(localise(clock, timezone)) if timezone else clock.dt.strftime(_ISO_OUT)


def _iso(instants: pl.Series) -> pl.Series:
    return instants.dt.strftime(_ISO_OUT + "Z")


def _negated(values: pl.Series) -> pl.Series:
    if values.dtype.is_numeric():
        return plain_zero(-values.cast(pl.Float64))
    found = numbers(values)
    texts = as_text(values)
    return plain_zero(-found).cast(pl.String).zip_with(found.is_not_null(), texts)


def holds(frame: pl.DataFrame, conditions: Sequence[Condition]) -> pl.Series:
    """Where every one of `conditions` is met; never null."""
    met = pl.Series([True]).new_from_index(0, frame.height)
    for condition in conditions:
        met &= _met(frame[condition.column], condition).fill_null(False)
    return met


def _met(values: pl.Series, condition: Condition) -> pl.Series:
    name, operand = condition.operator
    if name == "null":
        texts = as_text(values)
        return texts.is_null() if operand else texts.is_not_null()
    if name.startswith("not_"):
        return ~_positive(values, name.removeprefix("not_"), operand).fill_null(False)
    return _positive(values, name.rstrip("_"), operand)


def _positive(values: pl.Series, name: str, operand: object) -> pl.Series:
    if name in _ORDERED and isinstance(operand, int | float):
        return _ORDERED[name](numbers(values), operand)
    if name == "matches":
        return as_text(values).str.contains(str(operand))
    wanted = operand if isinstance(operand, tuple) else (operand,)
    words = [_text(one) for one in wanted]
    amounts = [float(one) for one in wanted if isinstance(one, int | float)]
    found = as_text(values).is_in(words)
    return found | numbers(values).is_in(amounts).fill_null(False) if amounts else found


_ORDERED: dict[str, Callable[[pl.Series, float], pl.Series]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
