"""HTML in customers' texts: read as a browser shows it, with spans in the text as it was written."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.tagging.conftest import frame
from transforms.tagging import parse_phrases, tag_passages
from transforms.tagging.normalise import fold, fold_with_offsets, is_identity

BOOK = parse_phrases("en", {"signals": {"wear": {"phrases": ["it broke", "stopped working"]}}})


def quotes(text: str) -> list[str]:
    tags = tag_passages(frame(text, language="en"), [BOOK], fallback_language="en")
    return [text[row["span_start"] : row["span_end"]] for row in tags.iter_rows(named=True)]


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("so it br<b>oke</b> today", "it br<b>oke"),
        ("<p>Hello</p><p>it broke</p>", "it broke"),
        ("great<br>it broke<br/>again", "it broke"),
        ("stopped<br>working at once", "stopped<br>working"),
        ("stopped</td><td class='x'>working", "stopped</td><td class='x'>working"),
        ("<I>it</I> <span style=\"color: red\">broke</span>", "it</I> <span style=\"color: red\">broke"),
        ("it<!-- by hand --> broke", "it<!-- by hand --> broke"),
        ("é<br>caf&eacute;<br>it broke", "it broke"),
    ],
)  # fmt: skip
def test_a_tag_neither_hides_a_mention_nor_joins_words(text: str, quote: str) -> None:
    assert quotes(text) == [quote]


@pytest.mark.parametrize(
    "text",
    [
        "it<b>broke</b>",
        "it <order number> 5 <3 broke",
        "a<b and it>broke",
    ],
)
def test_what_is_no_tag_parts_words(text: str) -> None:
    assert quotes(text) == []


def test_what_a_text_says_between_tags_is_what_counts() -> None:
    assert fold("<div>I&#39;m<br>ok</div>").split() == ["i'm", "ok"]
    assert fold("5 < 6 > 4 <3 <foo>") == "5 < 6 > 4 <3 <foo>"
    assert is_identity("5 < 6 > 4 <foo>")
    assert not is_identity("<br>")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["<b>", "</b>", "<br>", "<p a='b'>", "&amp;", "&lt;", "<", ">", "b", " ", "é", "e\u0301", "<!--", "-->", "ß", "&"]),
        max_size=14,
    ).map("".join)
)  # fmt: skip
def test_the_way_back_leads_to_what_was_folded(text: str) -> None:
    folded, starts, ends = fold_with_offsets(text)
    assert folded == fold(text)
    assert len(folded) == len(starts) == len(ends)
    assert all(0 <= a < b <= len(text) for a, b in zip(starts, ends, strict=True))
    assert starts == sorted(starts)
    if is_identity(text):
        assert starts == list(range(len(text)))


@pytest.mark.parametrize("unit", ["<", "<b ", "<!--", "<a x", "</", "<br>"])
def test_time_is_linear(unit: str) -> None:
    def seconds(size: int) -> float:
        began = time.thread_time()
        fold(unit * (size // len(unit)))
        return time.thread_time() - began

    small, large = min(seconds(20_000) for _ in range(3)), seconds(160_000)
    assert large < 8 * 2.5 * small + 0.05
