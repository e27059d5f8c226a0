"""Audits of a tagger: draws with the chances that they state, intervals that hold the truth."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import polars as pl
import pytest

from models.audit_sample import UNTAGGED, allocation, draw, strata
from models.tag_audit import Audit, Domain, Interval, audit, counts, domain_share

KEY = ["passage_id"]


def corpus(n: int = 300) -> tuple[pl.DataFrame, pl.DataFrame]:
    ids = [f"p{i:04d}" for i in range(n)]
    tags = [(p, "often") for p in ids[:90]] + [(p, "rare") for p in ids[80:95]]
    frame = pl.DataFrame({"passage_id": ids})
    return frame, pl.DataFrame(tags, schema=["passage_id", "signal"], orient="row")


def test_each_passage_is_in_the_stratum_of_its_rarest_signal() -> None:
    found = strata(*corpus(), KEY)
    sizes = dict(found["stratum"].value_counts().iter_rows())
    assert sizes == {"often": 80, "rare": 15, UNTAGGED: 205}


@pytest.mark.parametrize("n", [1, 7, 40, 200, 5000])
def test_as_many_are_drawn_as_asked_or_all_there_are(n: int) -> None:
    sizes = {"often": 80, "rare": 15, UNTAGGED: 205}
    found = allocation(sizes, n)
    assert sum(found.values()) == min(n, 300)
    assert all(found.get(name, 0) <= size for name, size in sizes.items())
    if n == 40:
        assert found == {"often": 10, "rare": 10, UNTAGGED: 20}


def test_draws_state_their_chances_and_depend_on_the_seed_only() -> None:
    stratified = strata(*corpus(), KEY)
    found = draw(stratified, 60, seed=1)
    assert found.equals(draw(stratified, 60, seed=1))
    assert not found.equals(draw(stratified, 60, seed=2))
    assert found["passage_id"].n_unique() == 60
    weight = found.group_by("stratum").agg((1 / pl.col("inclusion_probability")).sum().alias("n"))
    assert dict(weight.iter_rows()) == pytest.approx({"often": 80, "rare": 15, UNTAGGED: 205})


def test_every_passage_is_drawn_as_often_as_stated() -> None:
    stratified = strata(*corpus(40), KEY).sort("passage_id")
    times = np.zeros(40)
    for seed in range(1500):
        found = draw(stratified, 10, seed)
        times[[int(p[1:]) for p in found["passage_id"].to_list()]] += 1
        chance = dict(found.select("stratum", "inclusion_probability").iter_rows())
    for i, name in enumerate(stratified["stratum"].to_list()):
        assert times[i] / 1500 == pytest.approx(chance[name], abs=0.06)


def test_a_census_leaves_nothing_open() -> None:
    sizes = np.array([10, 30])
    found = domain_share(Domain(sizes, sizes, np.array([5, 3])))
    assert found == Interval(0.2, 0.2, 0.2)


def test_the_corrected_share_is_the_difference_estimator() -> None:
    # 20 % tagged; half of the tags are wrong, and of 80 % untagged a tenth was missed.
    tagged = Domain(np.array([200]), np.array([40]), np.array([20]))
    untagged = Domain(np.array([800]), np.array([100]), np.array([10]))
    found = audit(tagged, untagged)
    difference = 0.2 + (0.2 * (0.5 - 1) + 0.8 * 0.1)
    assert found.corrected.value == pytest.approx(difference)
    assert found.precision.value == 0.5
    assert found.recall.value == pytest.approx(100 / 180)
    for one in (found.corrected, found.precision, found.recall):
        assert 0 <= one.lo < one.value < one.hi <= 1


def test_nothing_labelled_is_nothing_told() -> None:
    none = Domain(np.array([100]), np.array([0]), np.array([0]))
    some = Domain(np.array([100]), np.array([20]), np.array([2]))
    assert isnan(audit(none, some).precision.value)
    assert isnan(audit(none, some).corrected.value)
    never = audit(Domain(np.array([0]), np.array([0]), np.array([0])), some)
    assert isnan(never.precision.value)
    assert isnan(never.recall.value)
    assert never.corrected.value == pytest.approx(0.1)


def simulated(
    rng: np.random.Generator, prevalence: float, precision: float, recall: float
) -> tuple[Audit, tuple[float, float, float]]:
    """One audit of 200 among 4,000 passages with other signals' strata, and the truth."""
    n = 4000
    human = (rng.random(n) < prevalence).astype(float)
    wrong = prevalence * recall * (1 - precision) / precision / (1 - prevalence)
    tagged = np.where(human > 0, rng.random(n) < recall, rng.random(n) < wrong).astype(float)
    other = rng.random((n, 3)) < (0.05, 0.02, 0.1)
    stratum = np.where(tagged > 0, 1, np.where(other[:, 0], 2, np.where(other[:, 1], 3, 0)))
    stratum = np.where(other[:, 1], 3, stratum)
    frame = pl.DataFrame(
        {"row": np.arange(n), "stratum": [f"{UNTAGGED if s == 0 else s}" for s in stratum]}
    )
    rows = draw(frame, 200, int(rng.integers(1 << 30)))["row"].to_numpy()
    sizes = np.array([[((stratum == h) & (tagged == g)).sum() for g in (0, 1)] for h in range(4)])
    found = audit(*counts(stratum[rows], tagged[rows], human[rows], sizes))
    hits = float((human * tagged).sum())
    truth = (hits / max(tagged.sum(), 1), hits / max(human.sum(), 1), float(human.mean()))
    return found, truth


@pytest.mark.parametrize(
    ("prevalence", "precision", "recall"),
    [(0.1, 0.8, 0.7), (0.03, 0.9, 0.5), (0.3, 0.6, 0.9), (0.05, 0.95, 0.95)],
)
def test_intervals_hold_the_truth_as_often_as_they_say(
    prevalence: float, precision: float, recall: float
) -> None:
    rng = np.random.default_rng(int(1000 * prevalence))
    times, held = 250, np.zeros(3)
    biased = 0.0
    for _ in range(times):
        found, truth = simulated(rng, prevalence, precision, recall)
        for i, one in enumerate((found.precision, found.recall, found.corrected)):
            held[i] += one.lo - 1e-12 <= truth[i] <= one.hi + 1e-12
        biased += found.corrected.value - truth[2]
    assert (held / times >= 0.91).all(), held / times
    assert abs(biased / times) < 0.006
    assert not isnan(biased), nan
