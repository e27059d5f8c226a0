"""When customers of a simulated brand came back, and with what probability they did on each day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models.simulate.clock import day_of
from models.simulate.orders import SOLD, Orders
from models.simulate.returns import Returns
from models.simulate.spec import SIGNALS, Bools, BrandSpec, Floats, Ints
from models.simulate.voice import Talk, conversation_ids

SINCE = 90
"""Customers who first ordered in the first days may have done so before, for all that is known."""
HORIZONS = (30, 90, 180)
NEVER = np.iinfo(np.int64).max // 4


@dataclass(frozen=True)
class First:
    """Private customers' stretches from the first order to the next on a later day, or to the last day."""

    who: Ints
    first: Ints  # day of the first order
    days: Ints  # to the next order or to the last day, above 0
    said: Ints  # (customers, SIGNALS): days until each was first said meanwhile; NEVER
    talked: Ints  # days until the first conversation meanwhile; NEVER


def truth(
    spec: BrandSpec, orders: Orders, talk: Talk, hazards: Returns, heard: pl.Series
) -> dict[str, Any]:
    """The planted ratios, and the curves of those who said each signal, were talked to, or were not.

    A curve's hazard on a day is the mean chance of those still there to order on it, which is what Kaplan
    and Meier's estimator estimates whoever is there (Gill 1980): p_30d, p_90d, p_180d and
    km_median_days lack chance alone. Null: nobody was followed so long, or half never do.
    """
    given = _first(
        spec, orders, talk, hazards.said, conversation_ids(_all(talk)).is_in(heard.implode())
    )
    none = np.zeros(len(given.who), np.int64)
    curves = {
        "(no conversation)": _curve(
            spec, hazards, given, none, np.minimum(given.days, given.talked)
        )
    }
    curves["(any conversation)"] = _curve(spec, hazards, given, given.talked, given.days)
    for i, name in enumerate(SIGNALS):
        curves[name] = _curve(spec, hazards, given, given.said[:, i], given.days)
    return {
        "ratios": dict(spec.repeat_ratios),
        "of": "the hazard of a customer's next order, from the moment on that they said it; several multiply",
        "curves": curves,
    }


def _all(talk: Talk) -> Ints:
    return np.arange(len(talk.at))


def _first(spec: BrandSpec, orders: Orders, talk: Talk, said: Bools, heard: pl.Series) -> First:
    """Stretches of who first ordered SINCE days after the first order of all, and before the last day."""
    sold = (orders.fate == SOLD) & (orders.channel != 2)
    day, who = day_of(orders.at[sold]), orders.customer[sold]
    begun, size, last = int(day.min()), int(who.max()) + 1, spec.days - 1
    first = np.full(size, NEVER)
    np.minimum.at(first, who, day)
    then = np.full(size, NEVER)
    later = day > first[who]
    np.minimum.at(then, who[later], day[later])
    mine = np.flatnonzero((first >= begun + SINCE) & (first < last))
    days = np.minimum(then, last) - first
    told = np.flatnonzero((talk.customer >= 0) & (talk.customer < size) & heard.to_numpy())
    of = talk.customer[told]
    since = day_of(talk.at[told]) - first[of]
    within = (since >= 0) & (since < days[of])
    told, of, since = told[within], of[within], since[within]
    meant = np.full((size, len(SIGNALS)), NEVER)
    for i in range(len(SIGNALS)):
        some = said[told, i]
        np.minimum.at(meant[:, i], of[some], since[some])
    talked = np.full(size, NEVER)
    np.minimum.at(talked, of, since)
    return First(mine, first[mine], days[mine], meant[mine], talked[mine])


def _curve(
    spec: BrandSpec, hazards: Returns, given: First, begins: Ints, ends: Ints
) -> dict[str, Any]:
    """Of those whose stretch from day `begins` to `ends` since their first order is not empty."""
    there = np.flatnonzero(begins < ends)
    length = (ends - begins)[there]
    row = np.repeat(there, length)
    after = 1 + np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    since = begins[row] + after
    chance = -np.expm1(
        -hazards.weight[given.who[row]]
        * _ratio(spec, given, row, since)
        * hazards.pace[given.first[row] + since]
    )
    at_risk = np.bincount(after, minlength=max(HORIZONS) + 1)
    daily = np.bincount(after, chance, len(at_risk)) / np.maximum(at_risk, 1)
    left = np.cumprod(1 - daily)
    half = np.flatnonzero(left <= 0.5)
    told: dict[str, Any] = {"n": len(there)}
    told |= {f"p_{day}d": float(1 - left[day]) if at_risk[day] else None for day in HORIZONS}
    return told | {"km_median_days": int(half[0]) if len(half) else None}


def _ratio(spec: BrandSpec, given: First, row: Ints, since: Ints) -> Floats:
    """Product of the ratios of what each had said before that day."""
    ratio = np.ones(len(row))
    for name, value in spec.repeat_ratios:
        ratio *= np.where(given.said[row, SIGNALS.index(name)] < since, value, 1.0)
    return ratio
