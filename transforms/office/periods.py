"""Periods of several weeks, up to the last whole one: weeks alone hold too few conversations."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

SHOWN = {4: 4, 13: 2}
"""Weeks of a period, and how many such periods are shown: they do not overlap."""


def periods(last_week: date) -> pl.DataFrame:
    """period, period_start, period_end (its last day), week_start: each week of each period shown.

    `last_week` is the first day of the newest week that counts. A night later by a week shows
    periods later by a week.
    """
    rows = [
        (
            f"{length} weeks",
            last_week - timedelta(weeks=length * (number + 1) - 1),
            last_week - timedelta(weeks=length * number) + timedelta(days=6),
            last_week - timedelta(weeks=length * number + week),
        )
        for length, shown in SHOWN.items()
        for number in range(shown)
        for week in range(length)
    ]
    schema = {
        "period": pl.String,
        "period_start": pl.Date,
        "period_end": pl.Date,
        "week_start": pl.Date,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


PERIOD = ("period", "period_start", "period_end")
