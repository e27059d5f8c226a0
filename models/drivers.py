"""Known-future drivers in a forecast: demand is a driver-free base times multipliers.

The engine forecasts y / m; means, quantiles and inner forecasts are multiplied by m. Each category
uses a part (promotions, feasts) to the power that a backtest without look-ahead says
(``models.driver_gate``). The multipliers that are used are estimated from all weeks up to the
cutoff and so divide the history that inner origins see, too: a handful of pooled and shrunk
parameters that all experts share, so that their weights hardly depend on it. Which promotions an
inner origin uses ahead are those told by then (``models.notice``). Forecasts of past cutoffs
estimate anew from what was known then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.base import Base, naive_forecast
from models.driver_gate import PARTS, effects_of, gate, weeks_ahead
from models.exposures import Drivers
from models.levels import targets
from models.notice import Notice, notice
from models.panel import Grid, Groups
from models.reconcile import towards_zero
from models.types import Floats


@dataclass(frozen=True, slots=True)
class Multipliers:
    """By what drivers multiply demand: ``m`` (S, T+gap+H), the product of ``parts`` (P, S, N).

    ``power`` (P, G): to which power each category takes a part as estimated; 0 = it is not used.
    ``gain`` (P, G): share of absolute error that the part took off in the gate's backtest, nan
    where it acted nowhere. ``assumed``: promotions are used whose timing is taken on trust.
    ``notice``: when promotions were told; None where all were before any horizon.
    """

    names: tuple[str, ...]
    parts: Floats
    power: Floats
    gain: Floats
    assumed: bool
    notice: Notice | None = None

    @property
    def m(self) -> Floats:
        """The product (S, N) of all parts."""
        return np.asarray(np.prod(self.parts, axis=0))

    @property
    def acts(self) -> bool:
        """Whether any category uses any part."""
        return bool(self.power.any())

    def ahead(self, grid: Grid) -> tuple[Floats, Floats]:
        """Return by what means and centres (S, O, H) are multiplied that stand at the origins.

        Promotions that were not told by an origin have no part in it; what weeks without a told
        promotion are lifted by on average has.
        """
        weeks = weeks_ahead(grid)
        if self.notice is None:
            return self.m[:, weeks], self.m[:, weeks]
        told, mean, centre = self.notice.at(grid.origins)
        told = told * np.prod(self.parts[1:], axis=0)[:, weeks]
        return told * mean, told * centre

    def now(self, n_weeks: int, grid: Grid) -> tuple[Floats, Floats]:
        """Return by what means and centres (S, H) are multiplied after n weeks."""
        last = np.array([n_weeks], dtype=np.int64)
        mean, centre = self.ahead(replace(grid, origins=last))
        return mean[:, 0], centre[:, 0]


def neutral(n_series: int, n_weeks: int, n_groups: int) -> Multipliers:
    """Return multipliers that change nothing."""
    none = len(PARTS)
    return Multipliers(
        PARTS,
        np.ones((none, n_series, n_weeks)),
        np.zeros((none, n_groups)),
        np.full((none, n_groups), np.nan),
        False,
    )


def multipliers(y: Floats, drivers: Drivers, groups: Groups, grid: Grid) -> Multipliers:
    """Return the multipliers of demand y (S, T) over T + gap + H weeks, each part where it pays.

    ``drivers`` are in y's order and reach over the same weeks; of ``grid`` horizon, period and gap
    are used. Weeks after T are read from the drivers only.
    """
    n_weeks = y.shape[1]
    n = n_weeks + grid.gap + grid.horizon
    out = neutral(len(y), n, groups.n)
    if drivers.x.shape[1:] != (len(y), n):
        raise ValueError(f"drivers are {drivers.x.shape[1:]}, not {(len(y), n)}")
    if not drivers.x.any() and not drivers.calendar.any():
        return out
    power, gain = gate(y, drivers, groups, grid)
    if not power.any():
        return Multipliers(PARTS, out.parts, power, gain, False)
    effects, parts = effects_of(y, drivers, groups, grid.period)
    parts = parts ** power[:, groups.codes, None]
    assumed = drivers.assumed and bool(power[0].any())
    silence = None
    if power[0].any():
        m = np.asarray(np.prod(parts, axis=0))
        silence = notice(effects, power[0][groups.codes], drivers, m, grid)
    return Multipliers(PARTS, parts, power, gain, assumed, silence)


def driven(base: Base, y: Floats, made: Multipliers, grid: Grid) -> Base:
    """Return forecasts of demand y (S, T) from ``base``, those of y / m: multiplied by m.

    Of ``grid`` horizon, period and gap are used. Actuals and the seasonal naive are of y itself;
    ``flat`` stays driver-free.
    """
    if not made.acts:
        return base
    inner = Grid(base.origins, grid.horizon, grid.period, grid.gap)
    ahead, past = made.now(y.shape[1], grid), made.ahead(inner)
    return replace(
        base,
        mean=base.mean * ahead[0],
        centre=base.centre * ahead[1],
        naive=naive_forecast(y, grid),
        inner_mean=base.inner_mean * past[0],
        inner_centre=base.inner_centre * past[1],
        actual=targets(y, inner),
    )


def split(baseline: Floats, made: Multipliers) -> tuple[Floats, Floats]:
    """Return a baseline (S, H) without drivers, and (P, S, H) what each part adds to it.

    ``baseline`` is with drivers and on the published grain; so are the parts, cut towards zero:
    without + parts = baseline exactly, and nothing is negative. Each part is what the baseline
    would lose were it not there while those named after it stay away too.
    """
    ahead = made.parts[:, :, -baseline.shape[1] :]
    deltas, left = np.zeros((len(made.names), *baseline.shape)), baseline
    for p in reversed(range(len(made.names))):
        deltas[p] = towards_zero(left * (1.0 - 1.0 / ahead[p]))
        left = left - deltas[p]
    return left, deltas
