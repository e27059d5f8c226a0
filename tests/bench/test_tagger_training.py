import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.tagger import stacking
from bench.tagger.material import SIGNALS, apart, fifth, joined, own, varied


def case(knows: float, rows: int = 3_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Odds that know as much as told, rules that find two thirds, and labels; two signals."""
    rng = np.random.default_rng(4)
    labels = rng.random((rows, 2)) < 0.1
    odds = np.where(labels, knows, -knows) - 2 + rng.normal(0, 1.5, labels.shape)
    ruled = np.where(labels, rng.random(labels.shape) < 0.67, rng.random(labels.shape) < 0.03)
    return odds, ruled, labels


def chance(fitted: stacking.Fitted, odds: float, rule: int) -> np.ndarray:
    shift, slope, trust = fitted.coefficients.T
    return 1 / (1 + np.exp(-(shift + slope * odds + trust * rule)))


def test_together_they_are_better_than_rules_alone() -> None:
    fitted = stacking.fit(*case(knows=2.0))
    assert (fitted.f1 > fitted.by_rules + 0.05).all()
    assert (fitted.coefficients[:, 1] > 0).all()
    assert (fitted.coefficients[:, 2] >= 0).all()


def test_where_the_odds_know_nothing_rules_decide() -> None:
    odds, ruled, labels = case(knows=0.0)
    fitted = stacking.fit(odds, ruled, labels)
    assert (chance(fitted, -5.0, 1) >= stacking.LEAST).all()
    assert (chance(fitted, 0.5, 0) < stacking.LEAST).all()
    assert (fitted.f1 >= fitted.by_rules - 0.02).all()


def test_a_signal_with_few_positives_takes_the_cuts_of_the_others() -> None:
    odds, ruled, labels = case(knows=1.0)
    rare = np.zeros(len(labels), dtype=bool)
    rare[:3] = True
    odds = np.column_stack([odds, np.where(rare, 40.0, -40.0)])
    ruled, labels = np.column_stack([ruled, rare]), np.column_stack([labels, rare])
    few = stacking.fit(odds, ruled, labels).coefficients[2]
    alone = stacking.fit(odds[:, :2], ruled[:, :2], labels[:, :2]).coefficients[:, 0]
    assert abs(few[0] - alone).min() < 0.5


def test_further_passages_move_the_cuts_and_are_not_measured() -> None:
    odds, ruled, labels = case(knows=2.0, rows=400)
    lower = stacking.Apart(*case(knows=2.0), weight=1.0)
    lower = replace(lower, odds=lower.odds - 1.5)
    alone, both = (
        stacking.fit(odds, ruled, labels),
        stacking.fit(odds, ruled, labels, further=lower),
    )
    first, second = (
        -fitted.coefficients[:, 0] / fitted.coefficients[:, 1] for fitted in (alone, both)
    )
    assert (second < first).all()
    nothing = stacking.fit(odds, ruled, labels, further=replace(lower, weight=0.0))
    np.testing.assert_array_equal(nothing.coefficients, alone.coefficients)
    np.testing.assert_array_equal(nothing.f1, alone.f1)
    np.testing.assert_array_equal(both.by_rules, alone.by_rules)


def test_a_fifth_is_kept_apart_whatever_the_order() -> None:
    texts = [f"passage {i}" for i in range(2_000)]
    kept = fifth(texts)
    assert 0.17 < kept.mean() < 0.23
    np.testing.assert_array_equal(fifth(texts[::-1])[::-1], kept)


def test_chances_are_the_cuts_where_tags_begin() -> None:
    odds, ruled, labels = case(knows=1.0)
    fitted = stacking.fit(odds, ruled, labels)
    first, second = stacking.cuts(stacking.tables(odds, ruled, labels))
    for j in range(2):
        assert chance(fitted, float(first[j]), 0)[j] >= stacking.LEAST - 1e-9
        assert chance(fitted, float(first[j]) - 0.01, 0)[j] < stacking.LEAST
        assert chance(fitted, float(second[j]) - 0.01, 1)[j] < stacking.LEAST


def test_rules_are_trusted_less_than_the_passages_that_they_were_written_on_say() -> None:
    odds, ruled, labels = case(knows=1.0)
    fitted = stacking.fit(odds, ruled, labels)
    hits = (ruled & labels).sum(axis=0)
    plain = 2 * hits / (ruled.sum(axis=0) + labels.sum(axis=0))
    assert (fitted.by_rules < plain).all()


def test_varied_passages_are_made_of_their_words_and_the_like() -> None:
    like = {"broke": ["snapped"]}
    words = ["it", "broke", "after", "two", "weeks", "of", "light", "use"]
    made = varied([words], 200, like, np.random.default_rng(1))
    assert made == varied([words], 200, like, np.random.default_rng(1))
    assert {w for one in made for w in one} == {*words, "snapped"}
    assert len({" ".join(one) for one in made}) > 50


def test_our_own_passages_name_known_signals_and_cover_all() -> None:
    found = own()
    assert (found.labels.sum(axis=0) >= 100).all(), dict(
        zip(SIGNALS, found.labels.sum(axis=0), strict=True)
    )
    assert len(set(found.texts)) == len(found.texts)
    assert (~found.labels.any(axis=1)).sum() >= 1_000


def test_what_shares_a_run_of_words_with_a_measured_passage_is_not_learnt_from() -> None:
    measured = ["It came late, and the left strap was already torn off."]
    texts = [
        "Yes: late and the left strap was already torn!",
        "the left strap was already loose",
        "late",
        "",
    ]
    assert apart(texts, measured) == texts[1:]
    assert apart(["late", "never late"], ["Late", "late"]) == ["never late"]


def test_further_passages_are_taken_once_and_without_those_of_the_measuring_set(
    tmp_path: Path,
) -> None:
    def write(name: str, *rows: tuple[str, list[str]]) -> Path:
        lines = [json.dumps({"text": text, "signals": told}) for text, told in rows]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return tmp_path / name

    first = write("a", ("Will it fit my van?", ["product_question"]), ("Nice.", []))
    second = write("b", ("Nice.", []), ("Where is my parcel, it is late", ["delivery_worry"]))
    measuring = write("m", ("hello, where is my parcel, it is late again", ["delivery_worry"]))
    more = joined([first, second], measuring)
    assert more.texts == ["will it fit my van?", "nice."]
    assert more.labels.sum(axis=1).tolist() == [1, 0]
    assert more.sha256 != joined([first], measuring).sha256
    assert joined([], measuring).labels.shape == (0, len(SIGNALS))


def test_rules_that_are_not_asked_make_nothing_worse() -> None:
    odds, ruled, labels = case(knows=2.0)
    all_same = stacking.tables(odds, ruled, labels)[:, -1]  # one cut, whatever the rules say
    without = stacking.tables(odds, np.zeros_like(ruled), labels)[:, -1]
    least = stacking.WITH_RULE[-1] >= stacking.ALONE
    assert (all_same[least] == without[least]).all()


def test_odds_learnt_where_signals_were_looked_for_are_put_back_to_how_often_they_are_said() -> (
    None
):
    learnt = np.array([[True, False], [True, False], [True, True], [False, False]])
    real = np.array([[True, False], [False, False], [False, True], [False, False]])
    shift = stacking.sampling_shift(learnt, real)
    assert shift == pytest.approx([np.log(3) - np.log(1 / 3), 0.0])
