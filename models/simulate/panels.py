"""Weekly panels with planted leads, mirrors and placebos: what gates and effects are judged on.

Log demand is trend + yearly season + a shock that the category shares + each series' own noise. In
planted categories the signal ``x0`` adds, ``lead`` weeks ahead, the share ``r2`` of a typical
series' variance about trend and season. ``x3`` mirrors the category's demand (it follows by a
week); the others are placebos. Counts are negative binomial; some series sell intermittently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.panel import Known, Panel, Signals
from models.spec import ForecastSpec, SignalSpec
from models.types import Bools, Dates, Floats

START = np.datetime64("2022-01-03")
BURN = 30
YEAR = 365.25 / 7
NAMES = ("x0", "x1", "x2", "x3", "x4")
LEADER, MIRROR = 0, 3
TYPICAL_VARIANCE = 0.12
SHOCK_SD = 0.07
SHAPE = 12.0


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """What is planted. ``heard``: conversations per category and week; 0 = signals seen exactly.

    ``planted_share`` of the categories have the link, and in them ``member_share`` of the series;
    ``two_way``: there demand also moves x0 a week later. ``intermittent_share`` of the series sell less than once a week on average.
    """

    n_categories: int = 50
    per_category: int = 20
    weeks: int = 156
    r2: float = 0.10
    lead: int = 3
    planted_share: float = 0.5
    member_share: float = 1.0
    two_way: bool = False
    heard: int = 0
    intermittent_share: float = 0.15
    seed: int = 1


@dataclass(frozen=True, slots=True)
class PanelTruth:
    """Which categories (C,) have the link, log demand without noise (C, T), what x0 adds (C, T)."""

    planted: Bools
    log_demand: Floats
    log_effect: Floats


def _ar(rng: np.random.Generator, shape: tuple[int, int], phi: float) -> Floats:
    """Return (N, T) unit-variance autoregressions of order one."""
    noise = rng.normal(size=shape)
    out = np.zeros(shape)
    out[:, 0] = noise[:, 0]
    for week in range(1, shape[1]):
        out[:, week] = phi * out[:, week - 1] + np.sqrt(1 - phi**2) * noise[:, week]
    return out


def _signal_share(spec: PanelSpec) -> float:
    """Return the signal's share of what a planted category's series have in common."""
    variance = spec.r2 * TYPICAL_VARIANCE
    return variance / (variance + SHOCK_SD**2)


def _linked(rng: np.random.Generator, spec: PanelSpec, planted: Bools) -> tuple[Floats, Floats]:
    """Return x0 and its share of demand's shock (C, BURN + T), unit variance where planted."""
    c, t = spec.n_categories, spec.weeks + BURN
    x0 = _ar(rng, (c, t), 0.5)
    if not spec.two_way:
        return x0, np.where(planted[:, None], np.roll(x0, spec.lead, axis=1), 0.0)
    news, felt = _ar(rng, (c, t), 0.3), np.zeros((c, t))
    for week in range(spec.lead + 1, t):
        felt[:, week] = x0[:, week - spec.lead]
        part = _signal_share(spec)
        echo = np.sqrt(part) * felt[:, week - 1] + np.sqrt(1 - part) * news[:, week - 1]
        x0[:, week] = 0.85 * x0[:, week] + 0.5 * echo
    return x0, np.where(planted[:, None], felt, 0.0)


def _signals(rng: np.random.Generator, x: Floats, spec: PanelSpec, weeks: Dates) -> Signals:
    """Return the signals as shares of conversations: exact, or counted in ``heard`` of them."""
    k, c, t = x.shape
    n = float(spec.heard or 400)
    true = np.clip(0.12 + 0.03 * x, 0.005, 0.6)
    mentions = rng.binomial(int(n), true).astype(np.float64) if spec.heard else true * n
    taggable = np.full((c, t), n)
    return Signals(
        names=NAMES,
        categories=tuple(f"cat{i:03d}" for i in range(c)),
        weeks=weeks,
        rate=mentions / n,
        rate_all=mentions.sum(axis=1) / (n * c),
        mentions=mentions,
        taggable=taggable,
        mentions_all=mentions.sum(axis=1).reshape(k, t),
        taggable_all=taggable.sum(axis=0),
    )


def _counts(rng: np.random.Generator, common: Floats, effect: Floats, spec: PanelSpec) -> Floats:
    """Return (C * per_category, T) negative binomial counts around each category's demand."""
    c, t = common.shape
    n = spec.per_category
    level = rng.normal(3.2, 0.8, size=(c, n, 1))
    rare = rng.random((c, n, 1)) < spec.intermittent_share
    level = np.where(rare, rng.normal(-0.5, 0.4, size=(c, n, 1)), level)
    drift = rng.normal(0.0, 0.1, size=(c, n, 1)) * np.linspace(-0.5, 0.5, t)
    felt = rng.random((c, n, 1)) < spec.member_share
    mean = np.exp(level + drift + common[:, None, :] + felt * effect[:, None, :])
    over = rng.gamma(SHAPE, 1 / SHAPE, size=mean.shape)
    return rng.poisson(mean * over).astype(np.float64).reshape(c * n, t)


def simulated_panel(spec: PanelSpec) -> tuple[Known, ForecastSpec, PanelTruth]:
    """Return all that is known after ``spec.weeks`` weeks, a spec that tests all signals, truth."""
    rng = np.random.default_rng(spec.seed)
    c, t = spec.n_categories, spec.weeks
    planted = np.zeros(c, dtype=bool)
    planted[rng.permutation(c)[: round(c * spec.planted_share)]] = True
    x0, felt = _linked(rng, spec, planted)
    effect = np.sqrt(spec.r2 * TYPICAL_VARIANCE) * felt
    shock = SHOCK_SD * _ar(rng, (c, t + BURN), 0.4)
    whole = shock + effect
    others = [_ar(rng, (c, t + BURN), 0.5) for _ in NAMES]
    size = whole.std(axis=1, keepdims=True)
    mirror = 0.9 * np.roll(whole / size, 1, axis=1) + np.sqrt(1 - 0.81) * others[MIRROR]
    x = np.stack([x0, others[1], others[2], mirror, others[4]])[:, :, BURN:]
    week = np.arange(t)
    phase = rng.uniform(-0.4, 0.4, size=(c, 1))
    season = 0.25 * np.sin(2 * np.pi * week / YEAR + phase) + 0.1 * np.sin(
        4 * np.pi * week / YEAR + 2 * phase
    )
    trend = rng.normal(0.0, 0.15, size=(c, 1)) * np.linspace(-0.5, 0.5, t)
    common, effect = trend + season + shock[:, BURN:], effect[:, BURN:]
    weeks = START + 7 * week.astype("timedelta64[D]")
    known = _known(_counts(rng, common, effect, spec), _signals(rng, x, spec, weeks), weeks)
    signals = tuple(SignalSpec(name, ("units",), 8) for name in NAMES)
    return known, ForecastSpec(signals=signals), PanelTruth(planted, common + effect, effect)


def _known(y: Floats, signals: Signals, weeks: Dates) -> Known:
    c = len(signals.categories)
    names = [f"s{i:06d}" for i in range(len(y))]
    series = pl.DataFrame(
        {
            "series_id": names,
            "category": [signals.categories[i // (len(y) // c)] for i in range(len(y))],
            "sku": names,
            "channel": [None] * len(y),
        },
        schema_overrides={"channel": pl.String},
    )
    cutoff = (weeks[-1] + np.timedelta64(6, "D")).item()
    return Known(cutoff, 0, {"units": Panel(series, weeks, y)}, signals)


def first_weeks(known: Known, n: int) -> Known:
    """Return what was known after the first ``n`` weeks."""
    panels = {
        name: Panel(p.series, p.weeks[:n], p.y[:, :n].copy()) for name, p in known.panels.items()
    }
    s, weeks = known.signals, next(iter(known.panels.values())).weeks[:n]
    if s is not None:
        s = Signals(
            s.names, s.categories, s.weeks[:n], s.rate[..., :n], s.rate_all[..., :n],
            s.mentions[..., :n], s.taggable[..., :n], s.mentions_all[..., :n],
            s.taggable_all[:n],
        )  # fmt: skip
    return Known((weeks[-1] + np.timedelta64(6, "D")).item(), known.gap_weeks, panels, s)
