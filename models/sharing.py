"""What several cutoffs have in common: experts tried once for all that know the same past.

A cutoff shares with a later one when all that it knows of every target is, bit for bit, how the
later one's history begins. A series that the earlier one does not have yet may be there, without a
week known. Where anything was revised in between, forecasts are made apart: nothing is lost but
time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from models.base import Tried, grid_of, stride_for, try_experts
from models.closures import sums_as_if_open
from models.compiled import compiled
from models.panel import Grid, Known, Panel, group_codes, one_group
from models.spec import ForecastSpec
from models.types import Floats, Ints

LARGE, NEIGHBOURS = 30_000, 4
"""Above so many series, so many cutoffs share at a time."""


@dataclass(frozen=True, slots=True)
class Shared:
    """One panel's experts: of its bottom series, and of its categories' sums."""

    bottom: Tried
    above: Tried | None


@compiled
def _begins(short: Floats, rows: Ints, long: Floats) -> bool:
    """Return whether the rows of long begin as short does, and its other rows with nothing."""
    n_weeks, i = short.shape[1], 0
    for r in range(len(long)):
        own = i < len(rows) and rows[i] == r
        for t in range(n_weeks):
            v = long[r, t]
            u = short[i, t] if own else np.nan
            if not (u == v or (np.isnan(u) and np.isnan(v))):
                return False
        if own:
            i += 1
    return True


def _places(names: pl.Series, among: pl.Series) -> Ints:
    """Return where each name stands among others, -1 where it does not."""
    if names.equals(among):
        return np.arange(len(names))
    place = {name: i for i, name in enumerate(among.to_list())}
    return np.array([place.get(name, -1) for name in names.to_list()], dtype=np.int64)


def _rows(panel: Panel, later: Panel) -> Ints | None:
    """Return where the series stand in a later panel that begins as theirs does; None if not."""
    n = len(panel.weeks)
    if n > len(later.weeks) or not np.array_equal(panel.weeks, later.weeks[:n]):
        return None
    if stride_for(len(panel.y)) != stride_for(len(later.y)):
        return None
    rows = _places(panel.series["series_id"], later.series["series_id"])
    if len(rows) and (rows.min() < 0 or bool((np.diff(rows) <= 0).any())):
        return None
    names, groups = group_codes(panel.series)
    others, theirs = group_codes(later.series)
    if names != others or not np.array_equal(groups.codes, theirs.codes[rows]):
        return None
    return rows if _begins(panel.y, rows, later.y) else None


def _joins(known: Known, later: Known) -> bool:
    if known.gap_weeks != later.gap_weeks or known.panels.keys() != later.panels.keys():
        return False
    return all(_rows(panel, later.panels[name]) is not None for name, panel in known.panels.items())


def circles(knowns: Sequence[Known]) -> list[list[int]]:
    """Return positions of the knowns, split into circles that share: each begins as its last does.

    Every position stands in exactly one circle; panels must be in order (``models.panel.in_order``).
    Circles of large panels are short ones, of neighbours: what they share stays in memory.
    """

    def length(i: int) -> int:
        return max((len(p.weeks) for p in knowns[i].panels.values()), default=0)

    left = sorted(range(len(knowns)), key=lambda i: (length(i), i))
    out: list[list[int]] = []
    while left:
        longest = left.pop()
        own = [i for i in left if _joins(knowns[i], knowns[longest])]
        left = [i for i in left if i not in own]
        circle = [*own, longest]
        largest = max((len(p.y) for p in knowns[longest].panels.values()), default=0)
        size = len(circle) if largest <= LARGE else NEIGHBOURS
        out += [circle[i : i + size] for i in range(0, len(circle), size)]
    return out


def lean(knowns: Sequence[Known]) -> list[Known]:
    """Return the knowns of one circle, earlier demand as views of the last one's where it can be."""
    last = knowns[-1].panels

    def view(name: str, panel: Panel) -> Panel:
        same = panel.series["series_id"].equals(last[name].series["series_id"])
        return replace(panel, y=last[name].y[:, : len(panel.weeks)]) if same else panel

    return [replace(k, panels={n: view(n, p) for n, p in k.panels.items()}) for k in knowns]


def whole(known: Known) -> Known:
    """Return a known with demand in one piece: layouts then do not depend on what is shared."""
    panels = {n: replace(p, y=np.ascontiguousarray(p.y)) for n, p in known.panels.items()}
    return replace(known, panels=panels)


def _tried(panel: Panel, origins: Ints, gap: int, spec: ForecastSpec) -> Shared:
    _, groups = group_codes(panel.series)
    grid = Grid(origins, spec.horizon, spec.season_weeks, gap)
    bottom = try_experts(panel.y, groups, grid)
    if groups.n == len(panel.y):
        return Shared(bottom, None)
    above = try_experts(_sums(panel, spec), one_group(groups.n), grid)
    return Shared(bottom, above)


def _sums(panel: Panel, spec: ForecastSpec) -> Floats:
    """Return (G, T) demand of the categories."""
    _, groups = group_codes(panel.series)
    return sums_as_if_open(panel.y, panel.closed, groups, spec.season_weeks)


def _sums_agree(panel: Panel, later: Panel, spec: ForecastSpec) -> bool:
    """Return whether categories' sums are how the later ones begin: a closure may end a series."""
    if panel.closed is None and later.closed is None:
        return True
    own = _sums(panel, spec)
    return np.array_equal(own, _sums(later, spec)[:, : own.shape[1]], equal_nan=True)


def share(knowns: Sequence[Known], spec: ForecastSpec) -> list[dict[str, Shared]]:
    """Return for each known of one circle, by target, the experts tried at all their origins."""
    out: list[dict[str, Shared]] = [{} for _ in knowns]
    last = knowns[-1]
    for target, panel in last.panels.items():
        if not len(panel.y) or not len(panel.weeks):
            continue
        stride = stride_for(len(panel.y))
        lengths = sorted({len(k.panels[target].weeks) for k in knowns})
        grids = [grid_of(n, spec, last.gap_weeks, stride).origins for n in lengths if n]
        every = _tried(panel, np.unique(np.concatenate(grids)), last.gap_weeks, spec)
        for known, mine in zip(knowns, out, strict=True):
            rows = _rows(known.panels[target], panel)
            if rows is not None and len(rows):
                bottom = Tried(every.bottom.forecasts, every.bottom.origins, rows)
                as_told = _sums_agree(known.panels[target], panel, spec)
                mine[target] = Shared(bottom, every.above if as_told else None)
    return out
