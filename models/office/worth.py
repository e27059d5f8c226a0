"""Lifetime value of each customer with its interval, and how well such values came true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.office import lifetime, prospects, spending
from models.office.lifetime import Habits, Histories
from models.office.spending import Spending
from models.types import Floats

TAILS = (0.025, 0.5, 0.975)
CENT = 100
WORTH = ("p_alive", "purchases_expected", "clv_mean", "clv_p50", "clv_lo", "clv_hi")


@dataclass(frozen=True, slots=True)
class Foretold:
    """What each history leads to: chance to be alive, purchases to expect and their variance.

    `tails` (histories x TAILS), `mean` and `spread` (a variance) are of what is spent, in units of
    the customer's own scale (spending.scale); nan where no price is known.
    """

    seen: Histories
    habits: Habits
    weeks: float
    alive: Floats
    purchases: Floats
    variance: Floats
    tails: Floats
    mean: Floats
    spread: Floats
    spent: Spending | None = None


def foretell(seen: Histories, habits: Habits, spent: Spending | None, weeks: float) -> Foretold:
    """What each history leads to within `weeks`; equal histories lead to the same."""
    groups = len(seen.x)
    alive, purchases = lifetime.p_alive(habits, seen), lifetime.expected(habits, seen, weeks)
    variance, tails = np.zeros(groups), np.full((groups, len(TAILS)), np.nan)
    mean, spread = np.full(groups, np.nan), np.full(groups, np.nan)
    for x, at, part in prospects.by_purchases(seen):
        told = prospects.counts(habits, part, weeks)
        variance[at] = told.variance
        if spent is None:
            continue
        shape = spent.q + spent.p * (x + 1)
        tails[at] = prospects.spent_quantiles(told, spent, shape, TAILS)
        mean[at] = purchases[at] * spent.p / (shape - 1)
        spread[at] = prospects.spent_variance(told, spent, shape)
    return Foretold(seen, habits, weeks, alive, purchases, variance, tails, mean, spread, spent)


def worth(known: pl.DataFrame, weeks: int) -> pl.DataFrame:
    """`known` (histories) with the columns WORTH for the next `weeks`; null: not enough data."""
    found = modelled(known, weeks)
    if found is None:
        return known.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in WORTH)
    told, own = found
    at = told.seen.group
    columns = {
        "p_alive": told.alive[at],
        "purchases_expected": np.round(told.purchases[at], 6),
        "clv_mean": np.round(told.mean[at] * own, 2),
        **{
            name: np.round(told.tails[at, place] * own, 2)
            for place, name in enumerate(("clv_lo", "clv_p50", "clv_hi"))
        },
    }
    return known.with_columns(
        pl.Series(name, columns[name], dtype=pl.Float64).fill_nan(None) for name in WORTH
    )


def modelled(known: pl.DataFrame, weeks: float) -> tuple[Foretold, Floats] | None:
    """What the habits of `known` foretell, and each customer's scale of spend (nan: no price known)."""
    seen = lifetime.grouped(known)
    habits = lifetime.fitted(seen)
    if habits is None:
        return None
    days, mean = _spent(known)
    spent = spending.fitted(days, mean)
    own = np.full(known.height, np.nan)
    if spent is not None:
        own = np.where(days > 0, spending.scale(spent, days, mean), np.nan)
    return foretell(seen, habits, spent, weeks), own


def _spent(known: pl.DataFrame) -> tuple[Floats, Floats]:
    """Days with a price of each customer, and the mean spent on them."""
    days = known["priced_days"].cast(pl.Float64).to_numpy()
    cents = known["cents_ever"].cast(pl.Float64).fill_null(0.0).to_numpy()
    return days, cents / CENT / np.maximum(days, 1.0)
