"""What follows an order: shipments, tickets and refunds, with the causes that drive them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.simulate.assortment import Assortment
from models.simulate.clock import arrivals, day_of, iso, moments
from models.simulate.drivers import Drivers
from models.simulate.orders import (
    SOLD,
    LineIndex,
    Orders,
    customer_ids,
    numbered,
    order_ids,
)
from models.simulate.spec import MAX_LEAD, Bools, BrandSpec, Floats, Ints, archetype

PROMISE_DAYS = 5
TICKETS_PER_LINE = 0.11
RETURNS_PER_LINE = 0.10
OTHER_TOPICS = ("product", "billing", "account", "returns")
OTHER_REASONS = ("changed_mind", "wrong_size", "not_as_described", "damaged_in_transit")
WEAR_REASONS = ("wore_out", "stopped_working")


@dataclass(frozen=True)
class Parcels:
    """Shipments of sold orders: when due (day) and whether late, per order number."""

    order: Ints
    due: Ints
    late: Bools


def draw_parcels(spec: BrandSpec, goods: Assortment, drivers: Drivers, orders: Orders) -> Parcels:
    """Parcels and whether they are late: likelier in weeks of a high `lateness`."""
    rng = spec.rng("parcels")
    order = np.flatnonzero(orders.fate == SOLD)
    due = day_of(orders.at[order]) + PROMISE_DAYS
    category = goods.category[orders.sku[orders.first_line[order]]]
    pull = np.array([drivers.lead(c, "tickets") is not None for c in range(spec.categories)])
    week = np.minimum(due // 7, spec.n_weeks - 1) + MAX_LEAD
    odds = -2.4 + 1.0 * drivers.lateness[category, week] * pull[category]
    return Parcels(order, due, rng.random(len(order)) < 1 / (1 + np.exp(-odds)))


def shipments(spec: BrandSpec, orders: Orders, parcels: Parcels) -> pl.DataFrame:
    """Shipments of all orders shipped by the last day; one in 300 never arrives."""
    rng = spec.rng("shipments")
    n = len(parcels.order)
    shipped = (day_of(orders.at[parcels.order]) + 1) * 86_400 + rng.integers(8, 18, n) * 3600
    early = parcels.due - rng.integers(0, 3, n)
    tardy = parcels.due + 1 + rng.geometric(0.35, n).clip(1, 9)
    hour = rng.integers(9, 19, n) * 3600
    arrived = np.where(parcels.late, tardy, early) * 86_400 + hour
    end = spec.days * 86_400
    missing = (arrived >= end) | (rng.random(n) < 1 / 300)
    frame = pl.DataFrame(
        {
            "order_id": order_ids(orders, parcels.order),
            "shipped_at": iso(spec, shipped),
            "promised_at": iso(spec, parcels.due * 86_400 + 20 * 3600),
            "delivered_at": iso(spec, arrived, missing),
        }
    )
    return frame.filter(pl.Series(shipped < end))


def recent_lines(spec: BrandSpec, goods: Assortment, orders: Orders) -> Floats:
    """Sold lines per category and week, as the mean of the four weeks before each week."""
    sold = orders.fate[orders.line_order] == SOLD
    week = day_of(orders.at[orders.line_order])[sold] // 7
    key = goods.category[orders.sku[sold]] * spec.n_weeks + week
    counts = np.bincount(key, minlength=spec.categories * spec.n_weeks).astype(np.float64)
    counts = counts.reshape(spec.categories, spec.n_weeks)
    padded = np.concatenate([np.repeat(counts[:, :4].mean(1)[:, None], 4, 1), counts], axis=1)
    return np.asarray(np.mean([padded[:, k : k + spec.n_weeks] for k in range(4)], axis=0))


def _events(
    spec: BrandSpec, drivers: Drivers, base: Floats, target: str, part: str
) -> tuple[Ints, Ints, Bools]:
    """Category and day of each event of a target, and whether its planted cause made it."""
    rng = spec.rng(part)
    source = drivers.lateness if target == "tickets" else drivers.wear
    push = np.zeros_like(base)
    for c in range(spec.categories):
        lead = drivers.lead(c, target)
        if lead is not None:
            push[c] = lead.effect * drivers.shifted(source, c, lead.lead_weeks)
    count = rng.poisson(rng.gamma(30.0, 1 / 30.0, base.shape) * base * np.exp(push))
    category, week = (np.repeat(x.ravel(), count.ravel()) for x in np.indices(base.shape))
    day = week * 7 + rng.integers(0, 7, len(week))
    caused = rng.random(len(week)) < np.clip(1 - 0.6 / np.exp(push[category, week]), 0.05, 0.95)
    keep = day < spec.days
    return category[keep], day[keep], caused[keep]


def tickets(
    spec: BrandSpec, goods: Assortment, drivers: Drivers, orders: Orders, parcels: Parcels
) -> pl.DataFrame:
    """Tickets by time; delivery tickets are about late parcels where there are some."""
    base = TICKETS_PER_LINE * recent_lines(spec, goods, orders)
    category, day, caused = _events(spec, drivers, base, "tickets", "tickets")
    rng = spec.rng("ticket rows")
    at = moments(day, rng)
    rank = np.argsort(at, kind="stable")
    category, day, caused, at = category[rank], day[rank], caused[rank], at[rank]
    of_order = goods.category[orders.sku[orders.first_line]]
    any_order = LineIndex.of(of_order[parcels.order], day_of(orders.at[parcels.order]), spec.days)
    slow = np.flatnonzero(parcels.late & (parcels.due < spec.days))
    late_order = LineIndex.of(of_order[parcels.order[slow]], parcels.due[slow], spec.days)
    u = rng.random(len(at))
    chosen = any_order.pick(category, day - 40, day - 1, u)
    hit = late_order.pick(category, day - 24, day - 2, u) if len(slow) else chosen * 0 - 1
    chosen = np.where(caused & (hit >= 0), slow[hit] if len(slow) else chosen, chosen)
    order = np.where(chosen >= 0, parcels.order[chosen], -1)
    other = rng.integers(0, len(OTHER_TOPICS), len(at))
    topic = pl.Series((*OTHER_TOPICS, "delivery")).gather(np.where(caused, 4, other))
    closed = (day + rng.integers(1, 9, len(at))) * 86_400 + rng.integers(9, 18, len(at)) * 3600
    none = order < 0
    safe = np.where(none, 0, order)
    return pl.DataFrame(
        {
            "ticket_id": numbered("T", np.arange(len(at)), 6),
            "opened_at": iso(spec, at),
            "customer_id": _unless(customer_ids(orders.customer[safe]), none),
            "order_id": _unless(order_ids(orders, safe), none),
            "topic": topic,
            "sku": _unless(
                pl.Series(goods.sku).gather(orders.sku[orders.first_line[safe]]),
                none | (rng.random(len(at)) < 0.4),
            ),
            "category": pl.Series([archetype(int(c)).name for c in category], dtype=pl.String),
            "closed_at": iso(spec, closed, closed >= spec.days * 86_400),
        }
    )


def refunds(spec: BrandSpec, goods: Assortment, drivers: Drivers, orders: Orders) -> pl.DataFrame:
    """Refunds by time, each of a line ordered a week to eight weeks before, once per line."""
    base = RETURNS_PER_LINE * recent_lines(spec, goods, orders)
    category, day, caused = _events(spec, drivers, base, "returns", "refunds")
    rng = spec.rng("refund rows")
    eligible = np.flatnonzero(
        (orders.fate[orders.line_order] == SOLD) & (orders.channel[orders.line_order] != 2)
    )
    line_day = day_of(orders.at[orders.line_order[eligible]])
    index = LineIndex.of(goods.category[orders.sku[eligible]], line_day, spec.days)
    hit = index.pick(category, day - 56, day - 7, rng.random(len(day)))
    at = moments(day, rng, 8, 19)
    rank = np.lexsort((at, hit < 0))
    rank = rank[: int((hit >= 0).sum())]
    _, once = np.unique(hit[rank], return_index=True)
    rank = rank[np.sort(once)]
    line, at, caused = eligible[hit[rank]], at[rank], caused[rank]
    plain = rng.integers(0, len(OTHER_REASONS), len(line))
    worn = len(OTHER_REASONS) + rng.integers(0, 2, len(line))
    came = arrivals(at, rng, 0.02)
    frame = pl.DataFrame(
        {
            "refund_id": numbered("R", np.arange(len(line)), 6),
            "sku": pl.Series(goods.sku).gather(orders.sku[line]),
            "refunded_at": iso(spec, at),
            "quantity": np.minimum(orders.quantity[line], 1 + rng.integers(0, 2, len(line))),
            "order_id": order_ids(orders, orders.line_order[line]),
            "reason": pl.Series(OTHER_REASONS + WEAR_REASONS).gather(np.where(caused, worn, plain)),
            "ingested_at": iso(spec, came),
        }
    )
    return frame.filter(pl.Series(came < spec.days * 86_400))


def _unless(series: pl.Series, null: Bools) -> pl.Series:
    return series.set(pl.Series(null), None)
