"""The ledger: what an action was worth, how well that is shown, and what may not be added."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from models.office.ledger import graded
from transforms.contracts import EXPORTS, INPUTS
from transforms.office import ledger

SHIPPED = datetime(2026, 3, 1, tzinfo=UTC)
_LIFT = {
    "as_of": date(2026, 6, 1), "arm": "treatment", "metric": "revenue_per_eligible", "trim": "raw",
    "design": "randomised", "registered_before": True, "starts_on": date(2026, 3, 1),
    "ends_on": date(2026, 4, 1), "n_arm": 1_000, "difference": 2.0, "difference_lo": 0.5,
    "difference_hi": 3.5, "currency": "USD", "verdict": "above",
}  # fmt: skip


def made(
    lifts: list[dict[str, object]],
    actions: list[tuple[str, str | None]],
    pairs: list[tuple[str, str]],
) -> dict[str, dict[str, object]]:
    """Rows by action; `actions`: id and experiment; `pairs`: experiments and customers."""
    rows = pl.DataFrame([_LIFT | one for one in lifts], schema=dict(EXPORTS["lifts"].schema))
    done = pl.DataFrame(
        [
            {
                "_source": "s",
                "action_id": a,
                "experiment_id": e,
                "shipped_at": SHIPPED,
                "cost": 700.0,
            }
            for a, e in actions
        ],
        schema={"_source": pl.String, **INPUTS["actions"].schema},
    )
    lots = pl.DataFrame(
        pairs, schema={"experiment_id": pl.String, "customer_id": pl.String}, orient="row"
    )
    table = ledger.measured(done, rows)
    shared = ledger.shared_units(lots, sorted(table["experiment_id"].drop_nulls().unique()))
    told = graded(ledger.overlaps(table, shared))
    return {row["action_id"]: row for row in told.iter_rows(named=True)}


def test_a_benefit_is_revenue_of_a_unit_times_units_less_its_cost() -> None:
    row = made([{"experiment_id": "x"}], [("a", "x"), ("b", None)], [("x", "c")])
    assert (row["a"]["benefit"], row["a"]["benefit_lo"], row["a"]["benefit_hi"]) == (
        2_000,
        500,
        3_500,
    )
    assert (row["a"]["net"], row["a"]["net_lo"]) == (1_300, -200)
    assert (row["a"]["grade"], row["a"]["may_be_summed"], row["a"]["verdict"]) == (
        "A",
        True,
        "above",
    )
    assert (row["b"]["grade"], row["b"]["benefit"], row["b"]["verdict"]) == (
        "none",
        None,
        "not_measured",
    )
    assert row["b"]["may_be_summed"] is False


@pytest.mark.parametrize(
    ("more", "grade", "verdict"),
    [
        ({"registered_before": False}, "B", "above"),
        ({"design": "observational", "difference_lo": -1.0, "verdict": "undetermined"}, "C", "undetermined"),
        ({"verdict": "running"}, "none", "running"),
        ({"verdict": "sample_ratio_mismatch"}, "none", "sample_ratio_mismatch"),
        ({"difference_lo": None, "difference_hi": None, "verdict": "not_enough_data"}, "none", "not_enough_data"),
    ],
)  # fmt: skip
def test_grades(more: dict[str, object], grade: str, verdict: str) -> None:
    row = made([{"experiment_id": "x"} | more], [("a", "x")], [])["a"]
    assert (row["grade"], row["verdict"]) == (grade, verdict)
    assert (row["benefit"] is None) == (grade == "none")


def test_what_overlaps_in_days_and_customers_is_not_added() -> None:
    later = {"experiment_id": "z", "starts_on": date(2026, 4, 2), "ends_on": date(2026, 5, 1)}
    three = [{"experiment_id": "x"}, {"experiment_id": "y"}, later]
    lots = [("x", "c"), ("y", "c"), ("z", "c"), ("y", "d")]
    row = made(three, [("a", "x"), ("b", "y"), ("d", "z")], lots)
    assert [row[k]["overlaps_with"] for k in "abd"] == ["y", "x", None]
    assert [row[k]["may_be_summed"] for k in "abd"] == [False, False, True]
    apart = made(three, [("a", "x"), ("b", "y")], [("x", "c"), ("y", "d")])
    assert apart["a"]["overlaps_with"] is None
    seen = [{"experiment_id": "x"}, {"experiment_id": "y", "design": "observational"}]
    assert made(seen, [("a", "x"), ("b", "y")], [("x", "c")])["a"]["overlaps_with"] == "y"
    twice = made([{"experiment_id": "x"}], [("a", "x"), ("b", "x")], [("x", "c")])
    assert [twice[k]["overlaps_with"] for k in "ab"] == ["x", "x"]
    assert not any(twice[k]["may_be_summed"] for k in "ab")
