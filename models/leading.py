"""What adopted signals do to the forecast: one lead per signal and scope, shrunk effects."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.compiled import compiled
from models.evidence import Proof
from models.evidence_rows import TargetTest
from models.lasting import Lasting, lasting
from models.leadpath import lead_paths
from models.leadtest import Sequences, departures, lagged
from models.members import series_gains
from models.panel import Panel, group_codes
from models.parallel import over_shards
from models.seasonality import relative
from models.spec import ForecastSpec
from models.types import Bools, Floats, Ints

MAX_LOG_EFFECT = 0.7
MOST_TAKEN = 0.9
"""Signals together take at most so much of a forecast (``models.reconcile.deltas_of``)."""
EM_STEPS = 30


@compiled
def _lift(  # noqa: PLR0917 - compiled code takes plain arrays
    past: Floats, acts: Bools, gain: Floats, codes: Ints, start: int, stop: int, out: Floats
) -> None:
    """Fill out (S, O, H) of series start..stop-1: one and what all signals add, at most taken."""
    for i in range(start, stop):
        c = codes[i]
        for k in range(past.shape[0]):
            if not acts[k, c]:
                continue
            for j in range(past.shape[2]):
                for h in range(past.shape[3]):
                    effect = past[k, c, j, h]
                    if effect != 0.0:
                        effect = min(max(effect * gain[k, i], -MAX_LOG_EFFECT), MAX_LOG_EFFECT)
                        out[i, j, h] += np.exp(effect) - 1.0
        for j in range(past.shape[2]):
            for h in range(past.shape[3]):
                out[i, j, h] = max(out[i, j, h], 1.0 - MOST_TAKEN)


@dataclass(frozen=True, slots=True)
class Lead:
    """One lead that passes: which signal, in which category, by how many weeks, and what was heard.

    ``heard`` (T,): the signal's departures from season and trend.
    """

    signal: int
    category: int
    lag: int
    heard: Floats


@dataclass(frozen=True, slots=True)
class Effects:
    """Log effect (K, C, H) of K signals on C categories at H horizons; 0 = does not act there.

    ``gain`` (K, S): by what a series' effect is its category's; None: all are alike. ``past``
    (K, C, O, H): what the same effects come to at O past origins; None where none are asked for.
    ``leads``: those behind the effects that pass.
    """

    names: tuple[str, ...]
    log_effect: Floats
    gain: Floats | None = None
    past: Floats | None = None
    leads: tuple[Lead, ...] = ()

    def of_series(self, codes: Ints) -> Floats:
        """Return (K, S, H) log effects on series, whose categories ``codes`` (S,) tell."""
        effect = self.log_effect[:, codes]
        if self.gain is None:
            return effect
        limit = MAX_LOG_EFFECT
        return np.asarray(np.clip(effect * self.gain[:, :, None], -limit, limit))

    def past_lift(self, codes: Ints) -> Floats | None:
        """Return (S, O, H) by what signals multiply past forecasts of series; None: by nothing.

        Errors of past forecasts with signals tell how sure those with signals are now. The effects
        are tonight's, but for their lead and size chosen on the same weeks: a handful of numbers.
        """
        if self.past is None or not self.past.any():
            return None
        past, n_series = self.past, len(codes)
        gain = np.ones((len(past), n_series)) if self.gain is None else self.gain
        acts: Bools = np.asarray(past.any(axis=(2, 3)))
        out = np.ones((n_series, *past.shape[2:]))
        over_shards(n_series, lambda low, high: _lift(past, acts, gain, codes, low, high, out))
        return out


def no_effects(n_categories: int, horizon: int) -> Effects:
    """Return the effects of no signal."""
    return Effects((), np.zeros((0, n_categories, horizon)))


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
    origins: Ints | None = None,
) -> Effects:
    """Return the effects of the signals adopted for a target.

    A category's own adopted lead goes before the pooled one. With the target's panel, also how much
    of its category's lead each series shows; with ``origins`` (O,), what they came to there.
    """
    test = proof.tests.get(target)
    if test is None or not test.adopted.any():
        return no_effects(len(categories), spec.horizon)
    adopted = [k for k in range(len(test.names)) if test.adopted[k].any()]
    weeks = test.demand.shape[1]
    at = np.append(np.zeros(0, dtype=np.int64) if origins is None else origins, weeks)
    scoped = [_log_effect(test, k, (spec.horizon, gap), spec.season_weeks, at) for k in adopted]
    every, paths = (np.array([one[i] for one in scoped]) for i in (0, 1))
    leads = tuple(replace(lead, signal=i) for i, one in enumerate(scoped) for lead in one[2])
    effects, past = every[:, :, -1], None if origins is None else every[:, :, :-1]
    names = tuple(test.names[k] for k in adopted)
    if panel is None:
        return Effects(names, effects, None, past, leads)
    _, groups = group_codes(panel.series)
    y = panel.y if test.free is None else test.free
    ratio, index = relative(y, spec.season_weeks), np.exp(test.demand)
    if test.expected is not None:
        ratio = _beyond(ratio, relative(test.expected, spec.season_weeks)[groups.codes])
    gains = [series_gains(ratio, index, path, groups) for path in paths]
    return Effects(names, effects, np.array(gains), past, leads)


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


def _log_effect(
    test: TargetTest, k: int, reach: tuple[int, int], period: int, origins: Ints
) -> tuple[Floats, Floats, list[Lead]]:
    """Return (C, O, H) log effects of one signal at origins where it is adopted, 0 elsewhere.

    ``reach``: horizons, and weeks of gap before the first. Also the leads that pass, and (C, T)
    what they did to each category in the past. Whether a lead lasts is asked of the categories in which it acts
    with the same lag, alone and together.
    """
    out = np.zeros((len(test.categories), len(origins), reach[0]))
    past, felt = np.zeros(test.demand.shape), departures(test.results.signal[k][None])[0]
    leads: list[Lead] = []
    for at in _acting(test, k):
        rows, rate = at.rows, test.rate[k, at.rows]
        form = lasting(test.demand[rows], rate, at.lag, period)
        scope = np.where(at.pooled, len(rows), np.arange(len(rows)))
        lasts = form.lasts[scope]
        passing, stays = _passing_effects(test.results, at), _lasting_effects(form, at.pooled)
        for i, c in enumerate(rows.tolist()):
            if lasts[i]:
                out[c] = stays[i] * form.paths(rate[i : i + 1], int(scope[i]), reach, origins)
            else:
                signal = test.results.signal[k, c]
                out[c] = passing[i] * lead_paths(signal, at.lag, *reach, origins)
                past[c] = passing[i] * lagged(felt[c], at.lag)
                leads.append(Lead(k, c, at.lag, signal))
    return np.clip(out, -MAX_LOG_EFFECT, MAX_LOG_EFFECT), past, leads


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
