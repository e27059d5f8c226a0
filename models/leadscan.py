"""Running sums of lead scores over weeks, lags, categories and their pool, in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.types import Floats, Ints


@dataclass(frozen=True, slots=True)
class Scan:
    """As of each week (K, C+1, T), the pool last, at the lag of the largest statistic or as told.

    place: that lag less 1; t: statistic with null imposed, weeks as clusters; effect, se:
    regression through the origin, White's error; used: weeks with any score. own, own_se (E, K, C,
    L): effects at every lag after the weeks asked for.
    """

    place: Ints
    t: Floats
    effect: Floats
    se: Floats
    used: Ints
    own: Floats
    own_se: Floats


@compiled
def _add(scores: Floats, powers: Floats, sums: Floats) -> int:
    """Add one week's scores and powers (L,) to sums (3, L); 1 where any score says something."""
    said = 0
    for j in range(len(scores)):
        if scores[j] != 0.0:
            said = 1
        sums[0, j] += scores[j]
        sums[1, j] += scores[j] * scores[j]
        sums[2, j] += powers[j]
    return said


@compiled
def _largest(sums: Floats) -> int:
    """Return the place of the largest statistic, the first of equals."""
    best, most = 0, -1.0
    for j in range(sums.shape[1]):
        t = abs(sums[0, j]) / np.sqrt(max(sums[1, j], 1e-300))
        if t > most:
            best, most = j, t
    return best


@compiled
def _scan(  # noqa: PLR0917 - compiled code takes plain arrays
    target: Floats, source: Floats, inverse: Floats, place: Ints, out: Floats, used: Ints,
    kept: Floats, ends: Ints,
) -> None:  # fmt: skip
    """Scan one signal: fill place (where -1) and used (C+1, T), out (3, C+1, T), kept sums."""
    n_rows, n_weeks = place.shape
    depth = kept.shape[3]
    sums, seen = np.zeros((n_rows, 3, depth)), np.zeros(n_rows, dtype=np.int64)
    scores, powers = np.zeros((n_rows, depth)), np.zeros((n_rows, depth))
    for week in range(n_weeks):
        scores[n_rows - 1], powers[n_rows - 1] = 0.0, 0.0
        for row in range(n_rows - 1):
            for j in range(min(week, depth)):
                x = source[row, week - j - 1] * inverse[row, week]
                scores[row, j], powers[row, j] = target[row, week] * x, x * x
                scores[n_rows - 1, j] += scores[row, j]
                powers[n_rows - 1, j] += powers[row, j]
        for row in range(n_rows):
            seen[row] += _add(scores[row], powers[row], sums[row])
            used[row, week] = seen[row]
            if place[row, week] < 0:
                place[row, week] = _largest(sums[row])
            j = place[row, week]
            root, power = np.sqrt(sums[row, 1, j]), max(sums[row, 2, j], 1e-300)
            out[0, row, week] = sums[row, 0, j] / max(root, 1e-150)
            out[1, row, week] = sums[row, 0, j] / power
            out[2, row, week] = root / power
        for e in range(len(ends)):
            if ends[e] == week + 1:
                kept[e] = sums[: n_rows - 1]


def scan(
    target: Floats,
    source: Floats,
    inverse: Floats,
    lags: Ints,
    *,
    ends: Ints | None = None,
    place: Ints | None = None,
) -> Scan:
    """Return running results of source (K, C, T) at lags 1 .. ``lags`` (K,) against target.

    ``inverse``: by what the source is multiplied in each week of the target (1 / its noise);
    ``place`` (K, C+1, T) tells the lag to read at; without, it is that of the largest statistic.
    Nothing of a week reads a later one. A tie goes to the shorter lag.
    """
    k, c, t = source.shape
    after = np.zeros(0, dtype=np.int64) if ends is None else ends
    where = np.full((k, c + 1, t), -1) if place is None else place.astype(np.int64)
    out, used = np.zeros((k, 3, c + 1, t)), np.zeros((k, c + 1, t), dtype=np.int64)
    own = np.zeros((2, len(after), k, c, int(lags.max())))
    y, x, scale = (
        np.ascontiguousarray(np.broadcast_to(a, source.shape)) for a in (target, source, inverse)
    )
    for i, most in enumerate(lags.tolist()):
        kept = np.zeros((len(after), c, 3, most))
        _scan(y[i], x[i], scale[i], where[i], out[i], used[i], kept, after)
        power = np.maximum(kept[:, :, 2], 1e-300)
        own[0, :, i, :, :most] = kept[:, :, 0] / power
        own[1, :, i, :, :most] = np.sqrt(kept[:, :, 1]) / power
    return Scan(where, out[:, 0], out[:, 1], out[:, 2], used, own[0], own[1])
