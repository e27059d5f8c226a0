"""Demand with a known distribution, and the forecasts that would describe it exactly."""

from __future__ import annotations

import numpy as np

from models.inventory.course import Course, Outlook, Running, course_of
from transforms.contracts.exports import CUMULATIVE_QUANTILES

EVEN = np.full(7, 1 / 7)
HORIZON = 8


def paths(
    mean: float, level_sd: float, rng: np.random.Generator, *, n: int = 20_000, weeks: int = HORIZON
) -> np.ndarray:
    """(n, days) daily demand: Poisson about a level that is off by `level_sd` for the whole path."""
    level = rng.gamma(1 / level_sd**2, level_sd**2, (n, 1))
    return rng.poisson(level * mean / 7, (n, 7 * weeks)).astype(np.float64)


def outlook_of(daily: np.ndarray, *, whole: bool = False) -> Outlook:
    """What a perfect forecaster says of one SKU whose demand is drawn as `daily` (n, days)."""
    weekly = daily.reshape(len(daily), -1, 7).sum(axis=2)
    sums = np.cumsum(weekly, axis=1)
    quantiles = np.quantile(sums, CUMULATIVE_QUANTILES, axis=0, method="inverted_cdf")
    return Outlook(
        weekly.mean(axis=0)[None], quantiles.T[None], CUMULATIVE_QUANTILES, np.array([whole])
    )


def course(
    outlook: Outlook,
    *,
    passed: int = 0,
    sold: float = 0.0,
    days: np.ndarray | tuple[float, ...] = EVEN,
) -> Course:
    """The course after `passed` days of the first week in which `sold` were sold."""
    return course_of(outlook, Running(passed, passed, np.array([sold]), np.asarray(days)[None]))
