"""The published table for exchange with others: forecasts in the layout of the hubverse."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import LEVEL, TARGET, date, real, text
from transforms.contracts.schema import Column, Table

HUB_MODELS = ("hearcast-full", "hearcast-baseline", "hearcast-seasonal_naive")
OUTPUT_TYPES = ("mean", "median", "quantile")
FORECASTS_HUB = Table(
    "forecasts_hub",
    "Forecasts in the hubverse layout, for tools that score and combine forecasts of many models.",
    key=(
        "model_id", "reference_date", "target", "level", "location", "horizon", "output_type",
        "output_type_id",
    ),
    columns=(
        text("model_id", "hearcast-full is mean and quantiles of forecasts; hearcast-baseline the same without signals and hearcast-seasonal_naive last year's week, means only", one_of=HUB_MODELS),
        date("reference_date", "last day of the week before horizon 1: target_end_date is 7 x horizon days later; the night itself is as_of in the manifest"),
        TARGET,
        LEVEL,
        text("location", "series_id of forecasts; unique together with level"),
        Column("horizon", pl.Int32, "weeks from reference_date to target_end_date", unit="weeks", nullable=False, lo=1),
        date("target_end_date", "last day of the week that is forecast"),
        text("output_type", "what value is of the forecast distribution", one_of=OUTPUT_TYPES),
        real("output_type_id", "level of the quantile; null for mean and median", "share", nullable=True, lo=0.0, hi=1.0),
        real("value", "the forecast", "target units", lo=0.0),
    ),
)
