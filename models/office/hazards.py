"""Hazards of customers by all that they have said, beside those of customers nobody has talked to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from models.office.lifts import NOTHING, Limits
from models.types import Bools, Floats, Ints

LEAST_EVENTS = 5
TALKED = 0
"""Bit of a state that says that somebody has talked to us; signals have the bits from 1 on."""
_Z = 1.959963984540054
_STEPS, _CLOSE, _FLAT = 60, 1e-10, 1e-9
Hazard = tuple[Limits, float | None]
"""A hazard ratio with limits, and its p value (Wald)."""
UNKNOWN: Hazard = (NOTHING, None)


@dataclass(frozen=True, slots=True)
class Spans:
    """Counted stretches, arrays (n,): `count` customers of a stratum and a state (a set of bits).

    They are at risk from the day after `entry` to the day `leaves`, on which they order if `event`.
    """

    stratum: Ints
    state: Ints
    entry: Ints
    leaves: Ints
    event: Bools
    count: Floats


def spans(intervals: pl.DataFrame) -> Spans:
    """Those of counted intervals (stratum, state, entry, exit, event, n)."""
    stratum, state, entry, leaves = (
        intervals[name].to_numpy() for name in ("stratum", "state", "entry", "exit")
    )
    count = intervals["n"].to_numpy().astype(np.float64)
    return Spans(stratum, state, entry, leaves, intervals["event"].to_numpy(), count)


def of_strata(given: Spans, strata: Ints) -> Spans:
    """The stretches of some strata."""
    return _picked(given, np.isin(given.stratum, strata))


def _picked(given: Spans, mine: Bools) -> Spans:
    return Spans(
        given.stratum[mine], given.state[mine], given.entry[mine],
        given.leaves[mine], given.event[mine], given.count[mine],
    )  # fmt: skip


def talked_hazard(given: Spans) -> Hazard:
    """Hazard of all who have talked to us, whatever they said, over that of those who have not."""
    return _told(given, [TALKED], [[TALKED]])[0]


def said_hazards(given: Spans, signals: int) -> list[Hazard]:
    """Of each signal (bits 1 to `signals`): hazard of who said it alone over that of who has not talked.

    One Cox (1972) model with all signals in it, so that what was said along with a signal is not
    credited to it. Each stratum has a baseline of its own; Breslow's ties: as statsmodels'
    PHReg(entry=, strata=) gives it, from counts. Unknown with fewer than LEAST_EVENTS events of who
    said it, or of who has not talked; signals of so few stay out of the model.
    """
    said = [b for b in range(1, signals + 1) if _events(given, b) >= LEAST_EVENTS]
    bits = [TALKED, *said]
    found = dict(zip(said, _told(given, bits, [[TALKED, b] for b in said]), strict=True))
    return [found.get(b, UNKNOWN) for b in range(1, signals + 1)]


def _events(given: Spans, bit: int) -> float:
    return float(given.count[given.event & ((given.state >> bit & 1) == 1)].sum())


def _told(given: Spans, bits: Sequence[int], sums: Sequence[Sequence[int]]) -> list[Hazard]:
    """Exp of the sums of coefficients, each sum given by its bits."""
    silent = given.event & (given.state == 0)
    fit = None
    if given.count[silent].sum() >= LEAST_EVENTS and _events(given, TALKED) >= LEAST_EVENTS:
        fit = _fit(given, np.array(bits))
    if fit is None:
        return [UNKNOWN] * len(sums)
    return [_hazard(*fit, np.isin(bits, some).astype(np.float64)) for some in sums]


def _hazard(beta: Floats, bend: Floats, which: Floats) -> Hazard:
    spread = np.linalg.pinv(bend, rcond=1e-10, hermitian=True)
    known = spread @ bend @ which
    variance = float(which @ spread @ which)
    if np.abs(known - which).max() > 1e-5 or not variance > 0:
        return UNKNOWN  # the data do not tell it apart from another one
    value, error = float(which @ beta), float(np.sqrt(variance))
    ends = (float(np.exp(value - _Z * error)), float(np.exp(value + _Z * error)))
    return (float(np.exp(value)), *ends), float(2 * stats.norm.sf(abs(value) / error))


@dataclass(frozen=True, slots=True)
class _Days:
    """Where stretches lie on the grid of strata and days, and how many events each day of it has."""

    first: Ints
    last: Ints
    shape: tuple[int, int]
    events: Floats

    @classmethod
    def of(cls, given: Spans) -> _Days:
        _, row = np.unique(given.stratum, return_inverse=True)
        days = int(given.leaves.max()) + 2
        shape = (int(row.max()) + 1, days)
        last = row * days + given.leaves
        size = shape[0] * days
        happened = np.asarray(np.bincount(last, given.count * given.event, size), dtype=np.float64)
        return cls(row * days + given.entry, last, shape, happened)

    def at_risk(self, weight: Floats, some: Bools | slice) -> Floats:
        """Sum of weights of some stretches on each day of the grid, flat."""
        size = self.shape[0] * self.shape[1]
        come = np.bincount(self.first[some] + 1, weight, size)
        gone = np.bincount(self.last[some] + 1, weight, size)
        return np.asarray(np.cumsum((come - gone).reshape(self.shape), axis=1).ravel())

    def hazard(self, whole: Floats) -> Floats:
        """The baseline's hazard up to each day of the grid, flat."""
        some = self.events > 0
        daily = np.where(some, self.events / np.where(some, whole, 1.0), 0.0)
        return np.asarray(np.cumsum(daily.reshape(self.shape), axis=1).ravel())


def _fit(given: Spans, bits: Ints) -> tuple[Floats, Floats] | None:
    """Coefficients of `bits` and their information, at the largest partial likelihood; None: not found."""
    days, x = _Days.of(given), (given.state[:, None] >> bits & 1).astype(np.float64)
    happened = (given.count * given.event) @ x
    beta = np.zeros(len(bits))
    for _ in range(_STEPS):
        expected, bend = _expected(given, days, x, beta)
        slope = happened - expected
        step = np.clip(np.linalg.pinv(bend, rcond=1e-10, hermitian=True) @ slope, -2, 2)
        beta += step
        if np.abs(step).max() < _CLOSE or np.abs(slope).max() < _FLAT:
            return beta, bend
    return None


def _expected(given: Spans, days: _Days, x: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Events of each bit that the model expects, and the information."""
    weight = given.count * np.exp(x @ beta)
    whole = days.at_risk(weight, slice(None))
    up_to = days.hazard(whole)
    theirs = weight * (up_to[days.last] - up_to[days.first])
    some = days.events > 0
    share = np.stack(
        [days.at_risk(weight[on], on)[some] for on in (x[:, i] > 0 for i in range(x.shape[1]))]
    )
    share *= np.sqrt(days.events[some]) / whole[some]
    return theirs @ x, (x * theirs[:, None]).T @ x - share @ share.T
