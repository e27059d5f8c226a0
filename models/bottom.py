"""A target's finest series: base forecasts, what is known ahead, cold starts, and what signals say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.base import Base, History, grid_of, stride_for
from models.closures import open_again, sums_as_if_open
from models.coldstart import Ahead, Cold, cold_starts
from models.drivers import Multipliers, driven, multipliers, neutral, split
from models.exposures import Drivers, aligned
from models.extras import Extra
from models.leadchallenge import LeadFit, Sums, challenged
from models.leading import Effects
from models.levels import targets
from models.life import forecast_at_all, on_sale, starts_of, to_begin
from models.outcomes import ahead_of, outcome_experts, sales_of
from models.panel import Grid, Groups, Panel, group_codes, group_sums, weeks_until_over
from models.reconcile import deltas_of, to_grain
from models.sharing import Shared
from models.spec import ForecastSpec
from models.types import Bools, Floats
from models.upper import Fits, Reconciled, reconciled


@dataclass(frozen=True, slots=True)
class Bottom:
    """A reconciled bottom: published arrays of every series, and which of them are published.

    ``base`` is as if every series were on sale in every week ahead; ``baseline`` is its mean in the
    weeks on sale, on the published grain. ``ahead`` (P, S, H): what drivers add to the baseline.
    ``assumed``: promotions are in it whose timing is taken on trust. ``fits``: those of the
    challengers that took part, ``lead_fits`` of those with signals. ``effects``: those of signals. ``chance`` (S, H): how likely each series is open, which is in the
    baseline; None where all are for sure.
    """

    panel: Panel
    history: History
    base: Base
    cold: Cold
    baseline: Floats
    mean: Floats
    deltas: Floats
    ahead: Floats
    signals: tuple[str, ...]
    wanted: Bools
    assumed: bool
    fits: tuple[Fits, ...]
    lead_fits: tuple[LeadFit, ...]
    effects: Effects
    chance: Floats | None = None

    def past_lift(self) -> Floats | None:
        """Return (S, O, H) by what signals multiply the past forecasts; None: by nothing."""
        _, groups = group_codes(self.panel.series)
        return self.effects.past_lift(groups.codes)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of a target beside its own history: each is None where there is none.

    ``drivers`` ahead; ``units``: the bottom of the units, of which returns and tickets follow;
    ``shared``: the experts' forecasts where they are known already.
    """

    drivers: Drivers | None = None
    units: Bottom | None = None
    shared: Shared | None = None


def _multipliers(panel: Panel, drivers: Drivers | None, groups: Groups, grid: Grid) -> Multipliers:
    if drivers is None:
        n_weeks = len(panel.weeks) + grid.gap + grid.horizon
        return neutral(len(panel.y), n_weeks, groups.n)
    return multipliers(panel.y, aligned(drivers, panel.series), groups, grid)


def _outcomes(panel: Panel, units: Bottom | None, groups: Groups, grid: Grid) -> Extra | None:
    """Return what sales let expect of a target that follows them; None for the units themselves."""
    if units is None:
        return None
    ahead = ahead_of(units.base, units.baseline, grid)
    return outcome_experts(panel.y, sales_of(panel, units.panel, ahead), groups, grid)


def _undriven(extra: Extra | None, made: Multipliers, grid: Grid) -> Extra | None:
    """Return experts of demand as experts of demand over the multipliers, as all others are."""
    if extra is None or not made.acts:
        return extra
    m = made.ahead(grid)[0]
    return Extra(extra.names, (extra.forecasts / m[:, :, :, None]).astype(np.float32))


def _started(base: Base, cold: Cold) -> Base:
    """Return the base with series that have not sold yet as others of their category began."""
    told = ~np.isnan(cold.mean)
    mean, centre = np.where(told, cold.mean, base.mean), np.where(told, cold.mean, base.centre)
    return replace(base, mean=mean, centre=centre)


def _challenged(
    effects: Effects, found: Reconciled, history: History, panel: Panel, spec: ForecastSpec
) -> tuple[Effects, tuple[LeadFit, ...]]:
    """Return the effects of signals, the state-space models' where they won, and those models' fits."""
    groups, base = history.groups, found.base
    plain = found.plain(groups)
    if plain is None:
        return effects, ()
    demand = sums_as_if_open(history.y, panel.closed, groups, spec.season_weeks)
    grid = grid_of(demand.shape[1], spec, history.gap, stride_for(len(history.y)))
    inner = replace(grid, origins=grid.origins[:-1])
    made = group_sums(base.inner_mean, groups)
    return challenged(effects, Sums(demand, made, targets(demand, inner), plain), grid)


def bottom_of(
    panel: Panel, effects: Effects, spec: ForecastSpec, gap: int, beside: Beside
) -> Bottom:
    """Return one target's bottom.

    Experts see demand without what drivers did to it; their forecasts get it back. Series without
    a complete week start as launches of their category did.
    """
    y = panel.y
    _, groups = group_codes(panel.series)
    grid = grid_of(y.shape[1], spec, gap, stride_for(len(y)))
    made = _multipliers(panel, beside.drivers, groups, grid)
    plain = y / made.m[:, : y.shape[1]] if made.acts else y
    history = History(plain, groups, gap, weeks_until_over(panel))
    extra = _undriven(_outcomes(panel, beside.units, groups, grid), made, grid)
    shared = None if made.acts else beside.shared
    found = reconciled(history, spec, shared, extra, panel.closed)
    effects, lead_fits = _challenged(effects, found, history, panel, spec)
    lift = made.now(y.shape[1], grid)[0] if made.acts else None
    ahead = Ahead(y.shape[1], gap, spec.horizon, starts_of(panel), lift)
    levels = spec.quantiles, spec.cumulative_quantiles
    cold = cold_starts(plain, groups, found.base.mean, ahead, levels)
    base = _started(driven(found.base, y, made, grid), cold)
    chance = open_again(panel.closed_for, np.arange(1, spec.horizon + 1) + gap)
    sold = on_sale(panel, gap, spec.horizon)
    baseline = to_grain(base.mean * (sold if chance is None else sold * chance))
    _, parts = split(baseline, made)
    deltas = deltas_of(baseline, np.exp(effects.of_series(groups.codes)) - 1.0)
    return Bottom(
        panel,
        replace(history, y=y),
        base,
        cold,
        baseline,
        baseline + deltas.sum(axis=0),
        deltas,
        parts,
        effects.names,
        forecast_at_all(panel) & (~to_begin(panel) | cold.unbegun),
        made.assumed,
        found.fits,
        lead_fits,
        effects,
        chance,
    )
