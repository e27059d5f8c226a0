"""What redaction does to any text: twice is once, only marks are added, and time grows with length."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.planted import MAKERS, harmless
from transforms.privacy import MARKS, redact_text, redact_words_text

WORDS = (
    "call me on", "tel", "phone:", "T:", "my name is", "Mr.", "order", "Regards,\n", "Rua", "12 Main St", "CEP", "CPF", "é",
    "Maria", "Hi", "size", "(mobile)", "is my number", "cm", "<PHONE>", "<NAME>", "GB82", "a@b.co", "[at]", "+1", "(212)",
)  # fmt: skip
PIECE = st.one_of(
    st.sampled_from(WORDS),
    st.text(alphabet="0123456789", min_size=1, max_size=9),
    st.sampled_from([" ", "-", ".", "/", "\n", ", ", "(", ")", "#", "$", "\u00a0"]),
    st.builds(
        lambda kind, seed: MAKERS[kind](np.random.default_rng(seed)),
        st.sampled_from(sorted(MAKERS)),
        st.integers(0, 10_000),
    ),
    st.builds(lambda seed: harmless(np.random.default_rng(seed)), st.integers(0, 10_000)),
    st.text(max_size=6),
)
TEXT = st.lists(PIECE, max_size=14).map(" ".join) | st.lists(PIECE, max_size=14).map("".join)
LEVELS = (redact_text, redact_words_text)


def pieces(text: str) -> list[str]:
    """What of a redacted text stands between its marks."""
    for mark in MARKS:
        text = text.replace(mark, "\x00")
    return text.split("\x00")


@pytest.mark.parametrize("redacted", LEVELS)
@settings(max_examples=250, deadline=None)
@given(text=TEXT)
def test_twice_is_once_and_only_marks_are_added(redacted: object, text: str) -> None:
    once = redacted(text)  # type: ignore[operator]
    assert redacted(once) == once  # type: ignore[operator]
    at = 0
    for piece in pieces(once):
        found = text.find(piece, at)
        assert found >= 0, "everything else was there before, in the same order"
        at = found + len(piece)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(unit=st.lists(PIECE, min_size=1, max_size=4).map(" ".join).filter(lambda t: 0 < len(t) < 60))
def test_time_grows_with_length_whatever_is_repeated(unit: str) -> None:
    def seconds(size: int) -> float:
        text = (unit + " ") * (size // (len(unit) + 1))
        began = time.thread_time()
        redact_words_text(text)
        return time.thread_time() - began

    small, large = min(seconds(4_000) for _ in range(3)), min(seconds(32_000) for _ in range(2))
    assert large < 8 * 2.5 * small + 0.1, f"{large:.2f} s against {small:.2f} s for an eighth"
