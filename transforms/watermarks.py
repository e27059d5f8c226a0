"""How far a table of a database has been read: the greatest value of a column that only grows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import polars as pl

Kind = Literal["instant", "clock", "day", "number", "text"]
Value = datetime | date | int | str
DEFAULT_OVERLAP, DEFAULT_STEPS = timedelta(hours=1), 1000
"""What is read again of times, and of numbers, where nothing is configured."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"^(\d{1,6})\s*([smhd])$")
_TIME_TEXT = r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
_MINUTES = 16
_SLACK = timedelta(days=1)
"""Clocks without a zone may be up to 14 hours ahead of UTC."""


class WatermarkError(ValueError):
    """A column that cannot serve as watermark; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """A value of the column, as text that keeps its kind.

    instant: time with offset; clock: time without; day; number: whole; text: an ISO time as text.
    """

    kind: Kind
    value: str

    @property
    def plain(self) -> Value:
        """The value as a database's driver takes it."""
        if self.kind == "number":
            return int(self.value)
        if self.kind == "day":
            return date.fromisoformat(self.value)
        return self.value if self.kind == "text" else datetime.fromisoformat(self.value)

    def stored(self) -> dict[str, str]:
        """The watermark as JSON values."""
        return {"kind": self.kind, "value": self.value}


def stored_watermark(told: Mapping[str, str]) -> Watermark:
    """The watermark that `stored` wrote."""
    return Watermark(told["kind"], told["value"])  # type: ignore[arg-type]


def overlap_of(text: str | int | None) -> timedelta | int | None:
    """The overlap that a configuration names: `90s`, `15m`, `2h`, `3d`, or a count of numbers."""
    if text is None or isinstance(text, int):
        return text
    found = _SPAN.match(text.strip())
    if found is None:
        raise ValueError(f"'{text}' is no overlap; give a time such as 15m, 2h or 3d, or a number")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def highest(values: pl.Series, not_after: datetime) -> tuple[Watermark | None, int]:
    """The greatest value, and how many lie too far in the future to be believed.

    A value more than a day after `not_after` (UTC) is left out: one row of the year 2999 would
    otherwise end every later reading. None where there is no value. WatermarkError for a type
    without a sure order: text is sorted by each database in its own way.
    """
    if values.null_count() == len(values):
        return None, 0
    kind = _kind(values)
    if kind is None:
        raise WatermarkError(
            f"column '{values.name}' cannot be a watermark: it is neither a time nor a whole number"
        )
    late = pl.Series([False]).new_from_index(0, len(values))
    if kind in ("instant", "clock", "day"):
        bound = not_after + _SLACK
        limit = bound if kind == "instant" else bound.replace(tzinfo=None)
        late = values > (limit.date() if kind == "day" else limit)
    elif kind == "text":
        late = values.str.slice(0, 10) > (not_after + _SLACK).date().isoformat()
    top = values.filter(~late.fill_null(False)).max()
    count = int(late.sum())
    if top is None:
        return None, count
    text = top.isoformat() if isinstance(top, date) else str(top)
    return Watermark(kind, text), count


def _kind(values: pl.Series) -> Kind | None:
    dtype = values.dtype
    if isinstance(dtype, pl.Datetime):
        return "instant" if dtype.time_zone else "clock"
    if dtype == pl.Date:
        return "day"
    if dtype.is_integer():
        return "number"
    if dtype == pl.String and bool(values.drop_nulls().str.contains(_TIME_TEXT).all()):
        return "text"
    return None


def back(mark: Watermark, overlap: timedelta | int | None) -> Watermark:
    """The value from which the next reading starts: `overlap` before `mark`.

    Rows that were written before the mark and committed after it was read lie within. ValueError
    where the overlap is a time and the mark a number, or the reverse.
    """
    if mark.kind == "number":
        steps = DEFAULT_STEPS if overlap is None else overlap
        if not isinstance(steps, int):
            raise ValueError("overlap must be a whole number, as the watermark is one")
        return Watermark("number", str(int(mark.value) - steps))
    span = DEFAULT_OVERLAP if overlap is None else overlap
    if span == 0 or not span:
        return mark
    if not isinstance(span, timedelta):
        raise ValueError(  # noqa: TRY004 - a mistake in the configuration
            'overlap must be a time such as "1h", as the watermark is a time'
        )
    if mark.kind == "day":
        earlier = date.fromisoformat(mark.value) - timedelta(days=-(-span // timedelta(days=1)))
        return Watermark("day", earlier.isoformat())
    moment = datetime.fromisoformat(mark.value) - span
    if mark.kind != "text":
        return Watermark(mark.kind, moment.isoformat())
    separator = " " if " " in mark.value else "T"
    # To the minute: text of whole minutes sorts before the same time with seconds.
    return Watermark("text", moment.isoformat(sep=separator)[:_MINUTES])
