"""Customers to draw arms from: those of the simulated brand, and ones whose values have a heavier tail."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from models.office.values import Paid
from models.simulate import BrandSpec, simulate
from models.types import Floats

HEAVY = 1.5
"""Standard deviation of the logarithm of what a customer spends."""
SHARE, MORE = 0.3, 0.6
"""Of heavy customers: share who order, and how many orders more than one they place."""


def simulated_customers() -> tuple[Floats, Floats]:
    """What each customer of the simulated brand spent in eight weeks, and in how many orders.

    One in 120 is a trade customer; together they make up half of the sum.
    """
    brand = simulate(BrandSpec(skus=60, weeks=60, dirty=False))
    lines = brand["order_lines"].filter(pl.col("cancelled_at").is_null() & ~pl.col("is_test"))
    days = lines.with_columns(pl.col("ordered_at").str.slice(0, 10).str.to_date().alias("day"))
    recent = days.filter(pl.col("day") > pl.col("day").max() - timedelta(weeks=8))
    spent = recent.group_by("customer_id").agg(
        (pl.col("unit_price") * pl.col("quantity")).sum().alias("value"),
        pl.col("order_id").n_unique().cast(pl.Float64).alias("orders"),
    )
    everybody = brand["customers"].select("customer_id").join(spent, on="customer_id", how="left")
    whole = everybody.fill_null(0.0).sort("customer_id")
    return whole["value"].to_numpy(), whole["orders"].to_numpy()


def of_customers(
    rng: np.random.Generator, known: tuple[Floats, Floats], n: int, conversion: float, factor: float
) -> tuple[Paid, Paid]:
    """An arm of `n`, by order and by person: who orders is likelier, and each value larger, by so much."""
    value, orders = known
    buys = np.flatnonzero(orders > 0)
    share = len(buys) / len(orders) * conversion
    of_them = buys[rng.integers(0, len(buys), n)]
    did = rng.random(n) < share
    worth = np.where(did, value[of_them] * factor, 0.0)
    return Paid(worth, np.where(did, orders[of_them], 0.0)), Paid(worth, np.ones(n))


def heavy(rng: np.random.Generator, n: int, conversion: float, factor: float) -> tuple[Paid, Paid]:
    """The same of customers with lognormal means (HEAVY)."""
    did = rng.random(n) < SHARE * conversion
    orders = np.where(did, 1 + rng.poisson(MORE, n), 0).astype(float)
    worth = orders * factor * np.exp(rng.normal(0, HEAVY, n))
    return Paid(worth, orders), Paid(worth, np.ones(n))


def heavy_truth() -> tuple[float, float]:
    """Mean order value and mean revenue of heavy customers, at a conversion and a factor of 1."""
    mean = float(np.exp(HEAVY**2 / 2))
    return mean, SHARE * (1 + MORE) * mean
