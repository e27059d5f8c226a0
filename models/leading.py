"""What adopted signals do to the forecast: one lead per signal and scope, shrunk effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.evidence import Proof, TargetTest
from models.lasting import Lasting, lasting
from models.leadtest import Sequences, departures, lagged
from models.members import series_gains
from models.panel import Panel, group_codes
from models.seasonality import relative
from models.spec import ForecastSpec
from models.types import Bools, Floats, Ints

LEVEL_ALPHA = 0.1
MAX_LOG_EFFECT = 0.7
EM_STEPS = 30


@dataclass(frozen=True, slots=True)
class Effects:
    """Log effect (K, C, H) of K signals on C categories at H horizons; 0 = does not act there.

    ``gain`` (K, S): by what a series' effect is its category's; None: all are alike.
    """

    names: tuple[str, ...]
    log_effect: Floats
    gain: Floats | None = None

    def of_series(self, codes: Ints) -> Floats:
        """Return (K, S, H) log effects on series, whose categories ``codes`` (S,) tell."""
        effect = self.log_effect[:, codes]
        if self.gain is None:
            return effect
        limit = MAX_LOG_EFFECT
        return np.asarray(np.clip(effect * self.gain[:, :, None], -limit, limit))


def no_effects(n_categories: int, horizon: int) -> Effects:
    """Return the effects of no signal."""
    return Effects((), np.zeros((0, n_categories, horizon)))


def already_felt(signal: Floats, lag: int) -> float:
    """Return how much of a signal a smoothed level already contains: its lagged running level.

    A forecast level follows demand; what the signal did to demand in past weeks is in it.
    """
    level = 0.0
    for value in signal[: len(signal) - lag]:
        level += LEVEL_ALPHA * (float(value) - level)
    return level


def lead_path(signal: Floats, lag: int, horizon: int, gap: int) -> Floats:
    """Return (H,) the signal's deviation that reaches each horizon; 0 beyond its lead.

    Horizon h needs the signal of ``lag`` weeks before it, known only where lag >= h + gap.
    """
    out = np.zeros(horizon)
    base = already_felt(signal, lag)
    for h in range(1, horizon + 1):
        week = len(signal) - 1 + gap + h - lag
        if 0 <= week < len(signal):
            out[h - 1] = signal[week] - base
    return out


def shared_effects(own: Floats, se: Floats, pooled: float, pooled_t: float) -> Floats:
    """Return (C,) effects of a pooled lead: some categories may have it, the others nothing.

    Each category's own estimate is weighed between none and the common effect (a two-part
    empirical Bayes mixture fitted by EM); where single categories can't tell, all keep the pooled
    effect, because the precision-weighted mean of what is returned stays the pooled one.
    """
    known = np.isfinite(own) & np.isfinite(se) & (se > 0)
    if not known.any():
        return np.full(len(own), pooled)
    b, variance = np.where(known, own, pooled), np.where(known, se, np.inf) ** 2
    precision = np.where(known, 1.0 / variance, 0.0)
    share, common = 0.5, pooled
    chance = np.full(len(b), 0.5)
    for _ in range(EM_STEPS):
        with np.errstate(invalid="ignore"):
            log_ratio = np.where(known, (b**2 - (b - common) ** 2) / (2 * variance), 0.0)
        odds = share / (1 - share) * np.exp(np.clip(log_ratio, -30, 30))
        chance = odds / (1 + odds)
        common = float((chance * precision * b).sum() / max((chance * precision).sum(), 1e-300))
        share = float(np.clip((chance[known].sum() + 1) / (known.sum() + 2), 0.05, 0.95))
    mean = float((chance * precision).sum() / precision.sum()) * common
    scale = min(pooled / mean, 1.0 / share) if mean * pooled > 0 else 0.0
    return np.asarray(_trust(pooled_t) * scale * common * chance)


def effects_of(
    proof: Proof,
    target: str,
    categories: tuple[str, ...],
    spec: ForecastSpec,
    gap: int,
    *,
    panel: Panel | None = None,
) -> Effects:
    """Return the effects of the signals adopted for a target.

    A category's own adopted lead goes before the pooled one. With the target's panel, also how much
    of its category's lead each series shows.
    """
    test = proof.tests.get(target)
    if test is None or not test.adopted.any():
        return no_effects(len(categories), spec.horizon)
    adopted = [k for k in range(len(test.names)) if test.adopted[k].any()]
    scoped = [_log_effect(test, k, spec, gap) for k in adopted]
    effects, paths = (np.array(part) for part in zip(*scoped, strict=True))
    names = tuple(test.names[k] for k in adopted)
    if panel is None:
        return Effects(names, effects)
    _, groups = group_codes(panel.series)
    ratio, index = relative(panel.y, spec.season_weeks), np.exp(test.demand)
    if test.expected is not None:
        ratio = _beyond(ratio, relative(test.expected, spec.season_weeks)[groups.codes])
    gains = [series_gains(ratio, index, path, groups) for path in paths]
    return Effects(names, effects, np.array(gains))


def _beyond(ratio: Floats, expected: Floats) -> Floats:
    """Return (S, T) ratios over what sales of the category let expect; nan where that is nothing.

    With ``log_excess`` for their category's index, series that swing as its sales do show no more
    and no less of a lead for it.
    """
    told = expected > 0
    return np.asarray(np.where(told, ratio / np.where(told, expected, 1.0), np.nan))


def _trust(t: float) -> float:
    """Return how much of an estimate is kept: 1 - 1 / t^2."""
    return max(1.0 - 1.0 / max(t**2, 1e-12), 0.0)


@dataclass(frozen=True, slots=True)
class _Acting:
    """The categories ``rows`` (R,) in which one signal acts with one lag, by the lead of whom.

    ``pooled`` (R,): by the pool's lead; the others by their own.
    """

    signal: int
    lag: int
    rows: Ints
    pooled: Bools


def _acting(test: TargetTest, k: int) -> list[_Acting]:
    """Return where signal k acts, by lag: a category's own adopted lead goes before the pool's."""
    pool = len(test.categories)
    own = test.adopted[k, :pool]
    scope = np.where(own, np.arange(pool), pool)
    acts, lag = test.adopted[k, scope], test.results.lag[k, scope, -1]
    found = []
    for each in np.unique(lag[acts]).tolist():
        rows = np.flatnonzero(acts & (lag == each))
        found.append(_Acting(k, each, rows, ~own[rows]))
    return found


def _log_effect(test: TargetTest, k: int, spec: ForecastSpec, gap: int) -> tuple[Floats, Floats]:
    """Return (C, H) log effects of one signal where it is adopted, 0 elsewhere.

    Also (C, T) what a lead that passes did to each category in the past. Whether a lead lasts is
    asked of the categories in which it acts with the same lag, alone and together.
    """
    out, past = np.zeros((len(test.categories), spec.horizon)), np.zeros(test.demand.shape)
    felt = departures(test.results.signal[k][None])[0]
    for at in _acting(test, k):
        rows, rate = at.rows, test.rate[k, at.rows]
        form = lasting(test.demand[rows], rate, at.lag, spec.season_weeks)
        scope = np.where(at.pooled, len(rows), np.arange(len(rows)))
        lasts = form.lasts[scope]
        passing, stays = _passing_effects(test.results, at), _lasting_effects(form, at.pooled)
        for i, c in enumerate(rows.tolist()):
            if lasts[i]:
                path = form.path(rate[i : i + 1], int(scope[i]), (spec.horizon, gap))
                out[c] = stays[i] * path
            else:
                path = lead_path(test.results.signal[k, c], at.lag, spec.horizon, gap)
                out[c], past[c] = passing[i] * path, passing[i] * lagged(felt[c], at.lag)
    return np.clip(out, -MAX_LOG_EFFECT, MAX_LOG_EFFECT), past


def _passing_effects(results: Sequences, at: _Acting) -> Floats:
    """Return (R,) effects of a lead that passes: a category's own, or the pool's shared out."""
    k, rows = at.signal, at.rows
    effect, t = results.effect[k, :, -1], results.t[k, :, -1]
    out = np.array([effect[c] * _trust(float(t[c])) for c in rows.tolist()])
    if at.pooled.any():
        own, se = (part[-1, k, :, at.lag - 1] for part in (results.own_effect, results.own_se))
        shared = shared_effects(own, se, float(effect[-1]), float(t[-1]))
        out = np.where(at.pooled, shared[rows], out)
    return out


def _lasting_effects(form: Lasting, pooled: Bools) -> Floats:
    """Return (R,) effects of a lead that lasts: a category's own, or the pool's shared out."""
    n = len(pooled)
    places = np.arange(n)
    effect, se = form.effect[form.form[:n], places], form.se[form.form[:n], places]
    trust = [_trust(float(t)) for t in effect / se]
    out = effect * np.array(trust)
    if pooled.any():
        effect, se = form.effect[form.form[-1]], form.se[form.form[-1]]
        t = float(effect[-1] / se[-1])
        out = np.where(pooled, shared_effects(effect[:-1], se[:-1], float(effect[-1]), t), out)
    return np.asarray(out)
