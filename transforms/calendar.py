"""Days and weeks as the business counts them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache, partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.contracts.schema import UTC_TIME

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FISCAL_MONTHS = {"4-4-5": (4, 4, 5), "4-5-4": (4, 5, 4)}
FISCAL_ANCHOR = {"4-4-5": (1, 1), "4-5-4": (2, 1)}
"""The fiscal year begins with the week that starts nearest to this month and day; for 4-5-4 this
is the National Retail Federation's rule (a 53rd week when four or more January days remain)."""

_QUARTER = 15 * 60 * 1_000_000
"""Microseconds: clocks are changed, and days begin, at quarters of an hour."""
_MANY = 20_000
"""Times from which on the tables are worth making."""
_YEARS = (1990, 2100)
_EPOCH_WEEKDAY = 3
"""1970-01-01, day 0 of a Date, was a Thursday."""


def local_day(column: str, timezone: str) -> pl.Expr:
    """The business day (Date) of a UTC time column."""
    return pl.col(column).map_batches(
        partial(local_days, timezone=timezone), return_dtype=pl.Date, is_elementwise=True
    )


def local_days(times: pl.Series, timezone: str) -> pl.Series:
    """The business day (Date) of each UTC time.

    Many times are looked up in a table of their years by the quarter of an hour: asking the zone's
    rules for each costs ten times as much. Where a day does not begin with a quarter, they are asked.
    """
    if times.has_nulls():
        given = times.is_not_null().arg_true()
        unknown = pl.Series(times.name, [None], pl.Date).new_from_index(0, len(times))
        return unknown.scatter(given, local_days(times.gather(given), timezone))
    first, last = times.min(), times.max()
    if len(times) < _MANY or not isinstance(first, datetime) or not isinstance(last, datetime):
        return _asked(times, timezone)
    years = range(first.year, last.year + 1)
    told = years[0] >= _YEARS[0] and years[-1] <= _YEARS[1]
    tables = [_days_by_quarter(timezone, year) for year in years] if told else []
    days = [table for table in tables if table is not None]
    if len(days) < len(years):
        return _asked(times, timezone)
    quarters = times.dt.cast_time_unit("us").to_physical().to_numpy() // _QUARTER
    found = np.concatenate(days)[quarters - _first_quarter(years[0])]
    return pl.Series(times.name, found).cast(pl.Date)


def _asked(times: pl.Series, timezone: str) -> pl.Series:
    return times.dt.convert_time_zone(timezone).dt.date()


@cache
def _days_by_quarter(timezone: str, year: int) -> NDArray[np.int32] | None:
    """The day, as a number since 1970, of each quarter of an hour of a UTC year; None where one belongs to two days."""
    starts = pl.int_range(_first_quarter(year), _first_quarter(year + 1), eager=True) * _QUARTER
    begun = _asked(starts.cast(UTC_TIME), timezone)
    ended = _asked((starts + (_QUARTER - 1)).cast(UTC_TIME), timezone)
    return begun.to_physical().to_numpy() if (begun == ended).all() else None


def _first_quarter(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 // _QUARTER


def week_of(day: pl.Expr, week_start: str) -> pl.Expr:
    """First day of the week that a Date expression falls in."""
    number = day.cast(pl.Date).to_physical()
    since_first = (number + _EPOCH_WEEKDAY - WEEKDAYS.index(week_start)) % 7
    return (number - since_first).cast(pl.Date)


def week_start_of(day: date, week_start: str) -> date:
    """First day of the week that `day` falls in."""
    return day - timedelta(days=(day.weekday() - WEEKDAYS.index(week_start)) % 7)


def last_complete_week(as_of: date, latency_days: int, week_start: str) -> date:
    """First day of the newest week whose last day is known at `as_of`.

    A week that ends on `as_of - latency_days` is complete: that day has passed and arrived.
    """
    known = as_of - timedelta(days=latency_days)
    return week_start_of(known - timedelta(days=6), week_start)


def first_horizon_week(as_of: date, week_start: str) -> date:
    """First day of horizon 1: the first week that ends after `as_of`."""
    return week_start_of(as_of + timedelta(days=1), week_start)


def gap_weeks(as_of: date, latency_days: int, week_start: str) -> int:
    """Weeks that have ended by `as_of` but are not complete yet because data arrive late."""
    last = last_complete_week(as_of, latency_days, week_start)
    return (first_horizon_week(as_of, week_start) - last).days // 7 - 1


def fiscal_year_start(year: int, calendar: str, week_start: str) -> date:
    """First day of fiscal `year`: the week start nearest to the calendar's anchor."""
    anchor = date(year, *FISCAL_ANCHOR[calendar])
    before = week_start_of(anchor, week_start)
    return before if (anchor - before).days <= 3 else before + timedelta(days=7)


def fiscal_place(week: date, calendar: str, week_start: str) -> tuple[int, int, int] | None:
    """(fiscal year, period, week of the year) of a week; None for calendar `none`."""
    if calendar not in FISCAL_MONTHS:
        return None
    year = week.year + 1
    while fiscal_year_start(year, calendar, week_start) > week:
        year -= 1
    number = (week - fiscal_year_start(year, calendar, week_start)).days // 7 + 1
    lengths = FISCAL_MONTHS[calendar] * 4
    period, passed = 1, 0
    for period, length in enumerate(lengths, start=1):  # noqa: B007
        passed += length
        if number <= passed:
            break
    return year, period, number


def fiscal_week(week: date, calendar: str, week_start: str) -> str | None:
    """Label such as `2026-P03-W11` (year, period, week of the year); None for calendar `none`."""
    place = fiscal_place(week, calendar, week_start)
    return None if place is None else f"{place[0]}-P{place[1]:02d}-W{place[2]:02d}"


def fiscal_period(week: date, calendar: str, week_start: str) -> str | None:
    """Label such as `2026-P03`; None for calendar `none`."""
    place = fiscal_place(week, calendar, week_start)
    return None if place is None else f"{place[0]}-P{place[1]:02d}"


def last_year_week(week: date, calendar: str, week_start: str) -> date | None:
    """First day of the week to compare with a year before.

    The week of the same number in the fiscal year before; a 53rd week has none unless that year
    had one, too. Without a fiscal calendar 52 weeks before.
    """
    place = fiscal_place(week, calendar, week_start)
    if place is None:
        return week - timedelta(weeks=52)
    year, _, number = place
    before = fiscal_year_start(year - 1, calendar, week_start) + timedelta(weeks=number - 1)
    return before if before < fiscal_year_start(year, calendar, week_start) else None
