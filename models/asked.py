"""What a lead test is made from: demand as a log index by category, signals as they were heard.

Promotions are taken off demand first, each week with effects learnt before it; of returns and
tickets, what sales let expect. Nothing of a week reads a later one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.exposures import aligned
from models.outcomes import came_and_expected, log_excess
from models.panel import Known, Panel, Signals, group_codes, group_sums
from models.seasonality import relative, trailing_mean
from models.spec import ForecastSpec, SignalSpec
from models.types import Floats, Ints
from models.undriven import without_promotions

UNITS = "units"
OVERDISPERSION = 0.1
THIN = 2.0
FIRST_MENTIONS = 10


def log_index(panel: Panel, period: int) -> tuple[tuple[str, ...], Floats, Ints]:
    """Return categories, log demand index (C, T) and series counts (C,).

    The index is the mean over series of demand over its own trailing year, each at most 5: robust
    to launches, ends and single bulk orders. A series counts by its precision, m / (1 + .1 m) for
    m a week: counts of small sellers are mostly noise, and big ones are not more exact for ever.
    Of a category that sells few, m a week, the log is that of ``THIN`` units more on both sides,
    scaled to keep its slope: near the log for many, near the plain ratio for few, so that a week
    without sales is no abyss and the effects found are those of the mean.
    """
    names, groups = group_codes(panel.series)
    ratio, mean = relative(panel.y, period), trailing_mean(panel.y, period)
    weight = np.where(np.isnan(ratio), np.nan, mean / (1 + OVERDISPERSION * mean))
    with np.errstate(invalid="ignore"):
        index = group_sums(ratio * weight, groups) / group_sums(weight, groups)
    units = np.maximum(group_sums(np.where(np.isnan(ratio), np.nan, mean), groups), 1e-3)
    shifted = np.maximum((np.maximum(index, 0.05) * units + THIN) / (units + THIN), 1e-12)
    log = np.log(shifted) * (1 + THIN / units)
    return names, log, np.bincount(groups.codes, minlength=groups.n)


def _by_category(
    signals: Signals, rows: Ints, categories: tuple[str, ...]
) -> tuple[Floats, Floats, Floats]:
    """Return rate, mentions (K, C+1, T) and taggable (C+1, T); the last row is everything.

    A category that nobody talked about takes the rate of everything and no mentions. Rates are
    nan until ``FIRST_MENTIONS`` mentions are known: before, they are their prior and fall with
    every conversation, whatever is said.
    """
    k, t = len(rows), len(signals.weeks)
    rate = np.repeat(signals.rate_all[rows][:, None], len(categories) + 1, axis=1)
    mentions = np.zeros((k, len(categories) + 1, t))
    taggable = np.zeros((len(categories) + 1, t))
    place = {name: i for i, name in enumerate(signals.categories)}
    told = np.array([c for c, name in enumerate(categories) if name in place], dtype=np.int64)
    at = np.array([place[categories[c]] for c in told.tolist()], dtype=np.int64)
    own = signals.rate[np.ix_(rows, at)]
    rate[:, told] = np.where(np.isnan(own), rate[:, told], own)
    mentions[:, told] = np.nan_to_num(signals.mentions[np.ix_(rows, at)])
    taggable[told] = np.nan_to_num(signals.taggable[at])
    mentions[:, -1] = np.nan_to_num(signals.mentions_all[rows])
    taggable[-1] = np.nan_to_num(signals.taggable_all)
    before = np.cumsum(mentions[:, -1], axis=1) - mentions[:, -1]
    rate = np.where((before >= FIRST_MENTIONS)[:, None], rate, np.nan)
    return rate, mentions, taggable


@dataclass(frozen=True, slots=True)
class Asked:
    """What one target's tests need: K signals, C categories with the pool last, T weeks."""

    signals: tuple[str, ...]
    lags: Ints
    categories: tuple[str, ...]
    demand: Floats
    expected: Floats | None
    free: Floats | None
    series: Ints
    rate: Floats
    mentions: Floats
    taggable: Floats

    def begins(self, other: Asked) -> bool:
        """Whether the test of ``other`` is this one's, bit for bit, in its first weeks."""
        weeks = self.demand.shape[1]
        return (
            (self.signals, self.categories) == (other.signals, other.categories)
            and weeks <= other.demand.shape[1]
            and np.array_equal(self.lags, other.lags)
            and np.array_equal(self.demand, other.demand[:, :weeks], equal_nan=True)
            and np.array_equal(self.rate, other.rate[..., :weeks], equal_nan=True)
        )


def _asked(
    known: Known, target: str, specs: list[SignalSpec], signals: Signals, period: int
) -> Asked:
    panel, units = known.panels[target], None if target == UNITS else _units(known)
    free, expected = _free(known, target), None
    names, index, n_series = log_index(panel if free is None else replace(panel, y=free), period)
    if units is not None:
        came, expected = came_and_expected(panel, units)
        index = log_excess(came, expected, THIN, period)
    place = {name: i for i, name in enumerate(signals.names)}
    rows = np.array([place[s.name] for s in specs], dtype=np.int64)
    rate, mentions, taggable = _by_category(signals, rows, names)
    lags = np.array([s.max_lag_weeks for s in specs], dtype=np.int64)
    told = tuple(s.name for s in specs)
    return Asked(
        told, lags, names, index, expected, free, n_series, rate[:, :-1], mentions, taggable
    )


def _units(known: Known) -> Panel | None:
    """Return the panel of what was sold, None where there is none or nothing in it."""
    units = known.panels.get(UNITS)
    return None if units is None or not units.y.size else units


def _free(known: Known, target: str) -> Floats | None:
    """Return demand (S, T) of a target without what promotions did to it; None where none did."""
    panel, drivers = known.panels[target], (known.drivers or {}).get(target)
    if drivers is None:
        return None
    _, groups = group_codes(panel.series)
    return without_promotions(panel.y, aligned(drivers, panel.series), groups)


def asked_of(known: Known, spec: ForecastSpec) -> dict[str, Asked]:
    """Return what is to be tested by target, in the order of their names."""
    signals, out = known.signals, {}
    for target in sorted(known.panels):
        panel = known.panels[target]
        specs = [s for s in spec.signals if target in s.targets]
        if signals is None or not panel.y.size:
            continue
        for name, on in ((target, panel), (UNITS, _units(known))):
            if on is not None and not np.array_equal(on.weeks, signals.weeks):
                raise ValueError(f"signals and panel {name} are not on the same weeks")
        specs = [s for s in specs if s.name in signals.names]
        if specs:
            out[target] = _asked(known, target, specs, signals, spec.season_weeks)
    return out
