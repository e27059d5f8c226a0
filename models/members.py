"""How much of a category's lead each of its series shows, shrunk as far as the data are noise."""

from __future__ import annotations

import numpy as np

from models.compiled import compiled
from models.panel import Groups
from models.types import Floats, Ints

MAX_GAIN = 3.0
LIKELY_SPREAD = 0.2
SURELY = 2.0
MIN_SPREAD = 0.05


@compiled
def _slopes(  # noqa: PLR0917 - compiled code takes plain arrays
    ratio: Floats, index: Floats, path: Floats, codes: Ints, slope: Floats, noise: Floats
) -> None:
    """Fill slope and White's noise (S,) of departures on what the path did; nan where it did none."""
    n_weeks = ratio.shape[1]
    away, felt = np.empty(n_weeks), np.empty(n_weeks)
    for i in range(len(ratio)):
        g, n, total = codes[i], 0, 0.0
        for t in range(n_weeks):
            away[t] = ratio[i, t] - index[g, t]
            felt[t] = path[g, t] * index[g, t]
            if not np.isnan(away[t]):
                n += 1
                total += away[t]
        power, cross, mean = 0.0, 0.0, total / max(n, 1)
        for t in range(n_weeks):
            if not np.isnan(away[t]):
                power += felt[t] * felt[t]
                cross += felt[t] * (away[t] - mean)
        slope[i] = noise[i] = np.nan
        if power <= 0.0:
            continue
        slope[i], spread = cross / power, 0.0
        for t in range(n_weeks):
            if not np.isnan(away[t]):
                spread += (felt[t] * (away[t] - mean - slope[i] * felt[t])) ** 2
        noise[i] = spread / power**2


def series_gains(ratio: Floats, index: Floats, path: Floats, groups: Groups) -> Floats:
    """Return (S,) by what to multiply the category's effect for each series; 1 where none tells.

    ratio (S, T): demand over its trailing year (nan: not known); index (C, T): that of the
    category; path (C, T): log effect that the lead had on the category each week. A series that
    answers more than its category departs from it in step with the path. How far series differ
    beyond chance is estimated over all of them; each series' own slope counts by that (empirical
    Bayes, normal; White's errors), and not at all where the spread is not clearly above none.
    """
    slope, noise = np.empty(len(ratio)), np.empty(len(ratio))
    _slopes(np.ascontiguousarray(ratio), index, path, groups.codes, slope, noise)
    moved = ~np.isnan(slope)
    slope, noise = np.where(moved, slope, 0.0), np.where(moved, noise, 0.0)
    weight = np.where(moved, 1 / (noise + LIKELY_SPREAD), 0.0)
    total = float(weight.sum())
    if total <= 0:
        return np.ones(len(ratio))
    spread = float((weight * (slope**2 - noise)).sum()) / total
    chance = float(np.sqrt(2 * (weight**2 * noise**2).sum())) / total
    if spread <= SURELY * chance + MIN_SPREAD:
        return np.ones(len(ratio))
    gain = 1.0 + slope * spread / (spread + noise)
    return np.asarray(np.where(moved, np.clip(gain, 0.0, MAX_GAIN), 1.0))
