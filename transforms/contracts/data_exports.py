"""Published tables about what was sold, what came in, and how sound it is."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import (
    LEVEL,
    SCOPE,
    SERIES,
    TARGET,
    WEEK,
    count,
    date,
    real,
    share,
    text,
)
from transforms.contracts.schema import Column, Table

DEMAND_WEEKLY = Table(
    "demand_weekly",
    "What happened, by week, as known at the night.",
    key=("target", "level", "series_id", "week_start"),
    columns=(
        TARGET, LEVEL, SERIES, WEEK, *SCOPE,
        real("value", "quantity or count in the week", "target units", lo=0.0),
        Column("is_partial", pl.Boolean, "first or unfinished week: never trained on", nullable=False),
        share("censored_share", "share of observed days without stock; null: stock unknown, or a level above the SKU"),
        text("fiscal_week", "label in the fiscal calendar; null: none is configured", nullable=True),
        text("fiscal_period", "its period, such as 2026-P03; null: none is configured", nullable=True),
        date("last_year_week_start", "the week to compare with: same number in the fiscal year before (null for a 53rd week that has none there), else 52 weeks before", nullable=True),
    ),
)
SERIES_LISTED = Table(
    "series_listed",
    "Every series and why it has, or has not, a forecast: none goes missing silently.",
    key=("target", "level", "series_id"),
    columns=(
        TARGET, LEVEL, SERIES, *SCOPE,
        text(
            "status", "active and new are forecast; so are too_new (no complete week yet) and upcoming (to be launched within the horizon) where other products tell how such begin",
            one_of=("active", "new", "too_new", "upcoming", "dormant", "discontinued"),
        ),
        date("first_week", "first week with demand or the launch, planned ones included"),
        date("last_week", "last week with demand", nullable=True),
        date("ended_on", "day from which it is no longer forecast", nullable=True),
        date("starts_on", "planned first day on sale, of a product that has not sold yet", nullable=True),
        date("ends_on", "planned first day no longer on sale: forecasts are 0 from then on", nullable=True),
    ),
)
INGEST_REPORT = Table(
    "ingest_report",
    "Every file that the lake took in, with each of its rows accounted for.",
    key=("source", "table", "file"),
    columns=(
        text("source", "the source"),
        text("table", "the canonical table; (none): an inbox could not tell what the file is"),
        text("file", "the file; sql: and the table for a pull from a database"),
        text("sha256", "hash of the file's bytes, or of the rows pulled; empty: it could not be read"),
        count("rows_in", "rows that came to the table, a record of an inbox may feed several; the six counts below add up to it"),
        count("rows_good", "new or changed rows taken in"),
        count("rows_quarantined", "bad rows kept aside with a reason"),
        count("rows_duplicate", "exact repetitions within the file"),
        count("rows_unchanged", "rows that the lake had already"),
        count("rows_filtered", "rows left out by a rule, configured or of a system's reader"),
        count("rows_routed", "rows sent to another table by a configured rule"),
        text("reasons", "JSON: reason or rule to count"),
        text("unmapped_columns", "JSON list of columns that are kept but not understood"),
        Column("min_event_at", pl.Datetime("us", "UTC"), "earliest event taken in"),
        Column("max_event_at", pl.Datetime("us", "UTC"), "latest event taken in"),
        text("watermark_from", "value of the watermark from which rows were pulled; null: all rows", nullable=True),
        text("watermark_to", "value of the watermark that was reached; null: read without one", nullable=True),
        text("problem", "what was wrong with the file as a whole, or that no file is there", nullable=True),
        date("landed_as_of", "the night that took it in"),
        Column("held", pl.Boolean, "its rows were held back from the lake", nullable=False),
    ),
)
QUARANTINE = Table(
    "quarantine",
    "Every row that was not taken in, and why.",
    key=("table", "source", "file", "row_number"),
    columns=(
        text("table", "the canonical table; (none): an inbox could not tell what the file is"),
        text("source", "the source"),
        text("file", "the file"),
        Column("row_number", pl.Int64, "data row within the file, from 1; 0: the file itself", nullable=False),
        text("reason", "reason code"),
        text("column", "the column at fault; null: the row as a whole", nullable=True),
        text("row", "the row as JSON, every string redacted and truncated"),
        date("landed_as_of", "the night that set it aside"),
    ),
)
QUALITY_CHECKS = Table(
    "quality_checks",
    "What was judged of each input table as a whole before the models ran, and how it ended.",
    key=("table", "check"),
    columns=(
        text("table", "the canonical table"),
        text("check", "what was judged"),
        text("severity", "whether a failure warns or holds the table", one_of=("warn", "hold")),
        text(
            "status", "how it ended; too little history is said, not passed over",
            one_of=("passed", "failed", "not_enough_data"),
        ),
        text("observed", "what was found"),
        text("expected", "what was expected"),
        count("n", "rows, days or groups judged"),
    ),
)
