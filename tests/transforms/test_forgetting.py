"""Rows of the forgotten: anonymous, alike however often they come, and joined as they were."""

from __future__ import annotations

import json

import polars as pl

from tests.rows import good, versions
from transforms.customers import links_of
from transforms.forgetting import (
    ERASED,
    Forgotten,
    blanked,
    conversation_hashes,
    customer_keys,
    nodes_of,
    order_hashes,
    quarantine_erased,
    without_customers,
)
from transforms.hashed import Hasher, hashed_frames
from transforms.identity import resolve

BY = Hasher(b"key", (), merge_plus=True, country="US")
ADA = "ada@example.com"


def talks() -> pl.DataFrame:
    rows = [
        {
            "conversation_id": "+12125550123",
            "channel": "call",
            "customer_id": ADA,
            "_source": "desk",
        },
        {"conversation_id": "c2", "channel": "chat", "customer_id": "bob", "_source": "desk"},
        {"conversation_id": "c3", "channel": "chat", "customer_id": None, "_source": "desk"},
    ]
    return versions("conversations", rows)


def people() -> pl.DataFrame:
    rows = [
        {
            "customer_id": "17",
            "email": "Ada@Example.com",
            "phone": "(212) 555-0123",
            "_source": "shop",
        },
        {"customer_id": "18", "email": "bob@example.com", "phone": None, "_source": "shop"},
    ]
    return versions("customers", rows)


def ada() -> Forgotten:
    mine = people().head(1)
    nodes = {*nodes_of(mine, BY), *nodes_of(talks().head(1), BY)}
    return Forgotten(
        BY,
        frozenset(nodes),
        frozenset(BY.emails(mine["email"])),
        frozenset(BY.phones(mine["phone"])),
        frozenset(order_hashes(pl.Series(["o1"]), BY)),
        frozenset(conversation_hashes(talks().head(1), BY)),
    )


def erased(frame: pl.DataFrame) -> pl.DataFrame:
    return blanked(frame, ada().mine(frame), BY)


def test_only_the_persons_rows_change_and_once() -> None:
    for frame in (talks(), people()):
        once = erased(frame)
        assert once.tail(frame.height - 1).equals(frame.tail(frame.height - 1))
        assert not once.head(1).equals(frame.head(1))
        assert erased(once).equals(once), "applied twice it is applied once, and still finds them"
        assert "ada" not in str(once.to_dicts()).lower()


def test_ids_that_tell_a_person_go_and_plain_ones_stay() -> None:
    first = erased(talks()).row(0, named=True)
    assert first["conversation_id"].startswith("gone-")
    passages = versions(
        "passages",
        [{"passage_id": "p1", "conversation_id": "+12125550123", "text": "hello", "_source": "desk"}],
    )  # fmt: skip
    said = erased(passages).row(0, named=True)
    assert (said["conversation_id"], said["passage_id"]) == (first["conversation_id"], "p1"), (
        "still joined"
    )
    assert said["text"] is None


def test_quantities_stay_and_free_text_goes() -> None:
    rows = [
        {"refund_id": "r1", "sku": "A", "quantity": 2.0, "order_id": "o1", "reason": "torn, Ada"},
        {"refund_id": "r2", "sku": "A", "quantity": 1.0, "order_id": "o2", "reason": "torn"},
    ]
    kept = erased(versions("refunds", rows))
    assert kept["reason"].to_list() == [None, "torn"]
    assert kept["quantity"].to_list() == [2.0, 1.0]
    assert kept["order_id"].to_list() == ["o1", "o2"]


def test_a_person_is_joined_after_as_before() -> None:
    """An id that was an address still leads to the customer of that address."""
    before = {"customers": people(), "conversations": talks()}
    after = {name: erased(frame) for name, frame in before.items()}
    for frames in (before, after):
        hashed = hashed_frames(frames, BY)
        found = resolve(links_of(hashed).drop("_source"), max_shared=5, max_emails=2, max_ids=5)
        named = dict(found.persons.iter_rows())
        pair = [hashed[name]["customer_id"][0] for name in ("customers", "conversations")]
        assert named[pair[0]] == named[pair[1]]


def test_rows_that_come_again_look_as_those_in_the_lake() -> None:
    again = good(
        "customers", [{"customer_id": "17", "email": "ada@example.com", "phone": "212-555-0123"}]
    )
    told = erased(again.with_columns(pl.lit("shop").alias("_source")))
    stored = erased(people()).head(1)
    columns = ["customer_id", "email", "phone", "_extra"]
    assert told.select(columns).equals(stored.select(columns))


def test_quarantined_rows_that_name_an_order_or_conversation_are_blanked() -> None:
    rows = [
        {"order_id": "o1", "quantity": "x"},
        {"order_id": "o2", "quantity": "x"},
        {"conversation_id": "+12125550123"},
    ]
    frame = pl.DataFrame({"source": ["shop", "shop", "desk"], "row": [*map(json.dumps, rows)]})
    clean, count = quarantine_erased(
        pl.concat([frame, frame.with_columns(row=pl.lit("no JSON"))]), ada()
    )
    assert count == 2
    assert clean["row"].to_list()[:3] == [ERASED, json.dumps(rows[1]), ERASED]


def test_published_tables_lose_the_whole_person_and_nobody_else() -> None:
    node = nodes_of(people(), BY).to_list()
    edges = pl.DataFrame(
        {
            "customer_key": ["k1", "k1", "k2"], "key_type": ["customer_id", "email", "customer_id"],
            "key_hash": [node[0], "e", node[1]], "source": ["shop"] * 3,
        }
    )  # fmt: skip
    customers = pl.DataFrame({"customer_key": ["k1", "k2"]})
    keys = customer_keys(edges, ada())
    left, lines = without_customers(customers, keys), without_customers(edges, keys)
    assert left["customer_key"].to_list() == lines["customer_key"].to_list() == ["k2"]
