"""What peers are asked and what they tell; how history is made ready for them. Pure."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from models.panel import Groups
from models.types import Dates, Floats, Ints

QUANTILES = tuple(round(0.1 * i, 1) for i in range(1, 10))
YEAR = 365.25 / 7


@dataclass(frozen=True, slots=True)
class Ask:
    """History (S, T) with nan, the weeks, groups that share a season, and regressors.

    ``x`` (S, T + H, R): known ahead, unknown cells filled by whoever made them; None = none.
    """

    y: Floats
    weeks: Dates
    groups: Groups
    horizon: int
    x: Floats | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Mean (S, H) and quantiles .1 to .9 (S, H, 9); nan quantiles where a peer has none.

    ``failed``: series whose fit failed and that got their last 12 weeks' mean instead; ``cpu``:
    seconds of processor time that all processes together took.
    """

    mean: Floats
    quantiles: Floats
    failed: int = 0
    cpu: float = 0.0


def filled(y: Floats) -> Floats:
    """A row's weeks from its first known one on: gaps interpolated, the newest carried forward."""
    known = np.flatnonzero(~np.isnan(y))
    if not len(known):
        return np.zeros(1)
    return np.interp(np.arange(known[0], len(y)), known, y[known])


def waves(weeks: Ints, pairs: int = 2) -> Floats:
    """(N, 2 pairs) sines and cosines of the year."""
    angle = 2 * np.pi * weeks[:, None] * np.arange(1, pairs + 1) / YEAR
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def pooled_season(ask: Ask) -> Floats:
    """(S, T + H) factors: each group's mean ratio to its series' means, on trend and two harmonics.

    A ridge of one pseudo-week, clipped to .3 to 3; 1 where less than a year is known.
    """
    n, t = ask.y.shape
    out = np.ones((n, t + ask.horizon))
    if t < 52:
        return out
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        ratio = ask.y / np.maximum(np.nanmean(ask.y, axis=1, keepdims=True), 1e-9)
        means = np.stack(
            [np.nanmean(ratio[ask.groups.codes == g], axis=0) for g in range(ask.groups.n)]
        )
    season = waves(np.arange(t + ask.horizon))
    design = np.column_stack([np.ones(t), np.linspace(-1, 1, t), season[:t]])
    for g, row in enumerate(means):
        seen = ~np.isnan(row)
        x = design[seen]
        beta = np.linalg.solve(x.T @ x + np.diag([0, 0, 1, 1, 1, 1]), x.T @ row[seen])
        out[ask.groups.codes == g] = np.clip(1 + season @ beta[2:], 0.3, 3.0)
    return out


def mean_of(parts: list[Told]) -> Told:
    """The equal-weight combination: means and quantiles averaged."""
    return Told(
        np.mean([p.mean for p in parts], axis=0), np.mean([p.quantiles for p in parts], axis=0)
    )
