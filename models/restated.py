"""Tonight's history with the weeks known at an earlier night as they were known then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from models.forecast import forecast
from models.panel import Known, Panel
from models.spec import ForecastSpec
from models.types import Dates, Floats, Ints

KEY = ("target", "level", "series_id", "week_start")


def as_known_then(now: Known, then: Known) -> Known | None:
    """`now` without signals, its old weeks as `then` had them; None where none of them changed.

    Old weeks are those that both know. What became known since about weeks after them stays, and
    so do tonight's series, ends and drivers: a series that was not known then has no history in
    those weeks.
    """
    panels, changed = {}, False
    for target, panel in now.panels.items():
        old = then.panels.get(target)
        past = None if old is None else _with_old_weeks(panel, old)
        panels[target] = panel if past is None else past
        changed = changed or past is not None
    return replace(now, panels=panels, signals=None) if changed else None


def _with_old_weeks(panel: Panel, old: Panel) -> Panel | None:
    here, there = _common(panel.weeks, old.weeks)
    if not len(here):
        return None
    rows = _rows(panel.series, old.series)
    known = rows >= 0

    def replaced(values: Floats, before: Floats, absent: float) -> Floats:
        out = values.copy()
        out[np.ix_(~known, here)] = absent
        out[np.ix_(known, here)] = before[np.ix_(rows[known], there)]
        return out

    y = replaced(panel.y, old.y, np.nan)
    same = np.array_equal(y, panel.y, equal_nan=True)
    sold = panel.sold
    if panel.sold is not None and old.sold is not None:
        sold = replaced(panel.sold, old.sold, 0.0)
        same = same and np.array_equal(sold, panel.sold)
    return None if same else Panel(panel.series, panel.weeks, y, sold)


def _common(weeks: Dates, old: Dates) -> tuple[Ints, Ints]:
    """Positions, in both axes, of the weeks that both have."""
    _, here, there = np.intersect1d(weeks, old, return_indices=True)
    return here.astype(np.int64), there.astype(np.int64)


def _rows(series: pl.DataFrame, old: pl.DataFrame) -> Ints:
    """Each series' row among the old ones; -1 where it was not known."""
    place = old.select("series_id").with_row_index("_row")
    found = series.select("series_id").join(
        place, on="series_id", how="left", maintain_order="left"
    )
    return found["_row"].cast(pl.Int64).fill_null(-1).to_numpy().astype(np.int64)


def baseline_then(now: Known, then: Known, spec: ForecastSpec) -> pl.DataFrame | None:
    """Tonight's forecast without signals on history as known `then`; None: history is the same.

    Columns: target, level, series_id, week_start, baseline_then. One more forecast of one cutoff,
    without signals and sums over weeks; it is not made where nothing was restated.
    """
    past = as_known_then(now, then)
    if past is None:
        return None
    made = forecast(past, replace(spec, cumulative_quantiles=())).forecasts
    return made.select(*KEY, pl.col("mean").alias("baseline_then"))
