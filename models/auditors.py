"""Textbook statsmodels models that forecast one series at a time, each stepping down where it fails.

They share no model code with the core. Demand is taken over its pooled season and to its square root.
"full"; "simple", the same family with less in it, where the full one did not converge; "mean", the
seasonal mean of the last half year, where neither gave a forecast.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.statespace.structural import UnobservedComponents

from models.panel import Grid
from models.types import Floats

MEAN_WEEKS = 26
WARM_UP = 8
FULL, SIMPLE, MEAN = "full", "simple", "mean"


def _sarimax(x: Floats) -> Any:  # noqa: ANN401 - statsmodels has no types
    return SARIMAX(x, order=(1, 0, 0), trend="c", concentrate_scale=True)


def _drifting(x: Floats) -> Any:  # noqa: ANN401
    return SARIMAX(x, order=(0, 1, 1), concentrate_scale=True)


def _local_level(x: Floats) -> Any:  # noqa: ANN401
    return UnobservedComponents(x, level="llevel")


def _level_and_cycle(x: Floats) -> Any:  # noqa: ANN401
    return UnobservedComponents(x, level="llevel", autoregressive=1)


def _damped(x: Floats) -> Any:  # noqa: ANN401
    return ETSModel(x, error="add", trend="add", damped_trend=True)


def _smoothed(x: Floats) -> Any:  # noqa: ANN401
    return ExponentialSmoothing(x, initialization_method="concentrated")


AUDITORS: Mapping[str, tuple[Callable[[Floats], Any], Callable[[Floats], Any]]] = {
    "sarimax": (_sarimax, _drifting),
    "unobserved_components": (_level_and_cycle, _local_level),
    "exponential_smoothing": (_damped, _smoothed),
}
"""Each auditor: the full model, and the simple one that it steps down to."""


@dataclass(frozen=True, slots=True)
class Audited:
    """One model on one series: forecasts (H,), the rung reached, whether its fit converged."""

    forecast: Floats
    rung: str
    converged: bool


def _fitted(build: Callable[[Floats], Any], x: Floats, steps: int) -> tuple[Floats, bool]:
    """Return (steps,) forecasts of x squared, half a week's variance added; and convergence.

    Nan, not converged, where the model fails: that is what an audit is there to tell.
    """
    quick = {} if build is _damped else {"cov_type": "none"}
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = build(x).fit(disp=0, maxiter=100, **quick)
            mean = np.asarray(result.forecast(steps))
            news = np.nanmean(np.asarray(result.resid)[WARM_UP:] ** 2)
            converged = bool(result.mle_retvals.get("converged", False))
    except Exception:  # noqa: BLE001 - see above
        return np.full(steps, np.nan), False
    return np.maximum(mean, 0.0) ** 2 + 0.5 * float(news), converged


def audit_one(y: Floats, season: Floats, grid: Grid, model: str) -> Audited:
    """Return a model's forecasts of y (T,) with a season (T+gap+H,), and how it came by them.

    Never raises for what the numbers are, never warns; forecasts are finite and not negative.
    """
    n_weeks, steps = len(y), grid.gap + grid.horizon
    relative = y / season[:n_weeks]
    known = ~np.isnan(relative)
    if not known.any():
        return Audited(np.zeros(grid.horizon), MEAN, converged=False)
    scale = max(float(relative[known].mean()), 1e-9)
    begun = np.sqrt(relative / scale)[int(np.argmax(known)) :]
    for build, rung in zip(AUDITORS[model], (FULL, SIMPLE), strict=True):
        made, converged = _fitted(build, begun, steps)
        ahead = (made * scale * season[n_weeks:])[grid.gap :]
        if np.isfinite(ahead).all() and (converged or rung == SIMPLE):
            return Audited(ahead, rung, converged)
    recent = relative[-MEAN_WEEKS:][known[-MEAN_WEEKS:]]
    level = float(recent.mean()) if len(recent) else scale
    return Audited((level * season[n_weeks:])[grid.gap :], MEAN, converged=False)


Asked = tuple[Floats, Floats, Grid]
"""A series (T,), its season (T+gap+H,) and its weeks, as `audit_one` takes them."""


def audit_each(asked: Sequence[Asked]) -> list[dict[str, Audited]]:
    """Return what each model says of each series, in the order asked."""
    return [{model: audit_one(*one, model) for model in AUDITORS} for one in asked]
