"""What is true of a simulated brand, in a form that can be written as JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from models.simulate import desk
from models.simulate.assortment import FOREVER, Assortment, Promotion, Stockout
from models.simulate.drivers import Drivers
from models.simulate.spec import (
    MAX_LEAD,
    MIRROR,
    MIRROR_LAG,
    SIGNALS,
    BrandSpec,
    Floats,
    Ints,
    archetype,
)

TARGETS = ("units", "tickets", "returns")


def describe(
    spec: BrandSpec,
    goods: Assortment,
    drivers: Drivers,
    promos: list[Promotion],
    gaps: list[Stockout],
) -> dict[str, Any]:
    """The truth about a brand: leads, mirror, placebos, seasons, promotions, gaps, causes.

    `effect` is the change of the log rate of the target per standard deviation of the latent
    driver. `induced` lists weak links that follow from planted ones and are no placebos.
    """
    return {
        "spec": {
            "skus": spec.skus,
            "weeks": spec.weeks,
            "seed": spec.seed,
            "categories": spec.categories,
            "end": spec.end.isoformat(),
            "timezone": spec.timezone,
        },
        "first_week": spec.start.isoformat(),
        "running_week": spec.last_monday.isoformat(),
        "categories": {
            archetype(c).name: _category(spec, drivers, c) for c in range(spec.categories)
        },
        "skus": _lives(spec, goods),
        "promotions": [_promotion(spec, goods, p) for p in promos],
        "stockouts": [
            {"sku": goods.sku[g.sku], "from": _day(spec, g.first), "to": _day(spec, g.last)}
            for g in gaps
        ],
        "planners": {
            desk.GOOD: "knows half of what nobody else can, give or take 5 %",
            desk.BAD: "expects last week's sales and 20 to 90 % more",
        },
        "causes": {
            "tickets": "parcels due in a week of high lateness arrive late; customers worry that "
            "week and open delivery tickets lead_weeks later",
            "returns": "a worn batch: customers ask about durability first and return the product "
            "as wore_out or stopped_working lead_weeks later",
        },
    }


def _day(spec: BrandSpec, day: int) -> str:
    return (spec.start + timedelta(days=day)).isoformat()


def _category(spec: BrandSpec, drivers: Drivers, c: int) -> dict[str, Any]:
    kind = archetype(c)
    leads = drivers.leads[c]
    planted = {x.signal for x in leads}
    return {
        "leads": [
            {
                "signal": x.signal,
                "target": x.target,
                "lead_weeks": x.lead_weeks,
                "effect": x.effect,
            }
            for x in leads
        ],
        "mirrors": [{"signal": MIRROR, "target": "units", "lag_weeks": MIRROR_LAG}],
        "placebos": [s for s in SIGNALS if s not in planted and s != MIRROR],
        "induced": _induced(planted),
        "season": {
            "peak_week": kind.peak_week,
            "amplitude": kind.amplitude,
            "second_harmonic": kind.second,
        },
        "yearly_growth": kind.yearly_growth,
        "shock_sd": spec.shock_sd,
    }


def _induced(planted: set[str]) -> list[dict[str, str]]:
    """Returns and tickets are in proportion to recent sales, and so follow what leads units."""
    found = [{"signal": MIRROR, "target": t, "via": "recent sales"} for t in ("tickets", "returns")]
    if "stocking_up" in planted:
        found += [
            {"signal": "stocking_up", "target": t, "via": "units"} for t in ("tickets", "returns")
        ]
        found.append({"signal": "stocking_up", "target": MIRROR, "via": "units"})
    return found


def _lives(spec: BrandSpec, goods: Assortment) -> dict[str, Any]:
    late = np.flatnonzero(goods.launch_day > 0)
    gone = np.flatnonzero(goods.end_day < FOREVER)
    return {
        "intermittent": [goods.sku[i] for i in np.flatnonzero(goods.intermittent)],
        "launched": {goods.sku[i]: _day(spec, int(goods.launch_day[i])) for i in late},
        "discontinued": {goods.sku[i]: _day(spec, int(goods.end_day[i])) for i in gone},
    }


def _promotion(spec: BrandSpec, goods: Assortment, p: Promotion) -> dict[str, Any]:
    return {
        "starts_on": _day(spec, p.first),
        "ends_on": _day(spec, p.last),
        "category": archetype(p.category).name,
        "sku": None if p.sku < 0 else goods.sku[p.sku],
        "uplift": p.uplift,
    }


def weekly(
    spec: BrandSpec,
    goods: Assortment,
    drivers: Drivers,
    *,
    rates: Floats,
    units: Ints,
    weights: Floats,
) -> pl.DataFrame:
    """The truth per category and week: units sold, season, promotion and stock share, drivers, rates.

    `sellable` is what promotions and stock-outs made of an ordinary week's demand (1 = nothing).
    `rate_<signal>` is the probability that a conversation carries the signal.
    """
    wanted = goods.weekly_mean[:, None] * np.ones((1, spec.n_weeks))
    could = wanted * weights.reshape(spec.skus, spec.n_weeks, 7).sum(axis=2)
    frames = []
    for c in range(spec.categories):
        rows = goods.category == c
        columns: dict[str, Any] = {
            "category": [archetype(c).name] * spec.n_weeks,
            "week_start": spec.week_starts(),
            "units": units[rows].sum(axis=0),
            "log_season": drivers.log_season[c, MAX_LEAD:],
            "sellable": could[rows].sum(axis=0) / wanted[rows].sum(axis=0),
            "driver_units": drivers.stocking[c, MAX_LEAD:],
            "driver_tickets": drivers.lateness[c, MAX_LEAD:],
            "driver_returns": drivers.wear[c, MAX_LEAD:],
        }
        columns |= {f"rate_{s}": rates[i, c] for i, s in enumerate(SIGNALS)}
        frames.append(pl.DataFrame(columns))
    return pl.concat(frames).with_columns(pl.col(pl.Float64).round(5))
