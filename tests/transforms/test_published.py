"""Published tags: one row per key, the same whatever order rows arrive in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from tests.rows import at, versions
from transforms.contracts import UTC_TIME
from transforms.demand import assemble, unit_events
from transforms.published import demand_weekly, levels_of, series_listed, tags_table

BEGAN = datetime(2026, 3, 1, 9, tzinfo=UTC)
SPOKEN = datetime(2026, 3, 1, 10, tzinfo=UTC)
TOLD = datetime(2026, 3, 1, 11, tzinfo=UTC)


def conversations(n: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"conversation_id": [f"c{i}" for i in range(n)]}, schema={"conversation_id": pl.String}
    ).with_columns(
        pl.lit("s").alias("_source"),
        pl.lit(BEGAN).cast(UTC_TIME).alias("started_at"),
        pl.lit(None, dtype=pl.String).alias("sku"),
        pl.lit("tea").alias("category"),
    )


def said(rows: list[tuple[str, str, datetime | None, float]]) -> pl.DataFrame:
    names = ["conversation_id", "passage_id", "said_at", "confidence"]
    types = [pl.String(), pl.String(), UTC_TIME, pl.Float64()]
    frame = pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")
    return frame.with_columns(
        pl.lit("s").alias("_source"),
        pl.lit("stocking_up").alias("signal"),
        pl.lit(0).alias("span_start"),
        pl.lit(0).alias("span_end"),
        pl.lit("upstream").alias("tagger"),
        pl.lit("1").alias("tagger_version"),
    )


def passages() -> pl.LazyFrame:
    rows = {"_source": ["s"], "passage_id": ["p"], "said_at": [SPOKEN]}
    return pl.LazyFrame(rows, schema_overrides={"said_at": UTC_TIME})


def test_a_conversation_tagged_twice_gives_the_same_row_in_any_order() -> None:
    n = 300
    rows = said([(f"c{i // 3}", "", TOLD, (i % 3) / 10) for i in range(n)])
    first = tags_table(rows, passages(), conversations(n))
    assert first.height == n // 3
    assert set(first["confidence"].to_list()) == {0.0}
    for seed in range(5):
        mixed = rows.sample(fraction=1.0, shuffle=True, seed=seed)
        assert tags_table(mixed, passages(), conversations(n)).equals(first)


def test_a_tag_has_its_own_time_then_its_passages_then_its_conversations() -> None:
    rows = said([("c0", "p", TOLD, 1.0), ("c1", "p", None, 1.0), ("c2", "", None, 1.0)])
    found = tags_table(rows, passages(), conversations(3))
    assert found["said_at"].to_list() == [TOLD, SPOKEN, BEGAN]


def test_lines_of_quantity_zero_make_no_series_at_any_level() -> None:
    line = {"order_id": "o", "line_id": "1", "ordered_at": at("2026-03-02T10:00")}
    lines = versions("order_lines", [line | {"sku": "S1", "quantity": 0.0}])
    categories = pl.DataFrame({"sku": ["S1"], "category": ["tea"]})
    levels = ("total", "category", "sku")
    found = assemble(
        unit_events(lines, categories, "UTC"),
        versions("products", []),
        target="units",
        levels=levels,
        last_week=date(2026, 3, 23),
        as_of=date(2026, 3, 31),
        week_start="monday",
    )
    assert series_listed(found, levels).is_empty()
    weekly = demand_weekly(
        found,
        levels,
        first_week=date(2026, 3, 9),
        last_week=date(2026, 3, 23),
        running_week=date(2026, 3, 30),
        censored=pl.DataFrame(
            schema={"sku": pl.String, "week_start": pl.Date, "censored_share": pl.Float64}
        ),
        calendar="none",
        week_start="monday",
    )
    assert weekly.is_empty()


def test_a_target_that_has_none_of_the_asked_levels_is_told_at_its_finest() -> None:
    assert levels_of("sku", ("category", "total")) == ["total", "category"]
    assert levels_of("category", ("sku", "total")) == ["total"]
    assert levels_of("category", ("sku",)) == ["category"]
