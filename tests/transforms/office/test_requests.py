"""Requests: told by how people ask, an idea needs three of them, revenue is theirs alone."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.office import requests as asking
from transforms.phrase_windows import said_in
from transforms.stopwords import STOP_WORDS


def passages(texts: list[str], language: str = "en") -> pl.DataFrame:
    return pl.DataFrame(
        [{"_source": "a", "_version": 1, "conversation_id": f"v{i}", "passage_id": f"p{i}",
          "language": language, "text": text} for i, text in enumerate(texts)]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("Nice. I wish you made a refill pack! Thanks.", "you made a refill pack"),
        ("It would be great if it had a lid", "it had a lid"),
        ("Could you add gift wrapping? And please offer a monthly box.", "gift wrapping\na monthly box"),
        ("Why don’t you sell spare parts?", "spare parts"),
        ("I wished upon a star", None),
        ("Please send it today", None),
    ],
)  # fmt: skip
def test_what_is_asked_for_stands_behind_the_asking(text: str, tail: str | None) -> None:
    found = asking.asked(passages([text]))["text"].to_list()
    assert found == ([] if tail is None else [tail])


def test_portuguese_asks_in_its_own_way_and_other_languages_are_left_out() -> None:
    text = "Gostaria que tivesse um refil maior."
    assert asking.asked(passages([text], "pt"))["text"].to_list() == ["tivesse um refil maior"]
    assert asking.asked(passages([text], "fi")).is_empty()


def told(texts: list[str], people: list[int]) -> pl.DataFrame:
    begged = asking.asked(passages(texts))
    said = said_in(begged, STOP_WORDS)
    who = pl.DataFrame(
        [{"conversation_id": f"v{i}", "who": {"source": None, "known": True, "who": f"c{one}"}}
         for i, one in enumerate(people)]
    )  # fmt: skip
    return asking.ideas(said.join(who, on="conversation_id"))


REFILL = "I wish you made a refill pack"


def test_an_idea_is_asked_for_by_three_different_people() -> None:
    assert set(told([REFILL] * 3, [1, 2, 3])["idea"]) == {"made a refill", "refill pack"}
    assert told([REFILL] * 3, [1, 2, 2]).is_empty()


def test_claims_are_one_whatever_their_case_and_need_a_proposed_action() -> None:
    insights = pl.DataFrame(
        [{"_source": "a", "conversation_id": v, "claim": c, "proposed_action": a}
         for v, c, a in (("v1", "Wants a  refill", "make it"), ("v2", "wants a refill", "make it"),
                         ("v3", "wants a refill", None))]
    )  # fmt: skip
    talks = pl.DataFrame(
        [{"_source": "a", "conversation_id": f"v{i}", "customer_id": f"c{i}"} for i in (1, 2, 3)]
    )
    found = asking.claims(insights, talks)
    assert found["idea"].unique().to_list() == ["Wants a refill"]
    assert sorted(found["conversation_id"]) == ["v1", "v2"]


def test_revenue_is_that_of_those_who_ask_once_each() -> None:
    rows = [("v1", "c1"), ("v2", "c1"), ("v3", "c2"), ("v4", None)]
    found = pl.DataFrame(
        [{"origin": "said", "language": "en", "idea": "refill pack", "_source": "a", "conversation_id": v,
          "who": {"source": None if c else "a", "known": c is not None, "who": c or v}} for v, c in rows],
    )  # fmt: skip
    customers = pl.DataFrame(
        {"customer_id": ["c1", "c2", "c3"], "orders": [2, 1, 9], "cents": [500, 100, 900]}
    )
    spent = asking.exposure(found, customers).row(0, named=True)
    assert (spent["n_buyers"], spent["n_returning"], spent["cents"]) == (2, 1, 600)
    talks = pl.DataFrame({"_source": "a", "conversation_id": ["v1", "v2", "v3", "v4"],
                          "category": ["tea", "tea", "mugs", None], "channel": ["call", "chat", "call", "call"]})  # fmt: skip
    said = pl.DataFrame({"_source": "a", "conversation_id": ["v1"], "signal": ["product_question"]})
    row = asking.tallied(found, talks, said).row(0, named=True)
    assert (row["n_customers"], row["n_conversations"], row["n_channels"]) == (3, 4, 2)
    assert (row["signal"], row["category"]) == ("product_question", "tea")
