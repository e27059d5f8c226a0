import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from models.gate import adoption, q_values


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


@pytest.mark.parametrize(
    ("passes", "adopted", "since"),
    [
        ("", False, -1),
        ("1100", False, -1),
        ("1110", True, 2),
        ("1011", True, 3),
        ("10101", False, -1),
        ("1110101010", True, 2),
        ("111000", False, 5),
        ("1111001", True, 2),
        ("111000101", False, 5),
        ("1110001011", True, 9),
    ],
)
def test_three_of_the_last_four_gates_decide(passes: str, since: int, *, adopted: bool) -> None:
    gates = np.array([[c == "1" for c in passes]], dtype=bool).reshape(1, len(passes))
    state = adoption(gates)
    assert bool(state.adopted[0]) is adopted
    assert int(state.since[0]) == since
