"""What experts' past errors say: weighted Gram matrices of them, and weighted sums of experts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from models.compiled import compiled
from models.parallel import over_shards
from models.types import Floats, Ints, Singles

Bands: TypeAlias = Sequence[tuple[int, int]]
"""Ranges of horizons, 0-based, end excluded."""

LEAST_ERROR = 0.2


@dataclass(frozen=True, slots=True)
class Trials:
    """What inner origins tried.

    Expert forecasts (R, U, H, E), extra ones last, of which the series ``rows`` (S,) and the
    origins ``at`` (O,) count; actual (S, O, H; nan = not scored), scale (S,), row weights decay
    (O, H), and ``span``: the weeks that the origins cover (more of them, less shrinkage).
    """

    forecasts: Singles
    rows: Ints
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
    rows: Ints,
    at: Ints,
    actual: Floats,
    scale: Floats,
    decay: Floats,
    weights: Singles,
    bands: Ints,
    power: float,
    start: int,
    stop: int,
    out: Singles,
) -> None:
    """Fill the Gram matrices (B, E, E) of series start..stop-1; zeros where there is no error."""
    most, n_experts = actual.shape[1] * actual.shape[2], forecasts.shape[3]
    errors = np.empty((most, n_experts), np.float32)
    weighted, size = np.empty_like(errors), np.empty(most, np.float32)
    for i in range(start, stop):
        made = forecasts[rows[i]]
        for b in range(len(bands)):
            low, high = bands[b, 0], bands[b, 1]
            n = _errors(made, at, actual[i], scale[i], decay, low, high, errors, size)
            if n == 0:
                out[b, i] = np.float32(0.0)
                continue
            combined = np.dot(errors[:n], weights[b, i])
            for r in range(n):
                away = max(abs(combined[r]), np.float32(LEAST_ERROR))
                q = size[r] / away if power == 1.0 else size[r] * away ** np.float32(power - 2.0)
                for e in range(n_experts):
                    weighted[r, e] = q * errors[r, e]
            out[b, i] = np.dot(weighted[:n].T, errors[:n])


def grams_of(trials: Trials, weights: Singles, bands: Bands, power: float) -> Singles:
    """Return each series' (B, S, E, E) Gram matrices of expert errors in each band of horizons.

    Rows count by decay * max(|combined error|, .2)^(power - 2), combined with weights (B, S, E).
    """
    t, edges = trials, np.array(bands, dtype=np.int64)
    forecasts = np.ascontiguousarray(t.forecasts)
    out = np.empty((*weights.shape, weights.shape[2]), dtype=np.float32)

    def work(start: int, stop: int) -> None:
        _gram(
            forecasts, t.rows, t.at, t.actual, t.scale, t.decay, weights,
            edges, power, start, stop, out,
        )  # fmt: skip

    over_shards(len(t.rows), work)
    return out


@compiled
def _combine(  # noqa: PLR0917 - compiled code takes plain arrays
    forecasts: Singles,
    rows: Ints,
    at: Ints,
    weights: Singles,
    bands: Ints,
    start: int,
    stop: int,
    out: Floats,
) -> None:
    """Fill out (2, S, O, H) of series start..stop-1 with two weighted sums; nan stays nan."""
    n = weights.shape[3]
    for i in range(start, stop):
        made = forecasts[rows[i]]
        for j in range(len(at)):
            for k in range(len(bands)):
                one, other = weights[0, k, i], weights[1, k, i]
                for h in range(bands[k, 0], bands[k, 1]):
                    a = b = c = d = np.float32(0.0)
                    for e in range(0, n - 1, 2):
                        even, odd = made[at[j], h, e], made[at[j], h, e + 1]
                        a += one[e] * even
                        b += one[e + 1] * odd
                        c += other[e] * even
                        d += other[e + 1] * odd
                    if n % 2:
                        a += one[n - 1] * made[at[j], h, n - 1]
                        c += other[n - 1] * made[at[j], h, n - 1]
                    out[0, i, j, h], out[1, i, j, h] = a + b, c + d


def combined(tried: tuple[Singles, Ints, Ints], weights: Singles, bands: Bands) -> Floats:
    """Return (2, S, O, H): the experts' sums by two sets of weights (2, B, S, E).

    ``tried``: forecasts (R, U, H, E), the series (S,) and the origins (O,) among them that count.
    The bands cover every horizon.
    """
    forecasts, rows, at = np.ascontiguousarray(tried[0]), tried[1], tried[2]
    edges = np.array(bands, dtype=np.int64)
    out = np.empty((2, len(rows), len(at), forecasts.shape[2]))
    over_shards(
        len(rows), lambda low, high: _combine(forecasts, rows, at, weights, edges, low, high, out)
    )
    return out
