"""How much of a category's lead each of its series shows, shrunk as far as the data are noise."""

from __future__ import annotations

import numpy as np

from models.panel import Groups
from models.types import Floats

MAX_GAIN = 3.0
LIKELY_SPREAD = 0.2
SURELY = 2.0
MIN_SPREAD = 0.05


def series_gains(ratio: Floats, index: Floats, path: Floats, groups: Groups) -> Floats:
    """Return (S,) by what to multiply the category's effect for each series; 1 where none tells.

    ratio (S, T): demand over its trailing year (nan: not known); index (C, T): that of the
    category; path (C, T): log effect that the lead had on the category each week. A series that
    answers more than its category departs from it in step with the path. How far series differ
    beyond chance is estimated over all of them; each series' own slope counts by that (empirical
    Bayes, normal; White's errors), and not at all where the spread is not clearly above none.
    """
    away = ratio - index[groups.codes]
    told = ~np.isnan(away)
    n = np.maximum(told.sum(axis=1, keepdims=True), 1)
    away = np.where(told, away, 0.0)
    away = np.where(told, away - away.sum(axis=1, keepdims=True) / n, 0.0)
    felt = np.where(told, (path * np.nan_to_num(index))[groups.codes], 0.0)
    power = (felt**2).sum(axis=1)
    moved = power > 0
    safe = np.where(moved, power, 1.0)
    slope = (felt * away).sum(axis=1) / safe
    noise = (felt**2 * (away - slope[:, None] * felt) ** 2).sum(axis=1) / safe**2
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
