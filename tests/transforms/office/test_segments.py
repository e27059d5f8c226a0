"""Segments: cut-offs that stay, scores on their edges, moves, and what does not count as a purchase."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from transforms.office.segments import (
    cutoffs,
    freeze_day,
    histories,
    memory,
    moved,
    published,
    purchases,
    segmented,
)

FREEZE = date(2026, 1, 1)
LINE = {"order_id": "o", "sku": "s", "quantity": 1.0, "unit_price": 10.0, "currency": "EUR",
        "cancelled_at": None, "is_test": None}  # fmt: skip
SCHEMA: dict[str, pl.DataType] = {"customer_id": pl.UInt32(), "ordered_at": pl.Datetime("us", "UTC"), "order_id": pl.String(), "sku": pl.String(),
          "quantity": pl.Float64(), "unit_price": pl.Float64(), "currency": pl.String(),
          "cancelled_at": pl.Datetime("us", "UTC"), "is_test": pl.Boolean()}  # fmt: skip


def lines(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([LINE | row for row in rows], schema=SCHEMA, orient="row")


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def bought(*rows: tuple[str, date, int | None]) -> pl.DataFrame:
    schema = {"customer_id": pl.String, "day": pl.Date, "cents": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_only_real_lines_of_the_main_currency_bring_money() -> None:
    day = date(2026, 3, 1)
    told = purchases(
        lines(
            {"customer_id": 2, "ordered_at": at(day, 23), "unit_price": None},
            {"customer_id": 0, "ordered_at": at(day)},
            {"customer_id": 0, "ordered_at": at(day), "quantity": 2.0, "unit_price": 1.25},
            {"customer_id": 0, "ordered_at": at(day), "cancelled_at": at(day)},
            {"customer_id": 0, "ordered_at": at(day), "is_test": True},
            {"customer_id": None, "ordered_at": at(day)},
            {"customer_id": 1, "ordered_at": at(day), "currency": "USD"},
        ),
        "Asia/Tokyo",
    )
    assert told.rows() == [(0, day, 1250), (1, day, None), (2, day + timedelta(days=1), None)]


def test_purchases_stand_by_customer_and_day_whenever_they_were() -> None:
    days = [date(1969, 12, 30), date(2026, 3, 1), date(2026, 3, 2)]
    rows: list[dict[str, object]] = [
        {"customer_id": n, "ordered_at": at(day), "unit_price": -1.0 if n else 2.0}
        for n in (1, 0)
        for day in reversed(days)
    ]
    told = purchases(lines(*rows, *rows), "UTC")
    assert told.rows() == [(n, day, 0 if n else 400) for n in (0, 1) for day in days]
    assert purchases(lines(), "UTC").rows() == []


def test_age_alone_gives_no_frequency() -> None:
    rows = bought(
        ("a", date(2025, 1, 1), 500), ("a", date(2025, 12, 31), 700), ("b", date(2025, 1, 1), None)
    )
    known = histories(rows, FREEZE, 30)
    assert known.select("customer_id", "days_ever", "cents_ever", "frequency", "cents", "recency_days").rows() == [
        ("a", 2, 1200, 1, 700, 1), ("b", 1, None, 0, None, 365),
    ]  # fmt: skip
    assert memory(rows, FREEZE, 364) == 364
    assert memory(rows, date(2025, 1, 30), 364) == 30


@pytest.fixture
def cuts() -> pl.DataFrame:
    """Ten customers: recency 0 to 90 by tens, 1 to 10 days of purchase, 100 cents a day."""
    rows = [
        (f"c{n}", FREEZE - timedelta(days=10 * (n - 1) + k), 100) for n in range(1, 11) for k in range(n)
    ]  # fmt: skip
    return cutoffs(histories(bought(*rows), FREEZE, 364), FREEZE, 364)


def test_cut_offs_are_lower_quintiles(cuts: pl.DataFrame) -> None:
    told = {row["measure"]: [row[f"cut_{n}"] for n in range(1, 5)] for row in cuts.rows(named=True)}
    assert told["frequency"] == [2.0, 4.0, 6.0, 8.0]
    assert told["recency_days"] == [10.0, 30.0, 50.0, 70.0]
    assert cuts["version"].unique().to_list() == ["2026-01-01"]
    assert cuts["customers_n"].unique().to_list() == [10]


@pytest.mark.parametrize(
    ("ago", "days", "first_ago", "segment"),
    [
        (5, 9, 200, "best"),
        (45, 9, 200, "loyal"),  # recency 3
        (5, 1, 80, "new"),
        (5, 1, 90, "regular"),  # new ends at new_days
        (60, 7, 300, "at_risk"),
        (75, 2, 300, "lapsed"),
        (45, 5, 300, "regular"),
    ],
)
def test_each_segment(
    cuts: pl.DataFrame, ago: int, days: int, first_ago: int, segment: str
) -> None:
    rows = [("x", FREEZE - timedelta(days=first_ago), 100)]
    rows += [("x", FREEZE - timedelta(days=ago + k), 100) for k in range(days - 1)]
    rows = rows if days > 1 else [("x", FREEZE - timedelta(days=ago), 100)]
    known = histories(bought(*rows), FREEZE, 364).with_columns(
        (pl.lit(FREEZE) - pl.duration(days=first_ago)).cast(pl.Date).alias("first_on")
    )
    assert segmented(known, cuts, FREEZE, 90)["segment"].to_list() == [segment]


def test_without_prices_segments_rest_on_the_rest(cuts: pl.DataFrame) -> None:
    unpriced = cuts.with_columns(
        pl.when(pl.col("measure") != "monetary").then(f"cut_{n}").alias(f"cut_{n}") for n in range(1, 5)
    )  # fmt: skip
    rows = [("x", FREEZE - timedelta(days=k), None) for k in range(9)]
    told = segmented(histories(bought(*rows), FREEZE, 364), unpriced, FREEZE, 5)
    assert told["score_monetary"].to_list() == [None]
    assert told["segment"].to_list() == ["best"]


def test_moves_follow_the_order_of_segments() -> None:
    now = pl.DataFrame(
        {"customer_id": ["a", "b", "c", "d"], "segment": ["best", "lapsed", "new", "new"]}
    )
    before = pl.DataFrame({"customer_id": ["a", "b", "c"], "segment": ["loyal", "at_risk", "new"]})
    told = moved(now, before)
    assert told["movement"].to_list() == ["up", "down", "same", "joined"]
    assert told["segment_before"].to_list() == ["loyal", "at_risk", "new", None]


def test_the_freeze_is_a_first_of_january_with_enough_behind_it() -> None:
    rows = bought(("a", date(2025, 10, 2), 1))
    assert freeze_day(rows, date(2026, 6, 1), None, 91) == date(2026, 1, 1)
    assert freeze_day(rows, date(2026, 6, 1), None, 92) == date(2026, 1, 2)
    assert freeze_day(rows, date(2025, 12, 31), None, 91) is None
    assert freeze_day(rows, date(2026, 6, 1), date(2026, 5, 5), 91) == date(2026, 5, 5)
    assert freeze_day(rows, date(2026, 6, 1), date(2026, 6, 2), 91) is None


def test_who_was_forgotten_is_not_shown() -> None:
    assert published(pl.DataFrame({"customer_id": ["gone-12", "ab"]}))["customer_id"].to_list() == [
        "ab"
    ]
