from __future__ import annotations

import copy
import re
import time
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.tagging.conftest import Signals, frame, load
from transforms.tagging import (
    MAX_SCAN,
    TAG_SCHEMA,
    TAGGABLE_SCHEMA,
    PhraseBook,
    majority_language,
    parse_phrases,
    tag_and_judge,
    tag_passages,
    taggable,
    tagger_version,
)
from transforms.tagging.normalise import fold

SMALL: dict[str, Any] = {
    "language": "en",
    "detect": {"words": ["the", "is", "it"]},
    "forms": {"broke": ["broke", "fell apart", "don't work"]},
    "questions": {"openers": ["^ will|does"]},
    "negation": {"before": ["not", "never", "didn't"], "after": ["not at all"], "stop": ["but"], "pseudo": ["not only"]},
    "signals": {
        "wear": {"phrases": ["it <broke>", "crack*", "run|ran * out"], "firm": ["never arrived"], "question": ["last|lasts"]},
        "none": {"phrases": ["apple"], "exclude_overlap": ["apple pie"], "exclude_sentence": ["tree"], "exclude_passage": ["orchard"]},
    },
}  # fmt: skip


def small(**changes: object) -> PhraseBook:
    raw = copy.deepcopy(SMALL)
    raw["signals"].update(changes)
    return parse_phrases("en", raw)


def found(text: str, book: PhraseBook | None = None) -> list[tuple[str, str]]:
    tags = tag_passages(frame(text), [book or small()], fallback_language="en")
    return [
        (row["signal"], text[row["span_start"] : row["span_end"]])
        for row in tags.iter_rows(named=True)
    ]


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("It broke", ["It broke"]),
        ("well, IT FELL   APART today", ["IT FELL   APART"]),
        ("it dont work", ["it dont work"]),
        ("it don\u2019t work!", ["it don\u2019t work"]),
        ("cracking up, cracked", ["cracking", "cracked"]),
        ("precrack", []),
        ("we ran slowly and then out", ["ran slowly and then out"]),
        ("we ran slowly and then further out", []),
        ("it. broke", []),
        ("it did not crack", []),
        ("not only did it crack", ["crack"]),
        ("not mine but it broke", ["it broke"]),
        ("not the is it the is cracks", []),
        ("not the is it the is it cracks", ["cracks"]),
        ("it cracks not at all", []),
        ("It did not. It broke", ["It broke"]),
        ("it never arrived", ["never arrived"]),
        ("will it last", ["last"]),
        ("it lasts?", ["lasts"]),
        ("at last", []),
    ],
)
def test_phrases_gaps_negation_and_questions(text: str, quotes: list[str]) -> None:
    assert [quote for signal, quote in found(text) if signal == "wear"] == quotes


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("apple", 1),
        ("apple pie", 0),
        ("apple pie and apple", 1),
        ("apple tree", 0),
        ("apple. tree", 1),
        ("apple. An orchard", 0),
    ],
)
def test_exclusions(text: str, count: int) -> None:
    assert len(found(text)) == count


@pytest.mark.parametrize(
    "text",
    [
        "\u201cIt broke\u201d \u2014 sad", "📦📦 it broke 📦", "caf\u00e9 e\u0301 it broke", "zero\u200bwidth it bro\u200bke now",
        "it <b>broke</b>", "it<br />broke", "a < it<P class='x'>broke > b", "Tom &amp; Ann&#39;s it&nbsp;broke &lt;b&gt;", "it &#98;roke", "ＩＴ ｂｒｏｋｅ", "\u202eit broke", "İİ it broke", "\x00it\x01broke",
    ],
)  # fmt: skip
def test_spans_quote_the_original(text: str) -> None:
    (quote,) = [quote for signal, quote in found(text) if signal == "wear"]
    plain = (
        re.sub("[\u200b]", "", re.sub(" ?<[^>]*> ?", " ", quote))
        .replace("&nbsp;", " ")
        .replace("&#98;", "b")
        .replace("\x01", " ")
    )
    assert (
        plain.casefold()
        .translate(str.maketrans("ｉｔｂｒｏｋｅ", "itbroke"))
        .replace("\u3000", " ")
        == "it broke"
    )


def test_what_is_no_tag_stays() -> None:
    assert fold("size <M and >L, x<3, a<by>") == "size <m and >l, x<3, a<by>"


def test_a_combining_accent_stays_with_its_letter() -> None:
    book = parse_phrases("pt", {"signals": {"s": {"phrases": ["chegou amanhã"]}}})
    text = "não chegou amanha\u0303 ok"
    (row,) = tag_passages(frame(text), [book], fallback_language="pt").rows(named=True)
    assert text[row["span_start"] : row["span_end"]] == "chegou amanha\u0303"


def test_output_is_typed_sorted_and_without_text(books: list[PhraseBook]) -> None:
    passages = frame(
        "My order never arrived. Where is my package? It broke after a week",
        "nothing here",
        "When will it ship?",
    )
    tags = tag_passages(passages, books)
    assert dict(tags.schema) == TAG_SCHEMA
    assert tags.equals(tags.sort("conversation_id", "passage_id", "signal", "span_start"))
    assert set(tags["tagger"]) == {"phrases"}
    assert set(tags["tagger_version"]) == {tagger_version(books)}
    assert tags["confidence"].is_between(0, 1).all()
    assert set(tags["signal"]) >= {"delivery_worry", "durability_question"}
    keys = tags.select("conversation_id", "passage_id", "signal", "span_start")
    assert keys.is_unique().all()


def test_order_and_split_do_not_matter(books: list[PhraseBook]) -> None:
    texts = [
        "My order never arrived",
        "Não recebi o produto até agora",
        "It broke after a week",
        "hello there",
        "Cadê meu pedido?",
    ] * 7
    passages = frame(*texts)
    whole = tag_passages(passages, books, fallback_language="en")
    assert tag_passages(passages.reverse(), books[::-1], fallback_language="en").equals(whole)
    parts = [
        tag_passages(passages[i : i + 3], books, fallback_language="en")
        for i in range(0, len(texts), 3)
    ]
    assert (
        pl.concat(parts).sort("conversation_id", "passage_id", "signal", "span_start").equals(whole)
    )
    tags, told = tag_and_judge(passages, books, fallback_language="en")
    assert tags.equals(whole)
    assert told.equals(taggable(passages, books, fallback_language="en"))


def test_only_the_customers_side_counts(books: list[PhraseBook], signals: Signals) -> None:
    text = "Your order has not arrived yet"
    assert signals(text, speaker="agent") == set()
    assert signals(text, speaker="Agent") == set()
    assert "delivery_worry" in signals(text, speaker=None)
    assert "delivery_worry" in signals(text, speaker="unknown")
    assert taggable(frame(text, speaker="agent"), books)["taggable"].to_list() == [False]


@pytest.mark.parametrize(
    ("text", "given", "language", "able"),
    [
        ("My order has not arrived and I would like to know when it will", None, "en", True),
        ("Meu pedido ainda não chegou e já passou do prazo", None, "pt", True),
        ("Meu pedido ainda não chegou e já passou do prazo", "en", "pt", True),
        (
            "Mi pedido todavía no ha llegado y estoy muy preocupada por el retraso",
            None,
            "other",
            False,
        ),
        ("Meine Bestellung ist noch nicht angekommen und ich warte", None, "other", False),
        (
            "Moja paczka jeszcze nie dotarła choć minęły trzy długie tygodnie czekania",
            None,
            "other",
            False,
        ),
        ("Мой заказ до сих пор не пришел", None, "other", False),
        ("我的订单还没有到", "en", "other", False),
        ("ok", "pt-BR", "pt", True),
        ("ok", "de_DE", "de", False),
        ("ok", None, "en", True),
        ("", None, "en", False),
        (" \u200b 📦 !!", None, "en", False),
    ],
)
def test_language_and_taggable(
    text: str,
    given: str | None,
    language: str,
    able: bool,  # noqa: FBT001
    books: list[PhraseBook],
) -> None:
    got = taggable(frame(text, language=given), books, fallback_language="en")
    assert dict(got.schema) == TAGGABLE_SCHEMA
    assert got.row(0) == ("c0", "p0", able, language)
    if not able:
        assert tag_passages(frame(text, language=given), books, fallback_language="en").is_empty()


def test_majority_language(books: list[PhraseBook]) -> None:
    passages = frame(
        "Não recebi o produto até agora",
        "O produto é muito bom",
        "This is the best one of them",
        "ok",
    )
    assert majority_language(passages, books) == "pt"
    assert taggable(passages, books)["language"].to_list() == ["pt", "pt", "en", "pt"]
    assert majority_language(frame("ok"), books) is None
    assert taggable(frame("ok"), books).row(0) == ("c0", "p0", False, None)


def test_empty_frames_nulls_and_missing_columns(books: list[PhraseBook]) -> None:
    assert tag_passages(frame(), books).is_empty()
    assert taggable(frame(), books).is_empty()
    nulls = frame("x").with_columns(text=pl.lit(None, pl.String), speaker=pl.lit(None, pl.String))
    assert taggable(nulls, books)["taggable"].to_list() == [False]
    bare = frame("My order never arrived").drop("speaker", "language")
    assert set(tag_passages(bare, books)["signal"]) == {"delivery_worry"}
    assert tag_passages(bare, []).is_empty()


def test_version_changes_with_phrases_and_not_with_order(books: list[PhraseBook]) -> None:
    version = tagger_version(books)
    assert re.fullmatch(r"phrases-[0-9a-f]{12}", version)
    assert tagger_version(books[::-1]) == version
    raw: dict[str, Any] = copy.deepcopy(load("en"))
    raw["signals"]["stocking_up"]["phrases"].reverse()
    assert tagger_version([parse_phrases("en", raw), books[1]]) == version
    raw["signals"]["stocking_up"]["phrases"].append("pantry is full")
    assert tagger_version([parse_phrases("en", raw), books[1]]) != version
    assert tagger_version(books[:1]) != version


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"signals": {}}, "[signals]: no signal"),
        ({"language": "pt"}, "key 'language': is 'pt'"),
        ({"signalz": {}}, "key 'signalz': unknown key; use one of"),
        ({"signals": {"a": {"phrases": "x"}}}, "signal 'a' key 'phrases': is no list of strings"),
        ({"signals": {"a": {"phrase": ["x"]}}}, "signal 'a' key 'phrase': unknown key"),
        ({"signals": {"a": {"phrases": ["<nope> x"]}}}, "no [forms] entry 'nope'"),
        ({"signals": {"a": {"phrases": ["* x"]}}}, "must begin and end with a required word"),
        ({"signals": {"a": {"phrases": ["#"]}}}, "no fixed word"),
        ({"signals": {"a": {"phrases": [" "]}}}, "the phrase is empty"),
        ({"signals": {"a": {"phrases": ["x(y"]}}}, "cannot read 'x(y'"),
        ({"signals": {"a": {"confidence": 2}}}, "signal 'a' key 'confidence': is 2"),
        ({"signals": {"a": 1}}, "signal 'a': is int"),
        ({"negation": {"window": 0}}, "[negation] key 'window': is 0"),
    ],
)
def test_a_wrong_book_gets_one_line(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        parse_phrases("en", {**SMALL, **change})
    assert str(caught.value).startswith("phrases 'en', ")
    assert "\n" not in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200),
        min_size=1,
        max_size=4,
    )
)
def test_any_text_is_tagged_without_error(books: list[PhraseBook], texts: list[str]) -> None:
    tags = tag_passages(frame(*texts), books, fallback_language="en")
    lengths = {f"p{i}": len(text) for i, text in enumerate(texts)}
    for row in tags.iter_rows(named=True):
        assert 0 <= row["span_start"] < row["span_end"] <= lengths[row["passage_id"]]
    assert taggable(frame(*texts), books).height == len(texts)


WORDS = [
    "not",
    "n't",
    "package",
    "late",
    "arrived",
    "it",
    "broke",
    "after",
    "two",
    "weeks",
    "?",
    ".",
    "how",
    "long",
    "&amp;",
    "<br/>",
    "<i>",
    "é",
    "\u200b",
    "will",
    "last",
    "before",
    "you",
    "run",
    "out",
    "não",
    "chegou",
    "but",
    "don’t",
    "$5",
    "\n\n",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=30), st.sampled_from([" ", "  ", ", ", "'", "-"]))
def test_word_salad_spans_begin_and_end_at_words(
    books: list[PhraseBook], words: list[str], glue: str
) -> None:
    text = glue.join(words)
    for row in tag_passages(frame(text), books, fallback_language="en").iter_rows(named=True):
        quote = text[row["span_start"] : row["span_end"]]
        assert quote.strip() == quote
        assert any(c.isalnum() for c in quote)


def test_prefilter_loses_nothing(books: list[PhraseBook]) -> None:
    """Every phrase is found in a text made of its own words."""
    for book in books:
        for rule in book.rules:
            words = rule.pattern.anchors[0].split()
            assert rule.pattern.compiled.groups == 0
            assert all(re.fullmatch(r"[a-z0-9]+", w) for w in words), rule.pattern.source


@pytest.mark.parametrize(
    "unit",
    [
        "not ",
        "a",
        "it broke ",
        "package ",
        "a'",
        "&amp;",
        "late, late ",
        "? ",
        "é",
        "\n",
        "don't won't ",
        "when will it ",
    ],
)
def test_long_passages_are_cheap_and_cut(unit: str, books: list[PhraseBook]) -> None:
    text = unit * (10_000_000 // len(unit))
    started = time.process_time()
    tags = tag_passages(frame(text), books, fallback_language="en")
    assert time.process_time() - started < 10
    assert tags.is_empty() or tags["span_end"].max() <= MAX_SCAN  # type: ignore[operator]
