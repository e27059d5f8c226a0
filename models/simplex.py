"""Many small weightings at once: quadratic error on the simplex, pulled towards a parent.

Sixty-four problems are solved side by side in single precision, so that the processor's vector
units do all of it; no problem's answer depends on its neighbours.
"""

from __future__ import annotations

import numpy as np

from models.compiled import compiled
from models.parallel import over_shards
from models.types import Singles

LANES = 64
STEEPEST = 20.0


@compiled
def _load(  # noqa: PLR0917 - compiled code takes plain arrays
    grams: Singles,
    parents: Singles,
    kappa: float,
    low: int,
    stop: int,
    g: Singles,
    w: Singles,
    step: Singles,
    order: Singles,
) -> None:
    """Fill the lanes with problems low..: errors over their median diagonal, weights, steps.

    Lanes past the last problem repeat it. One without errors has no slope: its parent stays.
    """
    n = len(order)
    for lane in range(LANES):
        i = min(low + lane, stop - 1)
        for a in range(n):
            v, j = grams[i, a, a], a
            while j > 0 and order[j - 1] > v:
                order[j] = order[j - 1]
                j -= 1
            order[j] = v
        middle = order[n // 2] if n % 2 else np.float32(0.5) * (order[n // 2 - 1] + order[n // 2])
        inverse, step[lane] = np.float32(0.0), np.float32(0.0)
        if middle > 0:
            inverse = np.float32(1.0) / middle
            step[lane] = 1.0 / (min(order[n - 1] / middle, STEEPEST) + kappa)
        for a in range(n):
            w[a, lane] = parents[i, a]
            for b in range(n):
                g[a, b, lane] = grams[i, a, b] * inverse


@compiled
def _slopes(g: Singles, w: Singles, slope: Singles) -> None:
    """Add g @ w to the slopes of every lane, in a fixed order of additions."""
    n = len(w)
    for a in range(n):
        b = 0
        while b + 3 < n:
            for lane in range(LANES):
                slope[a, lane] += (
                    g[a, b, lane] * w[b, lane] + g[a, b + 1, lane] * w[b + 1, lane]
                ) + (g[a, b + 2, lane] * w[b + 2, lane] + g[a, b + 3, lane] * w[b + 3, lane])
            b += 4
        while b < n:
            for lane in range(LANES):
                slope[a, lane] += g[a, b, lane] * w[b, lane]
            b += 1


@compiled
def _move(w: Singles, moved: Singles, slope: Singles, step: Singles, total: Singles) -> None:
    """Multiply weights by exp(-step slope), each move within e**-8 and e**8, and normalise.

    The exponential is that of a sixteenth, by its series to the sixth power, to the sixteenth.
    """
    one, least, most = np.float32(1.0), np.float32(-8.0), np.float32(8.0)
    c2, c3, c4 = np.float32(1 / 2), np.float32(1 / 6), np.float32(1 / 24)
    c5, c6, part = np.float32(1 / 120), np.float32(1 / 720), np.float32(1 / 16)
    for lane in range(LANES):
        total[lane] = np.float32(0.0)
    for a in range(len(w)):
        for lane in range(LANES):
            d = min(max(-step[lane] * slope[a, lane], least), most)
            moved[a, lane] += d
            x = d * part
            e = one + x * (one + x * (c2 + x * (c3 + x * (c4 + x * (c5 + x * c6)))))
            e *= e
            e *= e
            e *= e
            e *= e
            w[a, lane] *= e
            total[lane] += w[a, lane]
    for lane in range(LANES):
        total[lane] = one / total[lane]
    for a in range(len(w)):
        for lane in range(LANES):
            w[a, lane] *= total[lane]


@compiled
def _solve(  # noqa: PLR0917 - compiled code takes plain arrays
    grams: Singles,
    parents: Singles,
    kappa: float,
    iterations: int,
    start: int,
    stop: int,
    out: Singles,
) -> None:
    """Fill the weights of problems start..stop-1 by exponentiated gradient."""
    n = parents.shape[1]
    g = np.empty((n, n, LANES), np.float32)
    w, slope = np.empty((n, LANES), np.float32), np.empty((n, LANES), np.float32)
    moved, order = np.empty((n, LANES), np.float32), np.empty(n, np.float32)
    step, total = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    pull = np.float32(kappa)
    for low in range(start, stop, LANES):
        _load(grams, parents, kappa, low, stop, g, w, step, order)
        moved[:] = np.float32(0.0)
        for _ in range(iterations):
            for a in range(n):
                for lane in range(LANES):
                    slope[a, lane] = pull * moved[a, lane]
            _slopes(g, w, slope)
            _move(w, moved, slope, step, total)
        for lane in range(min(LANES, stop - low)):
            for a in range(n):
                out[low + lane, a] = w[a, lane]


def on_simplex(grams: Singles, parents: Singles, kappa: float, iterations: int) -> Singles:
    """Return (N, E) weights near those that minimise w'Gw / 2m + kappa KL(w | parent), per row.

    m is the median of G's diagonal. Exponentiated gradient from the parent for a set number of
    iterations; a row without errors keeps its parent, an expert of weight zero keeps zero.
    """
    out = np.empty(parents.shape, dtype=np.float32)
    over_shards(
        len(grams), lambda low, high: _solve(grams, parents, kappa, iterations, low, high, out)
    )
    return out
