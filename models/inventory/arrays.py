"""Forecast tables and stock as arrays, SKU by SKU in one order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.inventory.course import WEEK, Course, Outlook, Running, course_of
from models.inventory.policy import Terms
from models.inventory.stockout import Receipts
from models.spec import quantile_names
from models.types import Floats
from transforms.contracts.exports import CUMULATIVE_QUANTILES

WEEKDAYS = [f"day_{i}" for i in range(WEEK)]
SHARES_WORTH = 100.0
"""Units that the whole business' weekday shares count as, beside a category's own."""


@dataclass(frozen=True, slots=True)
class Week:
    """Days of horizon 1 that are over at the end of as_of, and those of which sales are known."""

    passed: int
    seen: int


def column(frame: pl.DataFrame, name: str) -> Floats:
    """A column as floats, null = nan."""
    return np.asarray(frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy(), dtype=np.float64)


def weekday_shares(stock: pl.DataFrame, weekdays: pl.DataFrame) -> Floats:
    """(N, 7) shares of a week's demand by day: the category's own, drawn to the whole business'.

    ``weekdays``: category (null: everything) and units by day of the week, ``day_0`` … ``day_6``.
    Equal days where nothing was sold.
    """
    whole = weekdays.filter(pl.col("category").is_null()).select(WEEKDAYS).to_numpy().sum(axis=0)
    total = whole.sum()
    prior = whole / total if total > 0 else np.full(WEEK, 1 / WEEK)
    own = stock.select("category").join(
        weekdays.drop_nulls("category"), on="category", how="left", maintain_order="left"
    )
    counts = own.select(pl.col(WEEKDAYS).fill_null(0.0)).to_numpy() + SHARES_WORTH * prior
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def courses(
    stock: pl.DataFrame,
    forecasts: pl.DataFrame,
    cumulative: pl.DataFrame,
    shares: Floats,
    week: Week,
) -> tuple[Course, Course]:
    """Demand after as_of with and without signals, of the SKUs of ``stock``, in its order.

    ``forecasts`` and ``cumulative`` hold every horizon of each of these SKUs.
    """
    order = stock.select("sku")
    keys = {"on": "sku", "how": "left", "maintain_order": "left"}
    weekly = order.join(forecasts.sort("sku", "horizon"), **keys)  # type: ignore[arg-type]
    summed = order.join(cumulative.sort("sku", "horizon"), **keys)  # type: ignore[arg-type]
    n = len(order)
    sold = column(weekly.filter(pl.col("horizon") == 1), "sold_to_date_units")
    running = Running(week.passed, week.seen, np.nan_to_num(sold), shares)
    made = []
    for mean, prefix in (("mean", ""), ("baseline_mean", "baseline_")):
        names = [prefix + name for name in quantile_names(CUMULATIVE_QUANTILES)]
        quantiles = summed.select(names).to_numpy().reshape(n, -1, len(names))
        whole = (quantiles == np.rint(quantiles)).all(axis=(1, 2))
        means = column(weekly, mean).reshape(n, -1)
        made.append(course_of(Outlook(means, quantiles, CUMULATIVE_QUANTILES, whole), running))
    return made[0], made[1]


def terms_of(stock: pl.DataFrame) -> Terms:
    """How the SKUs of ``stock`` are ordered."""
    return Terms(
        column(stock, "lead_time_days"),
        column(stock, "lead_time_std_days"),
        column(stock, "review_period_days"),
        column(stock, "service_level"),
        column(stock, "moq"),
        column(stock, "pack_size"),
        stock["pieces"].to_numpy(),
    )


def receipts_of(stock: pl.DataFrame, receipts: pl.DataFrame) -> Receipts:
    """Deliveries on the way to the SKUs of ``stock``; others' are left out."""
    rows = stock.select("sku").with_row_index("row")
    there = receipts.join(rows, on="sku").sort("row", "day", "units")
    return Receipts(
        there["row"].to_numpy().astype(np.int64), column(there, "day"), column(there, "units")
    )
