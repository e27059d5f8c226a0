"""Published frames from arrays: columns, types and row order of every forecast table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from models.spec import quantile_names
from models.types import Dates, Floats

KNOWN_AHEAD = ("promotion_delta", "holiday_delta")
KEY = ("as_of", "target", "level", "series_id", "week_start", "horizon")
KEY_TYPES: dict[str, pl.DataType] = {
    "as_of": pl.Date(),
    "target": pl.String(),
    "level": pl.String(),
    "series_id": pl.String(),
    "week_start": pl.Date(),
    "horizon": pl.Int32(),
    "category": pl.String(),
    "sku": pl.String(),
    "channel": pl.String(),
}


@dataclass(frozen=True, slots=True)
class LevelForecast:
    """Forecasts of one target at one level: N series, H horizons.

    ``keys``: series_id, category, sku, channel, model; N rows. Arrays are (N, H), quantiles
    (N, H, Q), deltas (K, N, H) in the order of ``signals``. ``ahead`` (P, N, H): what of the
    baseline is known ahead, in the order of ``KNOWN_AHEAD``; None: nothing is.
    """

    target: str
    level: str
    keys: pl.DataFrame
    mean: Floats
    baseline: Floats
    naive: Floats
    flat: Floats
    quantiles: Floats
    cumulative: Floats
    cumulative_baseline: Floats
    signals: tuple[str, ...]
    deltas: Floats
    ahead: Floats | None = None

    def known_ahead(self) -> list[pl.Series]:
        """Return the columns of what is known ahead, zeros where nothing is."""
        none = np.zeros((len(KNOWN_AHEAD), *self.mean.shape))
        parts = none if self.ahead is None else self.ahead
        return [pl.Series(n, v.reshape(-1)) for n, v in zip(KNOWN_AHEAD, parts, strict=True)]


def _index(part: LevelForecast, as_of: date, weeks: Dates) -> pl.DataFrame:
    """Return the key columns, series by series, horizons ascending."""
    n, h = part.mean.shape
    rows = np.repeat(np.arange(n), h)
    keys = part.keys[rows]
    columns = {
        "as_of": pl.repeat(as_of, n * h, dtype=pl.Date, eager=True),
        "target": pl.repeat(part.target, n * h, dtype=pl.String, eager=True),
        "level": pl.repeat(part.level, n * h, dtype=pl.String, eager=True),
        "series_id": keys["series_id"],
        "week_start": pl.Series(np.tile(weeks, n)).cast(pl.Date),
        "horizon": pl.Series(np.tile(np.arange(1, h + 1, dtype=np.int32), n)),
        "category": keys["category"],
        "sku": keys["sku"],
        "channel": keys["channel"],
        "model": keys["model"],
    }
    return pl.DataFrame(columns)


def _spread(values: Floats, names: Sequence[str], prefix: str = "") -> list[pl.Series]:
    """Return one column per quantile from (N, H, Q)."""
    flat = values.reshape(-1, values.shape[2])
    return [pl.Series(prefix + q, flat[:, i].copy()) for i, q in enumerate(names)]


def weekly_frame(
    part: LevelForecast, as_of: date, weeks: Dates, quantiles: Sequence[float]
) -> pl.DataFrame:
    """Return rows of the table ``forecasts``."""
    index = _index(part, as_of, weeks)
    return index.drop("model").with_columns(
        pl.Series("mean", part.mean.reshape(-1)),
        *_spread(part.quantiles, quantile_names(quantiles)),
        pl.Series("baseline_mean", part.baseline.reshape(-1)),
        pl.Series("signal_delta", part.deltas.sum(axis=0).reshape(-1) + 0.0),
        *part.known_ahead(),
        pl.Series("naive_mean", part.naive.reshape(-1)),
        pl.Series("flat_mean", part.flat.reshape(-1)),
        index["model"],
        pl.lit("full").alias("rung"),
    )


def cumulative_frame(
    part: LevelForecast, as_of: date, weeks: Dates, quantiles: Sequence[float]
) -> pl.DataFrame:
    """Return rows of ``forecasts_cumulative``: demand summed from horizon 1."""
    names = quantile_names(quantiles)
    index = _index(part, as_of, weeks)
    return index.drop("model").with_columns(
        pl.Series("mean", np.cumsum(part.mean, axis=1).reshape(-1)),
        *_spread(part.cumulative, names),
        pl.Series("baseline_mean", np.cumsum(part.baseline, axis=1).reshape(-1)),
        *_spread(part.cumulative_baseline, names, "baseline_"),
        index["model"],
        pl.lit("full").alias("rung"),
    )


def contribution_frame(part: LevelForecast, as_of: date, weeks: Dates) -> pl.DataFrame:
    """Return rows of ``forecast_contributions``: where a signal acts; zeros are not written."""
    index = _index(part, as_of, weeks).select(KEY)
    frames = []
    for k, name in enumerate(part.signals):
        delta = pl.Series("delta", part.deltas[k].reshape(-1))
        frame = index.with_columns(pl.lit(name).alias("signal"), delta)
        frames.append(frame.filter(pl.col("delta") != 0.0))
    return pl.concat(frames) if frames else empty_contributions()


def empty_contributions() -> pl.DataFrame:
    """Return ``forecast_contributions`` without rows."""
    schema = {name: KEY_TYPES[name] for name in KEY}
    return pl.DataFrame(schema={**schema, "signal": pl.String(), "delta": pl.Float64()})


def empty_weekly(quantiles: Sequence[float]) -> pl.DataFrame:
    """Return ``forecasts`` without rows."""
    numbers = [
        "mean", *quantile_names(quantiles),
        "baseline_mean", "signal_delta", *KNOWN_AHEAD, "naive_mean", "flat_mean",
    ]  # fmt: skip
    schema = {**KEY_TYPES, **dict.fromkeys(numbers, pl.Float64())}
    return pl.DataFrame(schema={**schema, "model": pl.String(), "rung": pl.String()})


def empty_cumulative(quantiles: Sequence[float]) -> pl.DataFrame:
    """Return ``forecasts_cumulative`` without rows."""
    names = quantile_names(quantiles)
    numbers = ["mean", *names, "baseline_mean", *("baseline_" + q for q in names)]
    schema = {**KEY_TYPES, **dict.fromkeys(numbers, pl.Float64())}
    return pl.DataFrame(schema={**schema, "model": pl.String(), "rung": pl.String()})
