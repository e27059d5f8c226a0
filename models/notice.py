"""Promotions announced on short notice: what was told of a week at a lead, and what then follows.

A forecast may use a promotion from the origin on at which it was told. Of a week without a told
promotion one thing is known still: how much, on average, weeks that were as silent at that lead
turned out to be lifted. That mean multiplier belongs to the base, which would be too low without.
What sold in the weeks before an origin is divided by all promotions known since, as at the cutoff,
though some may have been told to the books only after they began.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.exposures import Drivers
from models.panel import Grid, Groups, group_sums
from models.promotions import promotion_multipliers, uplift
from models.rivalry import Rivalry, rivalry, taken
from models.types import Bools, Floats, Ints

PRIOR_WEEKS = 26.0
"""How many silent weeks of its own a series needs to weigh as much as its category."""
SWAY = 0.35
"""Few lifted weeks, however high, move a median by no more than usual noise: 1.25 sd of .28."""


@dataclass(frozen=True, slots=True)
class Promoted:
    """Effects of promotions told by demand ``y`` (S, T): ``own`` (S, N), and what rivals take."""

    y: Floats
    own: Floats
    found: Rivalry
    groups: Groups

    def m(self, silent: Bools | None = None) -> Floats:
        """Return (S, N) multipliers; promotions of ``silent`` weeks (S, N) left out."""
        own = self.own if silent is None else np.where(silent, 1.0, self.own)
        if not self.found.acts:
            return own
        return np.asarray(own * taken(self.y, self.own, self.groups, self.found, own))


def promoted(y: Floats, drivers: Drivers, groups: Groups) -> Promoted:
    """Return the effects of promotions: their own uplift, and what they take from others."""
    own = promotion_multipliers(uplift(y, drivers, groups), drivers)
    found = rivalry(y, own, groups)
    if not found.acts:
        return Promoted(y, own, found, groups)
    free = y / taken(y, own, groups, found)[:, : y.shape[1]]
    own = promotion_multipliers(uplift(free, drivers, groups), drivers)
    return Promoted(y, own, rivalry(y, own, groups), groups)


def late(drivers: Drivers, grid: Grid) -> bool:
    """Whether some promotion was told when a horizon of the grid already reached its week."""
    if drivers.told is None:
        return False
    before = np.arange(drivers.x.shape[2]) - (grid.gap + grid.horizon - 1)
    exposed = (drivers.x != 0).any(axis=0)
    return bool((exposed & (drivers.told > np.maximum(before, 0))).any())


def told_by(drivers: Drivers, origin: int) -> Drivers:
    """Return the drivers without past promotions that were told only after the origin."""
    if drivers.told is None:
        return drivers
    hidden = drivers.told > origin
    hidden[:, origin:] = False
    return replace(drivers, x=np.where(hidden, np.float32(0), drivers.x))


@dataclass(frozen=True, slots=True)
class Notice:
    """Which weeks were told when, and what promotions did to them.

    ``effects``: those of promotions, taken to ``power`` (S,). ``clean`` (S, T): demand without any
    driver. ``told`` (S, N): the origin from which a promoted week is told; ``on`` (S, N): whether
    it is promoted at all. Of ``grid`` horizon and gap are used.
    """

    effects: Promoted
    power: Floats
    clean: Floats
    told: Ints
    on: Bools
    grid: Grid

    def at(self, origins: Ints, seen: Ints | None = None) -> tuple[Floats, Floats, Floats]:
        """Return (S, O, H) told multipliers, and by what silence multiplies means and centres.

        What silence means is told by weeks before each origin, or the first ``seen`` (O,) weeks.
        """
        known = origins if seen is None else seen
        out = np.ones((3, len(self.clean), len(origins), self.grid.horizon))
        full = self.effects.m() ** self.power[:, None]
        for h in range(self.grid.horizon):
            lead = self.grid.gap + h
            silent = self.on & (self.told > np.maximum(np.arange(self.on.shape[1]) - lead, 0))
            m = self.effects.m(silent) ** self.power[:, None]
            weeks, quiet = origins + lead, ~self.on | silent
            out[0, :, :, h] = m[:, weeks]
            rest = (full / m)[:, : self.clean.shape[1]]
            weight = np.where(quiet[:, : self.clean.shape[1]], np.nan_to_num(self.clean), 0.0)
            weight[:, :lead] = 0.0
            lift = self._mean(weight, rest - 1.0, known)
            log = self._mean(weight, np.clip(np.log(rest), -SWAY, SWAY), known)
            out[1, :, :, h] = np.where(quiet[:, weeks], 1.0 + lift, 1.0)
            out[2, :, :, h] = np.where(quiet[:, weeks], np.exp(log), 1.0)
        return out[0], out[1], out[2]

    def _mean(self, weight: Floats, values: Floats, known: Ints) -> Floats:
        """Return (S, O) weighted means (S, T) of the first weeks, series shrunk to categories."""
        over, under = (_until(one, known) for one in (weight * values, weight))
        weeks = _until((weight > 0).astype(np.float64), known)
        groups = self.effects.groups
        sums, whole = group_sums(over, groups), group_sums(under, groups)
        common = np.divide(sums, whole, out=np.zeros_like(sums), where=whole > 0)[groups.codes]
        prior = PRIOR_WEEKS * under / np.maximum(weeks, 1.0)
        mass = under + prior
        mean = np.divide(over + prior * common, mass, out=common.copy(), where=mass > 0)
        return np.asarray(mean)


def _until(values: Floats, known: Ints) -> Floats:
    """Return (S, O) sums of the first weeks of values (S, T)."""
    sums = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return np.asarray(sums[:, known])


def notice(
    effects: Promoted, power: Floats, drivers: Drivers, m: Floats, grid: Grid
) -> Notice | None:
    """Return who was told what when; None where all promotions are told before any horizon.

    ``power`` (S,) to which promotions are used; ``m`` (S, N) all multipliers that are used.
    """
    if drivers.told is None or not late(drivers, grid):
        return None
    clean = effects.y / m[:, : effects.y.shape[1]]
    return Notice(effects, power, clean, drivers.told, (drivers.x != 0).any(axis=0), grid)
