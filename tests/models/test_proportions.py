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
