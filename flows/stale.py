"""Last night's rows where tonight's could not be made: marked, and with their own as_of."""

from __future__ import annotations

import logging
from datetime import date

import polars as pl

from flows.parquet import as_of_today
from flows.places import Place
from flows.reader import DamagedExport, published_frame, read_manifest, snapshot_dir
from transforms.contracts import EXPORTS

LOG = logging.getLogger("hearcast")
FORECAST_TABLES = ("forecasts", "forecasts_cumulative", "forecast_contributions")
RECORD_TABLES = (
    "signal_evidence",
    "backtest_forecasts",
    "accuracy",
    "calibration",
    "signal_value",
    "model_audit",
)


def previous_snapshot(exports: Place, as_of: date) -> Place | None:
    """The snapshot of the newest night before `as_of`; None where there is none."""
    days = sorted(
        path.stem.removeprefix("as_of=") for path in exports.glob("pointers/as_of=*.json")
    )
    before = [day for day in days if date.fromisoformat(day) < as_of]
    return snapshot_dir(exports, before[-1]) if before else None


def last_nights(exports: Place, as_of: date, name: str) -> pl.DataFrame | None:
    """Table `name` of the night before `as_of`, its rung set to `stale` where it has one.

    None where that night has none, or its file is damaged, which is said.
    """
    snapshot = previous_snapshot(exports, as_of)
    if snapshot is None or "sha256" not in read_manifest(snapshot)["tables"].get(name, {}):
        return None
    contract = EXPORTS[name]
    try:
        frame = as_of_today(contract, published_frame(snapshot, name)).select(contract.names)
    except DamagedExport as error:
        LOG.warning(str(error))
        return None
    if "rung" in EXPORTS[name].names:
        frame = frame.with_columns(pl.lit("stale").alias("rung"))
    return frame


def with_stale_targets(
    name: str, fresh: pl.DataFrame | None, targets: tuple[str, ...], exports: Place, as_of: date
) -> pl.DataFrame | None:
    """`fresh` with the rows of `targets` replaced by last night's; None where nothing would remain."""
    old = last_nights(exports, as_of, name)
    if fresh is None:
        return old
    kept = fresh.filter(~pl.col("target").is_in(list(targets)))
    if old is None:
        return kept if kept.height else None
    stale = old.filter(pl.col("target").is_in(list(targets))).select(fresh.columns)
    contract = EXPORTS[name]
    return pl.concat([kept, stale]).sort(contract.order, nulls_last=False)
