"""A target's finest series: base forecasts, moved to their categories' where that wins, signals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.base import Base, History, forecast_base, stride_for, zero_based_bands
from models.ensemble import error_scale
from models.leading import Effects
from models.panel import Panel, alive, group_codes, group_sums, one_group, weeks_until_over
from models.reconcile import Judged, choose_pull, deltas_of, pull_ratio, to_grain
from models.sharing import Shared
from models.spec import ForecastSpec
from models.types import Bools, Floats


@dataclass(frozen=True, slots=True)
class Bottom:
    """A reconciled bottom: published arrays of every series, and which of them are published."""

    panel: Panel
    history: History
    base: Base
    baseline: Floats
    mean: Floats
    deltas: Floats
    signals: tuple[str, ...]
    wanted: Bools


def _reconciled(history: History, spec: ForecastSpec, shared: Shared | None) -> Base:
    """Return the bottom's base forecasts, scaled to the categories' own where those win."""
    y, groups = history.y, history.groups
    stride = stride_for(len(y))
    base = forecast_base(history, spec, stride, tried=shared.bottom if shared else None)
    if groups.n == len(y) or not len(base.origins):
        return base
    sums = group_sums(y, groups)
    above = History(sums, one_group(groups.n), history.gap)
    own = forecast_base(above, spec, stride, tried=shared.above if shared else None)
    scale, own_scale = error_scale(y), error_scale(sums)
    pulls = []
    for low, high in zero_based_bands(spec.horizon):
        band = np.s_[..., low:high]
        bottom = Judged(base.inner_mean[band], base.actual[band], scale)
        category = Judged(own.inner_mean[band], own.actual[band], own_scale)
        pulls += [choose_pull(bottom, category, groups)] * (high - low)
    if not any(pulls):
        return base
    now_ratio = pull_ratio(group_sums(base.mean, groups), own.mean)
    past_ratio = pull_ratio(group_sums(base.inner_mean, groups), own.inner_mean)
    now, past = (now_ratio**pulls)[groups.codes], (past_ratio**pulls)[groups.codes]
    return replace(
        base,
        mean=base.mean * now,
        centre=base.centre * now,
        inner_mean=base.inner_mean * past,
        inner_centre=base.inner_centre * past,
    )


def bottom_of(
    panel: Panel, effects: Effects, spec: ForecastSpec, gap: int, shared: Shared | None
) -> Bottom:
    """Return one target's bottom: base forecasts and, on top of them, what signals say."""
    _, groups = group_codes(panel.series)
    history = History(panel.y, groups, gap, weeks_until_over(panel))
    base = _reconciled(history, spec, shared)
    baseline = to_grain(base.mean)
    deltas = deltas_of(baseline, np.exp(effects.log_effect[:, groups.codes]) - 1.0)
    mean = baseline + deltas.sum(axis=0)
    return Bottom(
        panel, history, base, baseline, mean, deltas, effects.names, alive(panel)
    )  # fmt: skip
