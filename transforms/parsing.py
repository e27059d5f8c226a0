"""Values as files bring them, read into the types of the contracts; nothing here raises."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from transforms.contracts import UTC_TIME
from transforms.contracts.schema import PolarsType
from transforms.text_views import outer_bytes

_ISO = (
    r"^(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<clock>\d{2}:\d{2}(?::[0-5]\d(?:[.,]\d+)?)?))?"
    r"[ ]?(?P<zone>Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?$"
)
_OFFSET = r"(?:Z|[+-](?:0\d|1[0-3])(?::?[0-5]\d)?)$"
_SHORTEST = len("2026-01-01T00:00:00Z")
"""Shorter texts may tell an hour without minutes, which Arrow reads and we do not."""
_PRINTABLE = (0x21, 0x7E)
_INSTANT = pa.timestamp("us", "UTC")
_WIDEST_OFFSET_MINUTES = 14 * 60
_WHOLE_LIMIT = float(2**53)


def as_text(values: pl.Series) -> pl.Series:
    """`values` as trimmed strings; empty ones and what has no text form are null.

    Whole floats are written without a fraction: data frames turn integer keys with gaps into
    floats, and the key is still the integer.
    """
    dtype = values.dtype
    if dtype == pl.String:
        trimmed = _trimmed(values)
    elif dtype.is_float():
        whole = values.cast(pl.Int64, strict=False)
        same = whole.cast(pl.Float64) == values
        trimmed = pl.select(
            pl.when(same)
            .then(whole.cast(pl.String))
            .when(values.is_not_nan())
            .then(values.cast(pl.String))
        ).to_series()
    elif dtype.is_nested() or dtype == pl.Null:
        trimmed = pl.Series(values.name, [None], pl.String).new_from_index(0, len(values))
    else:
        trimmed = values.cast(pl.String, strict=False)
    return trimmed.alias(values.name)


def _trimmed(texts: pl.Series) -> pl.Series:
    """`texts` without space around them, null where nothing is left; the same where none is.

    Texts that begin and end with printable ASCII have nothing to trim: a look at two bytes of each
    costs a small part of trimming it, and nothing is copied.
    """
    empty, outer = outer_bytes(texts)
    if outer is not None and not _PRINTABLE[0] <= outer[0] <= outer[1] <= _PRINTABLE[1]:
        return texts.str.strip_chars().replace("", None)
    return texts.replace("", None) if empty else texts


def is_given(values: pl.Series) -> pl.Series:
    """Where there is anything at all: neither null nor blank text; NaN counts as given."""
    return (as_text(values) if values.dtype == pl.String else values).is_not_null()


def read(values: pl.Series, dtype: PolarsType, timezone: str) -> pl.Series:
    """`values` as `dtype`; null where they can't be read so."""
    if dtype == pl.String:
        return as_text(values)
    if dtype == pl.Float64:
        return numbers(values)
    if dtype == pl.Int64:
        return whole_numbers(values)
    if dtype == pl.Boolean:
        return booleans(values)
    if dtype == pl.Date:
        return days(values, timezone)
    if dtype == UTC_TIME:
        return times(values, timezone)
    raise TypeError(f"no contract column is of type {dtype}")


def numbers(values: pl.Series) -> pl.Series:
    """Float64 without negative zero; null where it is no plain number ("1,234" is none)."""
    if values.dtype.is_numeric():
        return plain_zero(values.cast(pl.Float64).fill_nan(None))
    if values.dtype == pl.String or isinstance(values.dtype, pl.Categorical | pl.Enum):
        found = values.cast(pl.String).cast(pl.Float64, strict=False)
        if found.null_count() > values.null_count():
            found = as_text(values).cast(pl.Float64, strict=False)
        return plain_zero(found.fill_nan(None))
    return _nothing(values, pl.Float64())


def plain_zero(values: pl.Series) -> pl.Series:
    """`values` with 0.0 for -0.0, which is equal but has other bits."""
    zero = (values == 0.0).fill_null(False)
    return values.set(zero, 0.0) if zero.any() else values


def whole_numbers(values: pl.Series) -> pl.Series:
    """Int64; null where it is no whole number that a float holds exactly."""
    found = numbers(values)
    sound = (found == found.round()) & (found.abs() < _WHOLE_LIMIT)
    return pl.select(pl.when(sound).then(found)).to_series().cast(pl.Int64).alias(values.name)


def booleans(values: pl.Series) -> pl.Series:
    """Boolean from true, false, 1, 0, yes, no in any case; else null."""
    if values.dtype == pl.Boolean:
        return values
    return (
        as_text(values)
        .str.to_lowercase()
        .replace_strict(
            {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False},
            default=None,
            return_dtype=pl.Boolean,
        )
    )


def days(values: pl.Series, timezone: str) -> pl.Series:
    """Date; an instant counts on its day in `timezone`."""
    if values.dtype == pl.Date:
        return values
    return times(values, timezone).dt.convert_time_zone(timezone).dt.date()


def times(values: pl.Series, timezone: str) -> pl.Series:
    """UTC instants in microseconds; without an offset the clock is that of `timezone`.

    Where clocks go back the earlier instant counts; a time that the clocks skip is read with the
    offset that was valid before. Numbers are refused: an epoch's unit can only be guessed.
    """
    dtype = values.dtype
    if isinstance(dtype, pl.Datetime):
        fine = values.dt.cast_time_unit("us")
        return fine.dt.convert_time_zone("UTC") if dtype.time_zone else localise(fine, timezone)
    if dtype == pl.Date:
        return localise(values.cast(pl.Datetime("us")), timezone)
    if dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum):
        return _iso_times(as_text(values), timezone)
    return _nothing(values, UTC_TIME)


def localise(clock: pl.Series, timezone: str) -> pl.Series:
    """UTC instants of naive wall-clock times in `timezone`; see `times` for its rules."""
    if timezone == "UTC":
        return clock.dt.replace_time_zone("UTC")
    here = _zoned(clock, timezone)
    skipped = here.is_null() & clock.is_not_null()
    if skipped.any():
        day_before = _zoned(clock.dt.offset_by("-1d"), timezone).dt.offset_by("24h")
        here = pl.select(pl.when(skipped).then(day_before).otherwise(here)).to_series()
    return here.dt.convert_time_zone("UTC").alias(clock.name)


def _zoned(clock: pl.Series, timezone: str) -> pl.Series:
    return clock.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")


def _iso_times(text: pl.Series, timezone: str) -> pl.Series:
    if (found := _uniform_times(text)) is not None:
        return found
    parts = text.str.extract_groups(_ISO).struct.unnest()
    clock = parts["clock"].str.replace(",", ".", literal=True).fill_null("00:00")
    seconds = pl.select(
        pl.when(clock.str.len_bytes() == 5).then(clock + ":00").otherwise(clock)
    ).to_series()
    naive = (parts["day"] + "T" + seconds).str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False
    )
    zone = parts["zone"]
    local = pl.select(pl.when(zone.is_null()).then(naive)).to_series()
    here = localise(local, timezone)
    if zone.null_count() == len(zone):
        return here.alias(text.name)
    shift = pl.duration(minutes=pl.lit(_offset_minutes(zone)))
    there = pl.select((pl.lit(naive) - shift).dt.replace_time_zone("UTC")).to_series()
    return (
        pl.select(pl.when(zone.is_null()).then(here).otherwise(there)).to_series().alias(text.name)
    )


def _uniform_times(text: pl.Series) -> pl.Series | None:
    """The instants of times that all bear an offset, as machines write them; else None.

    Arrow's parser is strict and far quicker; it alone would take offsets that no place on earth has.
    """
    shortest = text.str.len_bytes().min()
    if shortest is None or shortest < _SHORTEST:  # type: ignore[operator]
        return None
    if not (text.str.ends_with("Z").all() or text.str.contains(_OFFSET).all()):
        return None
    try:
        found = pc.cast(text.to_arrow(compat_level=pl.CompatLevel.oldest()), _INSTANT)
    except pa.ArrowInvalid:
        return None
    return pl.Series(text.name, found, UTC_TIME)


def _offset_minutes(zone: pl.Series) -> pl.Series:
    """Minutes east of Greenwich; null where no such offset exists on earth."""
    digits = zone.str.replace_all(r"Z|z|UTC|:|\+|-", "")
    hours = digits.str.slice(0, 2).cast(pl.Int64, strict=False).fill_null(0)
    minutes = digits.str.slice(2, 2).cast(pl.Int64, strict=False).fill_null(0)
    size = hours * 60 + minutes
    west = zone.str.starts_with("-")
    known = (size <= _WIDEST_OFFSET_MINUTES) & (minutes < 60)
    return pl.select(pl.when(known & west).then(-size).when(known).then(size)).to_series()


def _nothing(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    return pl.Series(values.name, [None], dtype).new_from_index(0, len(values))
