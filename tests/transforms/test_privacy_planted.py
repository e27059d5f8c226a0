"""Five thousand planted identifiers, and what must not be taken for one."""

from __future__ import annotations

import re
import time
from collections import Counter

import numpy as np
import polars as pl
import pytest

from tests.transforms.planted import FRAMES, MAKERS, harmless
from transforms.privacy import MARKS, redact_text, redact_words, redact_words_text

PLANTED = 5_000
WORD = re.compile(r"[^\W\d_]{3,}")


def survives(kind: str, planted: str, text: str) -> bool:
    """Whether what tells the person can still be read: the digits, the address or the name."""
    if kind == "<EMAIL>":
        return "@" in text or "[at]" in text
    if kind == "<NAME>":
        own = {w for w in WORD.findall(planted) if w[:1].isupper()} | {
            planted.rsplit(maxsplit=1)[-1].strip(",!.")
        }
        cue = {
            "Name",
            "Kind",
            "Thanks",
            "Dear",
            "Mrs",
            "Atenciosamente",
            "Att",
            "Olá",
            "Prezado",
            "hello",
            "it",
            "My",
        }
        return any(re.search(rf"\b{re.escape(w)}\b", text) for w in own - cue)
    if kind == "<ADDRESS>":
        return len(re.findall(r"\d", text)) > 0 or kind not in text
    return len(re.findall(r"\d", text)) > 2 or kind not in text


def test_planted_identifiers_are_caught() -> None:
    rng = np.random.default_rng(20261125)
    planted: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for i in range(PLANTED):
        kind = list(MAKERS)[i % len(MAKERS)]
        value = MAKERS[kind](rng)
        text = redact_words_text(FRAMES[int(rng.integers(len(FRAMES)))].replace("{}", value))
        planted[kind] += 1
        missed[kind] += survives(kind, value, text)
    shares = {kind: round(1 - missed[kind] / planted[kind], 4) for kind in planted}
    assert sum(missed.values()) <= PLANTED // 100, shares
    assert min(shares.values()) >= 0.98, shares


def test_order_numbers_skus_prices_dates_and_sizes_stay() -> None:
    rng = np.random.default_rng(20261126)
    wrong = []
    for _ in range(PLANTED):
        text = FRAMES[int(rng.integers(len(FRAMES)))].replace("{}", harmless(rng))
        if redact_words_text(text) != text:
            wrong.append(text)
    assert len(wrong) <= PLANTED // 100, wrong[:20]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("my order number is 112-3456789-1234567.", "my order number is <ORDER>."),
        ("Pedido nº 0012345 não chegou", "Pedido nº <ORDER> não chegou"),
        ("about #10023 and #AB-77123", "about <ORDER> and <ORDER>"),
        ("ordered 12 on 12/05/2026, size 34", "ordered 12 on 12/05/2026, size 34"),
    ],
)
def test_order_numbers_are_masked_where_the_policy_says_so(text: str, masked: str) -> None:
    assert redact_words_text(text, mask_orders=True) == masked
    assert redact_words_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "I love my Michael Kors bag and the Calvin Klein jeans",
        "Dear Amazon team, hi there, hello everyone",
        "San Francisco is where the Les Paul came from",
        "It took 2 weeks; not good. Thanks",
        "na rua há 2 dias, av. do produto boa",
        "My name is on the order twice",
        "Please use House Blend in the Aeropress. Swiss Decaf arrived",
        "The Rose Gold mug and the Olive Green one",
    ],
)
def test_things_that_bear_names_stay(text: str) -> None:
    assert redact_words_text(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("write to a.b@mail.com. Charlotte McDonald", "write to <EMAIL>. <NAME>"),
        ("write to a.b@mail.com. Zyxwina Quorbel", "write to <EMAIL>. <NAME>"),
        ("call me on +61 450 606 227. Jack Papadopoulos", "call me on <PHONE>. <NAME>"),
        ("Zyxwina Quorbel, a.b@mail.com: where is it?", "<NAME>, <EMAIL>: where is it?"),
        ("It leaks.\nZyxwina Quorbel", "It leaks.\n<NAME>"),
        ("Signed Mia McDonald", "Signed <NAME>"),
        ("Mohammed Ahmed wants a refund", "<NAME> wants a refund"),
        ("we met Lachlan Kelly there", "we met <NAME> there"),
        ("we met Zyxwina Kelly there", "we met <NAME> there"),
    ],
)
def test_names_beside_contacts_signatures_and_names_of_the_list_go_whole(
    text: str, safe: str
) -> None:
    assert redact_words_text(text) == safe


@pytest.mark.parametrize("code", ["312-3456", "2123 4567", "32.12.45.67", "71 234 56 78"])
def test_codes_that_are_grouped_like_a_phone_go_from_words_alone(code: str) -> None:
    """A SKU or an order's id may look like that: as a value of such a column it stays."""
    assert redact_words_text(f"hello {code} thanks") == "hello <PHONE> thanks"
    assert redact_text(code) == code
    assert redact_words_text(f"order {code} is late") == f"order {code} is late"


def test_redaction_twice_is_redaction_once_and_a_series_is_its_texts() -> None:
    rng = np.random.default_rng(5)
    texts = [
        FRAMES[i % len(FRAMES)].replace("{}", make(rng))
        for i in range(60)
        for make in MAKERS.values()
    ]
    once = [redact_words_text(text) for text in texts]
    assert [redact_words_text(text) for text in once] == once
    assert redact_words(pl.Series([*texts, None, ""])).to_list() == [*once, None, ""]
    assert {mark for mark in MARKS for text in once if mark in text} >= set(MAKERS)


@pytest.mark.parametrize(
    "unit",
    [
        "1 ",
        "GB82 ",
        "Mr. ",
        "12 Main ",
        "Rua A, 1 ",
        "my name is ",
        "1234 ",
        "A\n",
        "a.b@",
        "Maria ",
        "CA 9",
        "Aaaa-Aaaa",
        "call me on ",
        "tel 1 ",
        "32 12 ",
        "me on at ",
        "call me me ",
        "T: 1 2\n",
    ],
)
def test_time_is_linear_in_length(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        began = time.thread_time()
        redact_words_text(text)
        return time.thread_time() - began

    seconds(10_000)
    small, large = min(seconds(20_000) for _ in range(3)), seconds(160_000)
    assert large < 8 * 2.5 * small + 0.05, f"{large:.2f} s against {small:.2f} s for an eighth"


@pytest.mark.soak
@pytest.mark.parametrize("unit", ["1 ", "Mr. ", "GB82 ", "12 Main ", "a.b@", "Maria "])
def test_a_line_of_ten_megabytes_ends(unit: str) -> None:
    text = unit * (10_000_000 // len(unit))
    began = time.thread_time()
    redact_words_text(text)
    assert time.thread_time() - began < 300
