"""One spec, one forecast: the same path for the night, for backtests and for replays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import polars as pl

from models import frames
from models.base import grid_of, stride_for
from models.bottom import Beside, Bottom, bottom_of
from models.closures import open_weeks
from models.evidence import Proof, prove_many
from models.fits import fits_frame
from models.hierarchy import Level, level_of, levels_in
from models.leading import effects_of
from models.life import forecast_at_all
from models.panel import Known, group_codes, in_order
from models.parallel import in_order_of
from models.published import above, at_bottom
from models.sharing import Shared, circles, lean, share, whole
from models.spec import ForecastSpec

UNITS = "units"
MIN_WEEKS = 14
MIN_OWN_WEEKS = 8
TOGETHER = 30_000
"""Panels of more series are forecast one cutoff after the other, to bound memory."""

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Forecast:
    """Everything that a night publishes about the future, as CONTRACTS names its columns.

    ``assumed``: promotions moved it of which nobody told when they were announced. ``fits``: how
    the state-space models that took part were fitted.
    """

    forecasts: pl.DataFrame
    cumulative: pl.DataFrame
    contributions: pl.DataFrame
    evidence: pl.DataFrame
    fits: pl.DataFrame
    assumed: bool = False


def _model_names(low: Bottom, level: Level) -> list[str]:
    """Return "experts", or "flat" where too little is known to weigh any."""
    if low.panel.y.shape[1] < MIN_WEEKS:
        return ["flat"] * level.keys.height
    known = (~np.isnan(low.panel.y)).sum(axis=1)
    longest = np.zeros(level.keys.height, dtype=np.int64)
    np.maximum.at(longest, level.member.codes, known)
    return ["flat" if weeks < MIN_OWN_WEEKS else "experts" for weeks in longest.tolist()]


def _level_forecast(
    target: str, low: Bottom, name: str, spec: ForecastSpec
) -> frames.LevelForecast:
    level = level_of(low.panel.series, name)
    make = at_bottom if level.is_bottom else above
    arrays = make(low, level, spec)
    keys = level.keys.with_columns(pl.Series("model", _model_names(low, level), dtype=pl.String))
    shown = np.zeros(level.keys.height, dtype=bool)
    np.logical_or.at(shown, level.member.codes, low.wanted)
    if not shown.all():
        keys = keys.filter(pl.Series(shown))
        by_part = {"deltas", "ahead"}
        arrays = {k: (v[:, shown] if k in by_part else v[shown]) for k, v in arrays.items()}
    return frames.LevelForecast(target, name, keys, signals=low.signals, **arrays)


def _bottoms(
    known: Known, proof: Proof, spec: ForecastSpec, shared: dict[str, Shared]
) -> dict[str, Bottom]:
    """Return the bottoms of every target that has anything to forecast; units first of all."""
    out: dict[str, Bottom] = {}
    drivers = known.drivers or {}
    for target in sorted(known.panels, key=lambda name: (name != UNITS, name)):
        panel, gap = known.panels[target], known.gap_weeks
        if not len(panel.weeks) or not forecast_at_all(panel).any():
            continue
        names, _ = group_codes(panel.series)
        grid = grid_of(len(panel.weeks), spec, gap, stride_for(len(panel.y)))
        past = grid.origins[:-1]
        effects = effects_of(proof, target, names, spec, gap, panel=panel, origins=past)
        beside = Beside(drivers.get(target), out.get(UNITS), shared.get(target))
        out[target] = bottom_of(panel, effects, spec, gap, beside)
    return out


def _forecast(
    known: Known, proof: Proof, spec: ForecastSpec, shared: dict[str, Shared]
) -> Forecast:
    """Return the forecasts of every target; its panels are in order."""
    weekly, cumulative, contributions = [], [], []
    step = np.timedelta64(7, "D")
    bottoms = _bottoms(known, proof, spec, shared)
    for target in sorted(bottoms):
        low = bottoms[target]
        ahead = np.arange(1, spec.horizon + 1) + known.gap_weeks
        weeks = low.panel.weeks[-1] + step * ahead
        for name in levels_in(low.panel.series, spec.levels):
            part = _level_forecast(target, low, name, spec)
            weekly.append(frames.weekly_frame(part, known.cutoff, weeks, spec.quantiles))
            if levels := spec.cumulative_quantiles:
                cumulative.append(frames.cumulative_frame(part, known.cutoff, weeks, levels))
            contributions.append(frames.contribution_frame(part, known.cutoff, weeks))
    return Forecast(
        pl.concat(weekly) if weekly else frames.empty_weekly(spec.quantiles),
        pl.concat(cumulative) if cumulative else frames.empty_cumulative(spec.cumulative_quantiles),
        pl.concat(contributions) if contributions else frames.empty_contributions(),
        proof.evidence,
        fits_frame(known.cutoff, bottoms),
        any(low.assumed for low in bottoms.values()),
    )


def forecast(known: Known, spec: ForecastSpec) -> Forecast:
    """Return the forecasts of every target from what is known at one cutoff.

    Deterministic and pure: equal inputs give equal bits, whatever else is forecast beside them.
    """
    return forecast_many([known], spec)[0]


def forecast_each(
    knowns: Sequence[Known], spec: ForecastSpec, then: Callable[[Known, Forecast], Kept]
) -> list[Kept]:
    """Return what ``then`` makes of each known and its ``forecast``, in the order of the knowns.

    Cutoffs that know the same past share the experts' forecasts, and several are worked on at a
    time while they are small; only what ``then`` returns is kept. It must be a pure function.
    """
    ordered = [
        replace(k, panels={name: open_weeks(in_order(p)) for name, p in k.panels.items()})
        for k in knowns
    ]
    largest = max((len(p.y) for k in ordered for p in k.panels.values()), default=0)
    threads = 1 if largest > TOGETHER else 0
    proofs = prove_many(ordered, spec)
    made: dict[int, Kept] = {}
    every = circles(ordered)
    for circle in every:
        for i, known in zip(circle, lean([ordered[i] for i in circle]), strict=True):
            ordered[i] = known

    def work(circle: list[int], shared: list[dict[str, Shared]]) -> None:
        def one(place: int) -> Kept:
            known, proof = whole(ordered[circle[place]]), proofs[circle[place]]
            return then(known, _forecast(known, proof, spec, shared[place]))

        kept = in_order_of(range(len(circle)), one, threads)
        made.update(zip(circle, kept, strict=True))

    alone = [circle[0] for circle in every if len(circle) == 1]
    work(alone, [{} for _ in alone])
    for circle in every:
        if len(circle) > 1:
            work(circle, share([ordered[i] for i in circle], spec))
    return [made[i] for i in range(len(ordered))]


def forecast_many(knowns: Sequence[Known], spec: ForecastSpec) -> list[Forecast]:
    """Return ``forecast`` of each, row for row what one at a time gives."""
    return forecast_each(knowns, spec, lambda _, made: made)
