"""Precision, recall and F1 of a tagger, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from models.types import Bools, Floats

RESAMPLES = 2_000
FEWEST = 10
"""Signals with fewer positives stay out of the macro mean: their F1 is mostly luck."""
_CHUNK = 50
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; nan where nothing can be said."""

    value: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class Quality:
    """How one signal, or several pooled, was found: `positives` in the gold, `found` by the tagger."""

    positives: int
    found: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True, slots=True)
class Report:
    """Qualities of the signals in their order, the macro mean and the pooled headline signals."""

    passages: int
    signals: tuple[Quality, ...]
    macro_f1: Estimate
    macro_of: int
    headline: Quality


def measure(gold: Bools, told: Bools, headline: Sequence[int], seed: int) -> Report:
    """The quality of `told` against `gold`, both passages x signals; `headline`: columns to pool.

    Intervals of precision and recall: Wilson (1927). Of F1 and its means: percentiles of 2,000
    resamples of passages, drawn with replacement (Efron 1979), so that signals that share passages
    vary together. Pooled precision and recall take each passage and signal as one trial.
    """
    hit = (gold & told).astype(np.float64)
    sums = _resampled(np.hstack([hit, gold, told]), seed)
    signals = gold.shape[1]
    draws = [sums[:, i * signals : (i + 1) * signals] for i in range(3)]
    enough = np.flatnonzero(gold.sum(axis=0) >= FEWEST)
    columns = tuple(
        _quality(gold[:, [j]], told[:, [j]], [part[:, [j]] for part in draws])
        for j in range(signals)
    )
    spread = _f1(*(part[:, enough] for part in draws)).mean(axis=1) if len(enough) else np.empty(0)
    mean = float(np.mean([columns[j].f1.value for j in enough])) if len(enough) else float("nan")
    some = list(headline)
    pooled = _quality(gold[:, some], told[:, some], [part[:, some] for part in draws])
    return Report(len(gold), columns, _estimate(mean, spread), len(enough), pooled)


def _resampled(counts: Floats, seed: int) -> Floats:
    """Column sums of resamples of the rows: resamples x columns."""
    rows = len(counts)
    if not rows:
        return np.zeros((0, counts.shape[1]))
    rng = np.random.default_rng(seed)
    chance = np.full(rows, 1 / rows)
    parts = [
        rng.multinomial(rows, chance, size=_CHUNK).astype(np.float64) @ counts
        for _ in range(RESAMPLES // _CHUNK)
    ]
    return np.vstack(parts)


def _f1(hits: Floats, gold: Floats, told: Floats) -> Floats:
    """2 hits / (gold + told); 0 where there is neither: nothing was found."""
    return np.asarray(2 * hits / np.maximum(gold + told, 1.0))


def _quality(gold: Bools, told: Bools, draws: Sequence[Floats]) -> Quality:
    hits, positives, found = int((gold & told).sum()), int(gold.sum()), int(told.sum())
    known = positives + found > 0
    f1 = 2 * hits / (positives + found) if known else float("nan")
    sums = [part.sum(axis=1) for part in draws]
    seen = sums[1] + sums[2] > 0
    spread = _f1(*(part[seen] for part in sums))
    return Quality(
        positives, found, _wilson(hits, found), _wilson(hits, positives), _estimate(f1, spread)
    )


def _wilson(hits: int, trials: int) -> Estimate:
    if not trials:
        return Estimate(float("nan"), float("nan"), float("nan"))
    lo, hi = proportion_confint(hits, trials, alpha=1 - _LEVEL, method="wilson")
    return Estimate(hits / trials, float(lo), float(hi))


def _estimate(value: float, spread: Floats) -> Estimate:
    if not len(spread):
        return Estimate(value, float("nan"), float("nan"))
    lo, hi = np.quantile(spread, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Estimate(value, float(lo), float(hi))
