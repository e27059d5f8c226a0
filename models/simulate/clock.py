"""Day numbers and seconds of the day to dates and ISO 8601 timestamps of the business."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from models.simulate.spec import Bools, BrandSpec, Floats, Ints

_EPOCH = date(1970, 1, 1)
_DAY = 86_400
SYNC_SECONDS = 900  # the shop hands its rows over every quarter of an hour


def dates(spec: BrandSpec, day: Ints) -> pl.Series:
    """Dates of day numbers (0 = `spec.start`)."""
    return pl.Series((day + (spec.start - _EPOCH).days).astype(np.int32)).cast(pl.Date)


def iso(spec: BrandSpec, seconds: Ints, null: Bools | None = None) -> pl.Series:
    """Timestamps with offset, `seconds` counted on the local wall clock from `spec.start`.

    Wall-clock times between 01:00 and 03:00 on the days of a clock change would be ambiguous;
    callers keep to the day from 03:00 on.
    """
    base = (spec.start - _EPOCH).days * _DAY
    stamp = pl.Series((seconds + base) * 1_000_000).cast(pl.Datetime("us"))
    local = stamp.dt.replace_time_zone(spec.timezone, ambiguous="earliest", non_existent="raise")
    text = local.dt.strftime("%Y-%m-%dT%H:%M:%S%:z")
    return text if null is None else text.set(pl.Series(null), None)


def moments(day: Ints, rng: np.random.Generator, first: int = 7, last: int = 22) -> Ints:
    """Seconds from the start for events on the given days, between two hours of the day."""
    return day * _DAY + rng.integers(first * 3600, last * 3600, len(day))


def arrivals(at: Ints, rng: np.random.Generator, late_share: float) -> Ints:
    """Seconds at which rows reach us: the next sync, for a small share some days late."""
    synced = (at // SYNC_SECONDS + 1) * SYNC_SECONDS + 300
    late = rng.random(len(at)) < late_share
    held = (at // _DAY + rng.integers(2, 7, len(at))) * _DAY + 6 * 3600
    return np.where(late, held, synced)


def day_of(at: Ints) -> Ints:
    """Day number of a moment."""
    return at // _DAY


def week_position(spec: BrandSpec, pad: int) -> Floats:
    """Position in the year, in weeks (0 to 52.18), of each week from `-pad` to the last."""
    first = spec.start.toordinal() - 7 * pad
    days = first + 7 * np.arange(spec.n_weeks + pad) + 3
    starts = np.array([date.fromordinal(int(d)).timetuple().tm_yday for d in days])
    return starts / 7.0
