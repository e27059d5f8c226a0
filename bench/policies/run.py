"""A year of reviews, deliveries, sales and lost sales, day by day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.policies.shop import WEEK, Shop, reviews
from models.types import Bools, Floats, Ints

DRAWS, SEED, BLOCK = 1000, 7, 6
HAIR = 1e-9


@dataclass(frozen=True, slots=True)
class Cycles:
    """One row per order cycle: SKU, review, whether all was served in it, level and demand.

    ``level``: what was ordered up to; ``wanted``: demand from the review to the next one's receipt;
    ``ordered``: anything was ordered, so that the cycle began at its level and not above it.
    """

    sku: Ints
    review: Ints
    served: Bools
    level: Floats
    wanted: Floats
    ordered: Bools

    def where(self, keep: Bools) -> Cycles:
        """Those cycles only."""
        return Cycles(*(getattr(self, name)[keep] for name in Cycles.__slots__))


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it: cycles, and by SKU demand, lost units and mean stock of the days counted."""

    cycles: Cycles
    demand: Floats
    lost: Floats
    stock: Floats


def lead_times(shop: Shop) -> Ints:
    """(S, C) days that the order of each review takes: gamma, at least 1, by a fixed seed."""
    mean = np.repeat(shop.lead_days[:, None], shop.reviews, axis=1).astype(np.float64)
    if shop.lead_std_days <= 0:
        return mean.astype(np.int64)
    shape = (mean / shop.lead_std_days) ** 2
    drawn = np.random.default_rng(SEED).gamma(shape, mean / shape)
    return np.maximum(np.rint(drawn), 1).astype(np.int64)


def run(shop: Shop, up_to: Floats, *, waits: bool = False) -> Run:
    """Run the shop on order-up-to levels (S, C). Deliveries serve from the day after they come.

    ``waits``: what cannot be served waits for stock instead of being lost; it counts as lost here.
    It begins with what the first level asks for on the shelf; the first protection period of each
    SKU is not counted.
    """
    days = min(WEEK * shop.reviews, shop.demand.shape[1] - shop.start)
    lead = lead_times(shop)
    coming = np.zeros((len(shop.demand), days + int(lead.max()) + 2))
    lost, shelf = np.zeros((2, len(shop.demand), days))
    stock, plan, ordered = up_to[:, 0].copy(), dict(reviews(shop)), up_to < 0
    for day in range(days):
        if day % WEEK == 0:
            c, rows = day // WEEK, plan[day // WEEK]
            position = stock + coming[:, day:].sum(axis=1)
            order = np.maximum(up_to[:, c] - position, 0.0)[rows]
            ordered[rows, c] = order > 0
            # Placed at the end of the day before, so it comes at the end of day + lead - 1.
            np.add.at(coming, (rows, day + lead[rows, c] - 1), order)
        wanted = shop.demand[:, shop.start + day]
        lost[:, day] = wanted - np.minimum(np.maximum(stock, 0.0), wanted)
        stock = stock - wanted + (0.0 if waits else lost[:, day])
        shelf[:, day] = np.maximum(stock, 0.0)
        stock = stock + coming[:, day]
        coming[:, day] = 0.0
    return Run(_cycles(shop, up_to, lost, ordered), *_counted(shop, lost, shelf, days))


def _counted(shop: Shop, lost: Floats, shelf: Floats, days: int) -> tuple[Floats, Floats, Floats]:
    warm = shop.lead_days + WEEK * shop.review_weeks
    counted = np.arange(days)[None, :] >= warm[:, None]
    wanted = np.where(counted, shop.demand[:, shop.start : shop.start + days], 0.0).sum(axis=1)
    mean = np.where(counted, shelf, 0.0).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
    return wanted, np.where(counted, lost, 0.0).sum(axis=1), mean


def _summed(values: Floats) -> Floats:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _cycles(shop: Shop, up_to: Floats, lost: Floats, ordered: Bools) -> Cycles:
    """A cycle lasts from the receipt of its order to that of the next one of its SKU."""
    days = lost.shape[1]
    gone, came = _summed(lost), _summed(shop.demand[:, shop.start : shop.start + days])
    lead, parts = lead_times(shop), []
    for c, rows in reviews(shop):
        following = np.minimum(c + shop.review_weeks[rows], shop.reviews - 1)
        arrives = WEEK * c + lead[rows, c]
        until = WEEK * c + WEEK * shop.review_weeks[rows] + lead[rows, following]
        warm = WEEK * c >= WEEK * shop.review_weeks[rows] + shop.lead_days[rows]
        keep = (until <= days) & (until > arrives) & warm
        kept, first, last = rows[keep], arrives[keep], until[keep]
        served = gone[kept, last] - gone[kept, first] <= HAIR
        wanted = came[kept, last] - came[kept, WEEK * c]
        cells = up_to[kept, c], wanted, ordered[kept, c]
        parts.append((kept, np.full(len(kept), c), served, *cells))
    return Cycles(*(np.concatenate([p[i] for p in parts]) for i in range(6)))


def share(hit: Bools, review: Ints) -> tuple[float, float, float]:
    """A share of cycles with its 95 % interval: blocks of six reviews are drawn together."""
    if not len(hit):
        return float("nan"), float("nan"), float("nan")
    block = (review - int(review.min())) // BLOCK
    n = np.bincount(block).astype(np.float64)
    k = np.bincount(block, weights=hit.astype(np.float64))
    picks = np.random.default_rng(SEED).integers(0, len(n), size=(DRAWS, len(n)))
    low, high = np.quantile(k[picks].sum(axis=1) / n[picks].sum(axis=1), (0.025, 0.975))
    return float(hit.mean()), float(low), float(high)


def change(one: Floats, other: Floats) -> tuple[float, float, float]:
    """By what share the sum of ``one`` (G,) is above that of ``other``; groups are drawn anew."""
    picks = np.random.default_rng(SEED).integers(0, len(one), size=(DRAWS, len(one)))
    below = np.maximum(other[picks].sum(axis=1), HAIR)
    low, high = np.quantile(one[picks].sum(axis=1) / below - 1, (0.025, 0.975))
    return float(one.sum() / max(other.sum(), HAIR) - 1), float(low), float(high)
