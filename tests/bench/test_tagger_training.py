import numpy as np

from bench.tagger import stacking
from bench.tagger.material import SIGNALS, mixed, own, varied


def case(knows: float, rows: int = 3_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Odds that know as much as told, rules that find two thirds, and labels; two signals."""
    rng = np.random.default_rng(4)
    labels = rng.random((rows, 2)) < 0.1
    odds = np.where(labels, knows, -knows) - 2 + rng.normal(0, 1.5, labels.shape)
    ruled = np.where(labels, rng.random(labels.shape) < 0.67, rng.random(labels.shape) < 0.03)
    return odds, ruled, labels


def test_together_they_are_better_than_rules_alone() -> None:
    fitted = stacking.fit(*case(knows=2.0))
    assert (fitted.f1 > fitted.by_rules + 0.05).all()
    assert not fitted.either.any()
    assert (fitted.coefficients[:, 1:] > 0).all()


def test_where_the_odds_know_nothing_rules_decide() -> None:
    odds, ruled, labels = case(knows=0.0)
    odds -= 4 * ruled
    fitted = stacking.fit(odds, ruled, labels)
    told = (
        fitted.coefficients[:, 2] * 1 + fitted.coefficients[:, 0] + fitted.coefficients[:, 1] * -6
    )
    assert (1 / (1 + np.exp(-told)) >= stacking.LEAST).all()
    assert (fitted.f1 >= fitted.by_rules - 0.02).all()


def test_rules_are_trusted_less_than_the_passages_that_they_were_written_on_say() -> None:
    odds, ruled, labels = case(knows=1.0)
    fitted = stacking.fit(odds, ruled, labels)
    hits = (ruled & labels).sum(axis=0)
    plain = 2 * hits / (ruled.sum(axis=0) + labels.sum(axis=0))
    assert (fitted.by_rules < plain).all()


def test_mixed_passages_carry_what_either_part_carries() -> None:
    texts = ["it broke", "never arrived", "fine", "so nice"]
    labels = np.array([[1, 0], [0, 1], [0, 0], [0, 0]], dtype=bool)
    new, told = mixed(texts, labels, 50, np.random.default_rng(1))
    for text, row in zip(new, told, strict=True):
        assert row[0] == ("broke" in text)
        assert row[1] == ("arrived" in text)
        assert row.any()


def test_varied_passages_are_made_of_their_words_and_the_like() -> None:
    like = {"broke": ["snapped"]}
    words = ["it", "broke", "after", "two", "weeks", "of", "light", "use"]
    made = varied([words], 200, like, np.random.default_rng(1))
    assert made == varied([words], 200, like, np.random.default_rng(1))
    assert {w for one in made for w in one} == {*words, "snapped"}
    assert len({" ".join(one) for one in made}) > 50


def test_our_own_passages_name_known_signals_and_cover_all() -> None:
    found = own()
    assert (found.labels.sum(axis=0) >= 15).all(), dict(
        zip(SIGNALS, found.labels.sum(axis=0), strict=True)
    )
    assert len(set(found.texts)) == len(found.texts)
    assert (~found.labels.any(axis=1)).sum() >= 100
