"""Forecast value added: whether each step made forecasts better than the step before it.

Steps and points as forecasters use them (Gilliland 2010, *The Business Forecasting Deal*): WAPE of
the step before less WAPE of the step, in percentage points. Intervals come from a bootstrap over
target weeks, paired: both steps are judged on the same rows, and a week's rows are drawn together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.metrics import Weekly, bootstrap
from models.spec import ForecastSpec, bands
from models.types import Floats

BAND = 0.5
"""Percentage points of WAPE by which nobody plans differently."""
LEAST_WEEKS = 8
SCALE = 1024
STEPS = (
    ("naive", None, "last_value", None),
    ("seasonal_naive", "naive", "naive_mean", "last_value"),
    ("statistical", "seasonal_naive", "baseline_mean", "naive_mean"),
    ("signals", "statistical", "mean", "baseline_mean"),
)
"""Step, the one before it, and the columns of their forecasts."""
OVERRIDE = ("override", "signals", "final_mean", "statistical_mean")
COLUMNS: dict[str, pl.DataType] = {
    **dict.fromkeys(("target", "level", "step", "slice", "slice_value"), pl.String()),
    "compared_with": pl.String(),
    **dict.fromkeys(
        ("wape", "wape_previous", "fva_points", "fva_lo", "fva_hi", "bias_share"), pl.Float64()
    ),
    "n": pl.Int64(),
    "n_weeks": pl.Int64(),
    "neutral_band": pl.Float64(),
    "verdict": pl.String(),
    "words": pl.String(),
}
Step = tuple[str, str | None, str, str | None]


@dataclass(frozen=True, slots=True)
class _Sums:
    """Rows, and sums per target week (W,): errors of step and step before, what came, bias."""

    n: int
    step: Floats
    before: Floats
    actual: Floats
    bias: Floats


def value_added(
    backtest: pl.DataFrame, overrides: pl.DataFrame, classes: pl.DataFrame, spec: ForecastSpec
) -> pl.DataFrame:
    """The rows of forecast_value_added.

    `backtest`: backtest_forecasts with last_value, the naive forecast. `overrides`: what planners
    expected of weeks that are over, as `transforms.staircase.judged_overrides` gives them, one
    row at the level at which it was overridden. `classes`: series_id, class_abc, class_xyz of SKUs.
    """
    asked: tuple[tuple[pl.DataFrame, tuple[Step, ...], tuple[str, ...]], ...] = (
        (backtest, STEPS, ()),
        (overrides, (OVERRIDE,), ("author", "direction", "size")),
    )
    rows = [
        {**key, **_row(part, step, spec.seed)}
        for frame, steps, by in asked
        for key, part in _slices(frame, classes, spec, by)
        for step in steps
    ]
    if overrides.is_empty():
        rows += _nobody(backtest)
    told = [{**row, "words": words(row)} for row in rows]
    return pl.DataFrame(told, schema=COLUMNS)


def _slices(
    frame: pl.DataFrame, classes: pl.DataFrame, spec: ForecastSpec, by: tuple[str, ...]
) -> Iterator[tuple[dict[str, object], pl.DataFrame]]:
    """Parts of `frame` with their keys, in a fixed order."""
    if frame.is_empty():
        return
    lag = pl.coalesce(
        *(
            pl.when(pl.col("horizon").is_between(low, high)).then(pl.lit(name))
            for name, low, high in bands(spec.horizon)
        )
    )
    sku = pl.col("level") == "sku"
    known = frame.join(classes, on="series_id", how="left", maintain_order="left").with_columns(
        pl.lit("all").alias("all"),
        lag.alias("lag"),
        *(
            pl.when(sku).then(pl.col(name).fill_null("new")).alias(name)
            for name in ("class_abc", "class_xyz")
        ),
    )
    for (target, level), cell in known.sort("target", "level", maintain_order=True).group_by(
        "target", "level", maintain_order=True
    ):
        for name in ("all", "lag", "class_abc", "class_xyz", *by):
            for value in cell[name].drop_nulls().unique().sort().to_list():
                key = {"target": target, "level": level, "slice": name, "slice_value": value}
                yield key, cell.filter(pl.col(name) == value)


def _row(part: pl.DataFrame, step: Step, seed: int) -> dict[str, object]:
    name, before, _, _ = step
    sums = _by_week(part, step)
    total = float(sums.actual.sum())
    share = (lambda over: float(over.sum()) / total) if total > 0 else (lambda _: None)
    row: dict[str, object] = {
        "step": name,
        "compared_with": before,
        "wape": share(sums.step),
        "bias_share": share(sums.bias),
        "n": sums.n,
        "n_weeks": len(sums.actual),
        "neutral_band": BAND,
        "verdict": None,
    }
    if before is None:
        return row
    draws = Weekly(sums.before, sums.step, sums.actual)
    points = [100.0 * one if np.isfinite(one) else None for one in bootstrap(draws, seed)]
    names = ("fva_points", "fva_lo", "fva_hi")
    row |= {"wape_previous": share(sums.before), **dict(zip(names, points, strict=True))}
    return row | {"verdict": verdict(*points, weeks=len(sums.actual))}


def _by_week(part: pl.DataFrame, step: Step) -> _Sums:
    """Sums in whole numbers of 2^-10, so that neither threads nor order change a bit."""
    _, _, one, other = step
    actual = pl.col("actual")
    whole = {
        "step": (actual - pl.col(one)).abs(),
        "before": (actual - pl.col(other or one)).abs(),
        "actual": actual,
        "bias": pl.col(one) - actual,
    }
    weekly = (
        part.group_by("week_start")
        .agg(
            *((v * SCALE).round().cast(pl.Int64).sum().alias(k) for k, v in whole.items()),
            pl.len().alias("n"),
        )
        .sort("week_start")
    )
    arrays = [weekly[name].to_numpy().astype(np.float64) / SCALE for name in whole]
    return _Sums(int(weekly["n"].sum()), *arrays)


def verdict(points: float | None, lo: float | None, hi: float | None, *, weeks: int) -> str:
    """`adds`, `takes_away`, `neutral` or `not_enough_data`.

    Fewer than eight target weeks tell nothing. Adds: by at least the band, and the interval
    above 0. Neutral: a clear change of less than the band, or an interval within it.
    """
    if points is None or lo is None or hi is None or weeks < LEAST_WEEKS:
        return "not_enough_data"
    clear = lo > 0 or hi < 0
    if clear and abs(points) >= BAND:
        return "adds" if points > 0 else "takes_away"
    if clear or max(abs(lo), abs(hi)) <= BAND:
        return "neutral"
    return "not_enough_data"


def _nobody(backtest: pl.DataFrame) -> list[dict[str, object]]:
    """One row that says, for units, that no override can be judged yet."""
    levels = backtest.filter(pl.col("target") == "units")["level"].unique().sort().to_list()
    key = {"target": "units", "slice": "all", "slice_value": "all"}
    rest = {"step": "override", "compared_with": "signals", "n": 0, "n_weeks": 0}
    return [
        {**key, "level": level, **rest, "neutral_band": BAND, "verdict": "not_enough_data"}
        for level in levels
    ]


NAMES = {
    "naive": "last week's value",
    "seasonal_naive": "last year's week",
    "statistical": "the statistical forecast",
    "signals": "the forecast with signals",
    "override": "planners' overrides",
}


def words(row: dict[str, object]) -> str:
    """A row in plain words: digits stand apart, so that nothing looks like a telephone number."""
    who = NAMES[str(row["step"])]
    if row["slice"] == "author":
        who = f"overrides of {row['slice_value']}"
    n, weeks = row["n"], row["n_weeks"]
    if not n:
        return f"{who}: no overridden week is over yet"
    if row["verdict"] is None:
        wape = row.get("wape")
        return (
            f"{who} is off by {wape:.1%} of what came"
            if wape is not None
            else f"{who}: nothing came"
        )
    kept = f"{n:,} forecasts of {weeks:,} weeks"
    if row["fva_points"] is None:
        return f"{who}: nothing came in {kept}"
    before = NAMES[str(row["compared_with"])]
    size = f"{abs(float(str(row['fva_points']))):.1f} points of WAPE"
    interval = _from_to(float(str(row["fva_lo"])), float(str(row["fva_hi"])))
    told = {
        "adds": f"{who} took {size} off {before}",
        "takes_away": f"{who} made {before} worse by {size}",
        "neutral": f"{who} left {before} as good as it was",
        "not_enough_data": f"{who} against {before}: cannot be told yet",
    }[str(row["verdict"])]
    return f"{told} {interval}, {kept}"


def _from_to(lo: float, hi: float) -> str:
    """An interval of points in words rather than by signs: the smaller change first where both are alike."""
    lo, hi = round(lo, 1) + 0.0, round(hi, 1) + 0.0
    if lo >= 0:
        return f"(from {lo:.1f} to {hi:.1f} better)"
    if hi <= 0:
        return f"(from {-hi + 0.0:.1f} to {-lo:.1f} worse)"
    return f"(from {-lo:.1f} worse to {hi:.1f} better)"
