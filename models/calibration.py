"""How honest published intervals are: coverage by target, level, horizon band and volume class.

Counts have no exact 80 % interval: the chance of lying at or between two counts jumps. They are
judged by the randomised probability transform (Smith 1985; Czado, Gneiting and Held 2009): an
actual y stands for the whole stretch from y - 1/2 to y + 1/2, the published quantiles are joined
by straight lines, and y counts as covered by the share of its stretch, in probability, that lies
between .1 and .9. That is the mean over all random draws, so nothing is drawn. Between the levels
published the chance of one count is known roughly only: a cell needs series of varied volume.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.special import stdtrit

from models.spec import bands
from models.types import Bools, Floats

CLASSES = (("<0.5", 0.5), ("0.5-2", 2.0), ("2-10", 10.0), ("10-50", 50.0), (">50", np.inf))
BINS = 10
KEY = ("target", "level", "horizon_band", "volume_class")
CELLS: dict[str, pl.DataType] = {
    **dict.fromkeys(KEY, pl.String()),
    **dict.fromkeys(("n", "n_weeks", "n_cutoff_weeks"), pl.Int64()),
    **dict.fromkeys(("coverage_80", "lo", "hi", "below_p10", "above_p90"), pl.Float64()),
    "pit_deviation": pl.Float64(),
}


def cdf_at(x: Floats, quantiles: Floats, levels: Floats) -> Floats:
    """Return (N,) chances of at most x (N,) under quantiles (N, Q), which may be equal in runs.

    Straight lines between quantiles, down to no chance below zero, and an exponential tail above
    the last. Where quantiles are equal the chance is that of the last of them.
    """
    n = len(x)
    place = (quantiles <= x[:, None]).sum(axis=1)
    row = np.arange(n)
    under, over = np.maximum(place - 1, 0), np.minimum(place, len(levels) - 1)
    floor = np.full(n, -0.5)
    left = np.where(place > 0, quantiles[row, under], floor)
    right = quantiles[row, over]
    start = np.where(place > 0, levels[under], 0.0)
    width = np.maximum(right - left, 1e-12)
    inside = start + (levels[over] - start) * np.clip((x - left) / width, 0.0, 1.0)
    tail = np.maximum(quantiles[:, -1] - quantiles[:, -2], 0.35) / np.log(2)
    beyond = 1 - (1 - levels[-1]) * np.exp(-(x - quantiles[:, -1]) / tail)
    out = np.where(place == len(levels), beyond, inside)
    return np.asarray(np.where(x < 0, 0.0, out))


def pit_bounds(
    actual: Floats, quantiles: Floats, levels: Sequence[float], counts: Bools
) -> tuple[Floats, Floats]:
    """Return (N,) lowest and highest probability transform that an actual stands for.

    ``counts`` (N,): actuals of a whole-number series stand for half a unit on either side; others
    for one point, but for a zero that has a chance of its own.
    """
    known = np.asarray(levels)
    half = np.where(counts, 0.5, 0.0)
    high = cdf_at(actual + half, quantiles, known)
    low = cdf_at(actual - half, quantiles, known)
    return np.where(~counts & (actual <= 0), 0.0, low), high


def covered(low: Floats, high: Floats, inside: tuple[float, float]) -> Floats:
    """Return (N,) the share of each stretch low..high that lies inside; 0 or 1 for a point."""
    wide = high - low
    overlap = np.minimum(high, inside[1]) - np.maximum(low, inside[0])
    point = (low >= inside[0]) & (low <= inside[1])
    share = np.clip(overlap / np.where(wide > 1e-12, wide, 1.0), 0.0, 1.0)
    return np.asarray(np.where(wide > 1e-12, share, point.astype(np.float64)))


def pit_histogram(low: Floats, high: Floats) -> Floats:
    """Return (BINS,) shares of the probability transform; equal ones mean honest quantiles."""
    edges = np.linspace(0, 1, BINS + 1)
    closed = np.append(edges[1:-1], 1.0 + 1e-9)
    wide = high - low
    share = np.zeros(BINS)
    for i in range(BINS):
        part = np.clip(np.minimum(high, edges[i + 1]) - np.maximum(low, edges[i]), 0.0, None)
        point = (low >= edges[i]) & (low < closed[i])
        share[i] = np.where(wide > 1e-12, part / np.where(wide > 1e-12, wide, 1.0), point).mean()
    return share


def clustered(values: Floats, weeks: pl.Series) -> tuple[float, float, float]:
    """Return the mean of (N,) values with its 95 % interval, weeks drawn as wholes.

    The interval is Student's t with the linearised variance of a ratio of weekly sums; nan with
    fewer than two weeks.
    """
    code = weeks.rank("dense").to_numpy().astype(np.int64) - 1
    sums, rows = np.bincount(code, weights=values), np.bincount(code).astype(np.float64)
    mean, n = float(sums.sum() / rows.sum()), len(rows)
    if n < 2:
        return mean, float("nan"), float("nan")
    away = sums - mean * rows
    error = float(np.sqrt(n / (n - 1) * (away**2).sum())) / float(rows.sum())
    reach = float(stdtrit(n - 1, 0.975)) * error
    return mean, max(mean - reach, 0.0), min(mean + reach, 1.0)


def volume_class(mean: pl.Expr) -> pl.Expr:
    """Return the class of a weekly mean: under half a unit, to 2, to 10, to 50, above."""
    out = pl.lit(CLASSES[-1][0])
    for name, top in reversed(CLASSES[:-1]):
        out = pl.when(mean < top).then(pl.lit(name)).otherwise(out)
    return out


def _quantile_columns(frame: pl.DataFrame) -> list[str]:
    return sorted(c for c in frame.columns if len(c) == 3 and c[0] == "p" and c[1:].isdigit())


def _cell(frame: pl.DataFrame, names: Sequence[str]) -> dict[str, object]:
    """Return one cell's figures."""
    quantiles = frame.select(names).to_numpy().astype(np.float64)
    actual = frame["actual"].to_numpy().astype(np.float64)
    levels = [int(name[1:]) / 100 for name in names]
    low, high = pit_bounds(actual, quantiles, levels, frame["_counts"].to_numpy())
    inside, below = covered(low, high, (0.1, 0.9)), covered(low, high, (0.0, 0.1 - 1e-12))
    mean, lo, hi = clustered(inside, frame["week_start"])
    return {
        "n": frame.height,
        "n_weeks": frame["week_start"].n_unique(),
        "n_cutoff_weeks": frame.select(pl.struct("cutoff", "week_start").n_unique()).item(),
        "coverage_80": mean,
        "lo": None if np.isnan(lo) else lo,
        "hi": None if np.isnan(hi) else hi,
        "below_p10": float(below.mean()),
        "above_p90": max(1.0 - mean - float(below.mean()), 0.0),
        "pit_deviation": float(np.abs(pit_histogram(low, high) - 1 / BINS).sum() / 2),
    }


def coverage_cells(backtest_forecasts: pl.DataFrame) -> pl.DataFrame:
    """Return coverage of [p10, p90] by target, level, horizon band and volume class.

    Takes the frame ``forecasts`` of a backtest. A series' class is that of its mean forecast at a
    cutoff, which is known beforehand: classes by what came would sort surprises, and no honest
    interval holds in those. ``lo`` and ``hi`` bound coverage at 95 % with weeks as clusters;
    ``pit_deviation`` is the share of the probability transform that lies in the wrong tenth, 0 to
    .9. ``n_cutoff_weeks`` counts pairs of cutoff and week.
    """
    names = _quantile_columns(backtest_forecasts)
    if backtest_forecasts.is_empty() or not {"p10", "p90"} <= set(names):
        return pl.DataFrame(schema=CELLS)
    top = int(backtest_forecasts.select(pl.col("horizon").max()).item())
    named = [(name, low, high) for name, low, high in bands(top)]
    series = ["target", "level", "series_id"]
    whole = (pl.col("actual") == pl.col("actual").round(0)).all()
    frame = backtest_forecasts.filter(pl.col("actual").is_not_null()).with_columns(
        whole.over(series).alias("_counts"),
        volume_class(pl.col("mean").mean().over([*series, "cutoff"])).alias("volume_class"),
    )
    rows = []
    for band, low, high in named:
        part = frame.filter(pl.col("horizon").is_between(low, high))
        for key, cell in part.partition_by(
            "target", "level", "volume_class", as_dict=True, include_key=True
        ).items():
            place = dict(zip(("target", "level", "volume_class"), key, strict=True))
            rows.append({**place, "horizon_band": band, **_cell(cell, names)})
    order = pl.Series("volume_class", [name for name, _ in CLASSES])
    made = pl.DataFrame(rows, schema=CELLS)
    ranked = made.with_columns(
        pl.col("volume_class").replace_strict(order, range(len(order))).alias("_rank")
    )
    return ranked.sort("target", "level", "horizon_band", "_rank").drop("_rank")
