"""Shares reached: the intervals of the programme's own examples, dials by person, teams like with like."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from models.office.connect import compared, effective_dials, reach_rates

END = date(2026, 11, 15)


def cells(rows: list[tuple[str, int, int, int]]) -> pl.DataFrame:
    """(slice, n, k, people) of one window."""
    full = [(13, END, "all", *row) for row in rows]
    names = ["window_weeks", "window_end", "dimension", "slice", "n", "k", "people"]
    return pl.DataFrame(full, schema=names, orient="row")


@pytest.mark.parametrize(
    ("k", "n", "lo", "hi", "verdict"),
    [
        (7, 20, 0.18, 0.57, "undetermined"),
        (28, 80, 0.26, 0.46, "undetermined"),
        (91, 260, 0.30, 0.41, "undetermined"),
        (700, 2000, 0.33, 0.37, "inside"),
        (40, 260, 0.115, 0.203, "below"),
        (150, 260, 0.516, 0.635, "above"),
        (7, 19, 0.19, 0.59, "not_enough_data"),
    ],
)
def test_people_have_wilsons_interval_and_a_verdict(
    k: int, n: int, lo: float, hi: float, verdict: str
) -> None:
    rows = reach_rates(cells([("x", 1, 1, k), ("x", 2, 0, n - k)]), (0.30, 0.40))
    row = rows.row(by_predicate=pl.col("unit") == "people", named=True)
    assert (row["n"], row["k"], row["n_effective"]) == (n, k, n)
    assert row["rate"] == pytest.approx(k / n)
    assert (row["lo"], row["hi"]) == pytest.approx((lo, hi), abs=0.006)
    assert row["verdict"] == verdict
    dials = rows.row(by_predicate=pl.col("unit") == "dials", named=True)
    assert (dials["n"], dials["k"]) == (k + 2 * (n - k), k)
    assert dials["target_lo"] is None
    assert dials["verdict"] in {"no_target", "not_enough_data"}


def slow_effective(people: list[tuple[int, int]]) -> float:
    """Dials over the design effect, one person after the other; people are (n, k)."""
    total, hits = sum(n for n, _ in people), sum(k for _, k in people)
    p, m = hits / total, len(people)
    variance = sum((k - p * n) ** 2 for n, k in people) * m / (m - 1) / total**2
    return total / max(1.0, variance / (p * (1 - p) / total))


def test_dials_of_those_who_never_answer_count_for_less() -> None:
    people = [(1, 1)] * 30 + [(4, 0)] * 20 + [(2, 1)] * 7
    whole = np.array([[1, 1, 30], [4, 0, 20], [2, 1, 7]]).T
    found = effective_dials(*whole)
    assert found == pytest.approx(slow_effective(people))
    assert found < sum(n for n, _ in people)
    assert effective_dials(np.array([1]), np.array([0]), np.array([9])) == 9, "no scatter to tell"
    alone = effective_dials(np.array([1, 1]), np.array([0, 1]), np.array([6, 3]))
    assert alone == pytest.approx(9, rel=0.13)


def test_the_order_of_rows_changes_no_bit() -> None:
    rows = cells(
        [(name, n, k, 3 + 7 * n + k) for name in "abcdef" for n in range(1, 9) for k in range(n)]
    )
    found = reach_rates(rows, (0.3, 0.4)).sort("slice", "unit")
    for seed in range(5):
        shuffled = rows.sample(fraction=1.0, shuffle=True, seed=seed)
        assert reach_rates(shuffled, (0.3, 0.4)).sort("slice", "unit").equals(found)


def strata(rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    """(team, cohort, n, k)."""
    full = [(13, END, team, cohort, "noon", n, k) for team, cohort, n, k in rows]
    names = ["window_weeks", "window_end", "team", "cohort", "band", "n", "k"]
    return pl.DataFrame(full, schema=names, orient="row")


def test_teams_are_compared_within_strata() -> None:
    """One team has the easy cohort: pooled it looks better, and within each cohort it is worse."""
    rows = [
        ("inside", "easy", 400, 240), ("agency", "easy", 60, 42),
        ("inside", "hard", 50, 8), ("agency", "hard", 400, 96),
    ]  # fmt: skip
    row = compared(strata(rows)).row(0, named=True)
    top = sum(
        k0 * (n1 - k1) / (n0 + n1)
        for (_, _, n1, k1), (_, _, n0, k0) in ((rows[0], rows[1]), (rows[2], rows[3]))
    )
    low = sum(
        (n0 - k0) * k1 / (n0 + n1)
        for (_, _, n1, k1), (_, _, n0, k0) in ((rows[0], rows[1]), (rows[2], rows[3]))
    )
    assert row["slice"] == "inside to agency"
    assert row["odds_ratio"] == pytest.approx(low / top)
    assert row["odds_ratio"] < 1 < (248 / 202) / (138 / 322)
    assert row["odds_ratio_lo"] < row["odds_ratio"] < row["odds_ratio_hi"]
    assert (row["n"], row["k"], row["n_strata"]) == (910, 386, 2)
    assert row["verdict"] == ("below" if row["odds_ratio_hi"] < 1 else "undetermined")
    assert row["p_one_ratio"] > 0.05


def test_strata_that_one_team_dialled_alone_tell_nothing() -> None:
    shared = [("a", "x", 60, 20), ("b", "x", 60, 35)]
    alone = compared(strata([*shared, ("b", "y", 500, 499)])).row(0, named=True)
    assert alone["odds_ratio"] == pytest.approx(compared(strata(shared))["odds_ratio"][0])
    assert alone["n_strata"] == 1
    assert alone["verdict"] == "above"
    assert alone["p_one_ratio"] is None


@pytest.mark.parametrize(
    "rows",
    [
        [("a", "x", 19, 5), ("b", "x", 400, 100)],
        [("a", "x", 60, 20), ("b", "y", 60, 20)],
        [("a", "x", 60, 60), ("b", "x", 60, 60)],
    ],
)
def test_too_little_is_not_enough_data(rows: list[tuple[str, str, int, int]]) -> None:
    row = compared(strata(rows)).row(0, named=True)
    assert row["verdict"] == "not_enough_data"
    assert row["odds_ratio"] is None


def test_one_team_is_compared_with_nobody() -> None:
    assert compared(strata([("a", "x", 60, 20)])).is_empty()
