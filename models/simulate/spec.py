"""What a simulated brand is asked to be, and the bundle of tables that answers it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SIGNALS: tuple[str, ...] = (
    "stocking_up",
    "delivery_worry",
    "durability_question",
    "price_objection",
    "extra_costs",
    "sizing_confusion",
    "product_question",
    "repeat_intent",
    "stockout_complaint",
    "return_intent",
    "gift_purchase",
    "checkout_problem",
)
MIRROR = "product_question"
MIRROR_LAG = 2
MAX_LEAD = 12


class Archetype(NamedTuple):
    """A kind of product: name, SKU code, nouns, price and the shape of its year."""

    name: str
    code: str
    singular: str
    plural: str
    price: float
    peak_week: float
    amplitude: float
    second: float
    yearly_growth: float


ARCHETYPES: tuple[Archetype, ...] = (
    Archetype("Water Filters", "FIL", "filter cartridge", "filter cartridges", 24, 27, 0.22, 0.06, 0.08),
    Archetype("Hiking Socks", "SOC", "pair of hiking socks", "hiking socks", 16, 48, 0.30, 0.10, 0.03),
    Archetype("Razor Blades", "RAZ", "razor blade", "razor blades", 19, 20, 0.10, 0.05, 0.05),
    Archetype("Lanterns", "LAN", "lantern", "lanterns", 39, 46, 0.34, 0.12, -0.04),
    Archetype("Kitchen Tools", "KIT", "silicone spatula", "silicone spatulas", 13, 49, 0.24, 0.12, 0.02),
    Archetype("Dog Toys", "DOG", "chew toy", "chew toys", 15, 24, 0.12, 0.08, 0.10),
    Archetype("Garden Gloves", "GAR", "garden glove", "garden gloves", 18, 17, 0.40, 0.10, 0.00),
    Archetype("Charging Cables", "CAB", "charging cable", "charging cables", 17, 50, 0.14, 0.06, 0.06),
)  # fmt: skip


@dataclass(frozen=True)
class BrandSpec:
    """The size, the dates and the strengths of a simulated brand.

    `weeks` counts complete weeks; the week that holds `end` follows them and is partial unless
    `end` is its last day. Effects are changes of the log rate per standard deviation of the
    latent driver. The same spec gives the same tables, byte for byte.
    """

    skus: int = 60
    weeks: int = 156
    seed: int = 8
    categories: int = 6
    end: date = date(2026, 11, 17)
    timezone: str = "America/New_York"
    conversations_per_week: float = 200.0
    units_effect: float = 0.17
    tickets_effect: float = 0.34
    returns_effect: float = 0.34
    mention_swing: float = 0.95  # change of the log-odds of a mention per sd of its driver
    shock_sd: float = 0.09
    dispersion: float = 14.0  # negative-binomial size of a fast-moving SKU
    customers_per_sku: int = 110
    max_lines: int = 4_000_000
    dirty: bool = True
    repeat_ratios: tuple[tuple[str, float], ...] = ()  # hazard of the next order, by what was said

    def __post_init__(self) -> None:
        """Refuse sizes that cannot make a brand."""
        if self.categories < 1 or self.skus < self.categories:
            raise ValueError("a brand needs at least one SKU per category")
        if self.weeks < 20:
            raise ValueError("a brand needs at least 20 weeks")
        names = [name for name, _ in self.repeat_ratios]
        if len(set(names)) < len(names) or not set(names) <= set(SIGNALS):
            raise ValueError(
                f"ratios of repeat orders are of different ones of {', '.join(SIGNALS)}"
            )
        if not all(0 < ratio < math.inf for _, ratio in self.repeat_ratios):
            raise ValueError("a ratio of repeat orders is above 0")

    @property
    def last_monday(self) -> date:
        """First day of the week that holds `end`."""
        return self.end - timedelta(days=self.end.weekday())

    @property
    def start(self) -> date:
        """First day of the first week (a Monday)."""
        return self.last_monday - timedelta(weeks=self.weeks)

    @property
    def days(self) -> int:
        """Number of days from `start` to `end`, both included."""
        return (self.end - self.start).days + 1

    @property
    def n_weeks(self) -> int:
        """Number of weeks with any day in them: the complete ones and the running one."""
        return self.weeks + 1

    def week_starts(self) -> list[date]:
        """Mondays of all weeks, the running one included."""
        return [self.start + timedelta(weeks=w) for w in range(self.n_weeks)]

    def rng(self, part: str) -> np.random.Generator:
        """A generator of its own for each named part, so that parts do not disturb each other."""
        return np.random.default_rng([self.seed, zlib.crc32(part.encode())])


def archetype(index: int) -> Archetype:
    """The archetype of category `index`; names repeat with a number when they run out."""
    base = ARCHETYPES[index % len(ARCHETYPES)]
    turn = index // len(ARCHETYPES)
    if turn == 0:
        return base
    return base._replace(name=f"{base.name} {turn + 1}", code=f"{base.code}{turn + 1}")


@dataclass(frozen=True)
class Brand(Mapping[str, pl.DataFrame]):
    """Canonical tables by name, with the truth that made them beside.

    `truth` can be written as JSON. `truth_passages` (passage_id, language, signals) labels every
    passage; `truth_weekly` (one row per category and week) holds seasons, drivers and rates.
    `cart_calls` are further rows of call_attempts: of the programme that draws its customers by lot.
    `tests` are further rows of other tables: of experiments, their lots and what they measure.
    """

    tables: dict[str, pl.DataFrame]
    truth: dict[str, Any]
    truth_passages: pl.DataFrame
    truth_weekly: pl.DataFrame
    cart_calls: pl.DataFrame = field(default_factory=pl.DataFrame)
    tests: dict[str, pl.DataFrame] = field(default_factory=dict)
    spec: BrandSpec = field(default_factory=BrandSpec)

    def __getitem__(self, name: str) -> pl.DataFrame:
        """The table of that name."""
        return self.tables[name]

    def __iter__(self) -> Iterator[str]:
        """Names of the tables."""
        return iter(self.tables)

    def __len__(self) -> int:
        """Number of tables."""
        return len(self.tables)
