"""Long frames into the arrays that the models work on, and back to complete weekly tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from models.panel import Panel, Signals
from models.types import Bools, Dates, Floats, Ints

MILLI = 1000.0
CENSORED_FROM = 0.25
"""A week with at least this share of days without stock says too little about demand."""


def week_axis(first: date, last: date) -> Dates:
    """(T,) week starts from `first` to `last`; empty where last < first."""
    step = np.timedelta64(7, "D")
    return np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + step, step)


def dense(weekly: pl.DataFrame, series: pl.DataFrame, weeks: Dates) -> Floats:
    """(S, T) values of `weekly` (series_id, week_start, milli), 0 where there is no row.

    Weeks outside the axis are left out.
    """
    out = np.zeros((series.height, len(weeks)))
    if not len(weeks) or weekly.is_empty():
        return out
    row = series.select("series_id").with_row_index("_row")
    known = weekly.join(row, on="series_id")
    column = _positions(known["week_start"], weeks)
    inside = (column >= 0) & (column < len(weeks))
    out[known["_row"].to_numpy()[inside], column[inside]] = (
        known["milli"].to_numpy()[inside] / MILLI
    )
    return out


def _positions(days: pl.Series, weeks: Dates) -> Ints:
    steps = days.to_numpy().astype("datetime64[D]") - weeks[0]
    return np.asarray(steps.astype(np.int64) // 7, dtype=np.int64)


def life_mask(series: pl.DataFrame, weeks: Dates) -> Bools:
    """(S, T) whether a series was on sale: from first_week until the week before ended_on's."""
    first = series["first_week"].to_numpy().astype("datetime64[D]")
    ended = series["ended_on"].fill_null(date(9999, 1, 1)).to_numpy().astype("datetime64[D]")
    begun = weeks[None, :] >= first[:, None]
    return np.asarray(begun & (weeks[None, :] < ended[:, None]))


def panel(
    weekly: pl.DataFrame,
    series: pl.DataFrame,
    weeks: Dates,
    censored: pl.DataFrame | None = None,
) -> Panel:
    """The panel of one target.

    `series` carries series_id, category, sku, channel, first_week, status, ended_on; weeks in
    which a series was not on sale, or a quarter of the observed days had no stock (`censored`:
    sku, week_start, censored_share), are nan, unless nothing would remain of a
    series: then its sales, short of demand as they are, stay. Dormant and discontinued series are marked `ended`:
    their history still counts in their category. `sold` keeps every week's sales as they were.
    `starts_on` and `ends_on` are what is planned (null: nothing); without those columns nothing is.
    """
    sold = dense(weekly, series, weeks)
    y = sold.copy()
    y[~life_mask(series, weeks)] = np.nan
    if censored is not None and not censored.is_empty() and len(weeks):
        short = censored.filter(pl.col("censored_share") >= CENSORED_FROM)
        row = series.select("series_id", "sku").with_row_index("_row")
        hit = short.join(row, on="sku")
        column = _positions(hit["week_start"], weeks)
        inside = (column >= 0) & (column < len(weeks))
        masked = y.copy()
        masked[hit["_row"].to_numpy()[inside], column[inside]] = np.nan
        told = ~np.isnan(masked).all(axis=1)
        y[told] = masked[told]
    scope = series.select(
        "series_id",
        "category",
        "sku",
        "channel",
        pl.col("status").is_in(["dormant", "discontinued"]).alias("ended"),
        "ended_on",
        *(
            pl.col(name) if name in series.columns else pl.lit(None, dtype=pl.Date).alias(name)
            for name in ("starts_on", "ends_on")
        ),
    )
    return Panel(scope, weeks, y, sold)


def signals(rates: pl.DataFrame, names: Sequence[str], weeks: Dates) -> Signals | None:
    """Weekly rates as arrays on the panels' weeks; None where no conversation was taggable.

    `rates` as `models.weekly_rates.with_rates` gives them. Weeks without rows are nan and 0.
    """
    if rates.is_empty() or not len(weeks):
        return None
    categories = tuple(sorted(rates["category"].drop_nulls().unique().to_list()))
    kept = rates.filter(pl.col("signal").is_in(list(names)))
    t = _positions(kept["week_start"], weeks)
    inside = (t >= 0) & (t < len(weeks))
    kept, t = kept.filter(pl.Series(inside)), t[inside]
    ks, cs = _places(kept["signal"], names), _places(kept["category"], categories)
    whole = kept["category"].is_null().to_numpy()
    rate = kept["rate_shrunk"].fill_null(np.nan).to_numpy()
    said = kept["conversations_with_signal"].to_numpy().astype(np.float64)
    heard = kept["conversations_taggable"].to_numpy().astype(np.float64)
    shape = (len(names), len(categories), len(weeks))
    part, all_ = ~whole, whole
    return Signals(
        names=tuple(names),
        categories=categories,
        weeks=weeks,
        rate=_fill(shape, (ks[part], cs[part], t[part]), rate[part], np.nan),
        rate_all=_fill((shape[0], shape[2]), (ks[all_], t[all_]), rate[all_], np.nan),
        mentions=_fill(shape, (ks[part], cs[part], t[part]), said[part], 0.0),
        taggable=_fill(shape[1:], (cs[part], t[part]), heard[part], 0.0),
        mentions_all=_fill((shape[0], shape[2]), (ks[all_], t[all_]), said[all_], 0.0),
        taggable_all=_fill(shape[2:], (t[all_],), heard[all_], 0.0),
    )


def _places(given: pl.Series, names: Sequence[str]) -> Ints:
    """Where each name stands among others; -1 where it is null."""
    place = given.cast(pl.Enum(list(names))).to_physical().cast(pl.Int64).fill_null(-1)
    return np.asarray(place.to_numpy(), dtype=np.int64)


def _fill(shape: tuple[int, ...], at: tuple[Ints, ...], values: Floats, empty: float) -> Floats:
    out = np.full(shape, empty)
    out[at] = values
    return out
