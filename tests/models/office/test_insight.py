"""Shares and costs of insights."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import optimize, stats

from models.office.insight import costs, poisson_limits, shares, with_limits


def slow_limits(k: int) -> tuple[float, float]:
    """Means with which so many, or more, and so many, or fewer, come one time in forty."""
    hi = optimize.brentq(lambda m: stats.poisson.cdf(k, m) - 0.025, 1e-9, 10 * k + 50)
    lo = 0.0 if not k else optimize.brentq(lambda m: stats.poisson.sf(k - 1, m) - 0.025, 1e-9, k)
    return lo, hi


def test_limits_of_a_count_are_those_found_by_search() -> None:
    counts = np.array([0, 1, 5, 40])
    lo, hi = poisson_limits(counts)
    for place, k in enumerate(counts):
        assert (lo[place], hi[place]) == pytest.approx(slow_limits(int(k)), abs=1e-6)


def test_a_cost_without_an_insight_has_only_a_lower_limit() -> None:
    rows = pl.DataFrame({"cost": [900.0, 900.0, None], "insights_n": [0, 9, 9]})
    found = costs(rows).rows(named=True)
    assert found[0]["cost_per_insight"] is None
    assert found[0]["cost_per_insight_hi"] is None
    assert found[0]["cost_per_insight_lo"] == pytest.approx(900 / slow_limits(0)[1])
    assert found[1]["cost_per_insight"] == 100.0
    assert found[1]["cost_per_insight_lo"] < 100 < found[1]["cost_per_insight_hi"]
    assert found[2]["cost_per_insight_lo"] is None


def test_a_share_of_nothing_of_more_than_all_or_of_the_unknown_is_null() -> None:
    rows = pl.DataFrame({"n": [0, 4, None, 9, 9], "k": [0, 5, 3, None, 3]})
    found = with_limits(rows)
    assert found["rate"].to_list()[:4] == [None] * 4
    assert found["lo"].to_list()[:4] == [None] * 4
    assert found["rate"][4] == pytest.approx(1 / 3)


def test_verdicts_need_a_target_and_enough_conversations() -> None:
    rows = pl.DataFrame({"n": [19, 200, 200], "k": [5, 100, 10]})
    assert shares(rows, None)["verdict"].to_list() == ["not_enough_data", "no_target", "no_target"]
    found = shares(rows, (0.4, 0.6))["verdict"].to_list()
    assert found == ["not_enough_data", "inside", "below"]
