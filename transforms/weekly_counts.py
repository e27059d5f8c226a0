"""Tags into weekly counts: of the conversations that could carry a signal, how many did."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.hearing import NOWHERE, Hearing, Whole

COUNTS = {
    "signal": pl.String,
    "category": pl.String,
    "week_start": pl.Date,
    "conversations_taggable": pl.Int64,
    "conversations_with_signal": pl.Int64,
}


def weekly_counts(heard: Hearing, *, last_day: date) -> pl.DataFrame:
    """Counts per signal, category and week, complete from the first week to `last_day`'s.

    A conversation counts once, whatever it says how often. Rows, in order: signal, category (null:
    everything, with the unattributed), week_start, conversations_taggable, conversations_with_signal;
    weeks without any taggable conversation are there with 0.
    """
    weeks, scopes = heard.weeks_until(last_day), len(heard.categories) + 1
    signals = len(heard.signals)
    if not heard.size:
        return pl.DataFrame(schema=COUNTS)
    signal, place = heard.said // heard.size, heard.said % heard.size
    taggable = _by_week(heard, np.zeros(heard.size, np.int64), np.arange(heard.size), (1, weeks))
    told = _by_week(heard, signal, place, (signals, weeks))
    every = np.arange(signals * scopes * weeks)
    categories = pl.Series([None, *heard.categories], dtype=pl.String)
    return pl.DataFrame(
        {
            "signal": pl.Series(heard.signals, dtype=pl.String).gather(
                every // (scopes * weeks or 1)
            ),
            "category": categories.gather(every // (weeks or 1) % scopes),
            "week_start": heard.first_days(pl.Series(every % (weeks or 1))),
            "conversations_taggable": np.tile(taggable, signals),
            "conversations_with_signal": told,
        },
        schema=COUNTS,
    )


def _by_week(heard: Hearing, row: Whole, place: Whole, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Conversations `place` (M,) counted by `row` (M,), category (first of all: everything) and week, flat."""
    rows, weeks = shape
    scopes = len(heard.categories) + 1
    there = heard.week[place] < weeks
    row, category, week = row[there], heard.category[place[there]], heard.week[place[there]]
    inside = category != NOWHERE
    whole = row * scopes * weeks + week
    cell = np.concatenate([whole, (whole + (category + 1) * weeks)[inside]])
    return np.bincount(cell, minlength=rows * scopes * weeks).astype(np.int64)
