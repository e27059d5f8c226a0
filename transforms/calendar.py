"""Days and weeks as the business counts them."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FISCAL_MONTHS = {"4-4-5": (4, 4, 5), "4-5-4": (4, 5, 4)}
FISCAL_ANCHOR = {"4-4-5": (1, 1), "4-5-4": (2, 1)}
"""The fiscal year begins with the week that starts nearest to this month and day; for 4-5-4 this
is the National Retail Federation's rule (a 53rd week when four or more January days remain)."""


def local_day(column: str, timezone: str) -> pl.Expr:
    """The business day (Date) of a UTC time column."""
    return pl.col(column).dt.convert_time_zone(timezone).dt.date()


def week_of(day: pl.Expr, week_start: str) -> pl.Expr:
    """First day of the week that a Date expression falls in."""
    first = WEEKDAYS.index(week_start) + 1
    offset = (day.dt.weekday().cast(pl.Int32) - first) % 7
    return day - pl.duration(days=offset)


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
