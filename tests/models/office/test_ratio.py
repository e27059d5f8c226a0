"""A ratio of sums and its limits against leaving each thing out in turn."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from models.office.ratio import ratio_limits, with_ratio


def test_limits_are_those_of_leaving_each_out_in_turn() -> None:
    rng = np.random.default_rng(2)
    top, bottom = rng.uniform(1, 9, 12), rng.uniform(5, 30, 12)
    slow = np.array([np.delete(top, i).sum() / np.delete(bottom, i).sum() for i in range(12)])
    error = np.sqrt(11 / 12 * ((slow - slow.mean()) ** 2).sum())
    few = bottom.sum() ** 2 / (bottom**2).sum()
    width = stats.t.ppf(0.975, few - 1) * error
    ratio = top.sum() / bottom.sum()
    assert ratio_limits(top, bottom) == pytest.approx((ratio, ratio - width, ratio + width))
    assert few < 12


@pytest.mark.parametrize("bottom", [[5.0], [0.0, 0.0], [7.0, 0.0]])
def test_one_thing_alone_has_no_limits(bottom: list[float]) -> None:
    assert ratio_limits(np.ones(len(bottom)), np.array(bottom)) is None


def test_weeks_without_a_ratio_are_left_out() -> None:
    rows = pl.DataFrame({"week": [1, 2], "off": [[1.0, 2.0], [1.0, 1.0]], "sold": [[4.0, 4.0], [0.0, 0.0]]})  # fmt: skip
    told = with_ratio(rows, "off", "sold")
    assert told["week"].to_list() == [1]
    assert told["value"].to_list() == [3 / 8]
