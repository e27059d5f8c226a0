"""When series begin and end as far as it is planned: launches to come, ends that were announced."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.panel import Panel, alive, first_known
from models.types import Bools, Dates, Floats, Ints

WEEK = np.timedelta64(7, "D")


def _days(panel: Panel, column: str) -> Dates:
    """Return (S,) days of a column of the panel's series; not a time where it says nothing."""
    if column not in panel.series.columns:
        return np.full(panel.series.height, np.datetime64("NaT"), dtype="datetime64[D]")
    return panel.series[column].cast(pl.Date).to_numpy().astype("datetime64[D]")


def starts_of(panel: Panel) -> Ints:
    """Return (S,) the week, counted from the panel's first, in which each series begins.

    The first week known; for a series without one the week of its planned start, else the first
    week that is not complete.
    """
    n_weeks = len(panel.weeks)
    first = first_known(panel.y)
    planned = _days(panel, "starts_on")
    week = np.full(len(first), n_weeks)
    told = ~np.isnat(planned)
    if n_weeks:
        week[told] = np.maximum((planned[told] - panel.weeks[0]) // WEEK, n_weeks)
    return np.where(first < n_weeks, first, week).astype(np.int64)


def to_begin(panel: Panel) -> Bools:
    """Return (S,) which series have no complete week yet and are not over: new ones to come."""
    begun = (~np.isnan(panel.y)).any(axis=1)
    if "ended" not in panel.series.columns:
        return np.zeros(panel.series.height, dtype=bool)
    return np.asarray(~begun & ~panel.series["ended"].fill_null(False).to_numpy())


def on_sale(panel: Panel, gap: int, horizon: int) -> Floats:
    """Return (S, H) the share of each week ahead in which a series is on sale as planned."""
    start = panel.weeks[-1] + WEEK * (gap + 1 + np.arange(horizon))
    out = np.ones((panel.series.height, horizon))
    for column, sign in (("starts_on", 1.0), ("ends_on", -1.0)):
        day = _days(panel, column)
        told = ~np.isnat(day)
        before = (day[told, None] - start[None, :]) / np.timedelta64(1, "D")
        share = np.clip(before / 7.0, 0.0, 1.0)
        out[told] *= 1.0 - share if sign > 0 else share
    return out


def forecast_at_all(panel: Panel) -> Bools:
    """Return (S,) which series live or are still to begin; the others get no forecast."""
    return np.asarray(alive(panel) | to_begin(panel))
