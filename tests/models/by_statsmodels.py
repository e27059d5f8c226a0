"""The state-space model of ``models.statespace``, built from statsmodels' parts: what ours is held to."""

from __future__ import annotations

from typing import Any

import numpy as np
from statsmodels.tsa.statespace.mlemodel import MLEModel

from models.statespace import PHI_UNKNOWN, Ahead, WanderingLevel
from models.types import Floats, Ints


class ByStatsmodels(MLEModel):  # type: ignore[misc]  # statsmodels has no types
    """The same matrices; only phi is left open."""

    def __init__(self, ours: WanderingLevel) -> None:
        n_weeks, size = len(ours.x), len(ours.start)
        super().__init__(ours.x, k_states=size, k_posdef=2)
        design = np.zeros((1, size, n_weeks))
        design[0, :2] = 1.0
        design[0, 2:] = ours.regressors[:n_weeks].T
        self["design"] = design
        self["transition"] = np.eye(size)
        self["selection"] = np.eye(size, 2)
        self["state_cov"] = np.diag([1.0, ours.drift])
        self.ssm.filter_concentrated = True
        self.start = ours.start

    @property
    def param_names(self) -> list[str]:
        return ["phi"]

    @property
    def start_params(self) -> Floats:
        return np.array([PHI_UNKNOWN])

    def update(self, params: Floats, **kwargs: Any) -> None:
        phi = float(super().update(params, **kwargs)[0])
        self["transition", 0, 0] = phi
        start = self.start.copy()
        start[0] = 1.0 / (1.0 - phi**2)
        self.ssm.initialize_known(np.zeros(len(start)), np.diag(start))

    def ahead(self, phi: float, origins: Ints, weeks: Ints, future: Floats) -> Ahead:
        """What ``models.statespace.predict`` gives."""
        self.update(np.array([phi]))
        self.ssm.filter_concentrated = False  # a scale learnt from all weeks would reach back
        passed = self.ssm.filter()
        self.ssm.filter_concentrated = True
        state = passed.predicted_state[:, origins]
        ahead = origins[:, None] + weeks[None, :]
        mean = state[0][:, None] * phi ** weeks[None, :] + state[1][:, None]
        mean = mean + np.einsum("ohp,po->oh", future[ahead], state[2:])
        known = ~np.isnan(self.endog[:, 0])
        error = np.where(known, passed.forecasts_error[0], 0.0)
        spread = np.where(known, passed.forecasts_error_cov[0, 0], 1.0)
        total = np.concatenate([[0.0], np.cumsum(error**2 / spread)])
        count = np.concatenate([[0.0], np.cumsum(known)])
        return Ahead(np.asarray(mean), total[origins] / np.maximum(count[origins], 1.0))
