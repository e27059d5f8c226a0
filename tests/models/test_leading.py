from dataclasses import replace

import numpy as np
import pytest

from models.evidence import prove
from models.leading import (
    MAX_LOG_EFFECT,
    Effects,
    effects_of,
    no_effects,
    shared_effects,
)
from models.leadpath import already_felt, lead_path, lead_paths
from tests.models.synthetic import Truth, make


def test_a_lead_reaches_its_own_horizons_and_not_beyond() -> None:
    signal = np.arange(20.0)
    path = lead_path(signal, 3, 6, 0)
    assert np.allclose(np.diff(path[:3]), 1)
    assert path[2] == pytest.approx(19.0 - already_felt(signal, 3))
    assert (path[3:] == 0).all()


def test_a_gap_shortens_the_reach() -> None:
    signal = np.random.default_rng(0).normal(size=40)
    assert np.array_equal(lead_path(signal, 3, 5, 1)[:2], lead_path(signal, 3, 5, 0)[1:3])
    assert (lead_path(signal, 3, 5, 1)[2:] == 0).all()
    assert (lead_path(signal, 3, 5, 3) == 0).all()


def test_a_signal_that_rose_long_ago_is_already_in_the_level() -> None:
    risen = np.concatenate([np.zeros(40), np.ones(60)])
    assert np.abs(lead_path(risen, 3, 3, 0)).max() < 0.01
    just = np.concatenate([np.zeros(98), np.ones(2)])
    assert np.allclose(lead_path(just, 3, 3, 0), [0, 1, 1])


@pytest.mark.parametrize("length", [1, 2, 3])
def test_signals_shorter_than_their_lead_do_nothing_wrong(length: int) -> None:
    assert np.isfinite(lead_path(np.ones(length), 3, 4, 0)).all()


def test_where_single_categories_cannot_tell_all_share_the_pooled_effect() -> None:
    own, se = np.array([0.5, 0.1, 0.3]), np.array([0.5, 0.5, 0.5])
    got = shared_effects(own, se, 0.3, 10.0)
    assert np.allclose(got, 0.3 * 0.99, rtol=0.25)
    assert got.mean() == pytest.approx(0.3 * 0.99, rel=0.05)


def test_categories_without_the_lead_get_almost_nothing_of_it() -> None:
    own, se = np.array([0.42, 0.38, 0.40, 0.02, -0.03, 0.01]), np.full(6, 0.08)
    got = shared_effects(own, se, 0.2, 6.0)
    assert np.allclose(got[:3], 0.4 * (1 - 1 / 36), rtol=0.1)
    assert np.abs(got[3:]).max() < 0.01


def test_an_unknown_category_gets_a_share_of_the_common_effect() -> None:
    own, se = np.array([0.4, 0.4, np.nan]), np.array([0.1, 0.1, np.nan])
    got = shared_effects(own, se, 0.4, 8.0)
    assert 0.15 < got[2] <= 0.4
    assert np.allclose(shared_effects(np.full(2, np.nan), np.ones(2), 0.3, 5.0), 0.3)


def test_a_pooled_effect_that_no_category_shows_vanishes() -> None:
    got = shared_effects(np.array([-0.3, -0.4]), np.array([0.05, 0.05]), 0.2, 1.0)
    assert np.allclose(got, 0.0)


def test_only_adopted_signals_act_and_only_to_their_lead() -> None:
    known, spec = make(Truth(weeks=140))
    proof = prove(known, spec)
    names = proof.tests["units"].categories
    got = effects_of(proof, "units", names, spec, 0)
    assert got.names == ("leader",)
    assert (got.log_effect[0, :, :3] != 0).all()
    assert (got.log_effect[0, :, 3:] == 0).all()
    assert np.abs(got.log_effect).max() <= MAX_LOG_EFFECT
    late = effects_of(proof, "units", names, spec, 3)
    assert (late.log_effect == 0).all()


def test_effects_follow_the_truth() -> None:
    known, spec = make(Truth(weeks=140, strength=0.5))
    proof = prove(known, spec)
    test = proof.tests["units"]
    got = effects_of(proof, "units", test.categories, spec, 0).log_effect[0, :, :3].ravel()
    rate = known.signals.rate[0]
    true = 0.25 * np.sqrt(0.5) * (rate[:, -3:] - rate.mean(axis=1, keepdims=True)) / 0.03
    assert np.corrcoef(got, true.ravel())[0, 1] > 0.9


def test_a_pooled_adoption_acts_in_every_category() -> None:
    known, spec = make(Truth(weeks=140))
    proof = prove(known, spec)
    test = proof.tests["units"]
    pooled_only = np.zeros_like(test.adopted)
    pooled_only[0, -1] = True
    proof.tests["units"] = replace(test, adopted=pooled_only)
    got = effects_of(proof, "units", test.categories, spec, 0)
    assert (got.log_effect[0, :, 0] != 0).all()


def test_no_evidence_no_effect() -> None:
    known, spec = make(Truth(weeks=60))
    proof = prove(known, spec)
    assert effects_of(proof, "tickets", ("a", "b"), spec, 0).log_effect.shape == (0, 2, 13)
    assert no_effects(3, 13).names == ()


def test_paths_at_past_origins_are_those_of_their_own_days() -> None:
    signal = np.random.default_rng(1).normal(size=60)
    origins = np.array([2, 20, 41, 60])
    got = lead_paths(signal, 4, 6, 1, origins)
    for row, origin in zip(got, origins.tolist(), strict=True):
        assert np.array_equal(row, lead_path(signal[:origin], 4, 6, 1))


def test_past_forecasts_are_lifted_as_tonights_are() -> None:
    known, spec = make(Truth(weeks=140))
    proof = prove(known, spec)
    names = proof.tests["units"].categories
    origins = np.array([100, 120, 139])
    got = effects_of(proof, "units", names, spec, 0, origins=origins)
    assert got.past is not None
    codes = np.array([0, 1, 0])
    lift = got.past_lift(codes)
    assert lift is not None
    assert lift[:, :, :3] == pytest.approx(np.exp(got.past.sum(axis=0))[codes][:, :, :3])
    assert (lift[:, :, 3:] == 1).all()
    now = effects_of(proof, "units", names, spec, 0)
    assert np.array_equal(now.log_effect, got.log_effect)
    assert now.past_lift(codes) is None
    assert no_effects(3, 13).past_lift(codes) is None


def test_signals_together_take_at_most_nine_tenths_of_past_forecasts() -> None:
    past = np.full((3, 1, 2, 4), -0.6)
    lift = Effects(("a", "b", "c"), past[:, :, 0], None, past).past_lift(np.zeros(2, dtype=int))
    assert lift == pytest.approx(np.full((2, 2, 4), 0.1))
