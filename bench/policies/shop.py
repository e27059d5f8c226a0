"""A shop that is run by the plan: demand by day, terms of ordering, and levels to order up to.

At each review the forecast is what the one path gives from what was known then; levels come from
the plan's own functions. Nothing else of the future is used. The shop's history is demand, not the
sales that its own stock would have allowed: what censoring does to forecasts is not part of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from models.forecast import Forecast, forecast_each
from models.inventory.arrays import Week, courses, terms_of
from models.inventory.policy import levels_of
from models.panel import Known
from models.spec import ForecastSpec
from models.types import Floats, Ints

WEEK = 7
COLUMNS = ["sku", "horizon", "mean", "baseline_mean"]


@dataclass(frozen=True, slots=True)
class Shop:
    """A year of weekly reviews of S SKUs, known to all of ``knowns``, one for each review.

    ``demand`` (S, D) by day; review c is at the end of day ``start`` + 7 c (exclusive), which is
    ``passed`` days after the last complete week that the forecast knows. Terms are (S,).
    """

    name: str
    skus: pl.DataFrame
    knowns: tuple[Known, ...]
    spec: ForecastSpec
    demand: Floats
    start: int
    lead_days: Ints
    review_weeks: Ints
    service: float = 0.95
    lead_std_days: float = 0.0
    passed: int = 0

    @property
    def reviews(self) -> int:
        """How many reviews there are."""
        return len(self.knowns)


@dataclass(frozen=True, slots=True)
class Targets:
    """What to order up to at each review (S, C), with signals and without, and means expected."""

    full: Floats
    baseline: Floats
    mean: Floats


def stock_of(shop: Shop) -> pl.DataFrame:
    """The terms of every SKU as the plan takes them."""
    n = shop.skus.height
    return shop.skus.select("sku", "category").with_columns(
        pl.Series("lead_time_days", shop.lead_days.astype(np.float64)),
        pl.Series("review_period_days", WEEK * shop.review_weeks.astype(np.float64)),
        pl.Series("lead_time_std_days", np.full(n, shop.lead_std_days)),
        pl.Series("service_level", np.full(n, shop.service)),
        pl.lit(None, dtype=pl.Float64).alias("moq"),
        pl.lit(None, dtype=pl.Float64).alias("pack_size"),
        pl.lit(True).alias("pieces"),
    )


def weekday_shares(demand: Floats, until: int) -> Floats:
    """(S, 7) shares of a week's demand by day over all SKUs, from the days before ``until``."""
    weeks = until // WEEK
    by_day = demand[:, : WEEK * weeks].reshape(len(demand), weeks, WEEK).sum(axis=(0, 1))
    return np.tile(by_day / by_day.sum(), (len(demand), 1))


def targets_of(shop: Shop) -> Targets:
    """Levels at every review, each from what was known then."""
    stock = stock_of(shop)
    terms = terms_of(stock)
    spec = replace(shop.spec, levels=("sku",), quantiles=(0.5,), challengers=False)
    at = {id(known): c for c, known in enumerate(shop.knowns)}
    when = {known.cutoff: c for c, known in enumerate(shop.knowns)}
    if len(when) != len(at):
        raise ValueError("each review has its own cutoff")

    def levels(known: Known, made: Forecast) -> Floats:
        day = shop.start + WEEK * when[known.cutoff]
        sold = shop.demand[:, day - shop.passed : day].sum(axis=1)
        running = stock.select("sku", pl.Series("sold_to_date_units", sold))
        units = made.forecasts.filter(pl.col("target") == "units")
        summed = made.cumulative.filter(pl.col("target") == "units")
        weekly = units.select(COLUMNS).join(running, on="sku")
        summed = summed.join(running, on="sku", how="semi")
        shares = weekday_shares(shop.demand, day - shop.passed)
        both = courses(stock, weekly, summed, shares, Week(shop.passed, shop.passed))
        found = [levels_of(course, terms) for course in both]
        return np.stack([found[0].order_up_to, found[1].order_up_to, found[0].mean])

    made = np.stack(forecast_each(shop.knowns, spec, levels), axis=2)
    if np.isnan(made).any():
        raise ValueError("a SKU of the shop has no forecast at some review")
    return Targets(*made)


def reviews(shop: Shop) -> Iterator[tuple[int, Ints]]:
    """Yield each review's number and the rows reviewed at it; SKUs of longer periods take turns."""
    turn = np.arange(len(shop.demand)) % shop.review_weeks
    for c in range(shop.reviews):
        yield c, np.flatnonzero((c + turn) % shop.review_weeks == 0)
