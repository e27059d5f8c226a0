"""Weeks, months and quarters of a programme: where each begins and ends."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.calendar import week_of, week_start_of

KINDS = ("week", "month", "quarter")


def span_of(day: date, kind: str, week_start: str) -> tuple[date, date]:
    """First and last day of the week, month or quarter that holds `day`."""
    if kind == "week":
        first = week_start_of(day, week_start)
        return first, first + timedelta(days=6)
    months = 1 if kind == "month" else 3
    month = (day.month - 1) // months * months + 1
    first = day.replace(month=month, day=1)
    return first, _months_on(first, months) - timedelta(days=1)


def _months_on(first: date, months: int) -> date:
    month = first.month - 1 + months
    return date(first.year + month // 12, month % 12 + 1, 1)


def span_start(day: pl.Expr, kind: str, week_start: str) -> pl.Expr:
    """First day of the week, month or quarter of a Date expression."""
    if kind == "week":
        return week_of(day, week_start)
    return day.dt.truncate("1mo" if kind == "month" else "1q")
