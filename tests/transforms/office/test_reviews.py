"""Reviews to read: no copies, one of the other side, people once, nothing of a later week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from transforms.office import reviews

LAST = date(2026, 3, 16)
AT = datetime(2026, 3, 18, 12, tzinfo=UTC)
BROKE = "the handle broke after two weeks of daily use in our kitchen"
WEEK = timedelta(weeks=1)


def given(*rows: dict[str, Any]) -> pl.DataFrame:
    """Reviews of S1 by different people; each row says what is different about it."""
    usual = {"_source": "a", "channel": "review", "category": "tea", "sku": "S1", "rating": 1.0,
             "helpful_votes": None, "started_at": AT}  # fmt: skip
    made = [
        {"conversation_id": f"r{i:02d}", "customer_id": f"c{i}", "text": f"own words number {w}",
         **usual, **row}
        for i, (row, w) in enumerate(zip(rows, "abcdefghijklmnop", strict=False))
    ]  # fmt: skip
    schema = {"helpful_votes": pl.Int64, "sku": pl.String, "rating": pl.Float64, "text": pl.String}
    return reviews.starred(
        pl.DataFrame(made, schema_overrides=schema), LAST, timezone="UTC", week_start="monday"
    )


def shown(found: pl.DataFrame) -> pl.DataFrame:
    return reviews.digest(
        reviews.without_copies(reviews.ranked(found)), reviews.product_counts(found)
    )


def ids(found: pl.DataFrame) -> list[str]:
    return found["conversation_id"].to_list()


def test_stars_are_whole_and_other_scales_and_later_weeks_are_left_out() -> None:
    found = given(
        {"rating": 4.5}, {"rating": 1.4}, {"rating": 8.0}, {"rating": None}, {"rating": 0.0},
        {"started_at": AT + WEEK}, {"started_at": AT - 13 * WEEK}, {"started_at": AT - 12 * WEEK},
        {"channel": "call"},
    )  # fmt: skip
    assert found.select("conversation_id", "stars", "this_week").rows() == [
        ("r00", 5, True), ("r01", 1, True), ("r07", 1, False),
    ]  # fmt: skip


def test_a_person_counts_once_a_week_with_their_last_review() -> None:
    found = given(
        {"customer_id": "ann"}, {"customer_id": "ann", "rating": 5.0, "started_at": AT + WEEK / 7},
        {}, {"started_at": AT - WEEK}, {"started_at": AT - WEEK, "rating": 3.0},
    )  # fmt: skip
    row = reviews.product_counts(found).row(0, named=True)
    assert (row["n_reviews"], row["n_one_star"], row["n_five_star"]) == (2, 1, 1)
    assert (row["n_before"], row["n_one_star_before"]) == (2, 1)


def test_copies_and_near_copies_are_shown_once_and_counted() -> None:
    near = BROKE.replace("daily", "normal")
    found = given(
        {"text": BROKE}, {"text": BROKE.upper() + "!!"}, {"text": near}, {"text": "too small for me"},
        {"text": BROKE, "sku": "S2"}, {"text": BROKE, "rating": 5.0},
    )  # fmt: skip
    kept = reviews.without_copies(reviews.ranked(found)).filter(
        pl.col("sku") == "S1", pl.col("stars") == 1
    )
    assert kept.height == 2
    assert kept.filter(pl.col("text").str.to_lowercase().str.contains("broke"))[
        "n_duplicates"
    ].to_list() == [2]


def test_likeness_is_that_of_sets_of_word_triples() -> None:
    def triples(text: str) -> set[tuple[str, ...]]:
        words = text.split()
        return {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}

    texts = [BROKE, BROKE.replace("daily", "normal"), BROKE.replace("two", "three"), "fine", "fine by me",
             BROKE + " and nobody answered my three mails about it so far"]  # fmt: skip
    kept = set(reviews.without_copies(reviews.ranked(given(*[{"text": t} for t in texts])))["text"])
    best = sorted(texts, key=len, reverse=True)
    for i, text in enumerate(best):
        alike = [
            len(triples(text) & triples(b)) / len(triples(text) | triples(b)) for b in best[:i]
        ]
        assert (text not in kept) == any(one >= reviews.ALIKE for one in alike), text


def test_the_most_helpful_come_first_and_three_of_each_side() -> None:
    rows = [{"helpful_votes": v} for v in (None, 5, 2, 9)] + [{"rating": 5.0}] * 2
    found = shown(given(*rows))
    ones = found.filter(pl.col("stars") == 1).sort("place")
    assert ids(ones) == ["r03", "r01", "r02"]
    assert ones["place"].to_list() == [1, 2, 3]
    counter = found.filter("is_counter_example")
    assert counter["stars"].to_list() == [5], "one of the smaller side"


def test_a_counter_example_comes_of_the_weeks_before_where_the_week_has_none() -> None:
    found = shown(
        given({}, {}, {"rating": 4.0, "started_at": AT - 3 * WEEK}, {"rating": 3.0, "started_at": AT - WEEK})
    )  # fmt: skip
    assert found.filter("is_counter_example")["stars"].to_list() == [4]
    alone = shown(given({}, {"rating": 2.0, "started_at": AT - WEEK}))
    assert alone.height == 1
    assert not alone["is_counter_example"].any(), "nobody said otherwise"


def test_every_product_with_words_of_the_week_is_there() -> None:
    found = shown(
        given({"rating": 3.0, "sku": "S2"}, {"rating": 2.0, "sku": "S2"}, {"sku": None}, {"text": None, "sku": "S3"},
              {"started_at": AT - WEEK, "sku": "S4"})
    )  # fmt: skip
    assert found.select("sku", "stars").rows() == [(None, 1), ("S2", 2)]
