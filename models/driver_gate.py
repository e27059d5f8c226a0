"""Whether known-future drivers pay, by category: a backtest that estimates as it goes.

At the inner origins of a sample of series the same engine forecasts with and without a part, with
effects estimated from weeks before the block of 13 weeks in which the origin lies. So no week that
is judged chose an effect, and nothing at an origin reads a week after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.base import Base, History, forecast_base
from models.exposures import Drivers, rows_of
from models.holidays import feast_effects, feast_multipliers
from models.notice import Promoted, late, notice, promoted, told_by
from models.panel import Grid, Groups, group_sums
from models.promotions import spread_of
from models.spec import ForecastSpec
from models.types import Bools, Floats, Ints

PARTS = ("promotions", "holidays")
POWERS = (0.5, 0.75, 1.0)
BLOCK_WEEKS = 13
SAMPLE = 240
MIN_SAMPLE = 12
GATE_STRIDE = 4
HALF_LIVES = (13.0, 52.0)
"""Of PARTS: promotions come every few weeks, feasts once a year."""
LEAST_GAIN = 0.003


def promotions_of(y: Floats, drivers: Drivers, groups: Groups) -> Floats:
    """Return (S, N) multipliers of promotions: their own uplift, less what they take from others."""
    return promoted(y, drivers, groups).m()


def effects_of(y: Floats, drivers: Drivers, groups: Groups, period: int) -> tuple[Promoted, Floats]:
    """Return what promotions do, and (P, S, N) multipliers of promotions and feasts."""
    effects = promoted(y, drivers, groups)
    m, calendar = effects.m(), drivers.calendar
    found = feast_effects(y / m[:, : y.shape[1]], calendar, groups, period)
    return effects, np.stack([m, feast_multipliers(found, calendar)[groups.codes]])


def estimated(y: Floats, drivers: Drivers, groups: Groups, period: int) -> Floats:
    """Return (P, S, N) multipliers of promotions and feasts as demand y (S, T) tells them."""
    return effects_of(y, drivers, groups, period)[1]


@dataclass(frozen=True, slots=True)
class _Trial:
    """Multipliers without look-ahead: of history (P, S, T), and ahead of origins (P, S, O, H).

    ``silence`` (K, S, O, H): by what weeks without a told promotion multiply centres where
    promotions are taken to a power of POWERS; None where all are told before any horizon.
    """

    history: Floats
    ahead: Floats
    silence: Floats | None = None

    def lift(self, p: int, k: int) -> Floats:
        """Return (S, O, H) by what part p at power k multiplies centres ahead of origins."""
        out = self.ahead[p] ** POWERS[k]
        return out if p or self.silence is None else np.asarray(out * self.silence[k])


def weeks_ahead(grid: Grid) -> Ints:
    """Return (O, H) the weeks that the grid's origins forecast."""
    return np.asarray(grid.origins[:, None] + grid.gap + np.arange(grid.horizon)[None])


def _trial(y: Floats, drivers: Drivers, groups: Groups, inner: Grid) -> _Trial:
    """Return what was known of the multipliers in each block: effects from weeks before it."""
    weeks = weeks_ahead(inner)
    n_weeks, oldest = y.shape[1], int(inner.origins[0])
    history = np.ones((len(PARTS), *y.shape))
    ahead = np.ones((len(PARTS), len(y), *weeks.shape))
    silence = np.ones((len(POWERS), *ahead.shape[1:])) if late(drivers, inner) else None
    for start in range(oldest, n_weeks, BLOCK_WEEKS):
        end = min(start + BLOCK_WEEKS, n_weeks)
        effects, made = effects_of(y[:, :start], told_by(drivers, start), groups, inner.period)
        begin = 0 if start == oldest else start
        history[:, :, begin:end] = made[:, :, begin:end]
        here = (inner.origins >= start) & (inner.origins < end)
        ahead[:, :, here] = made[:, :, weeks[here]]
        if silence is not None:
            block = replace(inner, origins=inner.origins[here])
            ahead[0][:, here], silence[:, :, here] = _silent(effects, drivers, block, start)
    return _Trial(history, ahead, silence)


def _silent(effects: Promoted, drivers: Drivers, block: Grid, start: int) -> tuple[Floats, Floats]:
    """Return multipliers told by the block's origins (S, O, H), and centres' lifts (K, S, O, H).

    What silence means is told by the weeks before the block.
    """
    m, seen = effects.m(), np.full(len(block.origins), start)
    told, lifts = np.ones(0), []
    for power in reversed(POWERS):
        given = notice(effects, np.full(len(m), power), drivers, m**power, block)
        if given is None:
            raise ValueError("nothing was told late")
        shown, _, centre = given.at(block.origins, seen)
        told = shown if power == 1.0 else told
        lifts.append(centre)
    return told, np.stack(lifts[::-1])


def _sample(acting: Bools, groups: Groups) -> Ints:
    """Return up to SAMPLE rows (at least MIN_SAMPLE of each category) on which drivers act."""
    share = max(MIN_SAMPLE, SAMPLE // max(groups.n, 1))
    picked = []
    for g in range(groups.n):
        rows = np.flatnonzero((groups.codes == g) & acting)
        if len(rows):
            step = np.linspace(0, len(rows) - 1, min(share, len(rows)))
            picked.append(rows[np.unique(step.astype(np.int64))])
    return np.sort(np.concatenate(picked)) if picked else np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Judge:
    """What the gate compares: actual demand (S, O, H), its scale (S,), weeks and categories."""

    actual: Floats
    scale: Floats
    weeks: Ints
    groups: Groups

    def gains(self, without: Floats, with_: Floats, half_life: float) -> tuple[Floats, Floats]:
        """Return (G+1,) gain shares and their variances by week of target; the last is all's.

        Errors are scaled by series; a gain counts where demand and both forecasts are known, half
        for every ``half_life`` weeks that its origin is older than the newest: the effects that
        are used are told by more weeks than those judged, least so than the newest of them.
        """
        scale = self.scale[:, None, None]
        fresh = 0.5 ** ((self.weeks[-1, 0] - self.weeks[:, :1]) / half_life)
        before = np.abs(without - self.actual) / scale * fresh[None]
        better = before - np.abs(with_ - self.actual) / scale * fresh[None]
        known = ~np.isnan(better)
        better, before = np.where(known, better, 0.0), np.where(known, before, 0.0)
        weekly, lost = self._by_week(better), self._by_week(before).sum(axis=1)
        acted = (weekly != 0).any(axis=1) & (lost > 0)
        lost = np.where(acted, lost, np.nan)
        return weekly.sum(axis=1) / lost, (weekly**2).sum(axis=1) / lost**2

    def _by_week(self, values: Floats) -> Floats:
        """Return (G+1, W) sums of (S, O, H) by category and week of target; the last row is all."""
        by_group = np.nan_to_num(group_sums(values, self.groups)).reshape(self.groups.n, -1)
        rows = np.vstack([by_group, by_group.sum(axis=0)])
        flat, n = self.weeks.ravel(), int(self.weeks.max()) + 1
        return np.array([np.bincount(flat, weights=row, minlength=n) for row in rows])


def _chosen(shares: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Return (G,) the power of POWERS that each category gives a part, 0 = none, and its gain.

    ``shares`` and ``variances`` (L, G+1) of the gains by power. A category's gain is weighed
    against the panel's by their noise; it has to be likely, one standard deviation from nothing.
    """
    whole, noise = shares[:, -1:], variances[:, -1:]
    own, own_noise = shares[:, :-1], variances[:, :-1]
    tau2 = spread_of((own - whole).T, np.where(np.isfinite(own), own_noise, np.inf).T)[:, None]
    prior = tau2 + np.nan_to_num(noise)
    weight = np.where(np.isfinite(own), prior / (prior + np.nan_to_num(own_noise)), 0.0)
    gain = weight * np.nan_to_num(own) + (1 - weight) * np.nan_to_num(whole)
    sd = np.sqrt(np.where(weight > 0, weight * np.nan_to_num(own_noise), prior))
    best = gain.argmax(axis=0)
    columns = np.arange(gain.shape[1])
    gain, sd = gain[best, columns], sd[best, columns]
    good = (gain > LEAST_GAIN) & (gain > sd)
    return np.where(good, np.array(POWERS)[best], 0.0), gain


def _inner(y: Floats, groups: Groups, grid: Grid) -> Base:
    spec = ForecastSpec(horizon=grid.horizon, season_weeks=grid.period)
    return forecast_base(History(y, groups, grid.gap), spec, GATE_STRIDE)


def _scale(y: Floats) -> Floats:
    """Return (S,) mean absolute one-week changes, at least a tenth of the mean."""
    change, mean = np.abs(np.diff(y, axis=1)), np.nan_to_num(y).mean(axis=1)
    count = np.maximum((~np.isnan(change)).sum(axis=1), 1)
    least = np.maximum(0.1 * mean, 1e-6)
    return np.asarray(np.maximum(np.nansum(change, axis=1) / count, least))


def gate(y: Floats, drivers: Drivers, groups: Groups, grid: Grid) -> tuple[Floats, Floats]:
    """Return (P, G) to which power each category takes each part, 0 = not at all, and the gains.

    Promotions are judged against nothing, feasts on top of the promotions that are used.
    """
    power = np.zeros((len(PARTS), groups.n))
    gain = np.full((len(PARTS), groups.n), np.nan)
    acting = (drivers.x != 0).any(axis=(0, 2)) | bool(drivers.calendar.any())
    rows = _sample(acting & ~np.isnan(y).all(axis=1), groups)
    if not len(rows):
        return power, gain
    ys, own = y[rows], Groups(groups.codes[rows], groups.n)
    without = _inner(ys, own, grid)
    if not len(without.origins):
        return power, gain
    inner = Grid(without.origins, grid.horizon, grid.period, grid.gap)
    trial = _trial(ys, rows_of(drivers, rows), own, inner)
    judge = _Judge(without.actual, _scale(ys), weeks_ahead(inner), own)
    best, history, ahead = without.inner_centre, np.ones_like(ys), np.ones_like(trial.ahead[0])
    for p in range(len(PARTS)):
        if not (trial.ahead[p] != 1).any():
            continue
        tried = []
        for k, power_k in enumerate(POWERS):
            engine = _inner(ys / (history * trial.history[p] ** power_k), own, grid)
            tried.append(engine.inner_centre * ahead * trial.lift(p, k))
        shares, variances = zip(
            *(judge.gains(best, one, HALF_LIVES[p]) for one in tried), strict=True
        )
        power[p], gain[p] = _chosen(np.array(shares), np.array(variances))
        taken = power[p][own.codes]
        history = history * trial.history[p] ** taken[:, None]
        for k, one in enumerate(tried):
            uses = (taken == POWERS[k])[:, None, None]
            best = np.where(uses, one, best)
            ahead = np.where(uses, ahead * trial.lift(p, k), ahead)
    return power, gain
