"""One spec, one forecast: the same path for the night, for backtests and for replays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import polars as pl

from models import frames
from models.base import (
    History,
    cumulative_quantiles,
    grid_of,
    naive_forecast,
    weekly_quantiles,
)
from models.bottom import Bottom, bottom_of
from models.evidence import prove
from models.hierarchy import Level, level_of, levels_in
from models.intervals import Past
from models.leading import Effects, effects_of
from models.panel import Known, Panel, alive, group_codes, group_sums, in_order, one_group
from models.parallel import in_order_of
from models.sharing import Shared, circles, share
from models.spec import ForecastSpec
from models.types import Floats

MIN_WEEKS = 14
MIN_OWN_WEEKS = 8
TOGETHER = 30_000
"""Panels of more series are forecast one cutoff after the other, to bound memory."""

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Forecast:
    """Everything that a night publishes about the future, as CONTRACTS names its columns."""

    forecasts: pl.DataFrame
    cumulative: pl.DataFrame
    contributions: pl.DataFrame
    evidence: pl.DataFrame


def _ratio(mean: Floats, baseline: Floats) -> Floats:
    """Return (N, H, 1) by what signals multiply the mean, 1 where there is nothing to multiply."""
    safe = np.where(baseline > 0, baseline, 1.0)
    return np.asarray(np.where(baseline > 0, mean / safe, 1.0)[:, :, None])


def _at_bottom(low: Bottom, level: Level, spec: ForecastSpec) -> dict[str, Floats]:
    """Return the published arrays of a level whose series are the bottom's, in its key order."""
    order = np.argsort(level.member.codes, kind="stable")
    kept = bool(np.all(np.diff(order) > 0))

    def sort(values: Floats) -> Floats:
        return values if kept else values[order]

    base, weeks = low.base, low.base.origins + low.history.gap
    past = Past(base.inner_centre, base.actual, weeks)
    weekly, first = weekly_quantiles(low.history, past, base.centre, spec)
    past = Past(base.inner_mean, base.actual, weeks)
    cumulative = cumulative_quantiles(low.history, past, base.mean, first, spec)
    sums = np.cumsum(low.mean, axis=1), np.cumsum(low.baseline, axis=1)
    return {
        "mean": sort(low.mean),
        "baseline": sort(low.baseline),
        "naive": sort(base.naive),
        "flat": sort(base.flat),
        "quantiles": sort(weekly * _ratio(low.mean, low.baseline)),
        "cumulative": sort(cumulative * _ratio(*sums)),
        "cumulative_baseline": sort(cumulative),
        "deltas": low.deltas if kept else low.deltas[:, order],
    }


def _above(low: Bottom, level: Level, spec: ForecastSpec) -> dict[str, Floats]:
    """Return the published arrays of a level above: exact sums, quantiles from its own errors."""
    base, gap = low.base, low.history.gap
    member = level.member

    def total(values: Floats) -> Floats:
        shown = np.where(low.wanted[:, None], values, 0.0)
        return group_sums(shown, member)

    mean, baseline = total(low.mean), total(low.baseline)
    y = group_sums(low.panel.y, member)
    history = History(y, one_group(member.n), gap)
    past = Past(
        group_sums(base.inner_mean, member), group_sums(base.actual, member), base.origins + gap
    )
    weekly, first = weekly_quantiles(history, past, baseline, spec)
    cumulative = cumulative_quantiles(history, past, baseline, first, spec)
    sums = np.cumsum(mean, axis=1), np.cumsum(baseline, axis=1)
    return {
        "mean": mean,
        "baseline": baseline,
        "naive": naive_forecast(y, grid_of(y.shape[1], spec, gap, 1)),
        "flat": total(base.flat),
        "quantiles": weekly * _ratio(mean, baseline),
        "cumulative": cumulative * _ratio(*sums),
        "cumulative_baseline": cumulative,
        "deltas": np.array([total(d) for d in low.deltas]).reshape(-1, *mean.shape),
    }


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
    make = _at_bottom if level.is_bottom else _above
    arrays = make(low, level, spec)
    keys = level.keys.with_columns(pl.Series("model", _model_names(low, level), dtype=pl.String))
    shown = np.zeros(level.keys.height, dtype=bool)
    np.logical_or.at(shown, level.member.codes, low.wanted)
    if not shown.all():
        keys = keys.filter(pl.Series(shown))
        arrays = {k: (v[:, shown] if k == "deltas" else v[shown]) for k, v in arrays.items()}
    return frames.LevelForecast(target, name, keys, signals=low.signals, **arrays)


def forecast_target(
    target: str,
    panel: Panel,
    effects: Effects,
    spec: ForecastSpec,
    gap: int,
    *,
    shared: Shared | None = None,
) -> list[frames.LevelForecast]:
    """Return one target's forecasts at every level of the spec; none where nothing is known.

    ``shared``: the experts' forecasts where they are known already.
    """
    if not len(panel.weeks) or not alive(panel).any():
        return []
    low = bottom_of(panel, effects, spec, gap, shared)
    names = levels_in(panel.series, spec.levels)
    return [_level_forecast(target, low, name, spec) for name in names]


def _forecast(known: Known, spec: ForecastSpec, shared: dict[str, Shared]) -> Forecast:
    """Return the forecasts of every target; its panels are in order."""
    proof = prove(known, spec)
    weekly, cumulative, contributions = [], [], []
    step = np.timedelta64(7, "D")
    for target in sorted(known.panels):
        panel, gap = known.panels[target], known.gap_weeks
        names, _ = group_codes(panel.series)
        effects = effects_of(proof, target, names, spec, gap)
        for part in forecast_target(target, panel, effects, spec, gap, shared=shared.get(target)):
            weeks = panel.weeks[-1] + step * (np.arange(1, spec.horizon + 1) + gap)
            weekly.append(frames.weekly_frame(part, known.cutoff, weeks, spec.quantiles))
            cumulative.append(
                frames.cumulative_frame(part, known.cutoff, weeks, spec.cumulative_quantiles)
            )
            contributions.append(frames.contribution_frame(part, known.cutoff, weeks))
    return Forecast(
        pl.concat(weekly) if weekly else frames.empty_weekly(spec.quantiles),
        pl.concat(cumulative) if cumulative else frames.empty_cumulative(spec.cumulative_quantiles),
        pl.concat(contributions) if contributions else frames.empty_contributions(),
        proof.evidence,
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
        replace(k, panels={name: in_order(p) for name, p in k.panels.items()}) for k in knowns
    ]
    largest = max((len(p.y) for k in ordered for p in k.panels.values()), default=0)
    threads = 1 if largest > TOGETHER else 0
    made: dict[int, Kept] = {}

    def work(circle: list[int], shared: list[dict[str, Shared]]) -> None:
        def one(place: int) -> Kept:
            known = ordered[circle[place]]
            return then(known, _forecast(known, spec, shared[place]))

        kept = in_order_of(range(len(circle)), one, threads)
        made.update(zip(circle, kept, strict=True))

    every = circles(ordered)
    alone = [circle[0] for circle in every if len(circle) == 1]
    work(alone, [{} for _ in alone])
    for circle in every:
        if len(circle) > 1:
            work(circle, share([ordered[i] for i in circle], spec))
    return [made[i] for i in range(len(ordered))]


def forecast_many(knowns: Sequence[Known], spec: ForecastSpec) -> list[Forecast]:
    """Return ``forecast`` of each, row for row what one at a time gives."""
    return forecast_each(knowns, spec, lambda _, made: made)
