from datetime import date

import polars as pl

from tests.rows import at, versions
from transforms.signals import UNATTRIBUTED, all_conversations, attributed, weekly_counts

CATEGORIES = pl.DataFrame({"sku": ["A", "B"], "category": ["tea", "mugs"]})


def talks(rows: list[dict[str, object]]) -> pl.DataFrame:
    base: dict[str, object] = {"channel": "call", "started_at": at("2026-03-04T10:00")}
    frame = versions(
        "conversations", [base | {"conversation_id": f"c{i}"} | r for i, r in enumerate(rows)]
    )
    return all_conversations(frame, versions("passages", []))


def orders(rows: list[dict[str, object]]) -> pl.DataFrame:
    return versions(
        "order_lines", [{"order_id": f"o{i}", "line_id": "1"} | r for i, r in enumerate(rows)]
    )


def test_attribution_goes_by_sku_then_category_then_the_last_order_before() -> None:
    talked = talks(
        [
            {"sku": "A", "category": "other"},
            {"category": "told"},
            {"customer_id": "k"},
            {"customer_id": "nobody"},
        ]
    )
    bought = orders(
        [
            {"sku": "A", "customer_id": "k", "ordered_at": at("2026-03-01T10:00")},
            {"sku": "B", "customer_id": "k", "ordered_at": at("2026-03-03T10:00")},
            {"sku": "A", "customer_id": "k", "ordered_at": at("2026-03-05T10:00")},
        ]
    )
    found = attributed(talked, bought, CATEGORIES)
    assert found["category"].to_list() == ["tea", "told", "mugs", UNATTRIBUTED]
    assert found["attributed_by"].to_list() == ["sku", "category", "last_order", "none"]


def test_passages_alone_make_conversations() -> None:
    passages = versions(
        "passages",
        [
            {
                "passage_id": "p1",
                "conversation_id": "x",
                "text": "a",
                "channel": "chat",
                "said_at": at("2026-03-04T10:05"),
                "sku": "A",
            },
            {
                "passage_id": "p2",
                "conversation_id": "x",
                "text": "b",
                "channel": "chat",
                "said_at": at("2026-03-04T10:00"),
            },
        ],
    )
    found = all_conversations(versions("conversations", []), passages)
    assert found.select("conversation_id", "channel", "started_at", "sku").rows() == [
        ("x", "chat", at("2026-03-04T10:00"), "A")
    ]


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
    taggable = talked.filter(pl.col("language") != "fi")
    return weekly_counts(talked, taggable, mentions, **options)  # type: ignore[arg-type]


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
