"""Past forecasts, made again by the night's own path, beside what then happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol, TypeVar

import numpy as np
import polars as pl

from models.closures import gaps
from models.forecast import Forecast, forecast_each, forecast_many
from models.hierarchy import level_of, levels_in
from models.panel import Known, Panel, group_sums
from models.spec import LEVELS, ForecastSpec, quantile_names
from models.types import Floats

Judged = TypeVar("Judged")

JOIN = ("target", "level", "series_id", "week_start")


@dataclass(frozen=True, slots=True)
class Backtest:
    """Rows of backtest_forecasts, and each signal's part in them, for leaving one out.

    ``hidden``: rows alike, of bottom weeks in which stock ran out; their actual is what was sold.
    """

    forecasts: pl.DataFrame
    contributions: pl.DataFrame
    hidden: pl.DataFrame


def actuals(outcome: Known, spec: ForecastSpec, after: date = date.min) -> pl.DataFrame:
    """Return target, level, series_id, week_start, actual for every complete week known.

    Weeks that start on the day ``after`` or before it are left out.

    An upper level's actual is what all its series sold, out of stock or ended ones too: the week
    that demand_weekly shows. At the bottom a week that says nothing about demand (no stock, not
    launched) has no row; one after the series ended has what it sold, mostly 0, for a forecast
    made before the end was known is to be judged by it. Where a panel does not tell what was sold,
    sums are of the bottom weeks known, and weeks without any have no row.
    """
    return _weekly(outcome, spec, after, _came)


def hidden_actuals(outcome: Known, spec: ForecastSpec, after: date = date.min) -> pl.DataFrame:
    """Return the same columns for weeks of bottom series that went on, but had run out of stock.

    ``actual`` is then what was sold, which is less than was wanted.
    """

    def short(panel: Panel, *, bottom: bool) -> Floats:
        if panel.sold is None or not bottom:
            return np.full(panel.y.shape, np.nan)
        return np.where(gaps(panel), panel.sold, np.nan)

    return _weekly(outcome, spec, after, short)


def _weekly(
    outcome: Known, spec: ForecastSpec, after: date, values_of: Callable[..., Floats]
) -> pl.DataFrame:
    """Return weeks of every level from what ``values_of`` gives of a panel (S, T), nan = no row."""
    parts = []
    for target in sorted(outcome.panels):
        panel = outcome.panels[target]
        if not len(panel.y) or not len(panel.weeks):
            continue
        finest = levels_in(panel.series, LEVELS)[-1]
        later = panel.weeks > np.datetime64(after, "D")
        for name in levels_in(panel.series, spec.levels):
            level = level_of(panel.series, name)
            came = values_of(panel, bottom=name == finest)[:, later]
            values = group_sums(came, level.member)
            n, t = values.shape
            frame = pl.DataFrame(
                {
                    "series_id": level.keys["series_id"].gather(np.repeat(np.arange(n), t)),
                    "week_start": pl.Series(np.tile(panel.weeks[later], n)).cast(pl.Date),
                    "actual": values.reshape(-1),
                }
            ).filter(~pl.col("actual").is_nan())
            named = frame.with_columns(pl.lit(target).alias("target"), pl.lit(name).alias("level"))
            parts.append(named.select(*JOIN, "actual"))
    empty = {name: pl.String() for name in JOIN} | {"week_start": pl.Date(), "actual": pl.Float64()}
    return pl.concat(parts) if parts else pl.DataFrame(schema=empty)


def _came(panel: Panel, *, bottom: bool) -> Floats:
    """Return (S, T) what each bottom series is taken to have sold, nan = no actual."""
    if panel.sold is None:
        return panel.y
    if not bottom:
        return panel.sold
    if "ended_on" not in panel.series.columns:
        return panel.y
    end = panel.series["ended_on"].cast(pl.Date).to_numpy().astype("datetime64[D]")
    over = panel.weeks[None, :] >= end[:, None]  # no end (NaT) is never reached
    return np.where(np.isnan(panel.y) & over, panel.sold, panel.y)


def _scored(
    made: Forecast, cutoff: date, actual: pl.DataFrame, as_of: date, spec: ForecastSpec
) -> pl.DataFrame:
    weeks = made.forecasts.select(low=pl.col("week_start").min(), high=pl.col("week_start").max())
    told = actual.filter(pl.col("week_start").is_between(*weeks.row(0)))
    joined = made.forecasts.join(told, on=list(JOIN), how="inner", maintain_order="left")
    return joined.select(
        pl.lit(as_of).alias("as_of"),
        *JOIN[:3],
        "week_start",
        "horizon",
        "category",
        "sku",
        "channel",
        pl.lit(cutoff).alias("cutoff"),
        "actual",
        "mean",
        *quantile_names(spec.quantiles),
        "baseline_mean",
        "naive_mean",
        "model",
        pl.lit(made.assumed).alias("promotion_timing_assumed"),
    )


class Each(Protocol):
    """What ``forecast_each`` does, wherever it is done."""

    def __call__(
        self,
        knowns: Sequence[Known],
        spec: ForecastSpec,
        then: Callable[[Known, Forecast], Judged],
        /,
    ) -> list[Judged]:
        """Return what ``then`` makes of each known and its forecast, in their order."""


def backtest(
    knowns: Sequence[Known], outcome: Known, spec: ForecastSpec, each: Each = forecast_each
) -> Backtest:
    """Return what ``forecast`` said at each of the earlier cutoffs, joined with the outcome.

    Each forecast sees its own Known only; the outcome gives actuals of complete weeks and nothing
    else. ``as_of`` is the outcome's cutoff. ``each`` makes the forecasts.
    """
    late = [k.cutoff for k in knowns if k.cutoff > outcome.cutoff]
    if late:
        raise ValueError(f"cutoffs {late} lie after the outcome's, {outcome.cutoff}")
    ends = [p.weeks[-1].item() for k in knowns for p in k.panels.values() if len(p.weeks)]
    begin = min(ends, default=date.min)
    actual, short = actuals(outcome, spec, begin), hidden_actuals(outcome, spec, begin)

    last = outcome.cutoff

    def judged(known: Known, made: Forecast) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        scored = _scored(made, known.cutoff, actual, last, spec)
        # Until all are made, names are kept as numbers: of many series they are a third of the rows.
        keys = scored.select(*JOIN, "horizon")
        part = made.contributions.drop("as_of").join(
            keys, on=[*JOIN, "horizon"], how="semi", maintain_order="left"
        )
        day, as_of = pl.lit(known.cutoff), pl.lit(last)
        dated = part.with_columns(day.alias("cutoff"), as_of.alias("as_of"))
        hidden = _scored(made, known.cutoff, short, last, spec)
        return scored.with_columns(pl.col(pl.String).cast(pl.Categorical)), dated, hidden

    weekly = replace(spec, cumulative_quantiles=())  # sums over weeks are not in the record
    both = each(knowns, weekly, judged)
    if not both:
        return _nothing(outcome, actual, spec)
    rows = pl.concat([b[0] for b in both]).with_columns(pl.col(pl.Categorical).cast(pl.String))
    return Backtest(rows, *(pl.concat([b[i] for b in both]) for i in (1, 2)))


def _nothing(outcome: Known, actual: pl.DataFrame, spec: ForecastSpec) -> Backtest:
    """Return a backtest without rows, with every column."""
    made = forecast_many([Known(outcome.cutoff, outcome.gap_weeks, {})], spec)[0]
    day = outcome.cutoff
    dated = made.contributions.drop("as_of").with_columns(
        pl.lit(day).alias("cutoff"), pl.lit(day).alias("as_of")
    )
    scored = _scored(made, day, actual, day, spec)
    return Backtest(scored, dated, scored.clear())
