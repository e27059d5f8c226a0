"""What promotions of some series take from the others: shoppers switch, a category grows by less.

If all that a promotion sells were taken from other series, as shares of a fixed total are, demand
of every series would be divided by the mean multiplier of those that compete. How far it is, is a
power between 0 (nothing is taken) and 1 (everything): told by weekly sums of demand over what own
promotions explain, regressed on the log of that mean multiplier, both less their local level, once
for the category and once for the whole panel. Both powers are common to all categories, with a
prior about 0; weeks are the observations, so a panel's thousands of series are no illusion of
certainty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.holidays import about_local_level
from models.panel import Groups, group_sums, one_group
from models.types import Floats

PRIOR_SD = 0.5
MIN_WEEKS = 20
TRUSTED = 1.0
RECENT_WEEKS = 26
LEAST_SD = 0.01
FAR = 4.0


@dataclass(frozen=True, slots=True)
class Rivalry:
    """Powers in [-1, 0] of the mean multiplier of a category, and of the panel."""

    category: float
    panel: float

    @property
    def acts(self) -> bool:
        """Whether anything is taken from anybody."""
        return self.category != 0.0 or self.panel != 0.0


def _weights(y: Floats, m: Floats, n: int) -> Floats:
    """Return (S, n) driver-free demand: each series' mean where it is known, and after the end."""
    n_weeks = y.shape[1]
    clean = y / m[:, :n_weeks]
    seen = ~np.isnan(clean)
    mean = np.where(seen, clean, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    there = np.ones((len(y), n), dtype=bool)
    there[:, :n_weeks] = seen
    there[:, n_weeks:] = seen[:, -RECENT_WEEKS:].any(axis=1, keepdims=True)
    return np.where(there, mean[:, None], 0.0)


def _mean_log(m: Floats, weight: Floats, groups: Groups) -> Floats:
    """Return (G, N) log of the mean multiplier of each group, 0 where nobody is there."""
    over = np.nan_to_num(group_sums(weight * m, groups))
    under = np.nan_to_num(group_sums(weight, groups))
    there = (over > 0) & (under > 0)
    return np.log(np.where(there, over, 1.0) / np.where(there, under, 1.0))


def _unexplained(y: Floats, m: Floats, weight: Floats, groups: Groups) -> Floats:
    """Return (G, T) log of demand over what own promotions explain, nan where there is none."""
    n_weeks = y.shape[1]
    told = weight[:, :n_weeks] * m[:, :n_weeks]
    sold = group_sums(np.where(told > 0, y, np.nan), groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        log = np.log(sold / group_sums(np.where(told > 0, told, np.nan), groups))
    return np.where(np.isfinite(log), log, np.nan)


def rivalry(y: Floats, m: Floats, groups: Groups) -> Rivalry:
    """Return how much promotions take from others, told by demand y (S, T) and m (S, >= T)."""
    n_weeks = y.shape[1]
    if n_weeks < MIN_WEEKS or not (m[:, :n_weeks] != 1).any():
        return Rivalry(0.0, 0.0)
    m = m[:, :n_weeks]
    weight = _weights(y, m, n_weeks)
    everything = one_group(len(y))
    panel = _power(y, m, weight, everything)
    if groups.n == 1:
        return Rivalry(0.0, panel)
    whole = np.exp(panel * _mean_log(m, weight, everything))
    left = _power(y, m * whole, weight, groups, m)
    return Rivalry(max(left, -1.0 - panel), panel)


def _power(
    y: Floats, m: Floats, weight: Floats, groups: Groups, own: Floats | None = None
) -> float:
    """Return the power in [-1, 0] to which the groups' mean multiplier enters their demand.

    ``m``: all that is explained so far; ``own``: the multipliers of own promotions, where they are
    not ``m``. A power that is not one standard error from 0 is 0.
    """
    log = _unexplained(y, m, weight, groups)
    means = _mean_log(m if own is None else own, weight, groups)
    score, size, weekly = 0.0, 0.0, np.zeros(y.shape[1])
    for row, mean in zip(log, means, strict=True):
        known = (~np.isnan(row)).astype(np.float64)
        if known.sum() < MIN_WEEKS:
            continue
        away = about_local_level(np.nan_to_num(row)[None], known)[0]
        rival = about_local_level(mean[None], known)[0] * known
        middle = 1.4826 * float(np.median(np.abs(away[known > 0])))
        noise = max(middle, LEAST_SD) ** 2
        told = np.clip(away, -FAR * middle, FAR * middle) * rival / noise
        score, size, weekly = score + told.sum(), size + (rival @ rival) / noise, weekly + told
    if size <= 0:
        return 0.0
    slope, sd = score / size, max(float(np.sqrt((weekly**2).sum())) / size, 1e-6)
    if abs(slope) <= TRUSTED * sd:
        return 0.0
    return float(np.clip(slope / (1 + (sd / PRIOR_SD) ** 2), -1.0, 0.0))


def taken(
    y: Floats, m: Floats, groups: Groups, found: Rivalry, shown: Floats | None = None
) -> Floats:
    """Return (S, N) by what the promotions of others, and its own, lower each series' demand.

    ``shown`` (S, N): multipliers of the promotions that count, where they are not all of ``m``.
    """
    weight, shown = _weights(y, m, m.shape[1]), m if shown is None else shown
    out = found.category * _mean_log(shown, weight, groups)[groups.codes]
    out = out + found.panel * _mean_log(shown, weight, one_group(len(y)))
    return np.asarray(np.exp(out))
