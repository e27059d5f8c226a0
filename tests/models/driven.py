"""Simulated panels whose promotions or feasts, and what they do, are known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.exposures import Drivers
from models.feasts import feast_weeks, feasts_of
from models.panel import Grid, Groups

HORIZON = 13
NAMES = ("any", "after", "discount", "kind:mail", "kind:sale")


@dataclass(frozen=True)
class Truth:
    """Demand y (S, T + H), its drivers and multipliers (S, T + H), what is known after T weeks."""

    y: Any
    drivers: Drivers
    m: Any
    groups: Groups
    n_weeks: int

    @property
    def known(self) -> Any:
        return self.y[:, : self.n_weeks]

    @property
    def ahead(self) -> Any:
        return self.y[:, self.n_weeks :]

    @property
    def grid(self) -> Grid:
        return Grid(np.array([self.n_weeks]), HORIZON, 52)


def demand(rng: Any, codes: Any, n: int, log_m: Any, level: float) -> Any:
    """Counts around level, season, what each category's weeks share, and log_m."""
    common = np.zeros((codes.max() + 1, n))
    for t in range(1, n):
        common[:, t] = 0.6 * common[:, t - 1] + 0.06 * rng.normal(size=len(common))
    season = 0.2 * np.sin(2 * np.pi * np.arange(n) / 52.18)
    log = rng.normal(level, 0.8, size=(len(codes), 1)) + season + common[codes] + log_m
    return rng.poisson(np.exp(log) * rng.gamma(8, 1 / 8, size=log.shape)).astype(float)


def exposures(on: Any, discount: Any, kind: Any) -> Drivers:
    """Drivers of promotions: shares (S, N), discounts (S, N), 1 where the kind is sale (S, N)."""
    after = np.zeros_like(on)
    after[:, 1:] = np.where(on[:, 1:] == 0, on[:, :-1], 0)
    x = np.stack([on, after, on * discount, on * (1 - kind), on * kind])
    ids = tuple(f"s{i:03d}" for i in range(len(on)))
    return Drivers(ids, NAMES, x.astype(np.float32))


def promoted(
    seed: int = 1, categories: int = 4, each: int = 12, weeks: int = 104, level: float = 2.5
) -> Truth:
    """Every series promoted for a week or two every few weeks; a sale lifts by .25 more in log."""
    rng = np.random.default_rng(seed)
    n, codes = weeks + HORIZON, np.repeat(np.arange(categories), each)
    on, cut, kind = (np.zeros((len(codes), n)) for _ in range(3))
    slope = rng.normal(2.5, 0.4, size=categories)[codes]
    for i in range(len(codes)):
        t = int(rng.integers(0, 8))
        while t < n:
            long = int(rng.integers(1, 3))
            span = np.s_[i, t : t + long]
            on[span] = rng.choice([1.0, 1.0, 4 / 7])
            cut[span], kind[span] = rng.choice([0.1, 0.2, 0.3]), rng.integers(0, 2)
            t += long + int(rng.integers(3, 9))
    lift = np.exp(slope[:, None] * cut + 0.25 * kind)
    m = 1 + on * (lift - 1)
    y = demand(rng, codes, n, np.log(m), level)
    return Truth(y, exposures(on, cut, kind), m, Groups(codes, categories), weeks)


def feasted(effects: dict[str, float], seed: int = 1, weeks: int = 109) -> Truth:
    """Feasts of the US that lift the seven days up to them; the horizon holds the third spring."""
    rng = np.random.default_rng(seed)
    n, codes = weeks + HORIZON, np.repeat(np.arange(4), 15)
    axis = np.datetime64("2021-12-27") + 7 * np.arange(n).astype("timedelta64[D]")
    names, x = feast_weeks(feasts_of("US", axis[0].item(), (axis[-1] + 6).item()), axis)
    log_m = sum(
        (effect * x[names.index(f"before {name}")] for name, effect in effects.items()),
        np.zeros(n),
    )
    y = demand(rng, codes, n, log_m, 2.5)
    ids = tuple(f"s{i:03d}" for i in range(len(codes)))
    none = Drivers(ids, (), np.zeros((0, len(codes), n), np.float32), False, names, x)
    return Truth(y, none, np.tile(np.exp(log_m), (len(codes), 1)), Groups(codes, 4), weeks)


def elsewhere(truth: Truth, seed: int) -> Truth:
    """The same demand with the promotions of another world: a placebo."""
    other = promoted(seed, truth.groups.n, len(truth.y) // truth.groups.n, truth.n_weeks)
    return replace(truth, drivers=other.drivers, m=np.ones_like(truth.m))
