"""Known-future drivers as arrays: promotions and feasts by week, over the past and the horizon."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from models.types import Dates, Floats, Ints, Singles

DAYS = 7.0
BASIS = 10_000.0
ANY, DISCOUNT, AFTER, KIND = "any", "discount", "after", "kind:"
UNNAMED = "(unnamed)"


@dataclass(frozen=True, slots=True)
class Drivers:
    """What is known to come for S series over N = T + gap + H weeks.

    ``x`` (K, S, N): exposures named by ``names``. ``any``: share of the week's days with a
    promotion. ``discount``: that share times the discount. ``kind:NAME``: share of days with one
    of that kind, where there are several. ``after``: share of the week before that was promoted,
    where this week is not. All are 0 where nothing is on. ``feasts`` (J, N), named by
    ``feast_names``: shares of the seven days up to and with a feast, or after it, that fall into
    the week; the same for all series. ``assumed``: some promotion does not say since when it is
    known, so backtests take its timing on trust. ``told`` (S, N): how many weeks of the axis were
    known when a promoted week (or the one before, for ``after``) was wholly told; 0 = from the
    start. None: all were.
    """

    series_ids: tuple[str, ...]
    names: tuple[str, ...]
    x: Singles
    assumed: bool = False
    feast_names: tuple[str, ...] = ()
    feasts: Floats | None = None
    told: Ints | None = None

    def __post_init__(self) -> None:
        if self.x.shape[:2] != (len(self.names), len(self.series_ids)):
            raise ValueError(f"x is {self.x.shape}: {len(self.names)} x {len(self.series_ids)}")
        want = (len(self.feast_names), self.x.shape[2])
        if self.feasts is not None and self.feasts.shape != want:
            raise ValueError(f"feasts are {self.feasts.shape}, not {want}")
        if self.told is not None and self.told.shape != self.x.shape[1:]:
            raise ValueError(f"told is {self.told.shape}, not {self.x.shape[1:]}")

    @property
    def calendar(self) -> Floats:
        """The feasts (J, N), J = 0 where there are none."""
        return np.zeros((0, self.x.shape[2])) if self.feasts is None else self.feasts


def aligned(drivers: Drivers, series: pl.DataFrame) -> Drivers:
    """Return the drivers with one row per series, in their order; ValueError where one lacks."""
    wanted = tuple(series["series_id"].to_list())
    if wanted == drivers.series_ids:
        return drivers
    place = {name: i for i, name in enumerate(drivers.series_ids)}
    missing = [name for name in wanted if name not in place]
    if missing:
        raise ValueError(f"drivers know nothing of {len(missing)} series")
    rows = np.array([place[name] for name in wanted], dtype=np.int64)
    return replace(rows_of(drivers, rows), series_ids=wanted)


def rows_of(drivers: Drivers, rows: Ints) -> Drivers:
    """Return the drivers of some series."""
    ids = tuple(drivers.series_ids[i] for i in rows.tolist())
    told = None if drivers.told is None else drivers.told[rows]
    return replace(drivers, series_ids=ids, x=np.ascontiguousarray(drivers.x[:, rows]), told=told)


def until(drivers: Drivers, n: int) -> Drivers:
    """Return the drivers of the first n weeks."""
    feasts = None if drivers.feasts is None else drivers.feasts[:, :n]
    told = None if drivers.told is None else drivers.told[:, :n]
    return replace(drivers, x=drivers.x[:, :, :n], feasts=feasts, told=told)


def no_promotions(series: pl.DataFrame, n_weeks: int) -> Drivers:
    """Return drivers without any promotion."""
    ids = tuple(series["series_id"].to_list())
    return Drivers(ids, (), np.zeros((0, len(ids), n_weeks), dtype=np.float32))


def _cells(
    weekly: pl.DataFrame, series: pl.DataFrame, weeks: Dates
) -> tuple[pl.DataFrame, Ints, Ints]:
    """Return the rows that hit a series and a week of the axis, and both positions."""
    row = series.select("series_id").with_row_index("_row")
    hit = weekly.join(row, on="series_id", maintain_order="left")
    step = hit["week_start"].to_numpy().astype("datetime64[D]") - weeks[0]
    column = np.asarray(step.astype(np.int64) // 7)
    inside = (column >= 0) & (column < len(weeks))
    return hit.filter(pl.Series(inside)), hit["_row"].to_numpy()[inside], column[inside]


def _usual_discount(rows: pl.DataFrame) -> Floats:
    """Return each row's discount; where untold the mean of its kind, else of all, else 0."""
    told = rows["discount"].cast(pl.Float64).fill_null(np.nan).to_numpy() / BASIS
    days = rows["days"].to_numpy().astype(np.float64)
    kinds = rows["kind"].fill_null(UNNAMED).to_numpy()
    known = ~np.isnan(told)
    out = np.where(known, told, 0.0)
    if not known.any():
        return out
    overall = float((told * days)[known].sum() / days[known].sum())
    for kind in sorted(set(kinds[~known].tolist())):
        same = (kinds == kind) & known
        mean = float((told * days)[same].sum() / days[same].sum()) if same.any() else overall
        out[(kinds == kind) & ~known] = mean
    return out


def _told(rows: pl.DataFrame, i: Ints, t: Ints, after: Floats | Singles, start: date) -> Ints:
    """Return (S, N) from which origin on weeks are told; ``start``: the day of origin 0."""
    out = np.zeros(after.shape, dtype=np.int64)
    days = (rows["known_on"] - start).dt.total_days().fill_null(0).to_numpy()
    np.maximum.at(out, (i, t), np.maximum(-(-days // 7), 0))
    out[:, 1:] = np.where(after[:, 1:] > 0, out[:, :-1], out[:, 1:])
    return out


def promotion_drivers(
    weekly: pl.DataFrame,
    series: pl.DataFrame,
    weeks: Dates,
    *,
    assumed: bool,
    start: date | None = None,
) -> Drivers:
    """Return the exposures of promotions.

    ``weekly`` as ``transforms.promotions.promotion_weeks`` gives it: series_id, week_start, kind,
    days (of the week with this kind), any_days (with any kind), discount (ten-thousandths, null =
    untold), known_on (null = always); ``series`` with series_id; ``weeks`` (N,) of the past and
    the horizon. ``start``: the cutoff less the T known weeks, from which days of announcement are
    told as origins; without it all promotions count as told from the start.
    """
    if weekly.is_empty() or not len(weeks):
        return no_promotions(series, len(weeks))
    rows, i, t = _cells(weekly, series, weeks)
    if rows.is_empty():
        return no_promotions(series, len(weeks))
    kinds = sorted(set(rows["kind"].fill_null(UNNAMED).to_list()))
    discount = _usual_discount(rows)
    names = [ANY, AFTER]
    if bool((discount > 0).any()):
        names.append(DISCOUNT)
    first = len(names)
    if len(kinds) > 1:
        names += [KIND + kind for kind in kinds]
    x = np.zeros((len(names), series.height, len(weeks)), dtype=np.float32)
    x[0, i, t] = rows["any_days"].to_numpy() / DAYS
    if DISCOUNT in names:
        np.maximum.at(x[2], (i, t), discount.astype(np.float32))
        x[2] *= x[0]
    if len(kinds) > 1:
        place = {kind: first + n for n, kind in enumerate(kinds)}
        code = np.array([place[k] for k in rows["kind"].fill_null(UNNAMED).to_list()])
        x[code, i, t] = rows["days"].to_numpy() / DAYS
    x[1, :, 1:] = np.where(x[0, :, 1:] == 0, x[0, :, :-1], 0)
    ids = tuple(series["series_id"].to_list())
    told = _told(rows, i, t, x[1], start) if start and "known_on" in rows.columns else None
    return Drivers(ids, tuple(names), x, assumed, told=told)


def with_feasts(drivers: Drivers, names: tuple[str, ...], feasts: Floats) -> Drivers:
    """Return the drivers with a calendar of feasts (J, N)."""
    return replace(drivers, feast_names=names, feasts=feasts)
