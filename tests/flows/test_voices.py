"""Quotes from a real lake: redacted, of several people, on both sides."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import polars as pl

from flows.phrases import Passages, count_phrases
from flows.voices import voices
from tests.flows.test_phrases import AS_OF, RULES, landed, spoken, told
from transforms.contracts import EXPORTS
from transforms.contracts.check import violations
from transforms.tagging import parse_phrases

BOOKS = Path(__file__).parents[2] / "data" / "phrases"
DENIAL = "No need to stock up, thanks. Write to a.b@example.com"


def made(folder: Path, *, people: int = 9, denials: int = 0) -> pl.DataFrame:
    """voices of a lake in whose last week `people` say what is tagged and `denials` deny another."""
    rows = spoken(new_people=people)
    last = [row for row in rows if row["passage_id"].startswith("p15-")]
    for row in last[people : people + denials]:
        row["text"] = DENIAL
    lake = landed(folder, rows)
    now, tags = told(rows, tagged=True)
    mine = pl.col("passage_id").is_in([row["passage_id"] for row in last[:people]])
    with (BOOKS / "en.toml").open("rb") as raw:
        book = parse_phrases("en", tomllib.load(raw))
    worried = tags.tags.filter(mine)
    stocked = worried.with_columns(pl.lit("stocking_up").alias("signal"))
    tags = replace(tags, tags=pl.concat([worried, stocked]))
    counted = count_phrases(lake, AS_OF, now, tags, RULES)
    assert counted is not None
    passages = Passages(lake, AS_OF, counted.heard)
    return voices(passages, counted, tags, [book], mask_orders=False)


def test_quotes_are_redacted_and_of_different_people(tmp_path: Path) -> None:
    found = made(tmp_path)
    assert violations(EXPORTS["voices"], found) == []
    mine = found.filter(pl.col("signal") == "worry", pl.col("category").is_null())
    assert mine["place"].to_list() == [1, 2, 3]
    assert mine["passage_id"].n_unique() == 3
    assert mine["people"].to_list() == [9, 9, 9]
    for quote in mine["quote"]:
        assert "call <PHONE> or mail <EMAIL>" in quote


def test_a_denial_stands_against(tmp_path: Path) -> None:
    found = made(tmp_path, denials=4)
    against = found.filter(pl.col("side") == "against", pl.col("category").is_null())
    assert against["signal"].to_list() == ["stocking_up"]
    assert against["quote"].to_list() == ["No need to stock up, thanks. Write to <EMAIL>"]
    assert against["people"].to_list() == [4]


def test_two_people_are_not_quoted(tmp_path: Path) -> None:
    assert made(tmp_path, people=2).is_empty()
