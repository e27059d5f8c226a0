"""Time from opening to shipping: Kaplan and Meier's curve, step by step."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from models.office.speed import DAYS, speed, speeds


def slow_curve(days: list[float], shipped: list[bool], at: float) -> tuple[float, float]:
    """Share left and Greenwood's sum at `at`, one event time after the other."""
    left, total = 1.0, 0.0
    for t in sorted({d for d, s in zip(days, shipped, strict=True) if s and d <= at}):
        risk = sum(d >= t for d in days)
        events = sum(d == t and s for d, s in zip(days, shipped, strict=True))
        left *= 1 - events / risk
        total += events / (risk * (risk - events)) if risk > events else math.inf
    return left, total


def items(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    took, seen = rng.weibull(1.2, n) * 45, rng.uniform(5, 200, n)
    return np.minimum(took, seen).round(1) + 0.1, took <= seen


@pytest.mark.parametrize("seed", range(3))
def test_shares_and_limits_are_those_of_the_slow_curve(seed: int) -> None:
    days, shipped = items(seed)
    rows = speed(days, shipped, (14, 90))
    assert [row["day"] for row in rows] == list(DAYS)
    for row in rows:
        left, total = slow_curve(days.tolist(), shipped.tolist(), float(str(row["day"])))
        assert row["share_shipped"] == pytest.approx(1 - left)
        spread = math.sqrt(total) / abs(math.log(left))
        ends = [1 - left ** math.exp(sign * 1.959964 * spread) for sign in (-1, 1)]
        assert (row["lo"], row["hi"]) == pytest.approx(tuple(ends), abs=1e-6)
        assert row["n_at_risk"] == (days >= row["day"]).sum()
    times = sorted(set(days[shipped]))
    median = next(t for t in times if slow_curve(days.tolist(), shipped.tolist(), t)[0] <= 0.5)
    assert rows[0]["median_days"] == pytest.approx(median)
    assert rows[0]["median_lo"] < median < rows[0]["median_hi"]  # type: ignore[operator]


def test_the_mean_of_closed_items_alone_would_be_too_short() -> None:
    days, shipped = np.array([10.0] * 25 + [200.0] * 30), np.array([True] * 25 + [False] * 30)
    row = speed(days, shipped, (14, 90))[3]
    assert row["share_shipped"] == pytest.approx(25 / 55)
    assert row["median_days"] is None
    assert row["median_hi"] is None


def test_nothing_shipped_yet_has_an_upper_limit_by_how_many_were_followed() -> None:
    rows = speed(np.array([30.0] * 25), np.zeros(25, dtype=bool), (14, 90))
    assert rows[0]["share_shipped"] == 0.0
    assert rows[0]["hi"] == pytest.approx(1 - 0.025 ** (1 / 25))
    assert rows[2]["share_shipped"] is None, "nobody was followed for sixty days"
    assert rows[0]["verdict"] == "not_enough_data"


def test_all_shipped_has_a_lower_limit_and_a_verdict() -> None:
    days = np.linspace(1, 12, 40)
    rows = speed(days, np.ones(40, dtype=bool), (14, 90))
    assert rows[0]["share_shipped"] == 1.0
    assert rows[0]["lo"] == pytest.approx(0.025 ** (1 / 40))
    assert rows[0]["verdict"] == "below"
    assert speed(days * 40, np.ones(40, dtype=bool), (14, 90))[0]["verdict"] == "above"
    assert speed(days * 6, np.ones(40, dtype=bool), (14, 90))[0]["verdict"] == "inside"
    assert speed(days[:15], np.ones(15, dtype=bool), (14, 90))[0]["verdict"] == "not_enough_data"


def test_groups_stand_apart_and_rows_may_come_in_any_order() -> None:
    one, two = items(1), items(2, 30)
    frame = pl.DataFrame(
        {
            "slice": ["a"] * 60 + ["b"] * 30,
            "days": np.concatenate([one[0], two[0]]),
            "shipped": np.concatenate([one[1], two[1]]),
        }
    )
    found = speeds(frame, ["slice"], (14, 90))
    assert found["slice"].to_list() == ["a"] * 4 + ["b"] * 4
    assert found["share_shipped"].to_list()[4:] == [
        r["share_shipped"] for r in speed(*two, (14, 90))
    ]
    assert speeds(frame.sample(fraction=1, shuffle=True, seed=1), ["slice"], (14, 90)).equals(found)
