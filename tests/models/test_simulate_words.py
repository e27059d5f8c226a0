"""What the simulated customers say, and that the labels of their passages are right."""

from __future__ import annotations

import re

import polars as pl
import pytest

from models.simulate import SIGNALS, Brand, BrandSpec, simulate
from models.simulate import wording_main as main
from models.simulate import wording_other as other
from models.simulate.speech import NEAR_MISSES, TEMPLATES

SLOTS = {"p", "s", "n", "dur", "day", "season", "who", "order", "mail", "phone"}


@pytest.fixture(scope="module")
def brand() -> Brand:
    return simulate(BrandSpec(dirty=False))


@pytest.fixture(scope="module")
def said(brand: Brand) -> pl.DataFrame:
    return brand["passages"].join(
        brand.truth_passages.select("passage_id", "language", "signals"), on="passage_id"
    )


def as_pattern(template: str) -> str:
    return re.sub(r"\\\{\w+\\\}", "[^.!?]+?", re.escape(template))


def test_there_is_variety_enough_for_every_signal() -> None:
    assert tuple(TEMPLATES) == SIGNALS
    for signal, templates in TEMPLATES.items():
        least = 12 if signal in {"stocking_up", "delivery_worry", "durability_question"} else 6
        assert len(set(templates)) >= least, signal
        assert len(other.PORTUGUESE[signal]) >= 2
    everything = [t for group in TEMPLATES.values() for t in group] + list(NEAR_MISSES)
    assert len(set(everything)) == len(everything)


def test_slots_are_known() -> None:
    groups = [*TEMPLATES.values(), *other.PORTUGUESE.values(), NEAR_MISSES, other.PLAIN]
    groups += [main.AGENT_TRAPS, main.AGENT_PLAIN, other.CONTACTS]
    for template in (t for group in groups for t in group):
        assert set(re.findall(r"\{(\w*)\}", template)) <= SLOTS, template


def test_no_slot_is_left_open(said: pl.DataFrame) -> None:
    assert not said["text"].str.contains(r"[{}]").any()
    assert (said["text"].str.len_chars() > 3).all()


def test_every_passage_is_labelled_and_belongs_to_a_conversation(
    brand: Brand, said: pl.DataFrame
) -> None:
    assert said.height == brand["passages"].height == brand.truth_passages.height
    known = brand["conversations"]["conversation_id"]
    assert said["conversation_id"].is_in(known.implode()).all()
    assert set(said["conversation_id"]) == set(known)
    first = said.sort("conversation_id", "position").group_by("conversation_id").agg("position")
    assert all(list(p) == list(range(len(p))) for p in first["position"])


def test_labels_are_exactly_the_templates_that_were_used(said: pl.DataFrame) -> None:
    """An English customer passage carries a signal if and only if one of its templates is there."""
    english = said.filter((pl.col("language") == "en") & (pl.col("speaker") == "customer"))
    for signal, templates in TEMPLATES.items():
        pattern = "|".join(as_pattern(t) for t in templates)
        found = english["text"].str.contains(pattern)
        assert found.to_list() == english["signals"].list.contains(signal).to_list(), signal


def test_agents_and_near_misses_carry_nothing(said: pl.DataFrame) -> None:
    agents = said.filter(pl.col("speaker") == "agent")
    assert agents["signals"].list.len().sum() == 0
    traps = "|".join(as_pattern(t) for t in main.AGENT_TRAPS)
    assert agents["text"].str.contains(traps).sum() > 500
    customers = said.filter((pl.col("speaker") == "customer") & (pl.col("language") == "en"))
    near = "|".join(as_pattern(t) for t in NEAR_MISSES)
    alone = customers.filter(pl.col("text").str.contains(rf"^(?:{near})$"))
    assert alone.height > 100
    assert alone["signals"].list.len().sum() == 0
    share = customers["text"].str.contains(near).sum() / customers.height
    assert 0.02 < share < 0.10


def test_agents_speak_in_calls_and_chats_only(brand: Brand, said: pl.DataFrame) -> None:
    both = said.join(
        brand["conversations"].select("conversation_id", "channel"), on="conversation_id"
    )
    assert set(both.filter(pl.col("speaker") == "agent")["channel"]) == {"call", "chat"}
    reviews = both.filter(pl.col("channel") == "review")
    assert reviews["conversation_id"].n_unique() == reviews.height


def test_languages_and_plain_passages_have_their_shares(brand: Brand, said: pl.DataFrame) -> None:
    talk = brand.truth_passages.unique("conversation_id")
    share = dict(talk["language"].value_counts(normalize=True).iter_rows())
    assert 0.008 < share["pt"] < 0.025
    assert 0.002 < share["fi"] < 0.012
    told = brand["conversations"]["language"]
    assert 0.05 < told.null_count() / len(told) < 0.25
    customers = said.filter(pl.col("speaker") == "customer")
    plain = (customers["signals"].list.len() == 0).sum() / customers.height
    assert 0.3 < plain < 0.7
    portuguese = said.filter(pl.col("language") == "pt").explode("signals")["signals"]
    assert portuguese.drop_nulls().n_unique() >= 8


def test_every_signal_is_said_about_as_often_as_its_rate(brand: Brand) -> None:
    talk = brand.truth_passages.filter(pl.col("language") == "en")
    said = talk.explode("signals").drop_nulls("signals").unique(["conversation_id", "signals"])
    n = talk["conversation_id"].n_unique()
    for signal in SIGNALS:
        rate = float(brand.truth_weekly[f"rate_{signal}"].mean())  # type: ignore[arg-type]
        share = said.filter(pl.col("signals") == signal).height / n
        assert share == pytest.approx(rate, rel=0.15), signal
