"""How a signal reaches the weeks ahead: what its lead tells of each, less what is felt already."""

from __future__ import annotations

import numpy as np

from models.compiled import compiled
from models.types import Floats, Ints

LEVEL_ALPHA = 0.1


@compiled
def _levels(signal: Floats, out: Floats) -> None:
    """Fill out (T+1,) with the running level after so many weeks."""
    out[0] = 0.0
    for t in range(len(signal)):
        out[t + 1] = out[t] + LEVEL_ALPHA * (signal[t] - out[t])


def levels_of(signal: Floats) -> Floats:
    """Return (T+1,) running smoothed levels of a signal, after 0, 1, .. T weeks."""
    out = np.empty(len(signal) + 1)
    _levels(np.ascontiguousarray(signal), out)
    return out


def already_felt(signal: Floats, lag: int) -> float:
    """Return how much of a signal a smoothed level already contains: its lagged running level.

    A forecast level follows demand; what the signal did to demand in past weeks is in it.
    """
    return float(levels_of(signal)[max(len(signal) - lag, 0)])


def lead_paths(signal: Floats, lag: int, horizon: int, gap: int, origins: Ints) -> Floats:
    """Return (O, H) the signal's deviation that reaches each horizon of origins; 0 beyond its lead.

    Horizon h of an origin (weeks known, at most T) needs the signal of ``lag`` weeks before it,
    known there only where lag >= h + gap.
    """
    felt = levels_of(signal)[np.maximum(origins - lag, 0)]
    week = origins[:, None] - 1 + gap + np.arange(1, horizon + 1)[None, :] - lag
    reached = (week >= 0) & (week < origins[:, None])
    return np.where(reached, signal[np.where(reached, week, 0)] - felt[:, None], 0.0)


def lead_path(signal: Floats, lag: int, horizon: int, gap: int) -> Floats:
    """Return (H,) the signal's deviation that reaches each horizon after its last week."""
    return np.asarray(lead_paths(signal, lag, horizon, gap, np.array([len(signal)]))[0])
