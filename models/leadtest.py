"""Does a signal lead demand? Score sequences that are causal week by week.

Every quantity of week t is made with coefficients learnt on weeks before t. Season and trend are
taken off both sides. Of demand then remains what is new each week given its own past, what the
categories share and what each has for itself filtered apart (pre-whitening: Box and Jenkins);
of the signal, how far it departs from its own smoothed past. Both sides are needed: as long as
either is white, their products are without a link martingale differences and the test keeps its
size (Haugh 1976); a filter that is only half right on one side, a level that breaks or a rate
that drifts as exposure grows, would else pass for a lead (Granger and Newbold 1974).

The products' running sums give at once the lead test, the out-of-sample test (Clark and West 2007
for nested forecasts) and the state of both as of every past week. Sums over categories within a
week come first, so errors are clustered by week: categories that share one signal count as one
series, whatever their number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from models.leadscan import Scan, scan
from models.parallel import over_shards
from models.seasonality import harmonics
from models.types import Floats, Ints

WARM_WEEKS = 16
OOS_WEEKS = 44
PANEL_RIDGE, OWN_RIDGE = 1.0, 10.0
AR_POOL_WEEKS, REST_POOL_WEEKS = 26.0, 104.0
CLIP = 4.0
MAX_PARTIAL = 0.98
LEVEL_ALPHA = 0.1


@dataclass(frozen=True, slots=True)
class Sequences:
    """Running results as of each week: K signals, C categories (last row: pooled), T weeks.

    lag: best lag; t, p: lead statistic at it and p over all lags; effect, effect_se: change of log
    demand per unit of the signal; oos_t, oos_p, oos_gain: out of sample; reverse_t: largest
    statistic of demand leading the signal; purged_t: lead statistic of what demand's past does not
    explain of the signal; signal (K, C-1, T): what season and trend leave of it. ``own_effect``,
    ``own_se`` (E, K, C-1, L): at every lag, after ``ends`` (E,) weeks.
    """

    lag: Ints
    t: Floats
    p: Floats
    effect: Floats
    effect_se: Floats
    oos_t: Floats
    oos_p: Floats
    oos_gain: Floats
    reverse_t: Floats
    purged_t: Floats
    signal: Floats
    ends: Ints
    own_effect: Floats
    own_se: Floats

    def first(self, weeks: int) -> Sequences:
        """Return the results of the first weeks alone, one of ``ends``, bit for bit.

        They are views: many cutoffs' results take the memory of the longest.
        """
        place = self.ends.tolist().index(weeks)
        cut = {
            name: getattr(self, name)[..., :weeks]
            for name in self.__slots__
            if name not in {"ends", "own_effect", "own_se"}
        }
        at = slice(place, place + 1)
        return Sequences(
            ends=self.ends[at], own_effect=self.own_effect[at], own_se=self.own_se[at], **cut
        )


def _before(sums: Floats, axis: int) -> Floats:
    """Return running sums of strictly earlier weeks."""
    total = np.cumsum(sums, axis=axis)
    return np.asarray(total - sums)


def _fitted(z: Floats, x: Floats, ridge: float) -> Floats:
    """Return (N, T) one-step-ahead fits of rows z on controls x (T, P), learnt before each week."""
    penalty = ridge * np.eye(x.shape[1])
    penalty[0, 0] = 1e-3
    gram = _before(x[:, :, None] * x[:, None, :], 0) + penalty
    weights = np.linalg.solve(gram, x[:, :, None])[:, :, 0]
    out = np.empty_like(z)

    def work(start: int, stop: int) -> None:
        moments = _before(z[start:stop, :, None] * x[None], 1)
        out[start:stop] = (moments * weights[None]).sum(axis=2)

    over_shards(len(z), work)
    return out


def one_step_residuals(z: Floats, period: int) -> Floats:
    """Return (N, C, T) what season and trend learnt before each week leave of z.

    The season is common to the C categories first, then a shrunk deviation of each; the first
    weeks, and weeks that are nan, are 0: they say nothing.
    """
    n, c, t = z.shape
    waves = harmonics(t, period)
    x = np.column_stack([np.ones(t), (np.arange(t) - period) / period, waves])
    seen = ~np.isnan(z)
    filled = np.where(seen, z, 0.0)
    level = _before(filled.sum(axis=1), 1) / np.maximum(_before(seen.sum(axis=1), 1), 1)
    filled = np.where(seen, z, level[:, None, :])
    common = _fitted(filled.mean(axis=1), x, PANEL_RIDGE)[:, None, :]
    away = (filled - common).reshape(n * c, t)
    rest = (away - _fitted(away, x, OWN_RIDGE)).reshape(n, c, t)
    rest[:, :, :WARM_WEEKS] = 0.0
    return np.where(seen, rest, 0.0)


def lagged(z: Floats, lag: int) -> Floats:
    """Return z moved ``lag`` weeks later along the last axis, zeros before."""
    if lag == 0:
        return z
    out = np.zeros_like(z)
    out[..., lag:] = z[..., :-lag]
    return out


def autoregression(z: Floats, pool_weeks: float = AR_POOL_WEEKS) -> tuple[Floats, Floats]:
    """Return AR(2) coefficients (..., C, T) as of each week, shrunk to the pool of categories.

    Yule and Walker's, by Durbin and Levinson's recursion on bounded partial autocorrelations: the
    filter is stable whatever the series, a straight line or a random walk included.
    """
    one, two = lagged(z, 1), lagged(z, 2)
    weeks = np.maximum(np.arange(z.shape[-1]), 1)
    scale = np.maximum(_before(z**2, -1) / weeks, 1e-12)

    def moment(a: Floats, b: Floats) -> Floats:
        own = _before(a * b, -1) / scale
        pool = own.mean(axis=-2, keepdims=True)
        return np.asarray(own + pool_weeks * pool / weeks)

    power = moment(z, z) + 1.0
    first = np.clip(moment(z, one) / power, -MAX_PARTIAL, MAX_PARTIAL)
    second = moment(z, two) / power
    partial = np.clip((second - first**2) / (1 - first**2), -MAX_PARTIAL, MAX_PARTIAL)
    return first * (1 - partial), partial


def whiten(z: Floats, phi: tuple[Floats, Floats]) -> Floats:
    """Return z filtered with autoregressive coefficients of each week."""
    return np.asarray(z - phi[0] * lagged(z, 1) - phi[1] * lagged(z, 2))


def common_part(z: Floats) -> Floats:
    """Return (N, 1, T) precision-weighted means over the categories that say something."""
    told = z != 0
    variance = _before(z**2, -1) / np.maximum(_before(told.astype(np.float64), -1), 1)
    pool = variance.sum(axis=1, keepdims=True) / np.maximum(
        (variance > 0).sum(axis=1, keepdims=True), 1
    )
    variance = np.where(variance > 0, 0.8 * variance + 0.2 * pool, pool)
    weight = told / np.maximum(variance, 1e-12)
    total = weight.sum(axis=1, keepdims=True)
    mean = (weight * z).sum(axis=1, keepdims=True) / np.where(total > 0, total, 1.0)
    return np.asarray(mean)


def innovations(z: Floats) -> Floats:
    """Return (N, C, T) what is new in z each week, given its own past.

    What categories share and what each has for itself are filtered apart, each with its own
    autoregression: a shock common to many noisy series lasts although none of them shows it. What
    lasts in the remainder is filtered once more: near a random walk the first filter's coefficients
    are too small (Kendall 1954), and the rest that they leave would pass for a lead of any signal
    that wanders.
    """
    common = common_part(z)
    own = np.where(z != 0, z - common, 0.0)
    new = whiten(common, autoregression(common)) + whiten(own, autoregression(own))
    new = np.where(z != 0, new, 0.0)
    new[:, :, :WARM_WEEKS] = 0.0
    return np.where(new != 0, whiten(new, autoregression(new, REST_POOL_WEEKS)), 0.0)


def departures(z: Floats, alpha: float = LEVEL_ALPHA) -> Floats:
    """Return (N, C, T) how far z departs from its own smoothed past: what a forecast may use.

    A forecast's level already contains what the signal's level did. And two series that merely
    drift correlate for no reason (Granger and Newbold 1974); without their drift they do not.
    """
    out, told = np.zeros_like(z), z != 0
    level, count = np.zeros(z.shape[:2]), np.zeros(z.shape[:2])
    for week in range(z.shape[2]):
        now = told[:, :, week]
        away = np.where(now, z[:, :, week] - level, 0.0)
        count += now
        level += np.maximum(alpha, 1 / np.maximum(count, 1)) * away
        out[:, :, week] = away
    out[:, :, :WARM_WEEKS] = 0.0
    return out


def _running_scale(z: Floats) -> Floats:
    """Return standard deviations learnt before each week, 1 while there is nothing."""
    weeks = np.maximum(np.cumsum(_before((z != 0).astype(np.float64), -1) > 0, axis=-1), 1)
    scale = np.sqrt(_before(z**2, -1) / weeks)
    return np.where(scale > 0, scale, 1.0)


def _purged(x: Floats, y: Floats, depth: int) -> Floats:
    """Return (K, C, T) the part of signals x that demand's present and past do not explain.

    Ridge regression on demand 0..depth weeks before, learnt before each week.
    """
    out = np.empty_like(x)

    def work(start: int, stop: int) -> None:
        told, own = y[0, start:stop], x[:, start:stop]
        past = np.stack([lagged(told, m) for m in range(depth + 1)], axis=-1)
        gram = _before(past[..., :, None] * past[..., None, :], 1)
        size = np.trace(gram, axis1=-2, axis2=-1)[..., None, None] / (depth + 1)
        gram += np.eye(depth + 1) * (0.05 * size + 1e-6)
        weights = np.linalg.solve(gram, past[..., None])[..., 0]
        moments = _before(own[..., None] * past[None], 2)
        out[:, start:stop] = own - (moments * weights[None]).sum(axis=-1)

    over_shards(x.shape[1], work)
    return out


def sequences(
    demand: Floats, signals: Floats, max_lags: Ints, period: int, ends: Ints | None = None
) -> Sequences:
    """Return test results as of each week for log demand (C, T) and signals (K, C, T).

    ``max_lags`` (K,) bounds the leads looked for. Lags of 1 week and more only. Effects at every
    lag are those after ``ends`` weeks, the last week where none are told.
    """
    after = np.array([demand.shape[1]]) if ends is None else ends
    y = one_step_residuals(demand[None], period)
    x = one_step_residuals(signals, period)
    innovation, u = innovations(y), departures(x)
    sigma = _running_scale(innovation)
    e = np.clip(innovation / sigma, -CLIP, CLIP)
    lead = scan(e, u, 1 / sigma, max_lags, ends=after)
    p = _family_p(lead.t, lead.used, max_lags)
    oos_t, oos_p, oos_gain = _out_of_sample(e, u, 1 / sigma, lead)
    spread = _running_scale(u)
    news = np.clip(u / spread, -CLIP, CLIP)
    reverse = np.abs(scan(news, np.broadcast_to(e, u.shape), np.ones(1), max_lags).t)
    purged = scan(e, _purged(u, e, int(max_lags.max())), 1 / sigma, max_lags, place=lead.place).t
    return Sequences(
        lead.place + 1, lead.t, p, lead.effect, lead.se, oos_t, oos_p, oos_gain,
        reverse, purged, x, after, lead.own, lead.own_se,
    )  # fmt: skip


def _about_mean(t: Floats, used: Ints) -> Floats:
    """Return t with the scores' spread taken about their mean instead of about zero."""
    n = np.maximum(used, 1).astype(np.float64)
    return np.asarray(t * np.sqrt(np.maximum(n - 1, 0.0) / np.maximum(n - t**2, 1e-9)))


def _family_p(t: Floats, used: Ints, tests: Ints) -> Floats:
    """Return p of the largest of several |t| (Sidak), from Student's t with used - 1 weeks."""
    freedom = np.maximum(used - 1, 1).astype(np.float64)
    single = np.clip(2 * stdtr(freedom, -np.abs(_about_mean(t, used))), 0.0, 1.0)
    return np.asarray(-np.expm1(tests[:, None, None] * np.log1p(-np.minimum(single, 1 - 1e-16))))


def _out_of_sample(
    e: Floats, u: Floats, inverse: Floats, lead: Scan
) -> tuple[Floats, Floats, Floats]:
    """Return Clark-West statistic, p and gain share as of each week.

    The forecast of week t uses lag, effect and its shrinkage (1 - 1/t^2) as they stood a week
    before. With e the error without and a the part that the signal adds, the adjusted loss
    difference is e^2 - ((e - a)^2 - a^2) = 2 e a.
    """
    trust = np.maximum(1 - 1 / np.maximum(lead.t**2, 1e-12), 0.0)
    effect = _shift_weeks(trust * lead.effect)
    weeks = np.arange(e.shape[-1])
    week = weeks - 1 - _shift_weeks(lead.place.astype(np.float64)).astype(np.int64)
    live = (weeks >= OOS_WEEKS).astype(np.float64)

    def added(row: Floats, at: Ints) -> Floats:
        heard = np.take_along_axis(u, np.maximum(np.broadcast_to(at, u.shape), 0), axis=2)
        return np.asarray(row * np.where(at >= 0, heard, 0.0) * inverse * live)

    def losses(part: Floats) -> tuple[Floats, Floats]:
        return 2 * e * part, (e**2 - (e - part) ** 2) * live

    adjusted, saved = losses(added(effect[:, :-1], week[:, :-1]))
    one, two = losses(added(effect[:, -1:], week[:, -1:]))
    base = np.broadcast_to(e**2 * live, saved.shape)
    adjusted, saved, base = (
        np.concatenate([own, common.sum(axis=1, keepdims=True)], axis=1)
        for own, common in ((adjusted, one), (saved, two), (base, base))
    )
    statistic = np.cumsum(adjusted, 2) / np.sqrt(np.maximum(np.cumsum(adjusted**2, 2), 1e-300))
    used = np.cumsum(adjusted != 0, axis=2)
    statistic = _about_mean(statistic, used)
    freedom = np.maximum(used - 1, 1).astype(np.float64)
    share = np.cumsum(saved, 2) / np.maximum(np.cumsum(base, 2), 1e-300)
    return statistic, np.asarray(stdtr(freedom, -statistic)), share


def _shift_weeks(values: Floats) -> Floats:
    out = np.zeros_like(values)
    out[:, :, 1:] = values[:, :, :-1]
    return out
