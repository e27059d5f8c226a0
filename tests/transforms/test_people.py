"""People behind conversations: once per signal, scope and week, in numerator and denominator."""

from __future__ import annotations

from datetime import date

import polars as pl

from tests.rows import at
from transforms.hearing import WHOLE, Hearing, hearing
from transforms.people import CELLS, people_cells, with_people
from transforms.signals import UNATTRIBUTED
from transforms.weekly_counts import weekly_counts

MONDAY = date(2026, 3, 2)


def talks(rows: list[dict[str, object]]) -> pl.DataFrame:
    base: dict[str, object] = {
        "_source": "main",
        "channel": "call",
        "category": "tea",
        "customer_id": None,
        "started_at": at("2026-03-04T10:00"),
        "weight": WHOLE,
    }
    schema = {
        "conversation_id": pl.String(),
        **{name: pl.String() for name in ("_source", "channel", "category", "customer_id")},
        "started_at": pl.Datetime("us", "UTC"),
        "weight": pl.Int64(),
    }
    full = [{"conversation_id": f"c{i}"} | base | row for i, row in enumerate(rows)]
    return pl.DataFrame(full, schema=schema)


def heard(talked: pl.DataFrame, said: list[str]) -> Hearing:
    mentions = talked.filter(pl.col("conversation_id").is_in(said)).select(
        "_source", "conversation_id", pl.lit("worry").alias("signal")
    )
    return hearing(talked, talked, mentions, signals=["worry"], timezone="UTC", week_start="monday")


def cells(
    talked: pl.DataFrame, said: list[str], last_day: date = date(2026, 3, 15)
) -> pl.DataFrame:
    return people_cells(heard(talked, said), last_day=last_day)


def whole(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    kept = frame.filter(pl.col("category").is_null())
    return kept.select("week_start", "channel", "people", "people_with_signal").rows()


def test_a_person_counts_once_a_week_in_the_channel_that_came_first() -> None:
    talked = talks(
        [
            {"customer_id": "k", "channel": "chat", "started_at": at("2026-03-03T10:00")},
            {"customer_id": "k", "channel": "review", "started_at": at("2026-03-05T10:00")},
            {"customer_id": "k", "channel": "review", "started_at": at("2026-03-06T10:00")},
            {"customer_id": "k", "channel": "call", "started_at": at("2026-03-10T10:00")},
        ]
    )
    assert whole(cells(talked, ["c1", "c2"])) == [
        (MONDAY, "chat", 1, 1),
        (date(2026, 3, 9), "call", 1, 0),
    ]


def test_unknown_people_are_people_of_their_own_and_a_customer_is_one_across_sources() -> None:
    talked = talks(
        [
            {},
            {},
            {"customer_id": "k"},
            {"customer_id": "k", "_source": "other"},
            {"customer_id": "c0"},
        ]
    )
    assert whole(cells(talked, ["c0"])) == [(MONDAY, "call", 4, 1)]


def test_a_person_counts_in_each_category_talked_of_but_once_for_the_business() -> None:
    talked = talks(
        [
            {"customer_id": "k", "category": "tea"},
            {"customer_id": "k", "category": "mugs"},
            {"customer_id": "k", "category": UNATTRIBUTED},
        ]
    )
    found = cells(talked, ["c1"])
    assert found.select("category", "people", "people_with_signal").rows() == [
        (None, 1, 1),
        ("mugs", 1, 1),
        ("tea", 1, 0),
    ]


def test_weights_are_those_of_the_first_conversation_and_add_up_exactly() -> None:
    talked = talks(
        [
            {"customer_id": "a", "weight": 20},
            {"customer_id": "a", "weight": 60, "started_at": at("2026-03-06T10:00")},
            {"customer_id": "b", "weight": 8},
        ]
    )
    found = cells(talked, ["c1"]).filter(pl.col("category").is_null())
    weights = found.select("weight", "weight_squares", "weight_with_signal").rows()
    assert weights == [(28, 464, 20)]


def test_the_order_of_rows_changes_nothing_and_weeks_to_come_are_left_out() -> None:
    talked = talks(
        [
            {"customer_id": f"k{i % 3}", "channel": ("chat", "review")[i % 2],
             "started_at": at(f"2026-03-{4 + i % 14:02d}T10:00")}
            for i in range(40)
        ]
    )  # fmt: skip
    said = [f"c{i}" for i in range(0, 40, 7)]
    once = cells(talked, said)
    again = cells(talked.sample(fraction=1, shuffle=True, seed=2), said)
    assert once.equals(again)
    early = cells(talked, said, last_day=date(2026, 3, 8))
    assert early.equals(once.filter(pl.col("week_start") == MONDAY))


def test_counts_gain_people_also_where_nobody_spoke() -> None:
    talked = talks([{"customer_id": "k"}, {"customer_id": "k"}])
    counts = weekly_counts(heard(talked, ["c0", "c1"]), last_day=date(2026, 3, 15))
    found = with_people(counts, cells(talked, ["c0", "c1"]))
    shown = found.filter(pl.col("category").is_null()).select(
        "conversations_taggable", "people_taggable", "people_with_signal"
    )
    assert shown.rows() == [(2, 1, 1), (0, 0, 0)]


def test_nobody_gives_an_empty_table_of_the_right_shape() -> None:
    assert cells(talks([]), []).schema == CELLS
