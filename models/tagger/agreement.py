"""How far readers agree beyond chance."""

from __future__ import annotations

import numpy as np

from models.types import Bools, Floats


def krippendorff_alpha(said: Bools, told: Bools) -> float:
    """Krippendorff's alpha for yes or no (nominal), any number of readers, answers may be missing.

    `said`: units x readers, what a reader answered; `told`: whether they did. 1 is full agreement, 0
    what chance gives. nan where fewer than two answers meet, or all answers are the same: then
    nothing tells agreement from habit. (Krippendorff 2004, Content Analysis, chapter 11.)
    """
    answers = told.sum(axis=1).astype(np.float64)
    paired = answers >= 2
    if not paired.any():
        return float("nan")
    m = answers[paired]
    yes = (said & told)[paired].sum(axis=1).astype(np.float64)
    no = m - yes
    observed = float((2 * yes * no / (m - 1)).sum())
    n, ones = float(m.sum()), float(yes.sum())
    expected = 2 * ones * (n - ones) / (n - 1)
    return float("nan") if expected == 0 else 1 - observed / expected


def agreement(said: np.ndarray, told: Bools) -> Floats:
    """Alpha of each signal, and last that of all signals' answers together.

    `said`: passages x signals x readers; `told`: passages x readers, a reader answers for all
    signals of a passage or for none.
    """
    signals = said.shape[1]
    single = [krippendorff_alpha(said[:, j, :], told) for j in range(signals)]
    pooled = said.transpose(1, 0, 2).reshape(-1, said.shape[2])
    return np.array([*single, krippendorff_alpha(pooled, np.tile(told, (signals, 1)))])
