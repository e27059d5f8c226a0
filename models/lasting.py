"""Leads that last: demand that keeps what the signal's news added, or took, week after week.

The usual lead passes: demand of one week is higher or lower, and that is all. Where demand itself
is near a random walk (a level, not a rate about a mean), a signal's news may move it for good:
the change of log demand, not its deviation, follows the signal's departure u from its own smoothed
past, y[t] - y[t-1] = b u[t - lag]; the smoothing lets the answer build up over several weeks (Box
and Jenkins' transfer function of first order, for a signal that stays where it went). Which of the
two a lead is, is asked of the past: both predict the errors of a plain smoothed level, up to the
lead ahead, with coefficients learnt on weeks before, and a lead lasts only where that is clearly
the better of the two, for the category itself or for all together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.seasonality import harmonics
from models.types import Bools, Floats, Ints

SMOOTHING = (1.0, 0.5, 0.25, 0.1)
LEVELS = (0.1, 0.3, 1.0)
PASSING_LEVEL = 0.1
WARM_WEEKS, JUDGED_FROM = 16, 40
CLEARLY = 3.5
CHANCE = 2.4


@dataclass(frozen=True, slots=True)
class Lasting:
    """How a lead of one lag acts in C categories, and pooled over them, last: all (C+1,).

    lasts: whether it moves demand for good; form: which of ``SMOOTHING`` tells best. effect, se
    (forms, C+1): change of log demand a week per unit of departure.
    """

    lag: int
    period: int
    lasts: Bools
    form: Ints
    effect: Floats
    se: Floats

    def paths(self, signal: Floats, scope: int, reach: tuple[int, int], origins: Ints) -> Floats:
        """Return (O, H) by how much a signal (1, T) moves demand, per unit of a scope's effect.

        ``reach``: horizons, and weeks of gap before the first; origins (O,) count weeks known.
        """
        alpha = SMOOTHING[self.form[scope]]
        u = departures_from(unseasoned(signal, self.period), alpha)
        kept = float(persistence(u, alpha)[0])
        return np.array([lasting_path(u[0, :o], kept, self.lag, *reach) for o in origins.tolist()])


def unseasoned(z: Floats, period: int) -> Floats:
    """Return (N, T) rows less a yearly wave as far as their changes show one; nan stays.

    Fitted to levels, a wave would take much of what a random walk did (Nelson and Kang 1981). It is
    shrunk by how little more than chance it explains (James and Stein 1961).
    """
    change = np.diff(z, axis=1)
    told = ~np.isnan(change)
    waves = harmonics(z.shape[1], period)
    x = np.column_stack([np.ones(z.shape[1] - 1), np.diff(waves, axis=0)])
    gram = np.einsum("nt,tp,tq->npq", told.astype(np.float64), x, x) + 1e-3 * np.eye(x.shape[1])
    filled = np.where(told, change, 0.0)
    moment = filled @ x
    weight = np.linalg.solve(gram, moment[:, :, None])[:, :, 0]
    drift = moment[:, 0] ** 2 / np.maximum(told.sum(axis=1), 1)
    explained = np.maximum((weight * moment).sum(axis=1) - drift, 0.0)
    rest = np.maximum((filled**2).sum(axis=1) - drift - explained, 0.0)
    chance = CHANCE * waves.shape[1] * rest / np.maximum(told.sum(axis=1) - x.shape[1], 1)
    trust = np.maximum(1 - chance / np.maximum(explained, 1e-300), 0.0)
    return np.asarray(z - (trust[:, None] * weight[:, 1:]) @ waves.T)


@compiled
def _smooth(z: Floats, alpha: float, out: Floats) -> None:
    """Fill out (N, T) with running levels; a week that is not known keeps the level."""
    for i in range(z.shape[0]):
        level = np.nan
        for t in range(z.shape[1]):
            v = z[i, t]
            if not np.isnan(v):
                level = v if np.isnan(level) else level + alpha * (v - level)
            out[i, t] = level


def smoothed(z: Floats, alpha: float) -> Floats:
    """Return (N, T) exponentially smoothed levels of rows, each week included; nan where none."""
    out = np.empty(z.shape)
    _smooth(np.ascontiguousarray(z), alpha, out)
    return out


def departures_from(x: Floats, alpha: float) -> Floats:
    """Return (N, T) departures of rows from their smoothed level of the week before, or 0."""
    level = smoothed(x, alpha)
    before = np.concatenate([np.full((len(x), 1), np.nan), level[:, :-1]], axis=1)
    out = np.nan_to_num(x - before)
    out[:, :WARM_WEEKS] = 0.0
    return np.asarray(out)


def persistence(u: Floats, alpha: float) -> Floats:
    """Return (N,) how much of a departure is left a week later: 1 - alpha if the signal stays."""
    power = (u[:, :-1] ** 2).sum(axis=1)
    kept = (u[:, 1:] * u[:, :-1]).sum(axis=1) / np.maximum(power, 1e-300)
    return np.asarray(np.clip(kept, 0.0, 1.0 - alpha))


def lasting_path(u: Floats, kept: float, lag: int, horizon: int, gap: int) -> Floats:
    """Return (H,) departures summed from the first week to come; beyond the lead they die out.

    What became known reaches ``lag`` weeks; of later departures, only what is left of the last.
    """
    ahead = u[-1] * kept ** np.arange(1, gap + horizon + 1)
    known = np.concatenate([np.zeros(max(lag - len(u), 0)), u[max(len(u) - lag, 0) :], ahead])
    return np.asarray(np.cumsum(known)[gap : gap + horizon])


def _ahead(z: Floats, lag: int) -> Floats:
    """Return (N, T, lag) values 1 .. lag weeks after each week, nan where not known."""
    out = np.full((*z.shape, lag), np.nan)
    for h in range(1, lag + 1):
        out[:, : z.shape[1] - h, h - 1] = z[:, h:]
    return out


def _level_errors(z: Floats, lag: int) -> Floats:
    """Return (N, T, lag) errors 1 .. lag weeks ahead of each row's best plain smoothed level."""
    after = _ahead(z, lag)
    errors = np.stack([after - smoothed(z, alpha)[:, :, None] for alpha in LEVELS])
    errors[:, :, :WARM_WEEKS] = np.nan
    best = np.nansum(errors**2, axis=(2, 3)).argmin(axis=0)
    return np.asarray(errors[best, np.arange(len(z))])


def _passing_paths(x: Floats, lag: int) -> Floats:
    """Return (N, T, lag) the signal that reaches 1 .. lag weeks ahead, less what is felt."""
    felt = smoothed(x, PASSING_LEVEL)
    felt = np.concatenate([np.full((len(x), lag), np.nan), felt[:, :-lag]], axis=1)
    reach = [np.concatenate([np.full((len(x), lag - h), np.nan), x[:, : x.shape[1] - lag + h]], 1)
             for h in range(1, lag + 1)]  # fmt: skip
    paths = np.nan_to_num(np.stack(reach, axis=-1) - felt[:, :, None])
    paths[:, :WARM_WEEKS] = 0.0
    return paths


def _lasting_paths(u: Floats, lag: int) -> Floats:
    """Return (N, T, lag) departures that reach 1 .. lag weeks ahead, summed."""
    reach = [np.concatenate([np.zeros((len(u), lag - h)), u[:, : u.shape[1] - lag + h]], axis=1)
             for h in range(1, lag + 1)]  # fmt: skip
    return np.cumsum(np.stack(reach, axis=-1), axis=-1)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Losses (N, T) of one-ahead-learnt predictions, and the last coefficients (N,) with errors."""

    loss: Floats
    effect: Floats
    se: Floats


def _fit(errors: Floats, paths: Floats) -> _Fit:
    """Predict errors (N, T, lag) by paths, with coefficients from what was known each week."""
    lag = errors.shape[2]
    told = ~np.isnan(errors)
    e, p = np.where(told, errors, 0.0), np.where(told, paths, 0.0)
    cross, power = np.zeros(e.shape[:2]), np.zeros(e.shape[:2])
    for h in range(1, lag + 1):  # the error h weeks ahead of a week is known h weeks later
        cross[:, h:] += (e * p)[:, :-h, h - 1]
        power[:, h:] += (p**2)[:, :-h, h - 1]
    cross, power = np.cumsum(cross, axis=1), np.maximum(np.cumsum(power, axis=1), 1e-300)
    learnt = cross / power
    loss = ((e - learnt[:, :, None] * p) ** 2).sum(axis=2)
    effect = learnt[:, -1]
    scores = ((e - effect[:, None, None] * p) * p).sum(axis=2)
    return _Fit(loss, effect, np.sqrt(_long_run(scores, lag)) / power[:, -1])


def _long_run(scores: Floats, lag: int) -> Floats:
    """Return (N,) variances of sums of scores that overlap by ``lag`` weeks (Newey and West)."""
    total = (scores**2).sum(axis=1)
    for step in range(1, lag):
        overlap = (scores[:, step:] * scores[:, :-step]).sum(axis=1)
        total = total + 2 * (1 - step / lag) * overlap
    return np.asarray(np.maximum(total, 1e-300))


def _less(loss: Floats, other: Floats, lag: int) -> Bools:
    """Return (C+1,) where one loss is clearly less than another; the pool, last, speaks for all.

    Where the pool's is, a category's need only be less.
    """
    saved = (other - loss)[:, JUDGED_FROM:]
    total = saved.sum(axis=1)
    away = saved - saved.mean(axis=1, keepdims=True)
    clear = total > CLEARLY * np.sqrt(_long_run(away, lag))
    return np.asarray(clear | (clear[-1] & (total > 0)))


def _with_all(parts: Floats) -> Floats:
    """Return (C+1, T, ...) rows with their sum over categories appended."""
    return np.concatenate([parts, parts.sum(axis=0, keepdims=True)])


def lasting(demand: Floats, signal: Floats, lag: int, period: int) -> Lasting:
    """Return how a lead of ``lag`` weeks acts, from log demand (C, T) and the signal (C, T)."""
    c, t = demand.shape
    if t <= JUDGED_FROM + 2 * lag:
        none = np.zeros((len(SMOOTHING), c + 1))
        return Lasting(lag, period, none[0] > 0, none[0].astype(np.int64), none, none + np.inf)
    z, x = unseasoned(demand, period), unseasoned(signal, period)
    errors = _level_errors(z, lag)
    passing = _with_all(_fit(errors, _passing_paths(x, lag)).loss)
    without = _with_all(np.nan_to_num(errors**2).sum(axis=2))
    fits = [_fit(errors, _lasting_paths(departures_from(x, a), lag)) for a in SMOOTHING]
    losses = np.stack([_with_all(fit.loss) for fit in fits])
    best: Ints = losses[:, :, JUDGED_FROM:].sum(axis=2).argmin(axis=0)
    loss = losses[best, np.arange(c + 1)]
    lasts = _less(loss, passing, lag) & _less(loss, without, lag)
    effect, se = (np.array(part) for part in zip(*map(_pooled, fits), strict=True))
    return Lasting(lag, period, lasts, best, effect, se)


def _pooled(fit: _Fit) -> tuple[Floats, Floats]:
    """Return (C+1,) effects and standard errors, the precision-weighted mean last."""
    known = np.isfinite(fit.se) & (fit.se > 0)
    weight = np.where(known, 1 / np.where(known, fit.se, 1.0) ** 2, 0.0)
    total = max(float(weight.sum()), 1e-300)
    mean = float((weight * fit.effect).sum()) / total
    return np.append(fit.effect, mean), np.append(fit.se, total**-0.5)
