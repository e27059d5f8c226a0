"""A signal that is revised after it is first heard: weeks as they were known at each day. Pure."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from bench.panels import known_of, spoken
from models.panel import Known
from models.types import Dates, Floats

FEWEST_DAYS = 4
TARGET, SIGNAL = "case_rate_7d_av", "percent_cli"


def as_of(versions: pl.DataFrame, day: date) -> pl.DataFrame:
    """The newest version, issued by ``day``, of each place's days: geo_value, time_value, values.

    ``versions`` has geo_value, time_value, version and the columns of values.
    """
    return (
        versions.filter(pl.col("version").cast(pl.Date) <= day)
        .sort("geo_value", "time_value", "version")
        .group_by("geo_value", "time_value", maintain_order=True)
        .last()
        .drop("version")
    )


def by_week(daily: pl.DataFrame, column: str, places: tuple[str, ...], weeks: Dates) -> Floats:
    """(places, T) means of the days known; nan where fewer than 4 of a week's days are."""
    known = daily.filter(pl.col(column).is_not_null())
    row = {place: i for i, place in enumerate(places)}
    days = known["time_value"].to_numpy().astype("datetime64[D]")
    week = (days - weeks[0]).astype(int) // 7
    inside = (week >= 0) & (week < len(weeks))
    at = (np.array([row[p] for p in known["geo_value"]], dtype=int)[inside], week[inside])
    total, count = np.zeros((len(places), len(weeks))), np.zeros((len(places), len(weeks)))
    np.add.at(total, at, known[column].to_numpy().astype(np.float64)[inside])
    np.add.at(count, at, 1.0)
    return np.where(count >= FEWEST_DAYS, total / np.maximum(count, 1.0), np.nan)


def first_week(versions: pl.DataFrame) -> np.datetime64:
    """The Monday on or after the first day."""
    day = versions["time_value"].to_numpy().astype("datetime64[D]").min()
    return np.datetime64(day + np.timedelta64((-(int(day.astype(int)) + 3)) % 7, "D"))


def known_at(
    versions: pl.DataFrame, n_weeks: int, *, signal_versions: pl.DataFrame | None = None
) -> Known:
    """What was known on the Sunday that ends the ``n_weeks``-th week: case rates and the signal.

    ``signal_versions``: the signal is read from these instead, whatever their date: a leak, for
    comparison only.
    """
    start = first_week(versions)
    weeks = start + 7 * np.arange(n_weeks).astype("timedelta64[D]")
    last = (weeks[-1] + np.timedelta64(6, "D")).item()
    places = tuple(sorted(set(versions["geo_value"].to_list())))
    now = as_of(versions, last)
    later = now if signal_versions is None else as_of(signal_versions, date.max)
    y = np.maximum(by_week(now, TARGET, places, weeks), 0.0)
    said = by_week(later, SIGNAL, places, weeks) / 100
    return known_of(y, weeks, places, spoken("doctor visits", said, places, weeks))


def weeks_covered(versions: pl.DataFrame) -> int:
    """How many whole weeks the days cover."""
    last = versions["time_value"].to_numpy().astype("datetime64[D]").max()
    return int((last - first_week(versions)).astype(int) + 1) // 7


def revision(versions: pl.DataFrame, n_weeks: int) -> float:
    """By what share the newest signal known then differs from the final one, mean over places."""
    then = known_at(versions, n_weeks).signals
    final = known_at(versions, n_weeks, signal_versions=versions).signals
    if then is None or final is None:
        raise ValueError("there are signals")
    shares = []
    for said, truth in zip(then.rate[0], final.rate[0], strict=True):
        heard = np.flatnonzero(~np.isnan(said))
        if len(heard) and truth[heard[-1]] > 0:
            shares.append(abs(said[heard[-1]] / truth[heard[-1]] - 1))
    return float(np.mean(shares)) if shares else float("nan")
