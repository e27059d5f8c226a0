from __future__ import annotations

import numpy as np
from statsmodels.stats.multitest import multipletests

from models.multiplicity import q_values


def test_q_values_equal_statsmodels() -> None:
    p = np.random.default_rng(0).random((30, 4)) ** 3
    for column in range(4):
        want = multipletests(p[:, column], method="fdr_bh")[1]
        assert np.allclose(q_values(p)[:, column], want)


def test_what_was_not_tested_does_not_count() -> None:
    p = np.array([0.01, np.nan, 0.04, np.nan])[:, None]
    assert np.allclose(q_values(p)[[0, 2], 0], multipletests([0.01, 0.04], method="fdr_bh")[1])
    assert np.isnan(q_values(p)[[1, 3]]).all()
    assert np.isnan(q_values(np.full((3, 2), np.nan))).all()
    assert q_values(np.zeros((4, 0))).shape == (4, 0)


def test_tests_that_are_not_given_count() -> None:
    p = np.random.default_rng(1).random(40) ** 4
    padded = multipletests(np.concatenate([p, np.ones(460)]), method="fdr_bh")[1]
    assert np.allclose(q_values(p, tests=500), padded[:40])
    assert np.allclose(q_values(p, tests=3), multipletests(p, method="fdr_bh")[1]), "never fewer"
    assert q_values(np.empty(0), tests=5).tolist() == []
