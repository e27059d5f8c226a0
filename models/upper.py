"""Bottom series and the forecasts of their sums: pulled together where it makes both better."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.base import Base, History, forecast_base, stride_for, zero_based_bands
from models.ensemble import error_scale
from models.extras import Extra
from models.panel import Groups, group_sums, one_group
from models.reconcile import Judged, choose_pull, pull_ratio
from models.sharing import Shared
from models.spec import ForecastSpec
from models.types import Floats


def _summed(extra: Extra | None, groups: Groups) -> Extra | None:
    """Return the extra experts of the groups' sums: the sums of theirs."""
    if extra is None:
        return None
    sums = group_sums(extra.forecasts.astype(np.float64), groups)
    return Extra(extra.names, sums.astype(np.float32))


def _pulled(
    base: Base, own: Base, groups: Groups, scales: tuple[Floats, Floats], spec: ForecastSpec
) -> Base:
    """Return the base scaled towards the sums' own forecasts, each band as far as it pays."""
    pulls = []
    for low, high in zero_based_bands(spec.horizon):
        band = np.s_[..., low:high]
        bottom = Judged(base.inner_mean[band], base.actual[band], scales[0])
        above = Judged(own.inner_mean[band], own.actual[band], scales[1])
        pulls += [choose_pull(bottom, above, groups)] * (high - low)
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


def reconciled(
    history: History, spec: ForecastSpec, shared: Shared | None, extra: Extra | None
) -> Base:
    """Return the bottom's base forecasts, scaled to the categories' own where those win.

    ``extra``: further experts of the bottom series; their sums are the categories'.
    """
    y, groups = history.y, history.groups
    stride = stride_for(len(y))
    base = forecast_base(history, spec, stride, extra, shared.bottom if shared else None)
    if groups.n == len(y) or not len(base.origins):
        return base
    sums = group_sums(y, groups)
    above = History(sums, one_group(groups.n), history.gap)
    tried = shared.above if shared else None
    own = forecast_base(above, spec, stride, _summed(extra, groups), tried)
    return _pulled(base, own, groups, (error_scale(y), error_scale(sums)), spec)
