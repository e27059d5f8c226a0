from __future__ import annotations

import numpy as np
import pytest

from models.proportions import wilson


def test_known_intervals_and_no_trials() -> None:
    share, lo, hi = wilson(np.array([7, 28, 0]), np.array([20, 80, 0]))
    assert share[:2] == pytest.approx([0.35, 0.35])
    assert lo[:2] == pytest.approx([0.18, 0.26], abs=0.006)
    assert hi[:2] == pytest.approx([0.57, 0.46], abs=0.006)
    assert np.isnan([share[2], lo[2], hi[2]]).all()


def test_fractional_trials_lie_between_whole_ones_and_limits_stay_in_bounds() -> None:
    n = np.array([20.0, 20.5, 21.0])
    _, lo, hi = wilson(0.35 * n, n)
    assert (np.diff(lo) > 0).all()
    assert (np.diff(hi) < 0).all()
    assert (lo[0], hi[0]) == pytest.approx((0.181, 0.567), abs=0.001)
    _, lo, hi = wilson(np.array([0, 7]), np.array([7, 7]))
    assert (lo[0], hi[1]) == (0.0, 1.0)
