"""What experts' past errors say: weighted Gram matrices of them, and weighted sums of experts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from models.compiled import compiled
from models.parallel import over_shards
from models.types import Bools, Floats, Ints, Singles

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
def _gram(  # noqa: PLR0917 - compiled code takes plain arrays
    forecasts: Singles,
    rows: Ints,
    at: Ints,
    actual: Floats,
    scale: Floats,
    decay: Floats,
    pairs: Ints,
    weights: Singles,
    power: float,
    start: int,
    stop: int,
    out: Singles,
) -> None:
    """Fill the Gram matrices (E, E) of series start..stop-1 from their scaled errors at pairs.

    Pairs (R, 2) are of origin and horizon. What a series does not know has error and weight zero.
    """
    n_experts, n = forecasts.shape[3], len(pairs)
    errors, weighted = np.empty((n_experts, n), np.float32), np.empty((n_experts, n), np.float32)
    combined, size = np.empty(n, np.float32), np.empty(n, np.float32)
    bend = np.float32(power - 2.0)
    for i in range(start, stop):
        inverse, made = np.float32(1.0 / scale[i]), forecasts[rows[i]]
        for r in range(n):
            j, h = pairs[r, 0], pairs[r, 1]
            y = np.float32(actual[i, j, h])
            told = not (np.isnan(y) or np.isnan(made[at[j], h, 0]))
            size[r] = decay[j, h] if told else np.float32(0.0)
            for e in range(n_experts):
                errors[e, r] = (made[at[j], h, e] - y) * inverse if told else np.float32(0.0)
        combined[:] = np.float32(0.0)
        for e in range(n_experts):
            w = weights[i, e]
            for r in range(n):
                combined[r] += w * errors[e, r]
        for r in range(n):
            away = max(abs(combined[r]), np.float32(LEAST_ERROR))
            size[r] = size[r] / away if power == 1.0 else size[r] * away**bend
        for e in range(n_experts):
            for r in range(n):
                weighted[e, r] = size[r] * errors[e, r]
        out[i] = np.dot(weighted, errors.T)


def known_in(trials: Trials, band: tuple[int, int]) -> Ints:
    """Return (R, 2) origins and horizons of a band that any series knows, origin by origin."""
    known: Bools = np.asarray((~np.isnan(trials.actual)).any(axis=0))
    known[:, : band[0]] = known[:, band[1] :] = False
    return np.argwhere(known)


def grams_of(trials: Trials, pairs: Ints, weights: Singles, power: float) -> Singles:
    """Return each series' (S, E, E) Gram matrix of scaled expert errors at pairs (``known_in``).

    Rows count by decay * max(|combined error|, .2)^(power - 2), combined with weights (S, E). The
    errors themselves are never kept: of many series they would be the largest array of all.
    """
    t, forecasts = trials, np.ascontiguousarray(trials.forecasts)
    n_series, n_experts = weights.shape
    out = np.zeros((n_series, n_experts, n_experts), dtype=np.float32)

    def work(low: int, high: int) -> None:
        _gram(
            forecasts, t.rows, t.at, t.actual, t.scale, t.decay, pairs, weights, power,
            low, high, out,
        )  # fmt: skip

    if len(pairs):
        over_shards(n_series, work)
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
