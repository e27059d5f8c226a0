"""What experts' past errors say: weighted Gram matrices of them, and weighted sums of experts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.parallel import over_shards
from models.types import Floats, Ints, Singles

LEAST_ERROR = 0.2


@dataclass(frozen=True, slots=True)
class Trials:
    """What inner origins tried.

    Expert forecasts (S, U, H, E), extra ones last, of which the origins ``at`` (O,) count; actual
    (S, O, H; nan = not scored), scale (S,), row weights decay (O, H), and ``span``: the weeks that
    the origins cover (more of them, less shrinkage).
    """

    forecasts: Singles
    at: Ints
    actual: Floats
    scale: Floats
    decay: Floats
    span: float


@compiled
def _errors(  # noqa: PLR0917 - compiled code takes plain arrays
    forecasts: Singles,
    at: Ints,
    actual: Floats,
    scale: float,
    decay: Floats,
    low: int,
    high: int,
    errors: Singles,
    size: Singles,
) -> int:
    """Fill one series' scaled errors (R, E) and row weights (R,); return how many rows there are."""
    n, inverse = 0, np.float32(1.0 / scale)
    for j in range(len(at)):
        for h in range(low, high):
            row = forecasts[at[j], h]
            y = np.float32(actual[j, h])
            if np.isnan(y) or np.isnan(row[0]):
                continue
            for e in range(len(row)):
                errors[n, e] = (row[e] - y) * inverse
            size[n] = decay[j, h]
            n += 1
    return n


@compiled
def _gram(  # noqa: PLR0917 - compiled code takes plain arrays
    forecasts: Singles,
    at: Ints,
    actual: Floats,
    scale: Floats,
    decay: Floats,
    weights: Singles,
    low: int,
    high: int,
    power: float,
    start: int,
    stop: int,
    out: Singles,
) -> None:
    """Fill the Gram matrices (E, E) of series start..stop-1; zeros where there is no error."""
    most, n_experts = len(at) * (high - low), forecasts.shape[3]
    errors = np.empty((most, n_experts), np.float32)
    weighted, size = np.empty_like(errors), np.empty(most, np.float32)
    for i in range(start, stop):
        n = _errors(forecasts[i], at, actual[i], scale[i], decay, low, high, errors, size)
        if n == 0:
            out[i] = np.float32(0.0)
            continue
        combined = np.dot(errors[:n], weights[i])
        for r in range(n):
            away = max(abs(combined[r]), np.float32(LEAST_ERROR))
            q = size[r] / away if power == 1.0 else size[r] * away ** np.float32(power - 2.0)
            for e in range(n_experts):
                weighted[r, e] = q * errors[r, e]
        out[i] = np.dot(weighted[:n].T, errors[:n])


def grams_of(trials: Trials, weights: Singles, band: tuple[int, int], power: float) -> Singles:
    """Return each series' (S, E, E) Gram matrix of expert errors in a band of horizons.

    Rows count by decay * max(|combined error|, .2)^(power - 2), combined with weights (S, E).
    """
    n_series, n_experts = weights.shape
    out = np.empty((n_series, n_experts, n_experts), dtype=np.float32)
    t, forecasts = trials, np.ascontiguousarray(trials.forecasts)

    def work(start: int, stop: int) -> None:
        _gram(forecasts, t.at, t.actual, t.scale, t.decay, weights, *band, power, start, stop, out)

    over_shards(n_series, work)
    return out


@compiled
def _dot(row: Singles, weights: Singles) -> np.float32:
    """Return the weighted sum of a row, added up in four strands."""
    a = b = c = d = np.float32(0.0)
    n, e = len(weights), 0
    while e + 3 < n:
        a += weights[e] * row[e]
        b += weights[e + 1] * row[e + 1]
        c += weights[e + 2] * row[e + 2]
        d += weights[e + 3] * row[e + 3]
        e += 4
    while e < n:
        a += weights[e] * row[e]
        e += 1
    return np.float32((a + b) + (c + d))


@compiled
def _combine(  # noqa: PLR0917 - compiled code takes plain arrays
    forecasts: Singles,
    at: Ints,
    weights: Singles,
    low: int,
    high: int,
    start: int,
    stop: int,
    out: Floats,
) -> None:
    """Fill out[..., low:high] of series start..stop-1 with weighted sums; nan stays nan."""
    for i in range(start, stop):
        for j in range(len(at)):
            for h in range(low, high):
                out[i, j, h] = _dot(forecasts[i, at[j], h], weights[i])


def combine_into(
    out: Floats, forecasts: Singles, at: Ints, weights: Singles, band: tuple[int, int]
) -> None:
    """Fill a band of out (S, O, H) with the weighted sums (S, E) of the experts at origins at."""
    over_shards(len(out), lambda low, high: _combine(forecasts, at, weights, *band, low, high, out))
