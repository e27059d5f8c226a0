"""Copy beside customers' phrases: whole words in order, stems, and never what two people said."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.office import language as words


def copy(text: str) -> list[str]:
    return words.word_lists(words.copy_texts(pl.Series("text", [text])))[0]


def test_markup_is_read_as_a_browser_shows_it() -> None:
    page = "<h1>Filter</h1><p>lasts&nbsp;six mon<b>ths</b></p><script>var hold = 'up';</script>"
    assert [w for w in copy(page) if w != "|"] == ["filter", "lasts", "six", "months"]


@pytest.mark.parametrize(
    ("phrase", "exact", "lemma"),
    [
        ("lasts six months", True, True),
        ("filter lasts", False, False),  # a heading ends before the next sentence begins
        ("last six month", False, True),
        ("six weeks", False, False),
        ("six mon", False, False),
    ],
)
def test_phrases_stand_word_for_word_or_by_their_stems(
    phrase: str, exact: bool, lemma: bool  # noqa: FBT001
) -> None:  # fmt: skip
    found = words.found_in(copy("<h1>Filter</h1><p>It lasts six months.</p>"), [phrase], "en")
    assert found.row(0) == (phrase, exact, lemma)


def test_stems_are_those_of_the_language() -> None:
    page = copy("Nossos produtos chegaram quebrados")
    assert words.found_in(page, ["produto chegou quebrado"], "pt")["exact"].to_list() == [False]
    assert words.found_in(page, ["produtos chegaram quebrado"], "pt")["lemma"].to_list() == [True]
    assert words.found_in(page, ["produtos chegaram quebrado"], "xx")["lemma"].to_list() == [False]


def weekly(*rows: tuple[str | None, int, str, int]) -> pl.DataFrame:
    schema = {"category": pl.String, "size": pl.Int8, "phrase": pl.String, "people": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.lit("en").alias("language"), pl.lit(1).alias("week_start"))


def test_candidates_are_what_is_said_of_the_category_rather_than_of_everything() -> None:
    given = weekly(
        ("tea", 2, "strong taste", 9), (None, 2, "strong taste", 12),
        ("tea", 1, "order", 10), (None, 1, "order", 100),
        ("tea", 2, "too bitter", 2), (None, 2, "too bitter", 2),
        ("tea", 1, "strong", 9), (None, 1, "strong", 12),
    )  # fmt: skip
    wanted = pl.DataFrame({"category": ["tea"], "language": ["en"]})
    assert words.candidates(given, wanted)["phrase"].to_list() == ["strong taste"]
    nowhere = pl.DataFrame(
        {"category": [None], "language": ["en"]}, schema={"category": pl.String, "language": pl.String}
    )  # fmt: skip
    assert words.candidates(given, nowhere)["phrase"].to_list() == ["strong taste"]


def test_a_person_supports_a_phrase_once_and_two_people_are_not_enough() -> None:
    chosen = pl.DataFrame(
        {"category": ["tea"] * 2, "language": "en", "phrase": ["too bitter", "rare one"]}
    )
    said = pl.DataFrame(
        {"category": "tea", "language": "en", "person": [1, 1, 2, 3, 1, 2],
         "phrase": ["too bitter"] * 4 + ["rare one"] * 2}
    )  # fmt: skip
    batches = [words.sayings(said.head(3), chosen), words.sayings(said.tail(3), chosen)]
    told = words.support(pl.concat(batches))
    assert told.select("phrase", "people").rows() == [("too bitter", 3)]


def test_missing_phrases_are_those_without_equal_stems_most_said_first() -> None:
    told = pl.DataFrame({"phrase": list("abc"), "people": [3, 9, 5], "lemma": [False, True, False]})
    assert words.missing(told) == "c (5); a (3)"
