"""Orders: who bought which lines at what moment, and what was cancelled or a test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.simulate.assortment import Assortment, Promotion
from models.simulate.clock import arrivals, day_of, iso, moments
from models.simulate.demand import CHANNELS, Lines
from models.simulate.spec import BrandSpec, Floats, Ints, archetype

SOLD, CANCELLED, TEST = 0, 1, 2
UNEVEN = 1.8
"""How uneven private customers are: a uniform draw to this power says, from 0 to 1, whose order it is."""


@dataclass(frozen=True)
class Orders:
    """Orders in order of time, and their lines in the order of the orders."""

    at: Ints  # per order: seconds from the brand's first day
    customer: Ints  # per order
    channel: Ints  # per order
    fate: Ints  # per order: SOLD, CANCELLED or TEST
    line_order: Ints  # per line: which order
    line_number: Ints  # per line: 1, 2 … within its order
    sku: Ints  # per line
    quantity: Ints  # per line

    @property
    def first_line(self) -> Ints:
        """Per order: index of its first line."""
        return np.searchsorted(self.line_order, np.arange(len(self.at)))


@dataclass(frozen=True)
class LineIndex:
    """Finds random earlier items of a category; items are sorted by category, then day."""

    key: Ints
    item: Ints
    days: int

    @classmethod
    def of(cls, category: Ints, day: Ints, days: int) -> LineIndex:
        """An index of items with these categories and days."""
        key = category * (days + 1) + day
        item = np.argsort(key, kind="stable")
        return cls(key[item], item, days)

    def pick(self, category: Ints, first: Ints, last: Ints, u: Floats) -> Ints:
        """For each asking an item with `first` <= day <= `last`; -1 where there is none."""
        base = category * (self.days + 1)
        lo = np.searchsorted(self.key, base + np.clip(first, 0, self.days), side="left")
        hi = np.searchsorted(self.key, base + np.clip(last, -1, self.days), side="right")
        hi = np.where(last < 0, lo, hi)
        at = lo + (u * (hi - lo)).astype(np.int64)
        found = self.item[np.minimum(at, max(len(self.item) - 1, 0))]
        return np.where(hi > lo, found, -1)


def customer_count(spec: BrandSpec) -> tuple[int, int]:
    """Number of private customers and of trade customers."""
    private = spec.customers_per_sku * spec.skus
    return private, max(5, private // 120)


def draw_orders(spec: BrandSpec, lines: Lines) -> Orders:
    """Orders from sold lines, with some cancelled and test orders besides.

    The extra orders copy day and SKU of sold lines, so nothing is ever ordered in a stock-out.
    """
    rng = spec.rng("orders")
    n = len(lines.day)
    extra = rng.permutation(n)[: max(6, round(0.017 * n))]
    extra_fate = np.where(np.arange(len(extra)) < 0.1 * len(extra), TEST, CANCELLED)
    sold = int(lines.order[-1]) + 1
    number = np.concatenate([lines.order, sold + np.arange(len(extra))])
    first = np.concatenate([np.searchsorted(lines.order, np.arange(sold)), extra])
    channel = lines.channel[first]
    at = moments(lines.day[first], rng)
    private, trade = customer_count(spec)
    regular = (private * rng.random(len(at)) ** UNEVEN).astype(np.int64)
    customer = np.where(channel == 2, private + rng.integers(0, trade, len(at)), regular)
    fate = np.concatenate([np.full(sold, SOLD), extra_fate])
    rank = np.argsort(at, kind="stable")
    place = np.empty_like(rank)
    place[rank] = np.arange(len(rank))
    source = np.concatenate([np.arange(n), extra])
    by_time = np.argsort(place[number], kind="stable")
    line_order = place[number][by_time]
    starts = np.searchsorted(line_order, line_order)
    return Orders(
        at=at[rank],
        customer=customer[rank],
        channel=channel[rank],
        fate=fate[rank],
        line_order=line_order,
        line_number=np.arange(len(line_order)) - starts + 1,
        sku=lines.sku[source][by_time],
        quantity=lines.quantity[source][by_time],
    )


def numbered(prefix: str, values: Ints, width: int) -> pl.Series:
    """Identifiers: a prefix and a number with leading zeros."""
    return pl.Series(values + 1).cast(pl.String).str.zfill(width).str.replace("^", prefix)


def order_ids(orders: Orders, which: Ints) -> pl.Series:
    """Identifiers of the orders with these numbers."""
    return numbered("O", which, max(6, len(str(len(orders.at)))))


def customer_ids(which: Ints) -> pl.Series:
    """Identifiers of the customers with these numbers."""
    return numbered("C", which, 6)


def order_lines(
    spec: BrandSpec, goods: Assortment, promos: list[Promotion], orders: Orders
) -> pl.DataFrame:
    """order_lines by time of the order; rows that had not arrived by the last day are left out."""
    rng = spec.rng("order_lines")
    of = orders.line_order
    at = orders.at[of]
    names = pl.Series([archetype(c).name for c in range(spec.categories)])
    price = goods.price[orders.sku] * (1 - _discounts(spec, goods, promos)[orders.sku, day_of(at)])
    cancelled = orders.fate == CANCELLED
    cancel_at = orders.at + rng.integers(1800, 30 * 3600, len(orders.at)) // 60 * 60
    cancelled &= cancel_at < spec.days * 86_400
    cancel_text = iso(spec, _awake(cancel_at), ~cancelled)
    ids = order_ids(orders, of)
    came = arrivals(orders.at, rng, 0.012)
    frame = pl.DataFrame(
        {
            "order_id": ids,
            "sku": pl.Series(goods.sku).gather(orders.sku),
            "ordered_at": iso(spec, orders.at).gather(of),
            "quantity": orders.quantity,
            "line_id": ids + "-" + pl.Series(orders.line_number).cast(pl.String),
            "customer_id": customer_ids(orders.customer).gather(of),
            "category": names.gather(goods.category[orders.sku]),
            "channel": pl.Series(CHANNELS).gather(orders.channel[of]),
            "unit_price": np.round(price * np.where(orders.channel[of] == 2, 0.7, 1.0), 2),
            "currency": pl.repeat("USD", len(of), eager=True),
            "cancelled_at": cancel_text.gather(of),
            "is_test": (orders.fate == TEST)[of],
            "ingested_at": iso(spec, came).gather(of),
        }
    )
    dropped = (orders.fate == CANCELLED) & ~cancelled
    return frame.filter(pl.Series((came < spec.days * 86_400)[of] & ~dropped[of]))


def _awake(at: Ints) -> Ints:
    """The same moment, moved to 06:00 where it falls into the first hours of a day."""
    clock = at % 86_400
    return np.where(clock < 6 * 3600, at - clock + 6 * 3600, at)


def _discounts(spec: BrandSpec, goods: Assortment, promos: list[Promotion]) -> Floats:
    cut = np.zeros((spec.skus, spec.n_weeks * 7), dtype=np.float64)
    for p in promos:
        rows = goods.category == p.category if p.sku < 0 else np.arange(spec.skus) == p.sku
        cut[rows, p.first : p.last + 1] = p.discount
    return cut
