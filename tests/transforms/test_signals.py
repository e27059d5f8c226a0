import polars as pl

from tests.rows import at, versions
from transforms.signals import UNATTRIBUTED, all_conversations, attributed

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
