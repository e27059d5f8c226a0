import numpy as np
import polars as pl

from transforms.tagging import PhraseBook
from transforms.tagging.combined import (
    FOUND_SCHEMA,
    found_by_rules,
    found_together,
    hits_where,
    ruled,
    trimmed,
)
from transforms.tagging.judging import read_words
from transforms.tagging.matching import rule_hits

SIGNALS = ("delivery_worry", "durability_question")
TEXTS = ["It broke after a week", "My order never arrived", "fine", "It broke &amp; never arrived"]


def words(*texts: str) -> pl.DataFrame:
    return read_words(pl.Series(texts, dtype=pl.String))


def test_rules_are_looked_for_only_where_it_is_open(books: list[PhraseBook]) -> None:
    batch = words(*TEXTS)
    whole = rule_hits(batch, books[0])
    open_ = np.array([[True, True], [False, True], [True, True], [True, False]])
    some = hits_where(batch, books[0], SIGNALS, open_)
    column = {signal: j for j, signal in enumerate(SIGNALS)}
    wanted = {k: v for k, v in whole.items() if k[1] in column and open_[k[0], column[k[1]]]}
    assert some == wanted
    assert (0, "durability_question") in some
    assert (1, "delivery_worry") in whole
    assert (1, "delivery_worry") not in some
    assert hits_where(batch, books[0], SIGNALS, np.zeros((4, 2), dtype=bool)) == {}


def test_rows_that_rules_found(books: list[PhraseBook]) -> None:
    hits = hits_where(words(*TEXTS), books[0], SIGNALS, np.ones((4, 2), dtype=bool))
    assert ruled(hits, 4, SIGNALS).tolist()[:3] == [[False, True], [True, False], [False, False]]


def test_tags_stand_at_the_rules_places_else_at_the_window(books: list[PhraseBook]) -> None:
    text = "Née &amp; so, why did they quit on me?"
    batch = words("It broke after a week", text)
    hits = hits_where(batch, books[0], SIGNALS, np.ones((2, 2), dtype=bool))
    tagged = np.array([[False, True], [True, False]])
    chance = np.array([[0.1, 0.876], [0.5, 0.2]], dtype=np.float32)
    folded = batch["folded"][1]
    window = (folded.index(" quit"), len(folded))
    found = found_together(
        batch, SIGNALS, tagged=tagged, chance=chance, hits=hits, windows={(1, 0): window}
    )
    assert dict(found.schema) == FOUND_SCHEMA
    rows = {row["row"]: row for row in found.iter_rows(named=True)}
    assert rows[0]["signal"] == "durability_question"
    assert rows[0]["confidence"] == 0.88
    start, end = hits[0, "durability_question"][0]
    assert (rows[0]["span_start"], rows[0]["span_end"]) == (start, end)
    assert text[rows[1]["span_start"] : rows[1]["span_end"]] == "quit on me?"


def test_a_mention_of_rules_that_is_not_tagged_leaves_nothing(books: list[PhraseBook]) -> None:
    batch = words("It broke after a week")
    hits = rule_hits(batch, books[0])
    none = np.zeros((1, 2), dtype=bool)
    chance = np.zeros((1, 2), dtype=np.float32)
    found = found_together(batch, SIGNALS, tagged=none, chance=chance, hits=hits, windows={})
    assert found.is_empty()
    alone = found_by_rules(hits, books[0].confidence)
    assert alone["signal"].to_list() == ["durability_question"]
    assert alone["confidence"][0] == books[0].confidence["durability_question"]


def test_a_window_begins_and_ends_at_words() -> None:
    assert trimmed("a, quit it. b", (1, 11)) == (3, 10)
    assert trimmed("... ", (0, 4)) == (3, 4)
    assert trimmed("why me?", (0, 7)) == (0, 7)
