"""The published tables: what planners, workbooks and reviews read, one declaration per table."""

from __future__ import annotations

from transforms.contracts.columns import (
    CUMULATIVE_QUANTILES,
    LEVELS,
    QUANTILES,
    RUNGS,
    STATUSES,
    TARGETS,
    WEIGHTING,
    quantile_name,
)
from transforms.contracts.data_exports import (
    DEMAND_WEEKLY,
    INGEST_REPORT,
    QUALITY_CHECKS,
    QUARANTINE,
    SERIES_LISTED,
)
from transforms.contracts.desk_exports import DESK_TABLES
from transforms.contracts.forecast_exports import (
    ACCURACY,
    BACKTEST_FORECASTS,
    CALIBRATION,
    FORECAST_CONTRIBUTIONS,
    FORECASTS,
    FORECASTS_CUMULATIVE,
    MODEL_AUDIT,
    MODEL_FITS,
)
from transforms.contracts.heard_exports import SIGNAL_EVIDENCE, SIGNAL_VALUE, SIGNALS_WEEKLY, TAGS
from transforms.contracts.hub_exports import FORECASTS_HUB
from transforms.contracts.identity_exports import IDENTITY_TABLES
from transforms.contracts.office_exports import OFFICE_TABLES
from transforms.contracts.planning_exports import PLANNING_TABLES
from transforms.contracts.schema import by_name
from transforms.contracts.voice_exports import VOICES
from transforms.contracts.word_exports import PHRASE_STATS, TAG_AUDIT, TAGGER_BRIDGES

__all__ = [
    "CUMULATIVE_QUANTILES",
    "EXPORTS",
    "LEVELS",
    "QUANTILES",
    "RUNGS",
    "STATUSES",
    "TARGETS",
    "WEIGHTING",
    "quantile_name",
]

EXPORTS = by_name(
    FORECASTS,
    FORECASTS_CUMULATIVE,
    FORECAST_CONTRIBUTIONS,
    BACKTEST_FORECASTS,
    ACCURACY,
    CALIBRATION,
    MODEL_FITS,
    MODEL_AUDIT,
    TAGS,
    SIGNALS_WEEKLY,
    SIGNAL_EVIDENCE,
    SIGNAL_VALUE,
    PHRASE_STATS,
    TAG_AUDIT,
    TAGGER_BRIDGES,
    DEMAND_WEEKLY,
    SERIES_LISTED,
    INGEST_REPORT,
    QUARANTINE,
    QUALITY_CHECKS,
    *IDENTITY_TABLES,
    *PLANNING_TABLES,
    *DESK_TABLES,
    FORECASTS_HUB,
    VOICES,
    *OFFICE_TABLES,
)
"""Every table that this version publishes, by name."""
