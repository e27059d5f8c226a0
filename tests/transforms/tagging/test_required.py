"""What spares work decides nothing: cheap tests agree with the whole ones."""

import dataclasses

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.tagging import PhraseBook
from transforms.tagging.judging import read_words
from transforms.tagging.matching import rule_hits
from transforms.tagging.normalise import fold, fold_all
from transforms.tagging.pattern import anchor_text
from transforms.tagging.required import Required
from transforms.tagging.sentences import cued, negated

TEXTS = [
    "",
    "Plain, Words!\n\nTwo",
    "a\tb\x00c\x7f",
    "it`s &amp; 5 < 6",
    "Ünïted <b>x</b>",
    "İstanbul ſ",
]


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_texts_are_folded_together_as_each_alone(texts: list[str]) -> None:
    every = [*TEXTS, *(text.encode("utf-8", "ignore").decode() for text in texts)]
    assert fold_all(pl.Series(every)).to_list() == [fold(text) for text in every]


def test_a_pattern_is_ruled_out_only_where_a_group_has_no_word(books: list[PhraseBook]) -> None:
    book = books[0]
    patterns = [rule.pattern for rule in book.rules]
    required = Required(patterns)
    out = 0
    for text in ("it broke after a week", "will it fit my car", "nothing of the kind"):
        words = set(text.split())
        lacking = required.lacking(words)
        for pattern in patterns:
            whole = all(not words.isdisjoint(group) for group in pattern.groups)
            assert bool(required.needs(pattern) & lacking) is not whole
            out += not whole
    assert 0 < out < 3 * len(patterns)


@pytest.mark.parametrize(
    "text",
    [
        "the handle has broken",
        "it was not really broken",
        "nothing here ''not''broken",
        "if it has broken",
    ],
)
def test_a_text_without_cues_negates_nothing(books: list[PhraseBook], text: str) -> None:
    scope = books[0].scope
    start = text.index("broken")
    hit, bounds = (start, len(text)), (0, len(text))
    may = cued(text, frozenset(anchor_text(text).split()), scope)
    assert negated(text, hit, bounds, scope, may=may) is negated(text, hit, bounds, scope)
    assert may is ("not" in text or "if " in text)


def test_part_of_a_long_word_is_read_as_before(books: list[PhraseBook]) -> None:
    scope = dataclasses.replace(books[0].scope, window=2)
    text = f"cannot {'x' * 27} broken"
    hit, bounds = (len(text) - 6, len(text)), (0, len(text))
    assert negated(text, hit, bounds, scope, may=False) is negated(text, hit, bounds, scope)


def test_every_signal_is_still_found_and_cancelled(books: list[PhraseBook]) -> None:
    said = ["It broke after a week.", "It is not broken at all.", "Will it last?"]
    found = rule_hits(read_words(pl.Series(said)), books[0])
    assert (0, "durability_question") in found
    assert (1, "durability_question") not in found
    assert (2, "durability_question") in found
