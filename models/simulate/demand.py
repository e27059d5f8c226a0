"""Units: how many of each SKU are wanted, and the order lines that they are bought in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.simulate.assortment import Assortment
from models.simulate.drivers import Drivers
from models.simulate.spec import MAX_LEAD, BrandSpec, Floats, Ints

CHANNELS = ("web", "marketplace", "wholesale")
CHANNEL_SHARES = (0.60, 0.28, 0.12)
_SEGMENT = 256  # SKUs drawn at a time: bounds the memory, does not change the result


@dataclass(frozen=True)
class Lines:
    """Order lines as arrays of equal length, by day, channel and basket."""

    sku: Ints
    day: Ints
    quantity: Ints
    channel: Ints
    order: Ints  # 0, 1, 2 …: lines with the same number are one order


def log_category(drivers: Drivers, category: int) -> Floats:
    """Log of a category's demand level per week, season left out (SKUs weigh it themselves)."""
    level = drivers.log_trend[category] + drivers.log_shock[category]
    level = level[MAX_LEAD:].copy()
    lead = drivers.lead(category, "units")
    if lead is not None:
        level += lead.effect * drivers.shifted(drivers.stocking, category, lead.lead_weeks)
    return np.asarray(level)


def expected_units(
    spec: BrandSpec, goods: Assortment, drivers: Drivers, weights: Floats, part: slice
) -> Floats:
    """Expected units per SKU (those of `part`) and week: level x season x sellable share."""
    levels = np.array([log_category(drivers, c) for c in range(spec.categories)])
    sellable = weights.reshape(spec.skus, spec.n_weeks, 7).sum(axis=2)
    c = goods.category[part]
    season = drivers.log_season[c, MAX_LEAD:] * goods.season_gain[part, None]
    return np.asarray(goods.weekly_mean[part, None] * np.exp(levels[c] + season) * sellable[part])


def draw_units(spec: BrandSpec, goods: Assortment, drivers: Drivers, weights: Floats) -> Ints:
    """Units sold per SKU and week, negative binomial around level x season x sellable share."""
    rng = spec.rng("units")
    out = np.empty((spec.skus, spec.n_weeks), dtype=np.int64)
    for lo in range(0, spec.skus, _SEGMENT):
        part = slice(lo, lo + _SEGMENT)
        mean = expected_units(spec, goods, drivers, weights, part)
        size = np.where(goods.intermittent[part], 0.5, spec.dispersion)[:, None]
        out[part] = rng.poisson(rng.gamma(size, 1.0 / size, mean.shape) * mean)
    return out


def draw_lines(spec: BrandSpec, units: Ints, weights: Floats) -> Lines:
    """Order lines that add up to `units` exactly.

    All units are laid end to end, SKU by SKU and week by week, and cut into line quantities;
    each line then takes a day of its week in proportion to what could be sold that day.
    """
    rng = spec.rng("lines")
    cell, quantity, channel = _cut(spec, units.ravel(), rng)
    cumulative = np.cumsum(weights.reshape(-1, 7), axis=1)
    within = np.zeros(len(cell), dtype=np.int64)
    draw = rng.random(len(cell)) * cumulative[cell, 6]
    for d in range(6):
        within += draw >= cumulative[cell, d]
    sku, week = np.divmod(cell, spec.n_weeks)
    day = week * 7 + within
    order = np.lexsort((rng.random(len(cell)), channel, day))
    sku, day, quantity, channel = sku[order], day[order], quantity[order], channel[order]
    return Lines(sku, day, quantity, channel, _baskets(day, channel, rng))


def _cut(spec: BrandSpec, units: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Cell, quantity and channel of each line; quantities of a cell add up to its units."""
    total = int(units.sum())
    coarse = max(1.0, total / 2.6 / spec.max_lines)
    count = int(total / (2.0 * coarse)) + 1000
    kind = rng.choice(3, count, p=CHANNEL_SHARES)
    retail = 1 + (rng.random(count) < 0.22) + (rng.random(count) < 0.08) * 2
    trade = rng.choice([6, 12, 12, 18, 24], count)
    drawn = np.maximum(1, np.round(np.where(kind == 2, trade, retail) * coarse)).astype(np.int64)
    ends = np.cumsum(drawn)
    ends[-1] = max(ends[-1], total)
    bounds = np.cumsum(units)
    cuts = np.unique(np.concatenate([ends[ends < total], bounds[bounds > 0]]))
    starts = np.concatenate([[0], cuts[:-1]])
    cell = np.searchsorted(bounds, starts, side="right")
    channel = kind[np.searchsorted(ends, starts, side="right")]
    return cell, cuts - starts, channel


def _baskets(day: Ints, channel: Ints, rng: np.random.Generator) -> Ints:
    """Order numbers: about a third of the lines join the order before, same day and channel."""
    fresh = rng.random(len(day)) < 0.68
    fresh[1:] |= (day[1:] != day[:-1]) | (channel[1:] != channel[:-1])
    if len(fresh):
        fresh[0] = True
    return np.cumsum(fresh) - 1
