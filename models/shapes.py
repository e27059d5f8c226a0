"""The shape of scaled errors: pooled by class of volume, centred, and stretched to hold ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri, stdtrit

from models.compiled import compiled
from models.panel import Groups
from models.scales import dispersion
from models.types import Bools, Floats, Ints

MAX_CALIBRATION_SERIES, MAX_MEDIAN_SERIES = 600, 150
BLOCKS = 4
FITTED = 0.8
"""How many independent errors the weights of the experts cost, being fitted on the same weeks."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Scaled errors of one band: u (S, O, B) over B horizons, nan = none; target weeks (O, B).

    ``pools`` (S,): which of ``n_pools`` classes of volume shares a series' shape. ``independent``:
    about how many target weeks' worth of errors a whole panel's are.
    """

    u: Floats
    weeks: Ints
    pools: Ints
    n_pools: int
    independent: float
    about_mean: bool = False

    def of(self, rows: Ints) -> Errors:
        """Return the errors of some of the series."""
        return replace(self, u=self.u[rows], pools=self.pools[rows])


def default_shape(quantiles: Sequence[float]) -> Floats:
    """Return (Q,) normal quantiles whose mean absolute value is 1: for no errors at all."""
    return np.asarray(ndtri(np.asarray(quantiles)) * np.sqrt(np.pi / 2))


def some(rows: Ints, most: int) -> Ints:
    """Return at most ``most`` of the rows, evenly spread: a cap on cost that needs no chance."""
    if len(rows) <= most:
        return rows
    return rows[(np.arange(most) * len(rows)) // most]


def _quantiles(values: Floats, quantiles: Sequence[float]) -> Floats | None:
    known = values[~np.isnan(values)]
    return None if len(known) == 0 else np.quantile(known, quantiles)


def _pooled(z: Floats, errors: Errors, quantiles: Sequence[float]) -> Floats:
    """Return (P, Q) quantiles of z by class, weighted against the panel's and a default."""
    start = default_shape(quantiles)
    panel = _quantiles(z, quantiles)
    if panel is None:
        return np.tile(start, (errors.n_pools, 1))
    trust = errors.independent * min(1.0, np.sqrt(len(z)) / 6)
    panel = (trust * panel + 3 * start) / (trust + 3)
    out = np.tile(panel, (errors.n_pools, 1))
    for pool in range(errors.n_pools if errors.n_pools > 1 else 0):
        rows = np.flatnonzero(errors.pools == pool)
        own = _quantiles(z[rows], quantiles)
        if own is not None:
            out[pool] = (len(rows) * own + 3 * panel) / (len(rows) + 3)
    return out


@compiled
def _gather_middles(  # noqa: PLR0917 - compiled code takes plain arrays
    z: Floats,
    starts: Ints,
    origin: Ints,
    horizon: Ints,
    mean: bool,  # noqa: FBT001 - no keywords in compiled code
    out: Floats,
) -> None:
    """Fill out (W,) with each week's middle; origin and horizon list its columns from starts on."""
    most = 0
    for w in range(len(out)):
        most = max(most, starts[w + 1] - starts[w])
    values = np.empty(most * z.shape[0])
    for w in range(len(out)):
        n = 0
        for i in range(z.shape[0]):
            for c in range(starts[w], starts[w + 1]):
                v = z[i, origin[c], horizon[c]]
                if not np.isnan(v):
                    values[n] = v
                    n += 1
        if n:
            out[w] = values[:n].mean() if mean else np.median(values[:n])


def _weekly_middles(z: Floats, errors: Errors, *, mean: bool) -> Floats:
    """Return the mean or median of the errors of each target week that has any, in their order."""
    flat = errors.weeks.reshape(-1)
    order = np.argsort(flat, kind="stable")
    _, starts = np.unique(flat[order], return_index=True)
    origin, horizon = np.divmod(order, z.shape[2])
    out = np.full(len(starts), np.nan)
    edges = np.append(starts, len(flat)).astype(np.int64)
    rows = some(np.arange(len(z)), MAX_MEDIAN_SERIES)
    _gather_middles(z[rows], edges, origin, horizon, mean, out)
    return np.asarray(out[~np.isnan(out)])


def shared(z: Floats, errors: Errors) -> float:
    """Return what share of the errors' variance is common to a week's series, 1/S..1."""
    n = float((~np.isnan(z)).any(axis=(1, 2)).sum())
    whole = float(np.nanvar(z)) if n else 0.0
    if n < 2 or whole <= 0:
        return 1.0
    between = float(np.var(_weekly_middles(z, errors, mean=True)))
    return float(np.clip((between / whole - 1 / n) / (1 - 1 / n), 1 / n, 1.0))


def lasting(z: Floats) -> float:
    """Return 0..1, how alike one origin's errors (S, O, B) of a series are over the horizons.

    Few series cannot tell, and are taken to err alike.
    """
    n_bands = z.shape[2]
    full = z[~np.isnan(z).any(axis=2)]
    whole = float(full.var()) if len(full) else 0.0
    if n_bands < 2 or whole <= 0:
        return 1.0
    alike = (n_bands * float(full.mean(axis=1).var()) / whole - 1) / (n_bands - 1)
    n = float((~np.isnan(z)).any(axis=(1, 2)).sum())
    return (n * float(np.clip(alike, 0.0, 1.0)) + 3) / (n + 3)


def _noise_of_centre(z: Floats, errors: Errors, centre: float) -> float:
    """Return how much of the errors' centre to take off: weeks share shocks, so it is noisy.

    James and Stein: what weeks' own centres vary by, over one in six of the weeks, is noise.
    """
    middles = _weekly_middles(z, errors, mean=errors.about_mean)
    if len(middles) < 4 or centre == 0.0:
        return 0.0
    noise = float(np.var(middles)) / (len(middles) / 6)
    return (1.0 - float(np.clip(1 - noise / centre**2, 0.0, 1.0))) * centre


def pooled_shape(z: Floats, errors: Errors, quantiles: Sequence[float]) -> Floats:
    """Return pooled quantiles (P, Q) with the noisy part of the centre off."""
    pooled = _pooled(z, errors, quantiles)
    if errors.about_mean:
        known = z[~np.isnan(z)]
        centre = float(known.mean()) if len(known) else 0.0
    else:
        middle = int(np.argmin(np.abs(np.asarray(quantiles) - 0.5)))
        centre = float(pooled[:, middle].mean())
    return np.asarray(pooled - _noise_of_centre(z, errors, centre))


def _held_out(
    errors: Errors, keep: Bools, groups: Groups, quantiles: Sequence[float]
) -> tuple[Floats, Floats]:
    """Return how far held-out errors lie below and above, in units of q50-q10 and q90-q50."""
    u = np.where(keep[None], errors.u, np.nan)
    size, rows = np.nan_to_num(np.abs(u)).sum(axis=(1, 2)), (~np.isnan(u)).sum(axis=(1, 2))
    d = dispersion(size, rows.astype(np.float64), groups, 0.75 * errors.independent)
    pooled = pooled_shape(u / d[:, None, None], errors, quantiles)
    place = {round(q, 3): i for i, q in enumerate(quantiles)}
    low, mid, high = (pooled[errors.pools, place[q]] for q in (0.1, 0.5, 0.9))
    z = errors.u[:, ~keep] / d[:, None]
    below = (mid[:, None] - z) / np.maximum(mid - low, 1e-9)[:, None]
    above = (z - mid[:, None]) / np.maximum(high - mid, 1e-9)[:, None]
    return below[~np.isnan(below)], above[~np.isnan(above)]


def widening(n_series: float, n_weeks: float, hidden: float | None = None) -> float:
    """Return by how much quantiles widen because few independent errors were seen.

    ``n_weeks``: about how many of a series' errors are independent. The factor is Student's t over
    the normal at the 90th percentile, times what weights fitted on the same weeks hide of errors
    ahead: ``hidden`` where that was measured (``models.optimism``), else as if FITTED errors were
    used up. More series tell the spread better, but hide as much.
    """
    n = max(n_weeks, 2.5)
    if hidden is None:
        hidden = np.sqrt((n + FITTED) / (n - FITTED))
    return float(stdtrit(max(n * max(n_series, 1.0), 3.0), 0.9) / ndtri(0.9) * hidden)


def stretch(errors: Errors, groups: Groups, quantiles: Sequence[float]) -> tuple[float, float]:
    """Return factors for both halves so that held-out blocks of weeks leave 10 % outside each.

    A shape learnt without one block in four is less sure than that of all of them: three quarters
    of the (log) factor are what is missing there.
    """
    present = np.unique(errors.weeks[(~np.isnan(errors.u)).any(axis=0)])
    needed = {0.1, 0.5, 0.9} <= {round(q, 3) for q in quantiles}
    if len(present) < 2 * BLOCKS or not needed:
        return 1.0, 1.0
    rows = some(np.arange(len(errors.u)), MAX_CALIBRATION_SERIES)
    _, codes = np.unique(groups.codes[rows], return_inverse=True)
    sample, within = errors.of(rows), Groups(codes.astype(np.int64), int(codes.max()) + 1)
    below, above = [], []
    for block in np.array_split(present, BLOCKS):
        keep = ~((errors.weeks >= block[0]) & (errors.weeks <= block[-1]))
        low, high = _held_out(sample, keep, within, (0.1, 0.5, 0.9))
        below.append(low)
        above.append(high)
    factors = [float(np.quantile(np.concatenate(part), 0.9)) for part in (below, above)]
    part = 1 - 1 / BLOCKS
    return min(max(factors[0], 0.7), 2.0) ** part, min(max(factors[1], 0.7), 2.0) ** part
