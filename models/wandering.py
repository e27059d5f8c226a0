"""The state-space model of ``models.statespace`` for all series at once, with phi assumed.

Its gains depend on which weeks are known, not on what they hold: with phi given, series without
missing weeks share one set of gains, and a forecast costs a few multiplications a week. What
statsmodels gives for the same phi, this gives to rounding (tested); what an estimated phi would
add is what the challengers show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.extras import Extra
from models.panel import Grid, Groups
from models.seasonality import Season, harmonics, pooled_season
from models.types import Bools, Floats, Ints, Singles

NAME = "wandering"
CAP, CAP_WEEKS, CAP_KNOWN = 3.0, 26, 8
MIN_KNOWN = 8
TOLD_EVERY = 4


@dataclass(frozen=True, slots=True)
class Pace:
    """phi of what fades, and variances relative to a week's news: drift of the level, each wave.

    ``skew`` times the variance of a week's news is added on the way back from the root: 1 gives
    the mean, 0 the median.
    """

    phi: float = 0.2
    drift: float = 0.003
    wave: float = 0.1
    level: float = 1e4
    skew: float = 0.5


@compiled
def _gains(known: Bools, waves: Floats, pace: Floats, gains: Floats, spread: Floats) -> None:
    """Fill gains (T, 2 + W) and the variance of a week's surprise (T,), 0 where not known.

    ``pace``: phi, drift, wave, level.
    """
    phi, drift, wave, level = pace[0], pace[1], pace[2], pace[3]
    size = gains.shape[1]
    p = np.zeros((size, size))
    p[0, 0] = 1.0 / (1.0 - phi * phi)
    p[1, 1] = level
    for a in range(2, size):
        p[a, a] = wave
    pz = np.empty(size)
    for t in range(len(known)):
        gains[t] = 0.0
        spread[t] = 0.0
        if known[t]:
            f = 0.0
            for a in range(size):
                total = p[a, 0] + p[a, 1]
                for b in range(2, size):
                    total += p[a, b] * waves[t, b - 2]
                pz[a] = total
                f += total * (1.0 if a < 2 else waves[t, a - 2])
            for a in range(size):
                gains[t, a] = pz[a] / f
                for b in range(size):
                    p[a, b] -= pz[a] * pz[b] / f
            spread[t] = f
        for a in range(1, size):
            p[0, a] *= phi
            p[a, 0] *= phi
        p[0, 0] = phi * phi * p[0, 0] + 1.0
        p[1, 1] += drift


@compiled
def _top(y: Floats, week: int) -> float:
    """Return the most that a week may count: three times the largest of the 26 before it."""
    top, n = 0.0, 0
    for t in range(max(0, week - CAP_WEEKS), week):
        if not np.isnan(y[t]):
            n += 1
            top = max(top, y[t])
    return CAP * top if n >= CAP_KNOWN and top > 0 else np.inf


@compiled
def _rows(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats,
    told: Floats,
    season: Floats,
    origins: Ints,
    gap: int,
    waves: Floats,
    gains: Floats,
    spread: Floats,
    pace: Floats,
    out: Singles,
) -> None:
    """Fill one series' forecasts (O, H); season is (O, T+gap+H), told (T,) that of known weeks."""
    phi, skew = pace[0], pace[4]
    size = gains.shape[1]
    state = np.zeros(size)
    surprise, n, j = 0.0, 0, 0
    for t in range(origins[-1] + 1):
        while j < len(origins) and origins[j] == t:
            if n >= MIN_KNOWN:
                fade = state[0] * phi**gap
                for h in range(out.shape[1]):
                    week = t + gap + h
                    root = fade + state[1]
                    for a in range(2, size):
                        root += waves[week, a - 2] * state[a]
                    root = max(root, 0.0)
                    out[j, h] = (root * root + skew * surprise / n) * season[j, week]
                    fade *= phi
            j += 1
        if t == origins[-1]:
            break
        if not np.isnan(y[t]):
            x = np.sqrt(min(y[t], _top(y, t)) / told[t])
            error = x - state[0] - state[1]
            for a in range(2, size):
                error -= waves[t, a - 2] * state[a]
            for a in range(size):
                state[a] += gains[t, a] * error
            surprise += error * error / spread[t]
            n += 1
        state[0] *= phi


@compiled
def _all_rows(  # noqa: PLR0917 - compiled code takes plain arrays
    y: Floats,
    codes: Ints,
    told: Floats,
    season: Floats,
    origins: Ints,
    gap: int,
    waves: Floats,
    pace: Floats,
    out: Singles,
) -> None:
    """Fill (S, O, H); told is (G, T), season (G, O, T+gap+H)."""
    n_weeks, size = y.shape[1], 2 + waves.shape[1]
    shared, shared_spread = np.empty((n_weeks, size)), np.empty(n_weeks)
    own, own_spread = np.empty((n_weeks, size)), np.empty(n_weeks)
    _gains(np.ones(n_weeks, dtype=np.bool_), waves, pace, shared, shared_spread)
    for i in range(len(y)):
        known = ~np.isnan(y[i])
        gains, spread, g = shared, shared_spread, codes[i]
        if not known.all():
            _gains(known, waves, pace, own, own_spread)
            gains, spread = own, own_spread
        _rows(
            y[i], told[g], season[g], origins, gap, waves, gains, spread, pace, out[i]
        )  # fmt: skip


def seasons_at(season: Season | None, n_groups: int, grid: Grid, span: int) -> Floats:
    """Return (G, O, span) season as seen from each origin; 1 without any or in the first year."""
    if season is None:
        return np.ones((n_groups, len(grid.origins), span))
    told = np.broadcast_to(season.known, grid.origins.shape) & (grid.origins > grid.period)
    return np.where(told[:, None], season.season, 1.0)


def season_told(y: Floats, groups: Groups, period: int) -> Floats:
    """Return (G, T) season of each known week as it was seen at the time, or at a year's end.

    Seen anew every fourth week, counted from the first: the same whatever is known later, and
    whichever origins are asked for.
    """
    n_weeks = y.shape[1]
    seen = np.arange(period + 1, n_weeks + 1, TOLD_EVERY, dtype=np.int64)
    if not len(seen):
        return np.ones((groups.n, n_weeks))
    grid = Grid(seen, 0, period)
    at = seasons_at(pooled_season(y, groups, grid), groups.n, grid, n_weeks)
    week = np.arange(n_weeks)
    row = np.maximum(np.searchsorted(seen, week, side="right") - 1, 0)
    return np.ascontiguousarray(at[:, row, week])


def wandering(
    y: Floats, groups: Groups, grid: Grid, season: Season | None = None, pace: Pace | None = None
) -> Extra:
    """Return one expert more for y (S, T): forecasts at the grid's inner origins and cutoff.

    ``season`` is the pooled one of the same panel on the same grid. Past the first year, demand is taken over the
    season as it was seen at the time, and series learn waves of their own beside it; None: their
    own waves alone. A forecast at an origin depends on the weeks before it and on nothing else,
    not on the other origins of the grid. nan: fewer than 8 weeks known.
    """
    pace = pace or Pace()
    n_weeks = y.shape[1]
    span = n_weeks + grid.gap + grid.horizon
    shown = seasons_at(season, groups.n, grid, span)
    plain = np.ones((groups.n, n_weeks))
    out = np.full((len(y), len(grid.origins), grid.horizon, 1), np.nan, dtype=np.float32)
    waves = np.sqrt(2.0) * harmonics(span, grid.period)
    first = int(np.searchsorted(grid.origins, grid.period, side="right"))
    told = plain if season is None else season_told(y, groups, grid.period)
    values = np.array([pace.phi, pace.drift, pace.wave, pace.level, pace.skew])
    for part, weeks, own in (
        (slice(first), plain, waves[:, :0]),
        (slice(first, None), told, waves),
    ):
        origins = grid.origins[part]
        if len(y) and len(origins):
            made = np.full((len(y), len(origins), grid.horizon), np.nan, dtype=np.float32)
            _all_rows(
                np.ascontiguousarray(y), groups.codes, weeks, np.ascontiguousarray(shown[:, part]),
                origins, grid.gap, np.ascontiguousarray(own), values, made,
            )  # fmt: skip
            out[:, part, :, 0] = made
    return Extra((NAME,), out)
