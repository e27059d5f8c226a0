import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from transforms.phrases import PASSAGE
from transforms.tagging import PhraseBook, parse_phrases
from transforms.voices import denied, picked

BOOKS = Path(__file__).parents[2] / "data" / "phrases"
AT = datetime(2026, 3, 18, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def english() -> PhraseBook:
    with (BOOKS / "en.toml").open("rb") as raw:
        return parse_phrases("en", tomllib.load(raw))


def passages(texts: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "_source": ["main"] * len(texts),
            "_version": [1] * len(texts),
            "conversation_id": [f"v{n}" for n in range(len(texts))],
            "passage_id": [f"p{n}" for n in range(len(texts))],
            "text": texts,
        }
    )


def heard(people: list[int], category: str | None = "tea") -> pl.DataFrame:
    n = len(people)
    return passages(["x"] * n).drop("text").with_columns(
        pl.Series("person", people),
        pl.lit(category).alias("category"),
        pl.Series("started_at", [AT + timedelta(hours=i) for i in range(n)]),
    )  # fmt: skip


def tags(rows: list[tuple[int, float]]) -> pl.DataFrame:
    """Tags of one signal on the passages with these numbers, so sure."""
    return passages(["x"] * 20).drop("text")[[n for n, _ in rows]].with_columns(
        pl.lit("worry").alias("signal"), pl.Series("confidence", [sure for _, sure in rows])
    )  # fmt: skip


NOTHING = tags([(0, 1.0)]).head(0).drop("confidence")


def test_what_is_denied_is_found_and_what_is_said_is_not(english: PhraseBook) -> None:
    texts = [
        "it does not run small",
        "it runs small",
        "nice colour",
        "no need to stock up",
        "no need to stock up, my neighbour said. I will stock up all the same",
    ]
    found = denied(passages(texts), english).select("passage_id", "signal").rows()
    assert found == [("p0", "sizing_confusion"), ("p3", "stocking_up")]


def test_the_surest_are_quoted_then_the_newest_each_person_once() -> None:
    found = picked(
        heard([1, 1, 2, 3, 4, 5]), tags([(0, 0.9), (1, 0.8), (2, 0.5), (3, 0.7), (4, 0.7)]), NOTHING
    )
    mine = found.filter(pl.col("category") == "tea").sort("place")
    assert mine["passage_id"].to_list() == ["p0", "p4", "p3"]
    assert mine["place"].to_list() == [1, 2, 3]
    assert mine["people"].to_list() == [4, 4, 4]


def test_fewer_than_three_people_are_not_quoted_on_either_side() -> None:
    against = tags([(5, 1.0)]).drop("confidence")
    assert picked(
        heard([1, 1, 2, 3, 4, 5]), tags([(0, 0.9), (1, 0.9), (2, 0.9)]), against
    ).is_empty()


def test_a_counter_example_stands_beside_them_but_not_one_that_says_it_too() -> None:
    against = tags([(2, 1.0), (5, 1.0)]).drop("confidence")
    found = picked(heard([1, 2, 3, 4, 5, 6]), tags([(0, 0.9), (1, 0.9), (2, 0.9)]), against)
    denials = found.filter(pl.col("side") == "against", pl.col("category") == "tea")
    assert denials["passage_id"].to_list() == ["p5"]
    assert denials["confidence"].to_list() == [None]


def test_words_about_no_category_count_for_everything_only() -> None:
    found = picked(heard([1, 2, 3], category=None), tags([(0, 0.9), (1, 0.9), (2, 0.9)]), NOTHING)
    assert found["category"].unique().to_list() == [None]
    assert found.height == 3


def test_the_order_of_rows_changes_nothing() -> None:
    people, said = heard([1, 2, 3, 4, 5]), tags([(n, 0.5) for n in range(5)])
    one = picked(people, said, NOTHING)
    other = picked(people.reverse(), said.reverse(), NOTHING)
    key = ["signal", "category", "side", "place"]
    assert one.sort(key).select(*key, *PASSAGE).equals(other.sort(key).select(*key, *PASSAGE))
