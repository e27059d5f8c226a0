"""Accuracy where stock ran out: against all sales, sales of weeks with stock, and demand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from models.metrics import MODELS, Weekly, bootstrap
from models.spec import ForecastSpec, bands
from models.types import Floats

KEY = ("level", "series_id", "week_start")
SETS = ("all_weeks", "uncensored_weeks", "unconstrained")
ROWS: dict[str, pl.DataType] = {
    **dict.fromkeys(("target", "level", "model", "horizon_band", "weeks"), pl.String()),
    **dict.fromkeys(
        ("wape", "wape_lo", "wape_hi", "bias_share", "censored_row_share"), pl.Float64()
    ),
    "n": pl.Int64(),
    "n_cutoffs": pl.Int64(),
}


def accuracy_stockouts(
    backtest: pl.DataFrame, hidden: pl.DataFrame, demand: pl.DataFrame, spec: ForecastSpec
) -> pl.DataFrame:
    """Return the table ``accuracy_stockouts``, of units.

    ``backtest`` are rows of backtest_forecasts; ``hidden`` those of weeks left out there for want
    of stock, with what was sold; ``demand`` rows of demand_unconstrained. Intervals of WAPE by
    bootstrap over weeks.
    """
    units = pl.col("target") == "units"
    shared = [name for name in backtest.columns if name in hidden.columns]
    every = pl.concat([backtest.filter(units).select(shared), hidden.filter(units).select(shared)])
    told = demand.select(*KEY, "unconstrained_units")
    joined = every.join(told, on=list(KEY), how="left", maintain_order="left").sort(
        *KEY, "cutoff", "horizon"
    )
    rows = [
        {"target": "units", "level": level, "horizon_band": band, **row}
        for level in spec.levels
        for band, low, high in bands(spec.horizon)
        for row in _cell(
            joined.filter((pl.col("level") == level) & pl.col("horizon").is_between(low, high)),
            spec.seed,
        )
    ]
    return pl.DataFrame(rows, schema=ROWS)


def _cell(rows: pl.DataFrame, seed: int) -> Iterator[dict[str, object]]:
    """Yield each set of weeks with each model; nothing where there is nothing to compare."""
    short = pl.col("unconstrained_units").is_not_null()
    whole = pl.coalesce("unconstrained_units", "actual").alias("actual")
    for name in SETS:
        one = rows.filter(~short) if name == "uncensored_weeks" else rows
        one = one.with_columns(whole) if name == "unconstrained" else one
        if one.is_empty():
            continue
        actual = one["actual"].to_numpy()
        for model, column in MODELS.items():
            mean = one[column].to_numpy()
            yield {
                "model": model,
                "weeks": name,
                **_wape(one, np.abs(actual - _point(one, model)), actual, seed),
                "bias_share": float((mean - actual).sum() / actual.sum())
                if actual.sum() > 0
                else None,
                "censored_row_share": one.select(short.mean()).item(),
                "n": one.height,
                "n_cutoffs": one["cutoff"].n_unique(),
            }


def _point(rows: pl.DataFrame, model: str) -> Floats:
    """Return the median, the baseline's moved back by what signals did; the naive's mean."""
    if model == "seasonal_naive":
        return rows["naive_mean"].to_numpy()
    middle, mean = rows["p50"].to_numpy(), rows["mean"].to_numpy()
    if model == "full":
        return middle
    back = np.where(mean > 0, rows["baseline_mean"].to_numpy() / np.where(mean > 0, mean, 1.0), 1.0)
    return np.asarray(middle * back)


def _wape(rows: pl.DataFrame, error: Floats, actual: Floats, seed: int) -> dict[str, object]:
    weeks = rows["week_start"].rank("dense").to_numpy().astype(np.int64) - 1
    sums = (
        np.bincount(weeks, weights=v).astype(np.float64)
        for v in (error, np.zeros(len(error)), actual)
    )
    found = bootstrap(Weekly(*sums), seed)
    names = ("wape", "wape_lo", "wape_hi")
    return {n: v if np.isfinite(v) else None for n, v in zip(names, found, strict=True)}
