"""The SKUs of a brand, their lives, its promotions and its stock-outs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.simulate.spec import Bools, BrandSpec, Floats, Ints, archetype

FOREVER = 10**6
DOW = np.array([1.10, 1.05, 1.0, 0.98, 1.0, 0.92, 0.95]) / 7.0
_KINDS = ("price_cut", "bundle", "newsletter")


@dataclass(frozen=True)
class Assortment:
    """SKUs in order of category and code; days count from the brand's first day."""

    sku: list[str]
    category: Ints
    weekly_mean: Floats  # units per week in an average week
    season_gain: Floats  # how strongly the category's season moves this SKU
    intermittent: Bools
    launch_day: Ints  # 0: on sale before the brand's data begin
    end_day: Ints  # first day no longer on sale, FOREVER if it stays
    price: Floats
    lead_days: Ints
    review_days: Ints


@dataclass(frozen=True)
class Promotion:
    """A promotion of a category (`sku` is -1) or of one SKU; days count from the first day."""

    first: int
    last: int
    announced: int | None
    category: int
    sku: int
    kind: str
    discount: float
    uplift: float


@dataclass(frozen=True)
class Stockout:
    """Days `first` to `last` on which a SKU could not be sold."""

    sku: int
    first: int
    last: int


def draw_assortment(spec: BrandSpec) -> Assortment:
    """SKUs spread over the categories: fast, middling, slow and intermittent, new and ended."""
    rng = spec.rng("assortment")
    n = spec.skus
    category = np.sort(np.arange(n) % spec.categories)
    within = np.arange(n) - np.searchsorted(category, category)
    size = np.bincount(category, minlength=spec.categories)[category]
    place = (within + 0.5) / size
    mean = np.where(
        place < 0.34,
        rng.uniform(40, 95, n),
        np.where(place < 0.8, rng.uniform(9, 30, n), rng.uniform(0.4, 2.2, n)),
    )
    late = (rng.random(n) < 0.10) & (place > 0.1) & (spec.weeks > 60)
    launch = np.where(late, 7 * rng.integers(spec.weeks // 4, max(spec.weeks * 3 // 4, 2), n), 0)
    end = np.full(n, FOREVER)
    gone = rng.permutation(np.flatnonzero((place > 0.5) & ~late))[: max(2, n // 40)]
    end[gone] = 7 * rng.integers(spec.weeks // 2, spec.weeks - 4, len(gone)) + 3
    kinds = [archetype(c) for c in range(spec.categories)]
    base = np.array([k.price for k in kinds])[category]
    return Assortment(
        sku=[
            f"{kinds[c].code}-{i + 1:0{_width(n)}d}" for c, i in zip(category, within, strict=True)
        ],
        category=category,
        weekly_mean=mean,
        season_gain=rng.uniform(0.8, 1.2, n),
        intermittent=place >= 0.8,
        launch_day=launch,
        end_day=end,
        price=np.round(base * rng.uniform(0.6, 1.7, n)) - 0.01,
        lead_days=7 * rng.integers(2, 7, n),
        review_days=7 * rng.integers(2, 5, n),
    )


def _width(n: int) -> int:
    return 3 if n < 1000 else 5


def draw_promotions(spec: BrandSpec, goods: Assortment) -> list[Promotion]:
    """About four promotions a year and category, some of one SKU, the next ones announced ahead.

    One in twenty carries no announcement time.
    """
    rng = spec.rng("promotions")
    found: list[Promotion] = []
    for c in range(spec.categories):
        members = np.flatnonzero(goods.category == c)
        day = int(rng.integers(10, 80))
        while day < spec.days + 35:
            notice = int(rng.integers(21, 43))
            single = rng.random() < 0.35
            last = day + int(rng.integers(6, 13))
            discount = float(rng.choice([0.10, 0.15, 0.20, 0.25]))
            sku = int(rng.choice(members)) if single else -1
            uplift = 1 + discount * float(rng.uniform(1.6, 3.2)) * (1.5 if single else 1.0)
            told = None if rng.random() < 0.05 and day < spec.days else day - notice
            kind = str(_KINDS[int(rng.integers(0, 3))])
            if day - notice < spec.days:
                found.append(Promotion(day, last, told, c, sku, kind, discount, round(uplift, 3)))
            day += int(rng.integers(55, 125))
    return sorted(found, key=lambda p: (p.first, p.category, p.sku))


def draw_stockouts(spec: BrandSpec, goods: Assortment) -> list[Stockout]:
    """Stock-outs of SKUs that sell weekly: each ends on a receipt day of that SKU.

    Receipts come every `review_days`, so a stock-out fills the last days of such a cycle.
    """
    rng = spec.rng("stockouts")
    found: list[Stockout] = []
    for s in np.flatnonzero(goods.weekly_mean >= 9):
        cycle = int(goods.review_days[s])
        first = int(goods.launch_day[s]) // cycle + 2
        final = min(spec.days, int(goods.end_day[s])) // cycle
        for k in range(first, final):
            if rng.random() < 0.035:
                length = int(rng.integers(4, min(cycle - 3, 17)))
                found.append(Stockout(int(s), (k + 1) * cycle - length, (k + 1) * cycle - 1))
    return found


def day_weights(
    spec: BrandSpec, goods: Assortment, promos: list[Promotion], gaps: list[Stockout]
) -> Floats:
    """Share of an ordinary week's demand that each SKU can sell on each day, SKUs by days.

    Weekday pattern times promotion uplift; zero while a SKU is out of stock or not on sale, and
    after the brand's last day. The days are whole weeks.
    """
    days = 7 * spec.n_weeks
    index = np.arange(days)
    weight = np.tile(DOW, spec.n_weeks)[None, :].repeat(spec.skus, axis=0)
    for p in promos:
        rows = goods.category == p.category if p.sku < 0 else np.arange(spec.skus) == p.sku
        weight[rows, p.first : p.last + 1] *= p.uplift
    for g in gaps:
        weight[g.sku, g.first : g.last + 1] = 0.0
    weight[index[None, :] < goods.launch_day[:, None]] = 0.0
    weight[index[None, :] >= goods.end_day[:, None]] = 0.0
    weight[:, spec.days :] = 0.0
    return weight
