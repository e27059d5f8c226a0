"""A second word on adopted leads: a category's state-space model with the signal as regressor.

Where a lead is adopted for a category and passes, the category's demand is also forecast by
``statespace.WanderingLevel`` with the lagged signal among its regressors, and without it. The
difference of the two is another estimate of what the signal does, made by a Kalman filter that
knows level, season and autoregression at the same time. It takes the place of ours where the
category's past forecasts were better with it: by 1 % in all, and in three quarters of the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.challengers import PACES, SETTLED, challenge
from models.leading import MAX_LOG_EFFECT, Effects, Lead
from models.panel import Grid, one_group
from models.reconcile import MOST_QUARTERS, MUST_GAIN, better
from models.types import Floats

MOST_LEADS = 60
"""More adopted leads of one target than this are not challenged: some 20 ms each and cutoff."""


@dataclass(frozen=True, slots=True)
class LeadFit:
    """How the model of one lead was fitted, and whether its effect is the one that is used."""

    signal: str
    category: int
    rung: str
    converged: bool
    used: bool


@dataclass(frozen=True, slots=True)
class Sums:
    """What is known of C categories: demand (C, T), past forecasts and what came (C, O, H).

    ``plain`` (C, O+1, H): what the same state-space model says without any signal.
    """

    demand: Floats
    made: Floats
    came: Floats
    plain: Floats


def _regressor(lead: Lead, reach: int) -> Floats:
    """Return (T + reach,) the signal ``lag`` weeks before each week; nan where nobody knows it."""
    out = np.full(len(lead.heard) + reach, np.nan)
    end = min(len(out), lead.lag + len(lead.heard))
    out[lead.lag : end] = lead.heard[: end - lead.lag]
    return out


def _told(sums: Sums, leads: Sequence[Lead], grid: Grid) -> tuple[Floats, list[str], list[bool]]:
    """Return (N, O+1, H) log effects by the models with signals over those without, and the fits.

    Nothing beyond a lead's reach; 0 where either model has no forecast.
    """
    rows = np.array([lead.category for lead in leads])
    x = np.stack([_regressor(lead, grid.gap + grid.horizon) for lead in leads])[:, :, None]
    made = challenge(
        sums.demand[rows], one_group(len(rows)), grid, drivers=x, paces={SETTLED: PACES[SETTLED]}
    )
    with_, without = made.extra.forecasts[..., 0].astype(np.float64), sums.plain[rows]
    usable = (with_ > 0) & (without > 0)
    effect = np.log(np.where(usable, with_, 1.0) / np.where(usable, without, 1.0))
    ahead = grid.gap + np.arange(1, grid.horizon + 1)
    reached = ahead[None, :] <= np.array([lead.lag for lead in leads])[:, None]
    effect = np.clip(np.where(reached[:, None, :], effect, 0.0), -MAX_LOG_EFFECT, MAX_LOG_EFFECT)
    return effect, [rung[0] for rung in made.rung], [bool(one[0]) for one in made.converged]


def _quarters(made: Floats, came: Floats, effect: Floats) -> Floats:
    """Return (4,) sums by quarters of the origins of absolute errors (O, H) at a log effect."""
    error = np.nan_to_num(np.abs(made * np.exp(effect) - came)).sum(axis=1)
    return np.array([part.sum() for part in np.array_split(error, 4)])


def challenged(effects: Effects, sums: Sums, grid: Grid) -> tuple[Effects, tuple[LeadFit, ...]]:
    """Return the effects with those of state-space models in place where these won, and the fits.

    ``effects`` with what they come to at the grid's inner origins. Deterministic; leads that are
    too many, and panels without past origins, are left as they are.
    """
    leads, past = effects.leads, effects.past
    if not leads or len(leads) > MOST_LEADS or past is None or not past.shape[2]:
        return effects, ()
    told, rungs, converged = _told(sums, leads, grid)
    now, before = effects.log_effect.copy(), past.copy()
    fits = []
    for i, lead in enumerate(leads):
        k, c = lead.signal, lead.category
        others = past[:, c].sum(axis=0) - past[k, c]
        made, came = sums.made[c] * np.exp(others), sums.came[c]
        acts = past[k, c].any(axis=0) | told[i].any(axis=0)
        ours, theirs = (
            _quarters(made[:, acts], came[:, acts], effect[:, acts])
            for effect in (past[k, c], told[i, :-1])
        )
        used = better(theirs, ours, MUST_GAIN, MOST_QUARTERS)
        if used:
            now[k, c], before[k, c] = told[i, -1], told[i, :-1]
        fits.append(LeadFit(effects.names[k], c, rungs[i], converged[i], used))
    return replace(effects, log_effect=now, past=before), tuple(fits)
