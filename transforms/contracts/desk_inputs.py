"""What people at the planner's desk give us: overrides of forecasts, and who owns what."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import LEVELS, TARGETS
from transforms.contracts.input_columns import day, name_of
from transforms.contracts.schema import EARLIEST, LATEST, UTC_TIME, Column, Table

MOST = 1e9
"""An override above this is taken for a slip."""
OVERRIDES = Table(
    "overrides",
    "What a planner expects of one week instead of the forecast, known from `created_at`; of those "
    "of one series and week the latest counts.",
    key=("target", "level", "week_start", "category", "sku", "channel", "author", "created_at"),
    event_time="created_at",
    needs=(
        ("level", "category", "category"),
        ("level", "sku", "sku"),
        ("level", "sku_channel", "sku"),
        ("level", "sku_channel", "channel"),
    ),
    columns=(
        Column(
            "level",
            pl.String,
            "what it is of: total; category, which needs category; sku, which needs sku; "
            "sku_channel, which needs sku and channel",
            required=True,
            nullable=False,
            one_of=LEVELS,
        ),
        day("week_start", "first day of the week", required=True),
        Column(
            "value",
            pl.Float64,
            "expected in that week",
            unit="target units",
            required=True,
            nullable=False,
            lo=0.0,
            hi=MOST,
        ),
        name_of("author", "who expects it", required=True),
        Column("reason", pl.String, "why", required=True, nullable=False, max_chars=2_000),
        Column("target", pl.String, "of what; null: units", one_of=TARGETS),
        name_of("category", "the category, of level category"),
        name_of("sku", "the stock-keeping unit, of levels sku and sku_channel"),
        name_of("channel", "the channel, of level sku_channel"),
        Column(
            "created_at",
            UTC_TIME,
            "when it was made; null: it counts from its delivery",
            lo=EARLIEST,
            hi=LATEST,
        ),
        day("expires_on", "last day on which it counts; null: until its week is over"),
    ),
)
OWNERS = Table(
    "owners",
    "Who is accountable for what.",
    key=("object_type", "object_id", "since"),
    columns=(
        name_of(
            "object_type",
            "category, sku, signal, target, exception (its kind), or another kind of object",
            required=True,
        ),
        name_of("object_id", "which one", required=True),
        name_of("owner", "who is accountable", required=True),
        name_of("deputy", "who is while the owner is away"),
        day("since", "first day; null: always"),
    ),
)
