"""The labelling sheet: safe to open, and read back strictly."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.audit_sheet import SheetError, labels_of, safe_cells, sheet, without_words

SIGNALS = ["worry", "return"]


def drawn(*texts: str) -> pl.DataFrame:
    n = len(texts)
    return pl.DataFrame(
        {
            "number": list(range(1, n + 1)),
            "conversation_id": [f"v{i}" for i in range(n)],
            "passage_id": [f"p{i}" for i in range(n)],
            "language": ["en"] * n,
            "text": list(texts),
        }
    )


@pytest.mark.parametrize(
    "attack",
    ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1", "\r\n=1", " =1", "＝1", "\u200b=1"],
)
def test_no_cell_is_taken_for_a_formula(attack: str) -> None:
    cell = safe_cells(pl.Series([attack]))[0]
    assert cell.startswith("'")
    assert not set(cell) & set("\t\r\n")


def test_texts_are_redacted_and_the_tagger_stays_unsaid() -> None:
    found = sheet(drawn("mail a.b@example.com or call 212-555-0123"), "a1", SIGNALS)
    assert found.columns == [
        "audit_id", "number", "conversation_id", "passage_id", "language", "text", *SIGNALS, "none",
    ]  # fmt: skip
    assert found["text"].to_list() == ["mail <EMAIL> or call <PHONE>"]
    assert found.select(*SIGNALS, "none").row(0) == ("", "", "")


def cells(**changes: list[str]) -> pl.DataFrame:
    base = {
        "audit_id": ["a1"] * 4,
        "number": ["1", "2", "3", "4"],
        "text": ["t"] * 4,
        "worry": ["1", "", "x", ""],
        "return": ["", "", "no", ""],
        "none": ["", "1", "", ""],
    }
    return pl.DataFrame(base | changes)


def test_labelled_rows_are_read_and_blank_ones_are_not_labelled() -> None:
    found = labels_of(cells(), "a1", 4, SIGNALS)
    assert found.rows() == [(1, 1, 0), (2, 0, 0), (3, 1, 0)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"worry": ["maybe", "", "", ""]}, "worry in row 1"),
        ({"none": ["1", "", "", ""]}, "beside a signal in row 1"),
        ({"number": ["1", "1", "2", "3"]}, "number"),
        ({"number": ["1", "2", "3", "9"]}, "1 to 4"),
        ({"number": ["1", "", "3", "4"]}, "number"),
        ({"audit_id": ["a1", "a1", "a2", "a1"]}, "different audits"),
    ],
)
def test_what_cannot_be_understood_is_said_by_column_and_row(
    changes: dict[str, list[str]], said: str
) -> None:
    with pytest.raises(SheetError, match=said):
        labels_of(cells(**changes), "a1", 4, SIGNALS)


def test_a_lost_column_is_named() -> None:
    with pytest.raises(SheetError, match="return"):
        labels_of(cells().drop("return"), "a1", 4, SIGNALS)


def test_words_go_from_the_rows_asked_for_and_marks_stay() -> None:
    rows = sheet(drawn("hers", "his", "theirs"), "a1", SIGNALS).with_columns(
        pl.col("number").cast(pl.String), pl.lit("1").alias("worry")
    )
    clean = without_words(rows, "a1", [1, 3])
    assert clean["text"].to_list() == [None, "his", None]
    assert clean.drop("text").equals(rows.drop("text"))
    assert without_words(rows, "a2", [1, 3]).equals(rows), "another audit's numbers"
    assert without_words(rows.drop("text"), "a1", [1]).equals(rows.drop("text"))
