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
        n = _errors(forecasts[rows[i]], at, actual[i], scale[i], decay, low, high, errors, size)
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
        _gram(
            forecasts,
            t.rows,
            t.at,
            t.actual,
            t.scale,
            t.decay,
            weights,
            *band,
            power,
            start,
            stop,
            out,
        )

    over_shards(n_series, work)
    return out


@compiled
def _combine(  # noqa: PLR0917 - compiled code takes plain arrays
    forecasts: Singles,
    rows: Ints,
    at: Ints,
    weights: Singles,
    low: int,
    high: int,
    start: int,
    stop: int,
    out: Floats,
) -> None:
    """Fill out[:, ..., low:high] of series start..stop-1 with two weighted sums; nan stays nan."""
    one, other = weights[0], weights[1]
    n = weights.shape[2]
    for i in range(start, stop):
        made = forecasts[rows[i]]
        for j in range(len(at)):
            for h in range(low, high):
                a = b = c = d = np.float32(0.0)
                for e in range(0, n - 1, 2):
                    even, odd = made[at[j], h, e], made[at[j], h, e + 1]
                    a += one[i, e] * even
                    b += one[i, e + 1] * odd
                    c += other[i, e] * even
                    d += other[i, e + 1] * odd
                if n % 2:
                    a += one[i, n - 1] * made[at[j], h, n - 1]
                    c += other[i, n - 1] * made[at[j], h, n - 1]
                out[0, i, j, h], out[1, i, j, h] = a + b, c + d


def combine_into(
    out: Floats, tried: tuple[Singles, Ints, Ints], weights: Singles, band: tuple[int, int]
) -> None:
    """Fill a band of out (2, S, O, H) with the experts' sums by two sets of weights (2, S, E).

    ``tried``: forecasts (R, U, H, E), the series (S,) and the origins (O,) among them that count.
    """
    forecasts, rows, at = np.ascontiguousarray(tried[0]), tried[1], tried[2]
    over_shards(
        len(rows),
        lambda low, high: _combine(forecasts, rows, at, weights, *band, low, high, out),
    )
