"""Agreement of channels: Cochran's Q is the usual chi-square, grades follow their rules."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2_contingency

from models.office.agreement import ALL, cochran_q, directions, grade, triangulated


def test_q_is_pearsons_chi_square_of_homogeneity() -> None:
    k, n = np.array([12, 30, 7]), np.array([100, 180, 90])
    slow = chi2_contingency(np.stack([k, n - k]), correction=False)
    q, p = cochran_q(k, n)
    assert q == pytest.approx(slow.statistic)
    assert p == pytest.approx(slow.pvalue)
    assert cochran_q(np.array([0, 0]), np.array([5, 9])) == (0.0, 1.0)
    assert np.isnan(cochran_q(np.array([3]), np.array([9]))[0])


def test_directions_are_of_shares_not_of_counts() -> None:
    k, n = np.array([10, 10, 10]), np.array([100, 100, 100])
    before, known = np.array([10, 5, 4]), np.array([50, 50, 40])
    assert directions(k, n, before, known).tolist() == [-1, 0, 0]


@pytest.mark.parametrize(
    ("told", "p", "moves", "expected"),
    [
        (0, np.nan, [], "none"), (1, np.nan, [1], "C"), (2, 0.5, [], "B"), (3, 0.5, [], "A"),
        (3, 0.01, [1, -1, 1], "C"), (3, 0.01, [1, 1, 1], "B"), (2, 0.01, [0, 0], "C"),
        (4, 0.5, [1, -1, 1, 0], "A"),
    ],
)  # fmt: skip
def test_grades(told: int, p: float, moves: list[int], expected: str) -> None:
    assert grade(told, p, moves) == expected


def counts(k: list[int], n: list[int], before: list[int | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {"period": "4 weeks", "period_start": 1, "period_end": 2, "signal": "s",
         "channel": [f"c{i}" for i in range(len(k))], "n": n, "k": k,
         "n_before": [None if b is None else 100 for b in before], "k_before": before}
    )  # fmt: skip


def test_the_row_of_all_channels_adds_up_and_bears_the_grade() -> None:
    found = triangulated(counts([10, 12, 1], [100, 110, 90], [20, 22, 9]))
    whole = found.filter(pl.col("channel") == ALL).row(0, named=True)
    assert (whole["n"], whole["k"], whole["n_channels"], whole["channels"]) == (
        300,
        23,
        2,
        "c0, c1",
    )
    assert (whole["grade"], whole["direction_agree"], whole["direction"]) == ("B", True, "down")
    assert whole["lo"] < whole["share"] < whole["hi"]
    one = found.filter(pl.col("channel") == "c0").row(0, named=True)
    assert (one["grade"], one["direction"], one["share_before"]) == (None, "down", 0.2)


def test_a_channel_of_few_people_tells_nothing() -> None:
    found = triangulated(counts([5, 9], [19, 100], [None, None]))
    whole = found.filter(pl.col("channel") == ALL).row(0, named=True)
    assert (whole["n_channels"], whole["grade"], whole["p_value"]) == (1, "C", None)
    assert whole["direction_agree"] is None


@pytest.mark.soak
def test_equal_channels_are_called_different_as_seldom_as_stated_and_shares_hold_their_truth() -> (
    None
):
    apart, held, odd = 0, 0, 0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        n = rng.integers(60, 400, 4)
        frame = counts(list(rng.binomial(n, 0.12)), list(n), [None] * 4)
        whole = triangulated(frame).filter(pl.col("channel") == ALL).row(0, named=True)
        apart += whole["grade"] != "A"
        held += whole["lo"] <= 0.12 <= whole["hi"]
        unlike = counts(list(rng.binomial(n, [0.05, 0.12, 0.3, 0.12])), list(n), [None] * 4)
        odd += triangulated(unlike).filter(pl.col("channel") == ALL)["grade"][0] == "A"
    assert apart / 1000 <= 0.13, apart
    assert 0.92 <= held / 1000 <= 0.98, held
    assert odd / 1000 <= 0.1, odd
