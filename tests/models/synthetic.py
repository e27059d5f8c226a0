"""Small panels with known truth, seeded: one signal leads, one mirrors, the rest are placebos."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from models.panel import Known, Panel, Signals
from models.spec import ForecastSpec, SignalSpec

START = np.datetime64("2022-01-03")


@dataclass(frozen=True, slots=True)
class Truth:
    """What the generator planted: strength is the share of category shocks that x0 explains."""

    n_categories: int = 4
    per_category: int = 12
    weeks: int = 120
    lead: int = 3
    strength: float = 0.5
    placebos: int = 3
    two_way: bool = False
    seed: int = 1


def _shocks(rng: np.random.Generator, n: int, t: int, phi: float) -> np.ndarray:
    out = np.zeros((n, t))
    noise = rng.normal(size=(n, t))
    for week in range(1, t):
        out[:, week] = phi * out[:, week - 1] + noise[:, week]
    return out * np.sqrt(1 - phi**2)


def latent(truth: Truth) -> tuple[np.ndarray, np.ndarray]:
    """Return log demand of categories (C, T) and standardised signals (K, C, T)."""
    rng = np.random.default_rng(truth.seed)
    c, t, burn = truth.n_categories, truth.weeks, 20
    lead = _shocks(rng, c, t + burn, 0.3)
    own = _shocks(rng, c, t + burn, 0.4)
    drive = np.zeros_like(lead)
    if truth.two_way:
        for week in range(truth.lead + 1, t + burn):
            drive[:, week] = lead[:, week - truth.lead] + 0.0
            lead[:, week] += 0.4 * (
                np.sqrt(truth.strength) * drive[:, week - 1]
                + np.sqrt(1 - truth.strength) * own[:, week - 1]
            )
    drive = np.roll(lead, truth.lead, axis=1)
    shock = np.sqrt(truth.strength) * drive + np.sqrt(1 - truth.strength) * own
    mirror = np.roll(shock, 2, axis=1) + 0.3 * rng.normal(size=shock.shape)
    others = [_shocks(rng, c, t + burn, 0.3) for _ in range(truth.placebos)]
    signals = np.stack([lead, mirror, *others])[:, :, burn:]
    season = 0.2 * np.sin(2 * np.pi * np.arange(t) / 52.18)
    return 0.25 * shock[:, burn:] + season, signals


def make(truth: Truth) -> tuple[Known, ForecastSpec]:
    """Return everything known after ``truth.weeks`` weeks, and a spec that tests every signal."""
    log_demand, z = latent(truth)
    rng = np.random.default_rng(truth.seed + 1000)
    c, t = log_demand.shape
    size = np.exp(rng.normal(3.0, 0.6, size=(c, truth.per_category, 1)))
    noise = rng.gamma(8.0, 1 / 8.0, size=(c, truth.per_category, t))
    y = rng.poisson(size * np.exp(log_demand)[:, None] * noise).astype(float)
    weeks = START + 7 * np.arange(t).astype("timedelta64[D]")
    names = tuple(f"cat{i}" for i in range(c))
    series = pl.DataFrame(
        {
            "series_id": [f"s{i:03d}" for i in range(c * truth.per_category)],
            "category": [names[i // truth.per_category] for i in range(c * truth.per_category)],
            "sku": [f"s{i:03d}" for i in range(c * truth.per_category)],
            "channel": [None] * (c * truth.per_category),
        },
        schema_overrides={"channel": pl.String},
    )
    taggable = np.full((c, t), 400.0)
    mentions = np.round(np.clip(0.12 + 0.03 * z, 0.005, 0.6) * 400)
    k = len(z)
    signals = Signals(
        names=("leader", "mirror", *(f"placebo{i}" for i in range(truth.placebos))),
        categories=names,
        weeks=weeks,
        rate=mentions / 400,
        rate_all=mentions.sum(axis=1) / (400 * c),
        mentions=mentions,
        taggable=taggable,
        mentions_all=mentions.sum(axis=1).reshape(k, t),
        taggable_all=taggable.sum(axis=0),
    )
    panel = Panel(series, weeks, y.reshape(-1, t))
    cutoff = (weeks[-1] + np.timedelta64(6, "D")).item()
    spec = ForecastSpec(signals=tuple(SignalSpec(n, ("units",), 8) for n in signals.names))
    return Known(cutoff, 0, {"units": panel}, signals), spec


def cut(known: Known, n: int) -> Known:
    """Return what was known after the first n weeks."""
    panels = {
        name: replace(p, weeks=p.weeks[:n], y=p.y[:, :n].copy()) for name, p in known.panels.items()
    }
    s = known.signals
    if s is not None:
        s = Signals(
            s.names, s.categories, s.weeks[:n], s.rate[..., :n], s.rate_all[..., :n],
            s.mentions[..., :n], s.taggable[..., :n], s.mentions_all[..., :n],
            s.taggable_all[:n],
        )  # fmt: skip
    last = next(iter(panels.values())).weeks[-1]
    day: date = last.item()
    return Known(day + timedelta(days=6), known.gap_weeks, panels, s)
