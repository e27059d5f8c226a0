"""Scores of forecasts on arrays, and paired differences with intervals. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.peers import QUANTILES, Told
from models.types import Bools, Floats, Ints

DRAWS = 1000
SEED = 7
LEVELS = np.array(QUANTILES)
LOW, MIDDLE, HIGH = 0, 4, 8


@dataclass(frozen=True, slots=True)
class Actuals:
    """What happened: (S, O, H), nan = not scored; scale (S,), nan = none; target weeks (O, H)."""

    y: Floats
    scale: Floats
    weeks: Ints


@dataclass(frozen=True, slots=True)
class Made:
    """Forecasts at every cutoff: mean (S, O, H) and quantiles (S, O, H, 9); ``rows``: which series.

    Arrays have a row for each of ``rows`` only.
    """

    mean: Floats
    quantiles: Floats
    rows: Ints


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one method on one band of horizons: shares of 1, scaled errors, and rows scored."""

    wape: float
    bias: float
    mase: float
    mase50: float
    spl: float
    coverage: float
    n: int


@dataclass(frozen=True, slots=True)
class Gap:
    """By how much the first is above the second, as a share of the second (negative = better)."""

    share: float
    low: float
    high: float


def actuals_of(y: Floats, cutoffs: Sequence[int], horizon: int) -> Actuals:
    """The weeks after each cutoff of (S, T); scales: mean weekly change before the first one."""
    weeks = np.array(cutoffs)[:, None] + np.arange(horizon)[None]
    change = np.abs(np.diff(y[:, : cutoffs[0]], axis=1))
    known = ~np.isnan(change)
    total = np.where(known, change, 0.0).sum(axis=1)
    scale = np.where(total > 0, total / np.maximum(known.sum(axis=1), 1), np.nan)
    return Actuals(y[:, weeks], scale, weeks)


def stacked(told: Sequence[Told], rows: Ints) -> Made:
    """One method's forecasts at several cutoffs as one array."""
    mean = np.stack([t.mean for t in told], axis=1)
    return Made(mean, np.stack([t.quantiles for t in told], axis=1), rows)


def pinball(actual: Floats, quantiles: Floats) -> Floats:
    """Mean pinball loss over the nine quantiles, of the shape of ``actual``."""
    error = actual[..., None] - quantiles
    return np.asarray(np.maximum(LEVELS * error, (LEVELS - 1) * error).mean(axis=-1))


def losses(actual: Actuals, made: Made, kind: str) -> Floats:
    """(n, O, H) scaled losses: "mase" of the mean, "mase50" of the median, "spl"; nan = none."""
    y, scale = actual.y[made.rows], actual.scale[made.rows][:, None, None]
    if kind == "spl":
        return np.asarray(pinball(y, made.quantiles) / scale)
    point = made.mean if kind == "mase" else made.quantiles[..., MIDDLE]
    return np.asarray(np.abs(y - point) / scale)


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def scores(actual: Actuals, made: Made, band: slice) -> Scores:
    """The protocol's figures on some horizons."""
    y, mean = actual.y[made.rows][..., band], made.mean[..., band]
    quantiles = made.quantiles[..., band, :]
    seen = ~np.isnan(y) & ~np.isnan(mean)
    total = max(float(y[seen].sum()), 1e-12)
    inside = (y >= quantiles[..., LOW]) & (y <= quantiles[..., HIGH])
    bounded = seen & ~np.isnan(quantiles[..., LOW])
    return Scores(
        wape=float(np.abs(y - mean)[seen].sum()) / total,
        bias=float((mean - y)[seen].sum()) / total,
        mase=_mean(losses(actual, made, "mase")[..., band]),
        mase50=_mean(losses(actual, made, "mase50")[..., band]),
        spl=_mean(losses(actual, made, "spl")[..., band]),
        coverage=float(inside[bounded].mean()) if bounded.any() else float("nan"),
        n=int(seen.sum()),
    )


def shared(one: Made, other: Made) -> tuple[Ints, Bools, Bools]:
    """Series that both have, and which rows of each they are."""
    both = np.intersect1d(one.rows, other.rows)
    return both, np.isin(one.rows, both), np.isin(other.rows, both)


def _sums(values: Floats, weeks: Ints) -> Floats:
    """(n, W) sums of (n, O, H) by target week."""
    flat = np.nan_to_num(values).reshape(len(values), -1)
    _, codes = np.unique(weeks.reshape(-1), return_inverse=True)
    member = np.eye(int(codes.max()) + 1)[codes]
    return np.asarray(flat @ member)


def gap(actual: Actuals, one: Made, other: Made, kind: str, band: slice) -> Gap:
    """Paired difference of a loss on the series and weeks that both have, with a 95 % interval.

    Target weeks and series are drawn with replacement at the same time (a two-way bootstrap):
    series share a week's shocks, and weeks a series' difficulty.
    """
    _, left, right = shared(one, other)
    a = losses(actual, one, kind)[left][..., band]
    b = losses(actual, other, kind)[right][..., band]
    seen = ~np.isnan(a) & ~np.isnan(b)
    if not seen.any():
        return Gap(float("nan"), float("nan"), float("nan"))
    weeks = actual.weeks[:, band]
    first = _sums(np.where(seen, a, 0.0), weeks)
    second = _sums(np.where(seen, b, 0.0), weeks)
    rng = np.random.default_rng(SEED)
    n, w = first.shape
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS).astype(np.float64)
    times = rng.multinomial(w, np.full(w, 1 / w), size=DRAWS).astype(np.float64)
    over = ((drawn @ first) * times).sum(axis=1)
    under = np.maximum(((drawn @ second) * times).sum(axis=1), 1e-12)
    low, high = np.quantile(over / under - 1, [0.025, 0.975])
    return Gap(float(first.sum() / second.sum() - 1), float(low), float(high))
