"""Stock by day, receipts on the way, the product master and the promotion calendar."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.simulate.assortment import FOREVER, Assortment, Promotion, Stockout
from models.simulate.clock import dates, iso
from models.simulate.demand import Lines
from models.simulate.spec import BrandSpec, Floats, Ints, archetype


def daily_sales(spec: BrandSpec, lines: Lines) -> Ints:
    """Units sold per SKU and day (whole weeks of days)."""
    days = 7 * spec.n_weeks
    flat = np.bincount(lines.sku * days + lines.day, lines.quantity, minlength=spec.skus * days)
    return flat.astype(np.int64).reshape(spec.skus, days)


def stock_paths(
    spec: BrandSpec, goods: Assortment, sales: Ints, gaps: list[Stockout]
) -> tuple[Ints, Ints]:
    """Stock on hand at the end of each day and units on order, SKUs by days.

    Stock comes at the start of each cycle of `review_days`; within a cycle it falls by the sales,
    down to a safety stock or, in a cycle that ends in a stock-out, to nothing.
    """
    days = sales.shape[1]
    index = np.arange(days)
    cycle = index[None, :] // goods.review_days[:, None]
    after = np.zeros((spec.skus, days + 1), dtype=np.int64)
    after[:, :days] = np.cumsum(sales[:, ::-1], axis=1)[:, ::-1]
    close = np.minimum((cycle + 1) * goods.review_days[:, None], days)
    still = after[:, 1:] - np.take_along_axis(after, close, axis=1)
    safety = np.maximum(1, np.round(goods.weekly_mean * 0.4)).astype(np.int64)
    keep = np.repeat(safety[:, None], days, axis=1)
    for g in gaps:
        start = g.first // int(goods.review_days[g.sku]) * int(goods.review_days[g.sku])
        keep[g.sku, start : g.last + 1] = 0
    open_days = np.maximum((cycle + 1) * goods.review_days[:, None] - spec.days, 0)
    awaited = np.round(goods.weekly_mean[:, None] * open_days / 7).astype(np.int64)
    on_hand = still + keep + awaited * (close > spec.days - 1)
    return on_hand, _on_order(spec, goods, on_hand, sales)


def _on_order(spec: BrandSpec, goods: Assortment, on_hand: Ints, sales: Ints) -> Ints:
    """Units ordered and not yet received: every receipt from `lead_days` before it on."""
    days = np.arange(sales.shape[1])
    received = _received(on_hand, sales)
    total = np.zeros(sales.shape, np.int64)
    for k in range(_open_orders(goods)):
        coming = _coming(goods, days, k)
        placed = coming - days[None, :] <= goods.lead_days[:, None]
        total += np.where(placed, _amount(spec, goods, received, coming), 0)
    return total


def _received(on_hand: Ints, sales: Ints) -> Ints:
    before = np.concatenate([np.zeros((len(sales), 1), np.int64), on_hand[:, :-1]], axis=1)
    return np.asarray(np.maximum(on_hand - before + sales, 0))


def _open_orders(goods: Assortment) -> int:
    """The most orders of one SKU that can be on their way at a time."""
    return int(np.ceil(goods.lead_days / goods.review_days).max()) if len(goods.sku) else 0


def _coming(goods: Assortment, days: Ints, k: int) -> Ints:
    """The day of the k-th receipt, from 0, still to come at the end of each of `days`."""
    review = goods.review_days[:, None]
    return np.asarray((days[None, :] // review + 1 + k) * review)


def _amount(spec: BrandSpec, goods: Assortment, received: Ints, coming: Ints) -> Ints:
    """Units of the receipts on days `coming`: as they came, or what a cycle usually sells."""
    usual = np.round(goods.weekly_mean * goods.review_days / 7).astype(np.int64)[:, None]
    known = np.take_along_axis(received, np.minimum(coming, received.shape[1] - 1), axis=1)
    return np.where(coming < spec.days, known, np.maximum(usual, 1))


def inventory_daily(
    spec: BrandSpec, goods: Assortment, on_hand: Ints, on_order: Ints
) -> pl.DataFrame:
    """inventory_daily of all SKUs while they are on sale, by date and SKU."""
    day = np.arange(spec.days)[:, None]
    live = (day >= goods.launch_day[None, :]) & (day < goods.end_day[None, :])
    rows, sku = np.nonzero(live)
    return pl.DataFrame(
        {
            "date": dates(spec, rows),
            "sku": pl.Series(goods.sku).gather(sku),
            "on_hand": on_hand.T[rows, sku],
            "on_order": on_order.T[rows, sku],
        }
    )


def expected_receipts(spec: BrandSpec, goods: Assortment) -> pl.DataFrame:
    """Receipts promised after the last day, by SKU and day; they add up to its units on order."""
    last = np.array([spec.days - 1])
    parts = []
    for k in range(_open_orders(goods)):
        coming = _coming(goods, last, k)
        amount = _amount(spec, goods, np.zeros((len(goods.sku), 1), np.int64), coming)[:, 0]
        day = coming[:, 0]
        placed = day - last[0] <= goods.lead_days
        keep = np.flatnonzero(placed & (goods.end_day > day))
        parts.append((keep, day[keep], amount[keep]))
    rows, day, amount = (np.concatenate([p[i] for p in parts]) for i in range(3))
    order = np.lexsort((day, rows))
    return pl.DataFrame(
        {
            "sku": pl.Series(goods.sku).gather(rows[order]),
            "expected_on": dates(spec, day[order]),
            "quantity": amount[order],
        }
    )


def products(spec: BrandSpec, goods: Assortment) -> pl.DataFrame:
    """The product master, one row per SKU."""
    rng = spec.rng("products")
    kinds = [archetype(int(c)) for c in goods.category]
    sizes = rng.choice([1, 2, 3, 4, 6], spec.skus)
    lines = ("Classic", "Plus", "Trail", "Studio", "Everyday", "Pro")
    styles = rng.integers(0, len(lines), spec.skus)
    titles = [
        f"{lines[s]} {k.plural}, set of {m}" for s, k, m in zip(styles, kinds, sizes, strict=True)
    ]
    return pl.DataFrame(
        {
            "sku": goods.sku,
            "category": [k.name for k in kinds],
            "title": titles,
            "launched_on": _maybe_day(spec, goods.launch_day, goods.launch_day > 0),
            "discontinued_on": _maybe_day(spec, goods.end_day, goods.end_day < FOREVER),
            "lead_time_days": goods.lead_days,
            "review_period_days": goods.review_days,
            "moq": rng.choice([12, 24, 48], spec.skus),
            "pack_size": rng.choice([6, 12], spec.skus),
            "unit_cost": np.round(goods.price * rng.uniform(0.35, 0.5, spec.skus), 2),
        }
    )


def _maybe_day(spec: BrandSpec, day: Ints, known: Floats | np.ndarray) -> pl.Series:
    series = dates(spec, np.where(known, day, 0))
    return series.set(~pl.Series(np.asarray(known, dtype=bool)), None)


def promotions(spec: BrandSpec, goods: Assortment, promos: list[Promotion]) -> pl.DataFrame:
    """The promotion calendar, by first day; upcoming ones that were announced are in it."""
    told = np.array([p.first if p.announced is None else p.announced for p in promos], np.int64)
    silent = np.array([p.announced is None for p in promos], dtype=bool)
    return pl.DataFrame(
        {
            "starts_on": dates(spec, np.array([p.first for p in promos], np.int64)),
            "ends_on": dates(spec, np.array([p.last for p in promos], np.int64)),
            "announced_at": iso(spec, told * 86_400 + 9 * 3600, silent),
            "sku": [None if p.sku < 0 else goods.sku[p.sku] for p in promos],
            "category": [archetype(p.category).name if p.sku < 0 else None for p in promos],
            "kind": [p.kind for p in promos],
            "discount_share": [p.discount for p in promos],
        },
        schema_overrides={"sku": pl.String, "category": pl.String},
    )
