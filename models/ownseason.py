"""Each series' own Fourier season, drawn to its group's: a year or two of one series is mostly noise.

What stands at an origin comes from weeks before it and is the same, bit for bit, however many weeks
are known after it and whichever other origins are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.panel import Grid, Groups, first_known, group_sums, one_group
from models.parallel import over_shards
from models.seasonality import HARMONICS, RIDGE, harmonics
from models.types import Bools, Floats, Ints

WAVES = 2 * HARMONICS
PANEL_SERIES = 10.0
"""How many series' worth the panel's spread of seasons counts beside a group's own."""


@dataclass(frozen=True, slots=True)
class OwnSeason:
    """Coefficients (S, O, 4) of yearly ``waves`` (T+gap+H, 4): season is 1 + waves @ them."""

    coefficients: Floats
    waves: Floats


@compiled
def _one_fit(  # noqa: PLR0917 - compiled code takes plain arrays
    ratio: Floats, x: Floats, moment: Floats, inverse: Floats, age: int, out: Floats, var: Floats
) -> None:
    """Fill one series' ridge coefficients of its waves (4,) at one origin and their variances.

    Variances grow with the residuals' autocorrelation, and with the share of weeks before the
    series began (which count as average ones).
    """
    n, size = len(ratio), x.shape[1]
    beta = np.zeros(size)
    for a in range(size):
        for b in range(size):
            beta[a] += inverse[a, b] * moment[b]
    power = cross = before = 0.0
    for t in range(n):
        error = ratio[t]
        for a in range(size):
            error -= x[t, a] * beta[a]
        power += error * error
        cross += error * before
        before = error
    rho = min(max(cross / max(power, 1e-12), 0.0), 0.8)
    noise = power / max(n - size, 4) * (1 + rho) / (1 - rho) * min(4.0, n / max(age, 1))
    for a in range(size - 2):
        out[a] = beta[a + 2]
        var[a] = max(noise * inverse[a + 2, a + 2], 1e-9)


@compiled
def _fits(  # noqa: PLR0917 - compiled code takes plain arrays
    ratio: Floats,
    first: Ints,
    x: Floats,
    inverses: Floats,
    origins: Ints,
    start: int,
    stop: int,
    out: Floats,
    var: Floats,
) -> None:
    """Fill coefficients and variances (S, O, 4) of series start..stop-1; ratio nan counts as 1."""
    size = x.shape[1]
    moment, row = np.zeros(size), np.empty(ratio.shape[1])
    for i in range(start, stop):
        moment[:] = 0.0
        t = 0
        for j in range(len(origins)):
            while t < origins[j]:
                row[t] = 1.0 if np.isnan(ratio[i, t]) else ratio[i, t]
                for a in range(size):
                    moment[a] += x[t, a] * row[t]
                t += 1
            age = t - first[i]
            _one_fit(row[:t], x[:t], moment, inverses[j], age, out[i, j], var[i, j])


def _shrunk(beta: Floats, var: Floats, begun: Bools, groups: Groups) -> Floats:
    """Return coefficients drawn to their group's precision-weighted mean by the spread of truths.

    ``begun`` (S, O): series that were there at an origin; others say nothing of its seasons.
    """
    weight = np.where(begun[:, :, None], 1.0 / var, 0.0)
    mass = group_sums(weight, groups)
    mean = (group_sums(weight * beta, groups) / np.maximum(mass, 1e-12))[groups.codes]
    excess = weight * ((beta - mean) ** 2 - var)
    everyone = one_group(len(beta))
    panel = group_sums(excess, everyone) / np.maximum(group_sums(weight, everyone), 1e-12)
    count = np.nan_to_num(group_sums(begun.astype(np.float64), groups))[:, :, None]
    own = group_sums(excess, groups) / np.maximum(mass, 1e-12)
    spread = (count * own + PANEL_SERIES * panel) / (count + PANEL_SERIES)
    spread = np.maximum(spread, 0.0)[groups.codes]
    return np.asarray(mean + (beta - mean) * spread / (spread + var))


def own_season(y: Floats, ratio: Floats, groups: Groups, grid: Grid) -> OwnSeason:
    """Return every series' season as seen from each origin; 1 at origins within the first year.

    ``ratio`` (S, T): demand over its trailing yearly mean (``seasonality.relative``).
    """
    n_series, n_weeks = y.shape
    span = n_weeks + grid.gap + grid.horizon
    waves = harmonics(span, grid.period)
    out = np.zeros((n_series, len(grid.origins), WAVES))
    late = np.flatnonzero(grid.origins > grid.period)
    if not n_series or not len(late):
        return OwnSeason(out, waves)
    x = np.column_stack([np.ones(n_weeks), np.arange(n_weeks) / grid.period - 1.0, waves[:n_weeks]])
    gram = np.cumsum(x[:, :, None] * x[:, None, :], axis=0)
    penalty = RIDGE * np.eye(x.shape[1])
    penalty[0, 0] = 1e-6
    origins = grid.origins[late]
    inverses: Floats = np.asarray(np.linalg.inv(gram[origins - 1] + penalty), dtype=np.float64)
    first, values = first_known(y), np.ascontiguousarray(ratio)
    beta = np.zeros((n_series, len(late), WAVES))
    var = np.ones_like(beta)
    over_shards(
        n_series,
        lambda low, high: _fits(values, first, x, inverses, origins, low, high, beta, var),
    )
    begun = first[:, None] < origins[None, :]
    out[:, late] = _shrunk(beta, var, begun, groups)
    return OwnSeason(out, waves)
