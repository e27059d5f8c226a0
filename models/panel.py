"""Series x weeks arrays: what is known at one cutoff, and sums of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.compiled import compiled
from models.exposures import Drivers
from models.types import Bools, Dates, Floats, Ints, Singles

UNCATEGORISED = "(uncategorised)"
ENDED_AFTER_WEEKS = 26


@dataclass(frozen=True, slots=True)
class Panel:
    """One target's bottom series.

    ``series``: one row per row of ``y``: series_id, category, sku, channel (strings, null where
    they do not apply), and optionally ``ended`` (bool: no forecast wanted, history still counts)
    and ``ended_on`` (date from which the series is over; null while it lives).
    ``weeks``: (T,) datetime64[D], consecutive complete weeks. ``y``: (S, T) float64, >= 0, nan
    where a week says nothing about demand (before launch, after the end, censored). ``sold``: what
    was really sold in every week, like y but never nan: 0 before launch, short of demand where
    stock ran out; None where only y is known. ``closed_for``: for how many weeks each series has
    been closed at the end (``models.closures``), 0 = open; None where all are. ``closed`` (S, T):
    weeks, nan in y, in which a series that goes on was closed, out of stock or not recorded; None
    where there are none.
    """

    series: pl.DataFrame
    weeks: Dates
    y: Floats
    sold: Floats | None = None
    closed_for: Ints | None = None
    closed: Bools | None = None

    def __post_init__(self) -> None:
        if self.y.shape != (self.series.height, len(self.weeks)):
            raise ValueError(
                f"y is {self.y.shape}, series {self.series.height}, weeks {len(self.weeks)}"
            )
        if len(self.weeks) > 1 and not bool(np.all(np.diff(self.weeks) == np.timedelta64(7, "D"))):
            raise ValueError("weeks must be consecutive, seven days apart")
        if self.y.size and bool(np.any(self.y < 0)):
            raise ValueError("y must not be negative")
        if self.sold is not None and (
            self.sold.shape != self.y.shape or bool(np.any(~(self.sold >= 0)))
        ):
            raise ValueError("sold must be shaped as y, known everywhere and not negative")


@dataclass(frozen=True, slots=True)
class Signals:
    """Weekly signals on the same weeks as the panels; K signals, C categories, T weeks.

    ``rate`` (K, C, T) and ``rate_all`` (K, T) are shrunk shares, nan where there is none.
    ``mentions`` (K, C, T) and ``taggable`` (C, T) are counts of conversations; ``*_all`` likewise
    over everything, which includes conversations without a category.
    """

    names: tuple[str, ...]
    categories: tuple[str, ...]
    weeks: Dates
    rate: Floats
    rate_all: Floats
    mentions: Floats
    taggable: Floats
    mentions_all: Floats
    taggable_all: Floats

    def __post_init__(self) -> None:
        k, c, t = len(self.names), len(self.categories), len(self.weeks)
        want = {
            "rate": (k, c, t),
            "mentions": (k, c, t),
            "taggable": (c, t),
            "rate_all": (k, t),
            "mentions_all": (k, t),
            "taggable_all": (t,),
        }
        for name, shape in want.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"signals.{name} is {getattr(self, name).shape}, not {shape}")


@dataclass(frozen=True, slots=True)
class Known:
    """Everything known at one cutoff. Horizon h is week ``weeks[-1] + 7 (h + gap_weeks)`` days.

    ``drivers``: by target, promotions and feasts that were known then, over the panel's weeks, the
    gap and the horizon; their rows are named, in any order. None, or a target without: no drivers.
    """

    cutoff: date
    gap_weeks: int
    panels: dict[str, Panel]
    signals: Signals | None = None
    drivers: dict[str, Drivers] | None = None


def in_order(panel: Panel) -> Panel:
    """Return the panel with its series sorted by series_id.

    Sums and samples then do not depend on the order in which series arrive.
    """
    if panel.series["series_id"].is_sorted():
        return panel
    order = panel.series["series_id"].arg_sort().to_numpy()
    sold = None if panel.sold is None else panel.sold[order]
    return Panel(panel.series[order], panel.weeks, panel.y[order], sold)


@dataclass(frozen=True, slots=True)
class Groups:
    """Which of ``n`` groups each of S series belongs to: ``codes`` (S,) in 0..n-1."""

    codes: Ints
    n: int

    def __post_init__(self) -> None:
        if len(self.codes) and not 0 <= int(self.codes.min()) <= int(self.codes.max()) < self.n:
            raise ValueError(f"groups {self.codes.min()}..{self.codes.max()} of {self.n}")


@dataclass(frozen=True, slots=True)
class Grid:
    """Where forecasts stand: ``origins`` ascend and count the weeks known at each of them.

    Column h (0-based) of a forecast is week origin + gap + h; ``period`` is the weeks of a year.
    """

    origins: Ints
    horizon: int
    period: int
    gap: int = 0


def one_group(n_series: int) -> Groups:
    """Return a grouping that pools everything."""
    return Groups(np.zeros(n_series, dtype=np.int64), 1)


def group_codes(series: pl.DataFrame) -> tuple[tuple[str, ...], Groups]:
    """Return category names in sorted order and each series' position among them.

    Null categories form one category of their own, ``(uncategorised)``.
    """
    names = series["category"].cast(pl.String).fill_null(UNCATEGORISED)
    order = tuple(sorted(names.unique().to_list()))
    codes = names.cast(pl.Enum(order)).to_physical().to_numpy().astype(np.int64)
    return order, Groups(codes, len(order))


def first_known(y: Floats) -> Ints:
    """Return each row's first week that is not nan; T for a row without any."""
    seen = ~np.isnan(y)
    first: Ints = np.where(seen.any(axis=1), seen.argmax(axis=1), y.shape[1]).astype(np.int64)
    return first


def alive(panel: Panel) -> Bools:
    """Return which series are forecast: begun, not ended.

    Without a column ``ended``, a series silent (nan) for its last 26 weeks has ended, unless it is
    only closed.
    """
    begun = ~np.isnan(panel.y).all(axis=1)
    if "ended" in panel.series.columns:
        return np.asarray(begun & ~panel.series["ended"].fill_null(False).to_numpy())
    told = (~np.isnan(panel.y[:, -ENDED_AFTER_WEEKS:])).any(axis=1)
    if panel.closed_for is not None:
        told = told | (panel.closed_for > 0)
    return np.asarray(begun & told)


def weeks_until_over(panel: Panel) -> Ints:
    """Return how many weeks were known when each series ended; more than all where it lives."""
    seen = ~np.isnan(panel.y)
    n_weeks = panel.y.shape[1]
    last = n_weeks - np.argmax(seen[:, ::-1], axis=1) if n_weeks else np.zeros(len(panel.y))
    known = np.where(seen.any(axis=1), last, 0)
    return np.where(alive(panel), n_weeks + 1, known).astype(np.int64)


@compiled
def _add_rows(values: NDArray[Any], codes: Ints, out: Floats) -> None:
    """Add each row to its group's row of out (nan = nothing added yet), passing over nan."""
    for i in range(values.shape[0]):
        g = codes[i]
        for j in range(values.shape[1]):
            v = values[i, j]
            if np.isnan(v):
                continue
            out[g, j] = v if np.isnan(out[g, j]) else out[g, j] + v


def group_sums(values: Floats | Singles, groups: Groups) -> Floats:
    """Return (G, ...) sums of rows by group; nan counts as nothing, nan where all are.

    The rows of a group are added in their order, so equal inputs give equal bits.
    """
    flat = np.ascontiguousarray(values).reshape(len(values), -1)
    out = np.full((groups.n, flat.shape[1]), np.nan)
    _add_rows(flat, groups.codes, out)
    return out.reshape(groups.n, *values.shape[1:])
