"""One small state-space model: a level that moves and returns, a season, drivers.

    x_t = a_t + m_t + w_t' b + d_t' c,   a_t = phi a_{t-1} + e_t,   m_t = m_{t-1} + drift u_t

``a`` is what fades, ``m`` the level, which wanders slowly; ``b`` are the waves of a year and ``c``
the effects of known drivers, both unknown constants with a normal prior about zero. Everything is
relative to the variance of e, which is concentrated out of the likelihood, so that phi alone is
left to find. A week that is not known (nan) is passed over (Durbin and Koopman 2012, ch. 4).

The filter is compiled: a pass takes some fifteen microseconds where statsmodels' takes four hundred,
most of them Python's, and thousands of sums are passed over each night. Tests hold likelihood and
forecasts to those of the same model in statsmodels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from models.compiled import compiled
from models.types import Floats, Ints

PHI_MAX = 0.98
PHI_UNKNOWN = 0.3
LEVEL_PRIOR = 100.0
MIN_TO_FIT = 20
FITTED, ASSUMED = "full", "assumed"


@dataclass(frozen=True, slots=True)
class Fit:
    """phi, and whether the search for it converged; ``rung``: "full", or "assumed" without it."""

    phi: float
    converged: bool
    rung: str


@dataclass(frozen=True, slots=True)
class WanderingLevel:
    """The model above for x (T,), with regressors (T, P) and the prior variance of each (P,).

    ``drift``: variance of the level's weekly move, relative to that of a week's news.
    """

    x: Floats
    regressors: Floats
    prior: Floats
    drift: float

    @property
    def start(self) -> Floats:
        """Variances (2+P,) before the first week; the first is that of what fades, known with phi."""
        return np.concatenate([[1.0, LEVEL_PRIOR], self.prior])


@compiled
def _begin(start: Floats, phi: float) -> tuple[Floats, Floats]:
    """Return mean (2+P,) and spread (2+P, 2+P) of the state before the first week."""
    spread = np.diag(start)
    spread[0, 0] = 1.0 / (1.0 - phi * phi)
    return np.zeros(len(start)), spread


@compiled
def _learn(
    x: float, told: Floats, mean: Floats, spread: Floats, gain: Floats
) -> tuple[float, float]:
    """Take a known week into mean and spread; return its error and the variance of that."""
    size = len(mean)
    error, variance = x, 0.0
    for i in range(size):
        error -= told[i] * mean[i]
        total = 0.0
        for j in range(size):
            total += spread[i, j] * told[j]
        gain[i] = total
        variance += told[i] * total
    for i in range(size):
        mean[i] += gain[i] * error / variance
        for j in range(size):
            spread[i, j] -= gain[i] * gain[j] / variance
    return error, variance


@compiled
def _move(mean: Floats, spread: Floats, drift: float, phi: float) -> None:
    """Carry mean and spread to the next week."""
    mean[0] *= phi
    for j in range(len(mean)):
        spread[0, j] *= phi
        spread[j, 0] *= phi
    spread[0, 0] += 1.0
    spread[1, 1] += drift


@compiled
def _passed(
    x: Floats, regressors: Floats, start: Floats, drift: float, phi: float
) -> tuple[Floats, Floats, int, float]:
    """Return what is expected (T+1, 2+P) of the state, and the variance (T+1,) of a week's news.

    Row t rests on the weeks before t alone; the variance is 0 where none of them is known. Then how
    many weeks are known, and the sum of the logs of their errors' variances, relative to the news.
    """
    mean, spread = _begin(start, phi)
    told, gain = np.ones(len(start)), np.empty(len(start))
    states, news = np.empty((len(x) + 1, len(start))), np.zeros(len(x) + 1)
    states[0] = mean
    known, power, logs = 0, 0.0, 0.0
    for t in range(len(x)):
        if not np.isnan(x[t]):
            told[2:] = regressors[t]
            error, variance = _learn(x[t], told, mean, spread, gain)
            known += 1
            power += error * error / variance
            logs += np.log(variance)
        _move(mean, spread, drift, phi)
        states[t + 1], news[t + 1] = mean, power / max(known, 1)
    return states, news, known, logs


@compiled
def deviance(x: Floats, regressors: Floats, start: Floats, drift: float, phi: float) -> float:
    """Return minus the log likelihood of x (T,) at phi, the variance of news concentrated out.

    ``regressors`` (T, P), ``start`` (2+P,): variances before the first week, of which the first is
    replaced by that of what fades. At least one week is known.
    """
    _, news, known, logs = _passed(x, regressors, start, drift, phi)
    likelihood: float = 0.5 * (known * (np.log(2.0 * np.pi) + np.log(news[-1]) + 1.0) + logs)
    return likelihood


def fit(model: WanderingLevel, until: int | None = None) -> Fit:
    """Return the most likely phi in [0, .98]; the assumed one where the search finds none.

    ``until``: weeks that it may rest on; None: all of the model's. The search is a bounded one over
    the model's likelihood: no start value, no step size, the same bits each time.
    """
    x, regressors, start = model.x[:until], model.regressors, model.start
    known = ~np.isnan(x)
    if known.sum() < MIN_TO_FIT or float(np.ptp(x[known])) <= 0:
        return Fit(PHI_UNKNOWN, converged=False, rung=ASSUMED)
    found = minimize_scalar(
        lambda phi: deviance(x, regressors, start, model.drift, float(phi)),
        bounds=(0.0, PHI_MAX),
        method="bounded",
        options={"xatol": 0.02},
    )
    if not found.success or not np.isfinite(found.fun):
        return Fit(PHI_UNKNOWN, converged=False, rung=ASSUMED)
    return Fit(float(found.x), converged=True, rung=FITTED)


@dataclass(frozen=True, slots=True)
class Ahead:
    """Predictions (O, H) of x from each origin, and the variance (O,) of a week's news by then."""

    mean: Floats
    variance: Floats


def predict(model: WanderingLevel, phi: float, origins: Ints, weeks: Ints, future: Floats) -> Ahead:
    """Return what one pass of the filter expects at each origin from the weeks before it.

    ``weeks`` (H,): steps ahead of each column, 0 = the origin's own week. ``future`` (T+gap+H, P):
    regressors of all weeks. Origins count weeks known, at most T.
    """
    states, news, _, _ = _passed(model.x, model.regressors, model.start, model.drift, phi)
    state, ahead = states[origins], origins[:, None] + weeks[None, :]
    mean = state[:, :1] * phi ** weeks[None, :] + state[:, 1:2]
    mean = mean + np.einsum("ohp,op->oh", future[ahead], state[:, 2:])
    return Ahead(np.asarray(mean), news[origins])
