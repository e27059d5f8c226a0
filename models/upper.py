"""Bottom series and the forecasts of their sums: pulled together where it makes both better."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.base import Base, History, forecast_base, grid_of, stride_for, zero_based_bands
from models.challengers import BOTTOM_PACES, FEW_SERIES, PACES, SETTLED, Challenge, challenge
from models.closures import as_if_open
from models.ensemble import error_scale
from models.extras import Extra, together
from models.panel import Groups, group_sums, one_group
from models.reconcile import Judged, choose_centre_pull, choose_pull, pull_ratio, pulled
from models.seasonality import pooled_season
from models.sharing import Shared
from models.spec import ForecastSpec
from models.types import Bools, Floats


def _summed(extra: Extra | None, groups: Groups) -> Extra | None:
    """Return the extra experts of the groups' sums: the sums of theirs."""
    if extra is None:
        return None
    sums = group_sums(extra.forecasts.astype(np.float64), groups)
    return Extra(extra.names, sums.astype(np.float32))


def _pulled(base: Base, own: Base, groups: Groups, scales: tuple[Floats, Floats]) -> Base:
    """Return the base scaled towards the sums' own forecasts, each band as far as it pays.

    ``scales``: of the bottoms' errors and of their sums'. All forecasts are of series that are open
    and on sale: sums do not dip for those that are not.
    """
    sums = group_sums(base.inner_mean, groups)
    past = pull_ratio(sums, own.inner_mean)
    factors, horizon = pulled(past), past.shape[2]
    means, centres = np.zeros(horizon), np.zeros(horizon)
    for band in zero_based_bands(horizon):
        mean = Judged(base.inner_mean, base.actual, scales[0], band)
        summed = Judged(sums, own.actual, scales[1], band)
        means[slice(*band)] = choose_pull(mean, summed, factors, groups)
        centre = Judged(base.inner_centre, base.actual, scales[0], band)
        centres[slice(*band)] = choose_centre_pull(centre, factors, groups)
    if not means.any() and not centres.any():
        return base
    now = pull_ratio(group_sums(base.mean, groups), own.mean)
    return replace(
        base,
        mean=base.mean * (now**means)[groups.codes],
        centre=base.centre * (now**centres)[groups.codes],
        inner_mean=base.inner_mean * (past**means)[groups.codes],
        inner_centre=base.inner_centre * (past**centres)[groups.codes],
    )


@dataclass(frozen=True, slots=True)
class Fits:
    """How the challengers of N sums, or of N bottom series, were fitted.

    ``groups`` (S members): which sum each bottom series belongs to.
    """

    groups: Groups
    challenge: Challenge


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A bottom's base forecasts, and the fits of the challengers that took part in making them."""

    base: Base
    fits: tuple[Fits, ...]

    def plain(self, groups: Groups) -> Floats | None:
        """Return (G, O+1, H) what the settled challenger says of the groups' sums; None: nothing."""
        for found in self.fits:
            if found.groups.n == groups.n and np.array_equal(found.groups.codes, groups.codes):
                extra = found.challenge.extra
                made: Floats = extra.forecasts[..., extra.names.index(SETTLED)].astype(np.float64)
                return made
        return None


def _challenged(history: History, spec: ForecastSpec, stride: int, *, sums: bool) -> Challenge:
    """Return the challengers of some series; what are sums learn a season of their own."""
    y, groups = history.y, history.groups
    grid = grid_of(y.shape[1], spec, history.gap, stride)
    if sums:
        return challenge(y, groups, grid, paces=PACES)
    return challenge(y, groups, grid, season=pooled_season(y, groups, grid), paces=BOTTOM_PACES)


def reconciled(
    history: History,
    spec: ForecastSpec,
    shared: Shared | None,
    extra: Extra | None,
    closed: Bools | None = None,
) -> Reconciled:
    """Return the bottom's base forecasts, scaled to the categories' and the total's where it pays.

    First to the categories' own forecasts, then to that of everything. ``extra``: further experts
    of the bottom series; their sums are the categories'. Unless the spec says no, state-space
    challengers join the experts of all sums, and of the bottom where its series are few.
    ``closed`` (S, T): weeks in which sums hold a series as if it were open; None: there are none.
    """
    y, groups = history.y, history.groups
    stride, fits = stride_for(len(y)), []
    everyone = one_group(len(y))
    alone = Groups(np.arange(len(y)), len(y))
    told = extra
    if spec.challengers and len(y) <= FEW_SERIES:
        rivals = _challenged(history, spec, stride, sums=groups.n == len(y))
        fits.append(Fits(alone, rivals))
        told = together(extra, rivals.extra)
    base = forecast_base(history, spec, stride, told, shared.bottom if shared else None)
    if not len(base.origins):
        return Reconciled(base, tuple(fits))
    filled = as_if_open(y, closed, spec.season_weeks)
    for upper in (groups, everyone):
        if upper.n == len(y) or (upper is everyone and groups.n == 1):
            continue
        sums = group_sums(filled, upper)
        above = History(sums, one_group(upper.n), history.gap)
        told = _summed(extra, upper)
        if spec.challengers:
            rivals = _challenged(above, spec, stride, sums=True)
            fits.append(Fits(upper, rivals))
            told = together(told, rivals.extra)
        tried = shared.above if shared and upper is groups else None
        own = forecast_base(above, spec, stride, told, tried)
        base = _pulled(base, own, upper, (error_scale(y), error_scale(sums)))
    return Reconciled(base, tuple(fits))
