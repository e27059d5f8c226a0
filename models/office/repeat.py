"""When customers order again: shares by a day, medians, and hazards beside those nobody talked to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from models.office.lifts import NOTHING, Limits
from models.office.speed import shipped_by
from models.types import Bools, Floats, Ints
from transforms.contracts.office_columns import MIN_PEOPLE

DAYS = (30, 90, 180)
LEAST_EVENTS = 5
STATES = 3
_Z = 1.959963984540054
_STEPS, _CLOSE = 50, 1e-10


def curve(days: Floats, event: Bools) -> dict[str, object]:
    """n, events, km_median_days and p_30d, p_90d, p_180d with limits of Kaplan and Meier's curve.

    `days` (> 0) to the event or to censoring. Of few, or of a day that nobody was followed to, nothing
    is told; log-log limits (Kalbfleisch and Prentice 1980).
    """
    row: dict[str, object] = {"n": len(days), "events": int(event.sum())}
    names = ("km_median_days", *(f"p_{day}d" for day in DAYS))
    found: list[Limits] = [NOTHING] * len(names)
    if len(days) >= MIN_PEOPLE and event.any():
        made = SurvfuncRight(days, event.astype(np.float64))
        with np.errstate(divide="ignore", invalid="ignore"):  # where all have ordered
            ends = made.quantile_ci(0.5, alpha=0.05, method="cloglog")
        median = tuple(float(x) if np.isfinite(x) else None for x in (made.quantile(0.5), *ends))
        found = [(median[0], median[1], median[2]), *(shipped_by(made, days, day) for day in DAYS)]
    for name, (value, lo, hi) in zip(names, found, strict=True):
        row |= {name: value, f"{name}_lo": lo, f"{name}_hi": hi}
    return row


@dataclass(frozen=True, slots=True)
class Risk:
    """People at risk and events, (rows, STATES): a row is one day of one stratum with an event."""

    at_risk: Floats
    events: Floats
    stratum: Ints


def risk(intervals: pl.DataFrame, strata: int, horizon: int) -> Risk:
    """Days with events of counted intervals (stratum from 1, state, entry, exit, event, n).

    At risk on a day is who entered before it and has not left before it.
    """
    place = (intervals["stratum"].to_numpy() - 1) * STATES + intervals["state"].to_numpy()
    n = intervals["n"].to_numpy().astype(np.float64)
    shape, size = (strata, STATES, horizon + 2), strata * STATES * (horizon + 2)

    def summed(day: Ints, weight: Floats) -> Floats:
        flat = np.bincount(place * (horizon + 2) + day, weights=weight, minlength=size)
        return np.asarray(flat, dtype=np.float64).reshape(shape)

    leaves = intervals["exit"].to_numpy()
    come, gone = summed(intervals["entry"].to_numpy() + 1, n), summed(leaves + 1, n)
    there = np.cumsum(come - gone, axis=2)
    events = summed(leaves, n * intervals["event"].to_numpy())
    some = np.argwhere(events.sum(axis=1) > 0)
    pick = (some[:, 0], slice(None), some[:, 1])
    return Risk(there[pick], events[pick], some[:, 0] + 1)


def of_strata(given: Risk, strata: Ints) -> Risk:
    """The rows of some strata."""
    mine = np.isin(given.stratum, strata)
    return Risk(given.at_risk[mine], given.events[mine], given.stratum[mine])


def without_signal(given: Risk) -> Risk:
    """The same with all who talked in one state, whatever they said."""

    def pooled(x: Floats) -> Floats:
        return np.column_stack([x[:, 0], np.zeros(len(x)), x[:, 1] + x[:, 2]])

    return Risk(pooled(given.at_risk), pooled(given.events), given.stratum)


def hazard_ratio(given: Risk) -> tuple[Limits, float | None]:
    """Hazard of the last state over that of the first, with limits, and its p value (Wald).

    Cox's (1972) partial likelihood with a baseline of its own for each stratum and Breslow's ties: as
    statsmodels' PHReg(entry=, strata=) gives it, from counts, for one row a day instead of one a person.
    Nothing with fewer than LEAST_EVENTS events in either state.
    """
    counts = given.events.sum(axis=0)
    if min(counts[0], counts[-1]) < LEAST_EVENTS:
        return NOTHING, None
    used = np.array([i for i in range(1, STATES) if counts[i] > 0])
    beta, total = np.zeros(STATES), given.events.sum(axis=1)
    spread = np.full((len(used), len(used)), np.nan)
    for _ in range(_STEPS):
        weight = given.at_risk * np.exp(beta)
        p = (weight / weight.sum(axis=1, keepdims=True))[:, used]
        slope = counts[used] - total @ p
        bend = np.diag(total @ p) - (p * total[:, None]).T @ p
        if np.linalg.cond(bend) > 1e12:
            return NOTHING, None
        spread = np.linalg.inv(bend)
        step = np.clip(spread @ slope, -2, 2)
        beta[used] += step
        if np.abs(step).max() < _CLOSE:
            break
    value, error = float(beta[-1]), float(np.sqrt(spread[-1, -1]))
    ends = (float(np.exp(value - _Z * error)), float(np.exp(value + _Z * error)))
    return (float(np.exp(value)), *ends), float(2 * stats.norm.sf(abs(value) / error))
