"""Rows of the forgotten: anonymous, alike however often they come, and joined as they were."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl

from tests.rows import good, versions
from transforms.contracts import EXPORTS
from transforms.customers import links_of
from transforms.forgetting import ERASED as MARK
from transforms.forgetting import (
    Forgotten,
    blanked,
    conversation_hashes,
    nodes_of,
    order_hashes,
    passage_hashes,
)
from transforms.forgetting_published import (
    ERASED,
    customer_keys,
    quarantine_erased,
    quote_pairs,
    quotes_gone,
    without_customers,
    without_quotes,
    without_repeated,
)
from transforms.hashed import Hasher, hashed_frames
from transforms.identity import resolve
from transforms.privacy import pseudonym

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


def test_what_was_learnt_of_a_person_still_counts_without_their_words() -> None:
    rows = [
        {"insight_id": "n1", "conversation_id": "+12125550123", "_source": "desk", "quote": "I, Ada",
         "claim": "Ada waits", "proposed_action": "ring Ada", "owner": "Ines"},
        {"insight_id": "n2", "conversation_id": "c2", "_source": "desk", "quote": "late", "owner": "Ines"},
    ]  # fmt: skip
    given = versions("insights", rows)
    once = erased(given)
    assert once["quote"].to_list() == [MARK, "late"]
    assert once["proposed_action"].to_list() == [MARK, None]
    assert once["claim"].to_list() == [None, None]
    assert once["owner"].to_list() == ["Ines", "Ines"]
    assert "Ada" not in once.write_ndjson()
    assert blanked(once, pl.Series([True, False]), BY).equals(once)


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


def test_quarantined_rows_that_bear_the_customers_id_are_blanked() -> None:
    """In its own column, in one that no table declares, and in a line that could not be split."""
    rows = [
        {"customer_id": "17", "email": "<15 characters>"},
        {"buyer": "17"},
        {"line": '{"customer_id": "17", "quantity": "x"'},
        {"line": "o9;17;x"},
        {"customer_id": "18"},
        {"quantity": "17", "sku": "17"},
        {"line": "117;o11"},
    ]
    frame = pl.DataFrame({"source": "shop", "row": [*map(json.dumps, rows)]})
    clean, count = quarantine_erased(frame, ada())
    assert count == 4
    assert clean["row"].to_list() == [ERASED] * 4 + [json.dumps(row) for row in rows[4:]]
    assert quarantine_erased(clean, ada()) == (clean, 0)
    own = replace(ada(), by=replace(BY, own_ids=("shop",)))
    assert quarantine_erased(frame, own)[1] == 0, "there the shop's 17 is somebody else"


def phrases() -> pl.DataFrame:
    hidden = pseudonym("mail ada", b"old key")
    return pl.DataFrame(
        {
            "phrase": ["a", "b", "c", "d", "e"],
            "people": [3, 4, 5, 6, 7],
            "example_1": ["p1", "q1", hidden, "q3", None],
            "quote_1": ["hers", "his", "hers", None, None],
            "example_2": ["q2", "p1", "p1", "q4", None],
            "quote_2": ["his", "hers", "hers", None, None],
        }
    )


def with_said(ids: list[str]) -> Forgotten:
    known = passage_hashes(pl.Series(ids), BY, [BY.key, b"old key"])
    return replace(ada(), passages=frozenset(known))


def test_quotes_of_the_person_go_and_the_next_one_moves_up() -> None:
    clean, count = without_quotes(phrases(), with_said(["p1", "mail ada"]))
    assert count == 3
    assert clean["example_1"].to_list() == ["q2", "q1", None, "q3", None]
    assert clean["quote_1"].to_list() == ["his", "his", None, None, None]
    assert clean["example_2"].to_list() == [None, None, None, "q4", None]
    assert clean["quote_2"].null_count() == 5
    assert clean["people"].to_list() == phrases()["people"].to_list()
    assert without_quotes(clean, with_said(["p1", "mail ada"]))[1] == 0
    assert without_quotes(phrases(), with_said(["p2"]))[0].equals(phrases())
    assert without_quotes(phrases(), ada())[0].equals(phrases()), "nothing known, nothing changed"


def test_a_quote_beside_its_passage_goes_and_the_row_stays() -> None:
    digest = pl.DataFrame({"passage_id": ["p1", "q1"], "quote": ["hers", "his"], "n": [1, 2]})
    clean, count = without_quotes(digest, with_said(["p1"]))
    assert count == 1
    assert clean["quote"].to_list() == [None, "his"]
    assert clean["n"].to_list() == [1, 2]


def test_where_rows_are_quotes_they_go() -> None:
    voices = pl.DataFrame({"passage_id": ["p1", "q1"], "quote": ["hers", "his"]})
    clean, count = without_quotes(voices, with_said(["p1"]), rows_are_quotes=True)
    assert (clean["quote"].to_list(), count) == (["his"], 1)


def test_quotes_that_are_repeated_elsewhere_go_there_too() -> None:
    before = {"voices": pl.DataFrame({"passage_id": ["p1", "q1"], "quote": ["hers", "his"]})}
    after = {"voices": before["voices"].tail(1)}
    spoken = quotes_gone(before, after)
    assert spoken == {"hers"}
    told = pl.DataFrame({"quote": ["hers", None, "his"], "n": [1, 2, 3]})
    clean, count = without_repeated(told, spoken)
    assert (clean["quote"].to_list(), clean["n"].to_list(), count) == (
        [None, None, "his"],
        [1, 2, 3],
        1,
    )
    assert without_repeated(told, set())[0].equals(told)


def test_an_erasure_knows_whose_every_published_quote_is() -> None:
    repeating = {"exceptions"}  # its quotes stand in phrase_stats of the same night
    for name, table in EXPORTS.items():
        if name in repeating:
            continue
        quotes = {column for column in table.names if column.startswith(("quote", "excerpt"))}
        assert quotes == {quote for _, quote in quote_pairs(list(table.names))}, name


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
