"""How much the feasts of a calendar move demand: pooled over panel and category.

Effects are a ridge regression of the log index of demand on the exposures of feasts, both less
their own local level (Robinson 1988), with one prior variance that maximises the marginal
likelihood: where feasts tell nothing it is zero and so are the effects. A feast seen once has half
of that variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.panel import Groups, group_sums, one_group
from models.seasonality import relative, trailing_mean
from models.types import Floats

REACH = 6
MIN_WEEKS = 20
OVERDISPERSION = 0.1
FLOOR_SD = 0.01
MAX_LOG = 0.9
SPREADS = (0.0, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.25, 0.4)


def about_local_level(values: Floats, known: Floats) -> Floats:
    """Return rows less the mean of the known weeks around each; rows (R, T), known (T,)."""
    n = values.shape[1]
    apart = np.abs(np.arange(n)[:, None] - np.arange(n)[None])
    near = np.where((apart <= REACH) & (apart > 0), 1.0 - apart / (REACH + 1), 0.0) * known[None]
    total = near.sum(axis=1)
    around = np.einsum("tu,ru->rt", near, values) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, values - around, 0.0)


def log_index(y: Floats, groups: Groups, period: int) -> Floats:
    """Return (G, T) logs of mean demand relative to each series' own year; nan where unknown."""
    ratio, mean = relative(y, period), trailing_mean(y, period)
    weight = np.where(np.isnan(ratio), np.nan, mean / (1 + OVERDISPERSION * mean))
    with np.errstate(invalid="ignore", divide="ignore"):
        index = group_sums(ratio * weight, groups) / group_sums(weight, groups)
        return np.asarray(np.log(np.maximum(index, 0.05)))


def _noise(away: Floats, x: Floats) -> float:
    """Return the robust variance of weeks that no feast touches, at least FLOOR_SD squared."""
    plain = np.abs(x).sum(axis=0) < 0.2
    values = away[plain] if plain.sum() >= 10 else away
    middle = float(np.median(np.abs(values)))
    return max((1.4826 * middle) ** 2, float(np.mean(np.minimum(values**2, 9 * middle**2))),
               FLOOR_SD**2)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """One index about its local level, turned to the axes along which feasts move it.

    ``size``: variance of feasts along each axis per unit of prior variance; ``turned``: the index
    along them; ``back`` (J, T): from there to effects.
    """

    size: Floats
    turned: Floats
    back: Floats
    noise: float

    def evidence(self, spread: float) -> float:
        """Return the log likelihood, but for a constant, where effects have this variance."""
        cover = self.noise + spread * self.size
        return float(-0.5 * (np.log(cover) + self.turned**2 / cover).sum())

    def effects(self, spread: float) -> Floats:
        """Return (J,) posterior mean effects."""
        return spread * (self.back @ (self.turned / (self.noise + spread * self.size)))


def _row(away: Floats, x: Floats, times: Floats) -> _Row:
    """Return the row of an index (T,), exposures (J, T) and relative prior variances (J,)."""
    size, axes = np.linalg.eigh((x.T * times) @ x)
    return _Row(np.maximum(size, 0.0), axes.T @ away, (times[:, None] * x) @ axes, _noise(away, x))


def _fit(index: Floats, x: Floats, times: Floats) -> Floats:
    """Return (R, J) effects on the rows of an index (R, T), with one prior variance for all."""
    out = np.zeros((len(index), len(x)))
    rows: dict[int, _Row] = {}
    for r, values in enumerate(index):
        use = ~np.isnan(values)
        if use.sum() >= MIN_WEEKS:
            known = use.astype(np.float64)
            away = about_local_level(np.nan_to_num(values)[None], known)[0, use]
            rows[r] = _row(away, about_local_level(x, known)[:, use], times)
    if not rows:
        return out
    likely = [sum(row.evidence(sd**2) for row in rows.values()) for sd in SPREADS]
    best = SPREADS[int(np.argmax(likely))]
    for r, row in rows.items():
        out[r] = row.effects(best**2)
    return out


def feast_effects(y: Floats, feasts: Floats, groups: Groups, period: int) -> Floats:
    """Return (G, J) log effects of feasts, told by demand y (S, T): categories shrunk to panel.

    ``feasts`` (J, >= T) are exposures; y is demand with the effects of promotions taken out.
    """
    n_weeks = y.shape[1]
    if not len(feasts) or n_weeks < MIN_WEEKS:
        return np.zeros((groups.n, len(feasts)))
    x = feasts[:, :n_weeks]
    happened = x.sum(axis=1)
    times = np.clip(happened / 2, 0.0, 1.0)
    panel = _fit(log_index(y, one_group(len(y)), period), x, times)[0]
    if groups.n == 1:
        return np.asarray(panel[None])
    left = log_index(y, groups, period) - (panel @ x)[None]
    return np.asarray(panel[None] + _fit(left, x, times))


def feast_multipliers(effects: Floats, feasts: Floats) -> Floats:
    """Return (G, N) by what feasts multiply demand."""
    return np.asarray(np.exp(np.clip(effects @ feasts, -MAX_LOG, MAX_LOG)))
