"""What moves a mean moves its quantiles, and nothing else does."""

from __future__ import annotations

import numpy as np

from models.published import ratio


def test_a_series_without_demand_is_left_alone_whatever_others_do() -> None:
    baseline = np.array([[0.0, 4.0], [2.0, 0.0]])
    mean = np.array([[0.0, 6.0], [1.0, 0.0]])
    assert ratio(mean, baseline).tolist() == [[1.0, 1.5], [0.5, 1.0]]
    alone = ratio(mean[:1], baseline[:1])
    assert alone.tolist() == [[1.0, 1.5]]
