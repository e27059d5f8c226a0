"""Weekly counts: each conversation once, every week there, the whole business beside its categories."""

from datetime import date

import polars as pl

from tests.rows import at
from tests.transforms.test_signals import CATEGORIES, orders, talks
from transforms.hearing import hearing
from transforms.signals import attributed
from transforms.weekly_counts import weekly_counts


def counts(talked: pl.DataFrame, said: list[tuple[str, str]], **changes: object) -> pl.DataFrame:
    mentions = pl.DataFrame(
        [("main", c, s) for c, s in said],
        schema={"_source": pl.String, "conversation_id": pl.String, "signal": pl.String},
        orient="row",
    )
    options: dict[str, object] = {
        "signals": ["stocking_up", "delivery_worry"],
        "timezone": "UTC",
        "week_start": "monday",
        "last_day": date(2026, 3, 15),
    } | changes
    last_day = options.pop("last_day")
    taggable = talked.filter(pl.col("language") != "fi")
    heard = hearing(talked, taggable, mentions, **options)  # type: ignore[arg-type]
    return weekly_counts(heard, last_day=last_day)  # type: ignore[arg-type]


def test_a_conversation_counts_once_however_often_it_mentions_a_signal() -> None:
    talked = talks([{"category": "tea", "language": "en"}, {"category": "tea", "language": "en"}])
    found = counts(talked, [("c0", "stocking_up"), ("c0", "stocking_up"), ("c0", "delivery_worry")])
    week = found.filter((pl.col("category") == "tea") & (pl.col("week_start") == date(2026, 3, 2)))
    assert week.select("signal", "conversations_taggable", "conversations_with_signal").rows() == [
        ("delivery_worry", 2, 1),
        ("stocking_up", 2, 1),
    ]


def test_untaggable_conversations_are_outside_both_counts() -> None:
    talked = talks([{"category": "tea", "language": "en"}, {"category": "tea", "language": "fi"}])
    found = counts(talked, [("c1", "stocking_up")])
    assert found["conversations_taggable"].max() == 1
    assert found["conversations_with_signal"].max() == 0


def test_unattributed_conversations_count_for_the_whole_business_only() -> None:
    talked = attributed(
        talks([{"category": "tea", "language": "en"}, {"language": "en"}]), orders([]), CATEGORIES
    )
    found = counts(talked, [("c1", "stocking_up")]).filter(pl.col("signal") == "stocking_up")
    assert set(found["category"].to_list()) == {None, "tea"}
    whole = found.filter(pl.col("category").is_null(), pl.col("week_start") == date(2026, 3, 2))
    assert whole["conversations_taggable"].to_list() == [2]
    assert whole["conversations_with_signal"].to_list() == [1]


def test_weeks_without_conversations_are_there_with_zero_exposure() -> None:
    talked = talks([{"category": "tea", "language": "en"}])
    found = counts(talked, [], last_day=date(2026, 3, 29))
    assert found["week_start"].n_unique() == 4
    empty = found.filter(pl.col("week_start") > date(2026, 3, 2))
    assert empty["conversations_taggable"].to_list() == [0] * empty.height


def test_no_conversations_give_an_empty_table_of_the_right_shape() -> None:
    talked = talks([])
    found = counts(talked, [])
    assert found.is_empty()
    assert "conversations_with_signal" in found.columns


def test_a_category_heard_only_after_the_last_day_is_there_with_zeros() -> None:
    late = {"category": "mugs", "language": "en", "started_at": at("2026-03-20T10:00")}
    talked = talks([{"category": "tea", "language": "en"}, late])
    found = counts(talked, [("c1", "stocking_up")]).filter(pl.col("category") == "mugs")
    assert found["week_start"].unique().sort().to_list() == [date(2026, 3, 2), date(2026, 3, 9)]
    assert found["conversations_taggable"].sum() == found["conversations_with_signal"].sum() == 0


def test_what_nobody_listens_for_is_not_counted() -> None:
    talked = talks([{"category": "tea", "language": "en"}])
    found = counts(talked, [("c0", "some_other"), ("elsewhere", "stocking_up")])
    assert set(found["signal"]) == {"stocking_up", "delivery_worry"}
    assert found["conversations_with_signal"].sum() == 0
