"""One spec, one forecast: the same path for the night, for backtests and for replays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from models import frames
from models.base import (
    Base,
    History,
    cumulative_quantiles,
    forecast_base,
    grid_of,
    naive_forecast,
    stride_for,
    weekly_quantiles,
    zero_based_bands,
)
from models.ensemble import error_scale
from models.evidence import prove
from models.hierarchy import Level, level_of, levels_in
from models.intervals import Past
from models.leading import Effects, effects_of
from models.panel import (
    Known,
    Panel,
    alive,
    group_codes,
    group_sums,
    in_order,
    one_group,
    weeks_until_over,
)
from models.reconcile import Judged, choose_pull, deltas_of, pull_ratio, to_grain
from models.spec import ForecastSpec
from models.types import Bools, Floats

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
    history: History
    base: Base
    baseline: Floats
    mean: Floats
    deltas: Floats
    signals: tuple[str, ...]
    wanted: Bools


def _reconciled(history: History, spec: ForecastSpec) -> Base:
    """Return the bottom's base forecasts, scaled to the categories' own where those win."""
    y, groups = history.y, history.groups
    stride = stride_for(len(y))
    base = forecast_base(history, spec, stride)
    if groups.n == len(y) or not len(base.origins):
        return base
    sums = group_sums(y, groups)
    own = forecast_base(History(sums, one_group(groups.n), history.gap), spec, stride)
    scale, own_scale = error_scale(y), error_scale(sums)
    now_ratio = pull_ratio(group_sums(base.mean, groups), own.mean)
    past_ratio = pull_ratio(group_sums(base.inner_mean, groups), own.inner_mean)
    now, past = np.ones_like(base.mean), np.ones_like(base.inner_mean)
    for low, high in zero_based_bands(spec.horizon):
        band = np.s_[..., low:high]
        bottom = Judged(base.inner_mean[band], base.actual[band], scale)
        category = Judged(own.inner_mean[band], own.actual[band], own_scale)
        pull = choose_pull(bottom, category, groups)
        now[band] = (now_ratio[band] ** pull)[groups.codes]
        past[band] = (past_ratio[band] ** pull)[groups.codes]
    return replace(
        base,
        mean=base.mean * now,
        centre=base.centre * now,
        inner_mean=base.inner_mean * past,
        inner_centre=base.inner_centre * past,
    )


def _bottom(panel: Panel, effects: Effects, spec: ForecastSpec, gap: int) -> _Bottom:
    _, groups = group_codes(panel.series)
    history = History(panel.y, groups, gap, weeks_until_over(panel))
    base = _reconciled(history, spec)
    baseline = to_grain(base.mean)
    deltas = deltas_of(baseline, np.exp(effects.log_effect[:, groups.codes]) - 1.0)
    mean = baseline + deltas.sum(axis=0)
    return _Bottom(
        panel, history, base, baseline, mean, deltas, effects.names, alive(panel)
    )  # fmt: skip


def _ratio(mean: Floats, baseline: Floats) -> Floats:
    """Return (N, H, 1) by what signals multiply the mean, 1 where there is nothing to multiply."""
    safe = np.where(baseline > 0, baseline, 1.0)
    return np.asarray(np.where(baseline > 0, mean / safe, 1.0)[:, :, None])


def _at_bottom(low: _Bottom, level: Level, spec: ForecastSpec) -> dict[str, Floats]:
    """Return the published arrays of a level whose series are the bottom's, in its key order."""
    order = np.argsort(level.member.codes, kind="stable")
    base, weeks = low.base, low.base.origins + low.history.gap
    past = Past(base.inner_centre, base.actual, weeks)
    weekly, first = weekly_quantiles(low.history, past, base.centre, spec)
    past = Past(base.inner_mean, base.actual, weeks)
    cumulative = cumulative_quantiles(low.history, past, base.mean, first, spec)
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


def _above(low: _Bottom, level: Level, spec: ForecastSpec) -> dict[str, Floats]:
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


def _model_names(low: _Bottom, level: Level) -> list[str]:
    """Return "experts", or "flat" where too little is known to weigh any."""
    if low.panel.y.shape[1] < MIN_WEEKS:
        return ["flat"] * level.keys.height
    known = (~np.isnan(low.panel.y)).sum(axis=1)
    longest = np.zeros(level.keys.height, dtype=np.int64)
    np.maximum.at(longest, level.member.codes, known)
    return ["flat" if weeks < MIN_OWN_WEEKS else "experts" for weeks in longest.tolist()]


def _level_forecast(
    target: str, low: _Bottom, name: str, spec: ForecastSpec
) -> frames.LevelForecast:
    level = level_of(low.panel.series, name)
    make = _at_bottom if level.is_bottom else _above
    arrays = make(low, level, spec)
    keys = level.keys.with_columns(pl.Series("model", _model_names(low, level), dtype=pl.String))
    shown = np.zeros(level.keys.height, dtype=bool)
    np.logical_or.at(shown, level.member.codes, low.wanted)
    cut = {k: (v[:, shown] if k == "deltas" else v[shown]) for k, v in arrays.items()}
    return frames.LevelForecast(
        target, name, keys.filter(pl.Series(shown)), signals=low.signals, **cut
    )


def forecast_target(
    target: str, panel: Panel, effects: Effects, spec: ForecastSpec, gap: int
) -> list[frames.LevelForecast]:
    """Return one target's forecasts at every level of the spec; none where nothing is known."""
    if not len(panel.weeks) or not alive(panel).any():
        return []
    low = _bottom(panel, effects, spec, gap)
    names = levels_in(panel.series, spec.levels)
    return [_level_forecast(target, low, name, spec) for name in names]


def forecast(known: Known, spec: ForecastSpec) -> Forecast:
    """Return the forecasts of every target from what is known at one cutoff.

    Deterministic and pure: equal inputs give equal bits, whatever else is forecast beside them.
    """
    known = replace(known, panels={name: in_order(p) for name, p in known.panels.items()})
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
