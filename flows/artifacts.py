"""A night's pages in Prefect: data quality, adopted signals and accuracy, under stable keys."""

from __future__ import annotations

import logging
from typing import Any

import polars as pl
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.places import Place
from flows.reader import read_manifest
from flows.stage_results import Published
from flows.storage import storage_of

LOG = logging.getLogger("hearcast")
ADOPTED = ("signal", "target", "category", "lead_weeks", "effect", "q_value", "adopted_since")
ACCURACY = ("target", "level", "horizon_band", "model", "wape", "bias_share", "coverage_80", "n")
QUALITY = ("source", "table", "file", "rows_in", "rows_good", "rows_quarantined", "problem")


def create(published: Published) -> None:
    """Draws the night's artifacts from its published tables alone.

    Prefect may refuse them (its disk full, its server gone): the night is published all the same.
    """
    try:
        _draw(published)
    except Exception as error:  # noqa: BLE001 - pages for people must not undo a published night
        LOG.warning("Prefect's artifacts could not be written (%s)", type(error).__name__)


def _draw(published: Published) -> None:
    snapshot = published.snapshot
    create_markdown_artifact(
        key="night", markdown="\n".join([f"**{published.headline}**", "", *_bullets(published)])
    )
    _table(snapshot, "ingest_report", "data-quality", QUALITY)
    _table(snapshot, "accuracy", "accuracy", ACCURACY)
    _table(snapshot, "signal_evidence", "adopted-signals", ADOPTED, pl.col("status") == "confirmed")


def _bullets(published: Published) -> list[str]:
    return [f"- {line}" for line in published.lines]


def _table(
    snapshot: Place, name: str, key: str, columns: tuple[str, ...], keep: pl.Expr | None = None
) -> None:
    if "sha256" not in read_manifest(snapshot)["tables"][name]:
        return
    frame = storage_of(snapshot).read_parquet(snapshot / f"{name}.parquet")
    shown = frame if keep is None else frame.filter(keep)
    rows: list[dict[str, Any]] = shown.select(columns).head(200).to_dicts()
    for row in rows:
        for column, value in row.items():
            row[column] = value if value is None or isinstance(value, int | float) else str(value)
    create_table_artifact(key=key, table=rows or [{"empty": "nothing to show"}])
