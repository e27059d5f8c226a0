"""The arrays of one published level: exact sums, quantiles weekly and summed, parts by part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.base import (
    History,
    cumulative_quantiles,
    grid_of,
    naive_forecast,
    weekly_quantiles,
)
from models.bottom import Bottom
from models.closures import thinned, thinned_sums
from models.hierarchy import Level
from models.intervals import Past, kept_whole, scaled
from models.panel import group_sums, one_group
from models.spec import ForecastSpec
from models.types import Bools, Floats, Ints


def ratio(mean: Floats, baseline: Floats) -> Floats:
    """Return (N, H) by what the mean exceeds the baseline, 1 where there is nothing to exceed."""
    safe = np.where(baseline > 0, baseline, 1.0)
    return np.asarray(np.where(baseline > 0, mean / safe, 1.0))


def _proportioned(
    low: Bottom, weekly: Floats, cumulative: tuple[Floats, Floats], spec: ForecastSpec
) -> tuple[Floats, Floats, Floats]:
    """Return quantiles with signals, summed ones with and without, from those around the base.

    What is not on sale, and what signals add, moves quantiles in proportion. Series that have not
    sold yet have those of past launches. One that is closed now may stay so.
    """
    open_ = np.ones_like(low.mean) if low.chance is None else low.chance
    mean, plain = low.mean / open_, low.base.mean
    baseline = low.baseline / open_
    sums = np.cumsum(mean, axis=1), np.cumsum(baseline, axis=1), np.cumsum(plain, axis=1)
    new = low.cold.unbegun
    weekly[new] = low.cold.weekly[new]
    for made in cumulative:
        made[new] = low.cold.cumulative[new]
    shown = scaled(weekly, ratio(mean, plain))
    with_, without = (
        scaled(made, ratio(own, sums[2]), rising=True)
        for made, own in zip(cumulative, sums[:2], strict=True)
    )
    if low.chance is None:
        return shown, with_, without
    levels = spec.cumulative_quantiles
    return (
        kept_whole(weekly, thinned(shown, spec.quantiles, open_)),
        kept_whole(cumulative[0], thinned_sums(with_, levels, open_, mean)),
        kept_whole(cumulative[1], thinned_sums(without, levels, open_, baseline)),
    )


@dataclass(frozen=True, slots=True)
class _Around:
    """What quantiles stand around: history, middles and means ahead (N, H), at weeks (O,) past ones.

    ``centre`` and ``mean`` are pairs of forecasts now (N, H) and at past origins (N, O, H).
    """

    history: History
    centre: tuple[Floats, Floats]
    mean: tuple[Floats, Floats]
    actual: Floats
    weeks: Ints
    optimism: Floats | None = None

    def quantiles(self, spec: ForecastSpec, lift: Floats | float = 1.0) -> tuple[Floats, Floats]:
        """Return weekly (N, H, Q) and summed (N, H, Q') ones; past forecasts are times the lift."""
        middle, means = self.centre[1] * lift, self.mean[1] * lift
        same = self.centre[0] is self.mean[0]
        rates = (None, None) if same else (means, self.mean[0])
        past = Past(middle, self.actual, self.weeks, rates[0], self.optimism)
        weekly, first = weekly_quantiles(self.history, past, self.centre[0], spec, rates[1])
        past = Past(means, self.actual, self.weeks)
        return weekly, cumulative_quantiles(self.history, past, self.mean[0], first, spec)

    def both(self, spec: ForecastSpec, lift: Floats | None) -> tuple[Floats, tuple[Floats, Floats]]:
        """Return weekly quantiles with signals, and summed ones with and without.

        ``lift`` (N, O, H): by what signals multiplied past forecasts, None: by nothing.
        """
        if lift is None:
            weekly, summed = self.quantiles(spec)
            return weekly, (summed, summed)
        weekly, summed = self.quantiles(spec, lift)
        plain = self.quantiles(spec)[1] if spec.cumulative_quantiles else summed
        return weekly, (summed, plain)


def at_bottom(low: Bottom, level: Level, spec: ForecastSpec) -> dict[str, Floats]:
    """Return the published arrays of a level whose series are the bottom's, in its key order."""
    order = np.argsort(level.member.codes, kind="stable")
    kept = bool(np.all(np.diff(order) > 0))
    base = low.base
    around = _Around(
        low.history,
        (base.centre, base.inner_centre),
        (base.mean, base.inner_mean),
        base.actual,
        base.origins + low.history.gap,
        base.optimism,
    )
    weekly, summed = around.both(spec, low.past_lift())
    quantiles, cumulative, without = _proportioned(low, weekly, summed, spec)
    arrays = {
        "mean": low.mean,
        "baseline": low.baseline,
        "naive": base.naive,
        "flat": base.flat,
        "quantiles": quantiles,
        "cumulative": cumulative,
        "cumulative_baseline": without,
    }
    sorted_arrays = arrays if kept else {k: v[order] for k, v in arrays.items()}
    parts = {"deltas": low.deltas, "ahead": low.ahead}
    return sorted_arrays | (parts if kept else {k: v[:, order] for k, v in parts.items()})


def _shown(values: Floats, wanted: Bools) -> Floats:
    """Return values with the rows that are not wanted as nothing."""
    return np.where(wanted.reshape(-1, *([1] * (values.ndim - 1))), values, 0.0)


def above(low: Bottom, level: Level, spec: ForecastSpec) -> dict[str, Floats]:
    """Return the published arrays of a level above: exact sums, quantiles from its own errors.

    An error of the past is that of the sums over the members of which the week is known.
    """
    base, gap = low.base, low.history.gap
    member = level.member

    def total(values: Floats) -> Floats:
        return group_sums(_shown(values, low.wanted), member)

    mean, baseline, plain = total(low.mean), total(low.baseline), total(base.mean)
    y = group_sums(low.panel.y, member)
    history = History(y, one_group(member.n), gap)
    known, lift = ~np.isnan(base.actual), low.past_lift()
    before = group_sums(np.where(known, base.inner_mean, np.nan), member)
    if lift is not None:
        lift = group_sums(np.where(known, base.inner_mean * lift, np.nan), member) / before
    means = plain, before
    came, weeks = group_sums(base.actual, member), base.origins + gap
    weekly, summed = _Around(history, means, means, came, weeks).both(spec, lift)
    sums = np.cumsum(plain, axis=1)
    with_, without = (ratio(np.cumsum(own, axis=1), sums) for own in (mean, baseline))
    return {
        "mean": mean,
        "baseline": baseline,
        "naive": naive_forecast(y, grid_of(y.shape[1], spec, gap, 1)),
        "flat": total(base.flat),
        "quantiles": scaled(weekly, ratio(mean, plain)),
        "cumulative": scaled(summed[0], with_, rising=True),
        "cumulative_baseline": scaled(summed[1], without, rising=True),
        "deltas": np.array([total(d) for d in low.deltas]).reshape(-1, *mean.shape),
        "ahead": np.array([total(d) for d in low.ahead]).reshape(-1, *mean.shape),
    }
