"""One spec, one forecast: the same path for the night, for backtests and for replays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from models import frames
from models.base import (
    Base,
    cumulative_quantiles,
    forecast_base,
    naive_forecast,
    stride_for,
    weekly_quantiles,
    zero_based_bands,
)
from models.ensemble import error_scale
from models.evidence import prove
from models.hierarchy import Level, level_of
from models.leading import Effects, effects_of, no_effects
from models.panel import Known, Panel, alive, group_codes, group_sums
from models.reconcile import choose_pull, deltas_of, pull_ratio, to_grain
from models.spec import ForecastSpec
from models.types import Bools, Floats, Ints

MIN_WEEKS = 14
MIN_OWN_WEEKS = 8


@dataclass(frozen=True, slots=True)
class Forecast:
    """Everything that a night publishes about the future, as CONTRACTS names its columns."""

    forecasts: pl.DataFrame
    cumulative: pl.DataFrame
    contributions: pl.DataFrame
    evidence: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Bottom:
    """A reconciled bottom: published arrays of every series, and which of them are published."""

    panel: Panel
    groups: Ints
    n_groups: int
    base: Base
    baseline: Floats
    mean: Floats
    deltas: Floats
    effects: Effects
    wanted: Bools


def _reconciled(panel: Panel, groups: Ints, n_groups: int, spec: ForecastSpec, gap: int) -> Base:
    """Return the bottom's base forecasts, scaled to the categories' own where those win."""
    stride = stride_for(len(panel.y))
    base = forecast_base(panel.y, groups, n_groups, spec, gap, stride)
    if n_groups == len(panel.y) or not len(base.origins):
        return base
    sums = group_sums(panel.y, groups, n_groups)
    own = forecast_base(sums, np.zeros(n_groups, dtype=np.int64), 1, spec, gap, stride)
    arrays = [
        base.mean.copy(),
        base.centre.copy(),
        base.inner_mean.copy(),
        base.inner_centre.copy(),
    ]
    for low, high in zero_based_bands(spec.horizon):
        pull = choose_pull(
            base.inner_mean[:, :, low:high], base.actual[:, :, low:high], error_scale(panel.y),
            own.inner_mean[:, :, low:high], own.actual[:, :, low:high], error_scale(sums),
            groups,
        )  # fmt: skip
        if pull == 0.0:
            continue
        now = pull_ratio(group_sums(base.mean, groups, n_groups), own.mean) ** pull
        inner_sums = group_sums(base.inner_mean, groups, n_groups)
        past = pull_ratio(inner_sums, own.inner_mean) ** pull
        for array, factor in zip(arrays, (now, now, past, past), strict=True):
            array[..., low:high] *= factor[groups][..., low:high]
    mean, centre, inner_mean, inner_centre = arrays
    return replace(base, mean=mean, centre=centre, inner_mean=inner_mean, inner_centre=inner_centre)


def _bottom(panel: Panel, effects: Effects, spec: ForecastSpec, gap: int) -> _Bottom:
    names, groups = group_codes(panel.series)
    base = _reconciled(panel, groups, len(names), spec, gap)
    baseline = to_grain(base.mean)
    share = np.exp(effects.log_effect[:, groups]) - 1.0
    deltas = deltas_of(baseline, share)
    mean = baseline + deltas.sum(axis=0)
    return _Bottom(
        panel, groups, len(names), base, baseline, mean, deltas, effects, alive(panel)
    )  # fmt: skip


def _ratio(mean: Floats, baseline: Floats) -> Floats:
    """Return (N, H, 1) by what signals multiply the mean, 1 where there is nothing to multiply."""
    return np.where(baseline > 0, mean / np.where(baseline > 0, baseline, 1.0), 1.0)[:, :, None]


def _at_bottom(low: _Bottom, level: Level, spec: ForecastSpec, gap: int) -> dict[str, Floats]:
    """Return the published arrays of a level whose series are the bottom's, in its key order."""
    order = np.argsort(level.member, kind="stable")
    base, y = low.base, low.panel.y
    args = (y, low.groups, low.n_groups, spec, gap)
    weekly = weekly_quantiles(base, base.centre, base.inner_centre, *args)
    cumulative = cumulative_quantiles(base, base.mean, base.inner_mean, *args)
    sums = np.cumsum(low.mean, axis=1), np.cumsum(low.baseline, axis=1)
    return {
        "mean": low.mean[order],
        "baseline": low.baseline[order],
        "naive": base.naive[order],
        "flat": base.flat[order],
        "quantiles": (weekly * _ratio(low.mean, low.baseline))[order],
        "cumulative": (cumulative * _ratio(*sums))[order],
        "cumulative_baseline": cumulative[order],
        "deltas": low.deltas[:, order],
    }


def _above(low: _Bottom, level: Level, spec: ForecastSpec, gap: int) -> dict[str, Floats]:
    """Return the published arrays of a level above: exact sums, quantiles from its own errors."""
    n, base = level.keys.height, low.base
    want = low.wanted
    member = level.member
    mean = group_sums(low.mean[want], member[want], n)
    baseline = group_sums(low.baseline[want], member[want], n)
    y = group_sums(low.panel.y, member, n)
    inner = group_sums(base.inner_mean, member, n)
    actual = group_sums(base.actual, member, n)
    own = replace(base, actual=actual)
    groups = np.zeros(n, dtype=np.int64)
    known = np.nan_to_num(baseline)
    weekly = weekly_quantiles(own, known, inner, y, groups, 1, spec, gap)
    cumulative = cumulative_quantiles(own, known, inner, y, groups, 1, spec, gap)
    sums = np.cumsum(mean, axis=1), np.cumsum(baseline, axis=1)
    deltas = [group_sums(part[want], member[want], n) for part in low.deltas]
    return {
        "mean": mean,
        "baseline": baseline,
        "naive": naive_forecast(y, spec.horizon, gap, spec.season_weeks),
        "flat": group_sums(base.flat[want], member[want], n),
        "quantiles": weekly * _ratio(mean, baseline),
        "cumulative": cumulative * _ratio(*sums),
        "cumulative_baseline": cumulative,
        "deltas": np.array(deltas).reshape(len(low.deltas), n, spec.horizon),
    }


def _model_names(low: _Bottom, level: Level) -> list[str]:
    """Return "experts", or "flat" where too little is known to weigh any."""
    if low.panel.y.shape[1] < MIN_WEEKS:
        return ["flat"] * level.keys.height
    known = (~np.isnan(low.panel.y)).sum(axis=1)
    longest = np.zeros(level.keys.height, dtype=np.int64)
    np.maximum.at(longest, level.member, known)
    return ["flat" if weeks < MIN_OWN_WEEKS else "experts" for weeks in longest.tolist()]


def _level_forecast(
    target: str, low: _Bottom, name: str, spec: ForecastSpec, gap: int
) -> frames.LevelForecast:
    level = level_of(low.panel.series, name)
    make = _at_bottom if level.is_bottom else _above
    arrays = make(low, level, spec, gap)
    keys = level.keys.with_columns(pl.Series("model", _model_names(low, level), dtype=pl.String))
    shown = np.zeros(level.keys.height, dtype=bool)
    np.logical_or.at(shown, level.member, low.wanted)
    cut = {k: (v[:, shown] if k == "deltas" else v[shown]) for k, v in arrays.items()}
    return frames.LevelForecast(
        target, name, keys.filter(pl.Series(shown)), signals=low.effects.names, **cut
    )


def forecast_target(
    target: str, panel: Panel, effects: Effects, spec: ForecastSpec, gap: int
) -> list[frames.LevelForecast]:
    """Return one target's forecasts at every level of the spec; none where nothing is known."""
    if not len(panel.weeks) or not alive(panel).any():
        return []
    low = _bottom(panel, effects, spec, gap)
    return [_level_forecast(target, low, name, spec, gap) for name in spec.levels]


def forecast(known: Known, spec: ForecastSpec) -> Forecast:
    """Return the forecasts of every target from what is known at one cutoff.

    Deterministic and pure: equal inputs give equal bits, whatever else is forecast beside them.
    """
    proof = prove(known, spec)
    weekly, cumulative, contributions = [], [], []
    step = np.timedelta64(7, "D")
    for target in sorted(known.panels):
        panel = known.panels[target]
        names, _ = group_codes(panel.series)
        effects = effects_of(proof, target, names, spec, known.gap_weeks)
        for part in forecast_target(target, panel, effects, spec, known.gap_weeks):
            ahead = np.arange(1, spec.horizon + 1) + known.gap_weeks
            weeks = panel.weeks[-1] + step * ahead
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


def forecast_many(knowns: Sequence[Known], spec: ForecastSpec) -> list[Forecast]:
    """Return ``forecast`` of each, row for row what one at a time gives."""
    return [forecast(known, spec) for known in knowns]


__all__ = ["Forecast", "forecast", "forecast_many", "forecast_target", "no_effects"]
