"""One small state-space model on statsmodels: a level that moves and returns, a season, drivers.

    x_t = a_t + m_t + w_t' b + d_t' c,   a_t = phi a_{t-1} + e_t,   m_t = m_{t-1} + drift u_t

``a`` is what fades, ``m`` the level, which wanders slowly; ``b`` are the waves of a year and ``c``
the effects of known drivers, both unknown constants with a normal prior about zero. Everything is
relative to the variance of e, which is concentrated out of the likelihood, so that phi alone is
left to find. A week that is not known (nan) is passed over (Durbin and Koopman 2012, ch. 4).

Forecasts are statsmodels' own; the search for phi, which asks for the likelihood a dozen times, asks
a compiled pass of the same filter (``deviance``), which gives what statsmodels' ``loglike`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from statsmodels.tsa.statespace.mlemodel import MLEModel

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


class WanderingLevel(MLEModel):  # type: ignore[misc]  # statsmodels has no types
    """The model above for x (T,), with regressors (T, P) and the prior variance of each (P,)."""

    def __init__(self, x: Floats, regressors: Floats, prior: Floats, drift: float) -> None:
        """Build the matrices; only phi is left open."""
        size = 2 + regressors.shape[1]
        super().__init__(x, k_states=size, k_posdef=2)
        design = np.zeros((1, size, len(x)))
        design[0, :2] = 1.0
        design[0, 2:] = regressors.T
        self["design"] = design
        self["transition"] = np.eye(size)
        self["selection"] = np.eye(size, 2)
        self["state_cov"] = np.diag([1.0, drift])
        self.ssm.filter_concentrated = True
        self.regressors, self.drift = np.ascontiguousarray(regressors), drift
        self.start = np.concatenate([[1.0, LEVEL_PRIOR], prior])

    @property
    def param_names(self) -> list[str]:
        """Return the one parameter's name."""
        return ["phi"]

    @property
    def start_params(self) -> Floats:
        """Return where a search may start."""
        return np.array([PHI_UNKNOWN])

    def update(self, params: Floats, **kwargs: Any) -> None:  # noqa: ANN401 - statsmodels' own
        """Put phi into the transition, and the variance that follows into the start."""
        phi = float(super().update(params, **kwargs)[0])
        self["transition", 0, 0] = phi
        start = self.start.copy()
        start[0] = 1.0 / (1.0 - phi**2)
        self.ssm.initialize_known(np.zeros(len(start)), np.diag(start))


@compiled
def deviance(x: Floats, regressors: Floats, start: Floats, drift: float, phi: float) -> float:
    """Return minus the log likelihood of x (T,) at phi, the variance of news concentrated out.

    ``regressors`` (T, P), ``start`` (2+P,): variances before the first week, of which the first is
    replaced by that of what fades. At least one week is known.
    """
    size = len(start)
    mean, spread = np.zeros(size), np.diag(start)
    spread[0, 0] = 1.0 / (1.0 - phi * phi)
    told, gain = np.ones(size), np.empty(size)
    known, power, logs = 0, 0.0, 0.0
    for t in range(len(x)):
        if not np.isnan(x[t]):
            told[2:] = regressors[t]
            error, size_f = x[t], 0.0
            for i in range(size):
                error -= told[i] * mean[i]
                total = 0.0
                for j in range(size):
                    total += spread[i, j] * told[j]
                gain[i] = total
                size_f += told[i] * total
            for i in range(size):
                mean[i] += gain[i] * error / size_f
                for j in range(size):
                    spread[i, j] -= gain[i] * gain[j] / size_f
            known += 1
            power += error * error / size_f
            logs += np.log(size_f)
        mean[0] *= phi
        for j in range(size):
            spread[0, j] *= phi
            spread[j, 0] *= phi
        spread[0, 0] += 1.0
        spread[1, 1] += drift
    found: float = 0.5 * (known * (np.log(2.0 * np.pi * power / known) + 1.0) + logs)
    return found


def fit(model: WanderingLevel, until: int | None = None) -> Fit:
    """Return the most likely phi in [0, .98]; the assumed one where the search finds none.

    ``until``: weeks that it may rest on; None: all of the model's. The search is a bounded one over
    the model's likelihood: no start value, no step size, the same bits each time.
    """
    x = np.ascontiguousarray(model.endog[:until, 0])
    known = ~np.isnan(x)
    if known.sum() < MIN_TO_FIT or float(np.ptp(x[known])) <= 0:
        return Fit(PHI_UNKNOWN, converged=False, rung=ASSUMED)
    found = minimize_scalar(
        lambda phi: deviance(x, model.regressors, model.start, model.drift, float(phi)),
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
    model.update(np.array([phi]))
    model.ssm.filter_concentrated = False  # a scale learnt from all weeks would reach back
    passed = model.ssm.filter()
    model.ssm.filter_concentrated = True
    state = passed.predicted_state[:, origins]
    ahead = origins[:, None] + weeks[None, :]
    mean = state[0][:, None] * phi ** weeks[None, :] + state[1][:, None]
    mean = mean + np.einsum("ohp,po->oh", future[ahead], state[2:])
    known = ~np.isnan(model.endog[:, 0])
    error = np.where(known, passed.forecasts_error[0], 0.0)
    spread = np.where(known, passed.forecasts_error_cov[0, 0], 1.0)
    total = np.concatenate([[0.0], np.cumsum(error**2 / spread)])
    count = np.concatenate([[0.0], np.cumsum(known)])
    variance = total[origins] / np.maximum(count[origins], 1.0)
    return Ahead(np.asarray(mean), np.asarray(variance))
