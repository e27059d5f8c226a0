"""Phrases: what counts as one, who is counted, and that nothing private can be part of any."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from transforms.phrases import COUNTS, added_up, people_saying, phrases_of, without_parts
from transforms.stopwords import STOP_WORDS


def said(text: str, language: str = "en") -> set[str]:
    frame = pl.DataFrame({"text": [text], "language": [language]})
    return set(phrases_of(frame, STOP_WORDS)["phrase"].to_list())


def test_phrases_are_one_to_three_words_that_do_not_begin_or_end_with_a_stop_word() -> None:
    assert said("The lid of my bottle cracked") == {
        "lid", "bottle", "cracked", "bottle cracked",
    }  # fmt: skip
    assert "out of stock" in said("it was out of stock")
    assert said("It is what it was, and so on") == {"what"}


def test_no_phrase_runs_over_a_stop_or_a_line() -> None:
    found = said("Lid cracked. Sent back!\nNever again")
    assert {"lid cracked", "sent back", "never"} <= found
    assert not {"cracked sent", "back never", "cracked sent back"} & found


@pytest.mark.parametrize(
    "private",
    [
        "anna.smith@example.com",
        "+1 212 555 0123",
        "(212) 555-0123",
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
        "O0123456",
        "RAZ-003",
        "flat 12b",
        "https://example.com/u/anna",
        "１２３４",
    ],
)
def test_numbers_codes_and_contact_details_are_in_no_phrase(private: str) -> None:
    found = said(f"please reach me {private} quickly")
    words = {word for phrase in found for word in phrase.split()}
    assert words <= {"reach", "me", "flat", "quickly"}
    assert not any("reach" in phrase and "quickly" in phrase for phrase in found)


def test_apostrophes_accents_and_entities_are_read_as_people_write_them() -> None:
    assert said("It doesn’t CLOSE") == said("it doesn&#39;t close")
    assert "doesn't close" in said("It doesn’t CLOSE")
    assert "não funciona" in said("O produto NÃO funciona", "pt")


def test_strange_texts_do_no_harm() -> None:
    for text in (
        "",
        "   ",
        "🙂🙂",
        "\u202egnirts",
        "=cmd|' /C calc'!A0",
        "<b>bold</b>",
        "a" * 100_000,
    ):
        for phrase in said(text):
            assert not set(phrase) & set("=<>|0123456789@")
    assert phrases_of(
        pl.DataFrame({"text": [None], "language": ["en"]}, schema={"text": pl.String, "language": pl.String}),
        STOP_WORDS,
    ).is_empty()  # fmt: skip


def batch(rows: list[tuple[int, str | None, str]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["person", "category", "phrase"], orient="row")
    return frame.with_columns(
        pl.lit("en").alias("language"), pl.lit(1, pl.Int8).alias("size"),
        pl.col("category").cast(pl.String),
    )  # fmt: skip


def test_people_count_once_whatever_they_repeat() -> None:
    found = people_saying(
        batch([(1, "tea", "lid"), (1, "tea", "lid"), (1, "mugs", "lid"), (2, None, "lid")])
    )
    assert found.schema == COUNTS
    rows = found.sort("category", nulls_last=False).select("category", "people").rows()
    assert rows == [(None, 2), ("mugs", 1), ("tea", 1)]


def test_counts_of_batches_add_up_whatever_their_order() -> None:
    one, two = people_saying(batch([(1, "tea", "lid")])), people_saying(batch([(2, "tea", "lid")]))
    assert added_up([one, two]).equals(added_up([two, one]))
    assert added_up([one, two])["people"].to_list() == [2, 2]


def test_parts_of_a_longer_phrase_are_not_shown_beside_it() -> None:
    rows = [
        ("lid cracked", 10, "tea"),
        ("cracked", 12, "tea"),
        ("lid", 40, "tea"),
        ("cracked", 12, None),
        ("sol", 5, "tea"),
        ("solid", 5, "tea"),
    ]
    frame = pl.DataFrame(rows, schema=["phrase", "people", "category"], orient="row").with_columns(
        pl.lit(date(2026, 3, 2)).alias("week_start"), pl.lit("en").alias("language")
    )
    kept = without_parts(frame).select("phrase", "category").rows()
    assert set(kept) == {
        ("lid cracked", "tea"), ("lid", "tea"), ("cracked", None), ("sol", "tea"), ("solid", "tea"),
    }  # fmt: skip


def test_given_names_are_no_part_of_a_phrase() -> None:
    said = pl.DataFrame({"text": ["Hi Bronwyn, the House Blend is stale"], "language": ["en"]})
    told = phrases_of(said, {"en": ["the", "is", "hi"]})["phrase"].to_list()
    assert "house blend" in told
    assert not any("bronwyn" in one for one in told)
