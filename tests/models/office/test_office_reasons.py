"""Shares of reasons: equal to slow, obvious versions; limits hold the truth as often as they say."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest

from models.office.reasons import Errors, corrected, first_shares, shares, true_chance
from models.tag_audit import Domain, audit

NAMES = ("people", "weight", "weight_squares")
PLAIN = Errors((0.8, 0.7, 0.9), (0.05, 0.02, 0.1))


def cells(rows: list[tuple[int, int, int]]) -> pl.DataFrame:
    """Cells of (passages, said, people), everybody of weight 1."""
    made = [{"period": "x", "signal": "s", "passages": m, "said": t, **dict.fromkeys(NAMES, n)}
            for m, t, n in rows]  # fmt: skip
    return pl.DataFrame(made)


def test_the_chance_is_that_of_any_passage_being_true() -> None:
    for passages, said in ((1, 0), (1, 1), (3, 1), (4, 2)):
        chances = [0.8] * said + [0.05] * (passages - said)
        told = sum(
            float(np.prod([c if hit else 1 - c for c, hit in zip(chances, hits, strict=True)]))
            for hits in product((0, 1), repeat=passages)
            if any(hits)
        )
        found = true_chance(np.array([passages]), np.array([said]), 0.8, 0.05)
        assert found[0] == pytest.approx(told)


def test_a_perfect_tagger_is_left_as_it_is() -> None:
    sure = Errors((1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    found = shares(cells([(1, 0, 70), (2, 1, 30)]), {"s": sure}).row(0, named=True)
    assert found["share_corrected"] == pytest.approx(0.3)
    assert found["corrected_lo"] == pytest.approx(found["lo"])
    assert found["corrected_hi"] == pytest.approx(found["hi"])
    assert (found["k"], found["n_people"], found["n_effective"]) == (30, 100, 100.0)


def test_of_one_passage_each_it_is_the_difference_estimator() -> None:
    found = shares(cells([(1, 0, 80), (1, 1, 20)]), {"s": PLAIN}).row(0, named=True)
    assert found["share_corrected"] == pytest.approx(0.2 + (0.2 * (0.8 - 1) + 0.8 * 0.05))
    assert found["corrected_lo"] < found["share_corrected"] < found["corrected_hi"]


def test_without_an_audit_nothing_is_corrected() -> None:
    found = shares(cells([(1, 0, 80), (1, 1, 20)]), {}).row(0, named=True)
    assert found["share_corrected"] is None
    assert found["share_weighted"] == found["share"] == 0.2


def test_unequal_weights_are_worth_fewer_people() -> None:
    given = cells([(1, 0, 50), (1, 1, 50)]).with_columns(
        pl.Series("weight", [50, 150]), pl.Series("weight_squares", [50, 450])
    )
    found = shares(given, {}).row(0, named=True)
    assert found["share_weighted"] == pytest.approx(0.75)
    assert found["n_effective"] == pytest.approx(200**2 / 500)
    assert found["weighted_hi"] - found["weighted_lo"] > 0.17


def test_first_shares_add_up_and_lie_within_their_limits() -> None:
    given = pl.DataFrame(
        {"cohort": ["c"] * 3, "reason": ["a", "b", "(none)"], "first_k": [5, 15, 80],
         "n_people": [100] * 3, "n_conversations": [120] * 3}
    )  # fmt: skip
    found = first_shares(given)
    assert found["first_share"].sum() == pytest.approx(1.0)
    assert found.select((pl.col("first_lo") < pl.col("first_share")).all()).item()
    assert found.select((pl.col("first_hi") > pl.col("first_share")).all()).item()


def audited(rng: np.random.Generator, precision: float, missed: float, tagged: int) -> Errors:
    """What an audit of 100 tagged and 100 untagged passages of a corpus of 4,000 finds."""
    domains = [
        Domain(np.array([size]), np.array([100]), np.array([rng.binomial(100, chance)]))
        for size, chance in ((tagged, precision), (4000 - tagged, missed))
    ]
    found = audit(*domains)
    one, other = found.precision, found.missed
    return Errors((one.value, one.lo, one.hi), (other.value, other.lo, other.hi))


def trial(rng: np.random.Generator, people: int) -> tuple[bool, bool, bool]:
    """Whether plain, weighted and corrected limits hold their truths in one simulated cohort."""
    precision, missed, rate = (
        rng.uniform(0.6, 0.95),
        rng.uniform(0.01, 0.06),
        rng.uniform(0.06, 0.3),
    )
    passages = rng.choice([1, 2, 3], people, p=(0.6, 0.3, 0.1))
    said = rng.binomial(passages, rate)
    # Half of the people are drawn half as often and give the reason as often.
    weight = rng.choice([1, 2], people)
    frame = pl.DataFrame(
        {"signal": "s", "passages": passages, "said": said, "people": np.ones(people, np.int64),
         "weight": weight, "weight_squares": weight**2}
    )  # fmt: skip
    grouped = frame.group_by("signal", "passages", "said").agg(pl.col(NAMES).sum())
    grouped = grouped.sort("passages", "said").with_columns(
        pl.col("passages", "said").cast(pl.Int64)
    )
    errors = audited(rng, precision, missed, int(4000 * rate))
    found = shares(grouped, {"s": errors}).row(0, named=True)
    size = np.array([0.6, 0.3, 0.1])
    tagged = float((size * (1 - (1 - rate) ** np.arange(1, 4))).sum())
    each = rate * precision + (1 - rate) * missed
    true = float((size * (1 - (1 - each) ** np.arange(1, 4))).sum())
    return (
        found["lo"] <= tagged <= found["hi"],
        found["weighted_lo"] <= tagged <= found["weighted_hi"],
        found["corrected_lo"] <= true <= found["corrected_hi"],
    )


@pytest.mark.soak
def test_limits_hold_the_truth_as_often_as_they_say() -> None:
    held = np.array(
        [
            trial(np.random.default_rng([seed, i]), 80 + 40 * i)
            for seed in range(100)
            for i in range(8)
        ]
    )
    for share in held.mean(axis=0):
        assert 0.92 <= share <= 0.98, held.mean(axis=0)


@pytest.mark.soak
def test_first_shares_hold_all_their_truths_together() -> None:
    true = np.array([0.05, 0.1, 0.15, 0.2, 0.5])
    held = 0
    for seed in range(400):
        k = np.random.default_rng(seed).multinomial(200, true)
        frame = pl.DataFrame({"cohort": "c", "reason": list("abcde"), "first_k": k,
                              "n_people": 200, "n_conversations": 200})  # fmt: skip
        found = first_shares(frame)
        held += bool(
            ((found["first_lo"].to_numpy() <= true) & (true <= found["first_hi"].to_numpy())).all()
        )
    assert 0.92 <= held / 400 <= 0.99


def test_limits_of_a_simulated_cohort_are_sane() -> None:
    assert sum(all(trial(np.random.default_rng(seed), 150)) for seed in range(20)) >= 15


def test_corrected_limits_widen_with_an_audit_of_fewer() -> None:
    arrays = (np.array([1, 1]), np.array([0, 1]), np.array([80, 20]), 100.0)
    wide = Errors((0.8, 0.4, 0.97), (0.05, 0.001, 0.3))
    narrow, broad = corrected(*arrays, PLAIN), corrected(*arrays, wide)
    assert narrow[0] == broad[0]
    assert broad[2] - broad[1] > narrow[2] - narrow[1]
