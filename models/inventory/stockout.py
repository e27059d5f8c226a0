"""When stock runs out, how long it lasts, and what then cannot be sold.

One path per level: demand up to each day at the level's quantile, never falling. A delivery serves
from the day after it on. What a path loses up to a day is the greatest excess, so far, of its
demand over all that had been available: stock that comes later does not bring lost sales back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.inventory.course import Course
from models.types import Floats, Ints

PATHS = 40
PATH_LEVELS = (np.arange(PATHS) + 0.5) / PATHS
DATE_LEVELS = (0.9, 0.5, 0.1)
"""High demand runs out early: the first is the 10 % quantile of the date."""


@dataclass(frozen=True, slots=True)
class Receipts:
    """Deliveries on the way: row (R,) of the SKU, day (R,) after as_of, units (R,)."""

    row: Ints
    day: Floats
    units: Floats


def supply(available: Floats, receipts: Receipts, days: int) -> Floats:
    """Return (N, T) all that can have been sold by the end of day 1 … T."""
    out = np.zeros((len(available), days + 2))
    usable = np.floor(receipts.day).astype(np.int64) + 1
    inside = usable <= days
    np.add.at(out, (receipts.row[inside], np.maximum(usable[inside], 1)), receipts.units[inside])
    return np.asarray(available[:, None] + np.cumsum(out, axis=1)[:, 1 : days + 1])


def _paths(course: Course, days: int, levels: tuple[float, ...] | Floats) -> Floats:
    ahead = np.broadcast_to(np.arange(1.0, days + 1), (len(course.whole), days))
    return np.maximum.accumulate(course.quantiles(ahead, levels), axis=1)


def stockout_days(course: Course, available: Floats, receipts: Receipts) -> Ints:
    """Return (N, 3) days after as_of by which stock has run out with chance .1, .5 and .9.

    0: it has already. -1: not within the forecast.
    """
    days = course.last_day
    paths = _paths(course, days, DATE_LEVELS)
    gone = (paths >= supply(available, receipts, days)[:, :, None]) & (paths > 0)
    first = np.where(gone.any(axis=1), gone.argmax(axis=1) + 1, -1)
    return np.asarray(np.where(available[:, None] <= 0, 0, first).astype(np.int64))


def lost_sales(course: Course, available: Floats, receipts: Receipts, until: Floats) -> Floats:
    """Return (N, K) units expected to be lost in the first ``until`` (N, K) days, no order placed.

    Days beyond the forecast count at the rate at which it ends.
    """
    days = max(int(np.ceil(until.max(initial=1.0))), 1)
    paths = _paths(course, days, PATH_LEVELS)
    over = np.maximum(paths - np.maximum(supply(available, receipts, days), 0.0)[:, :, None], 0.0)
    lost = np.maximum.accumulate(over, axis=1).mean(axis=2)
    lost = np.concatenate([np.zeros((len(lost), 1)), lost], axis=1)
    at = np.clip(until, 0, days)
    low = np.floor(at).astype(np.int64)
    rows = np.arange(len(lost))[:, None]
    part = at - low
    return np.asarray((1 - part) * lost[rows, low] + part * lost[rows, np.minimum(low + 1, days)])


def days_of_cover(course: Course, available: Floats) -> Floats:
    """Return (N,) days that stock lasts at expected demand; nan where none is expected.

    Beyond the forecast at its mean rate.
    """
    days = course.last_day
    ahead = np.broadcast_to(np.arange(0.0, days + 1), (len(available), days + 1))
    expected = course.expected(ahead)
    total = expected[:, -1]
    stock = np.maximum(available, 0.0)
    after = (expected <= stock[:, None]).sum(axis=1)
    low = np.clip(after - 1, 0, days)
    high = np.minimum(low + 1, days)
    rows = np.arange(len(stock))
    step = expected[rows, high] - expected[rows, low]
    inside = low + (stock - expected[rows, low]) / np.where(step > 0, step, 1.0)
    rate = total / max(days, 1)
    beyond = days + (stock - total) / np.where(rate > 0, rate, 1.0)
    cover = np.where(stock >= total, beyond, inside)
    return np.asarray(np.where(rate > 0, cover, np.nan))
