"""What is due at a review, in one sentence: all of it, and what cannot wait."""

from datetime import date, timedelta

import polars as pl
import pytest

from transforms.contracts import EXPORTS
from transforms.orders_due import by_when, orders_due

AS_OF = date(2026, 11, 17)


def _plan(*rows: tuple[float | None, int | None, float | None]) -> pl.DataFrame:
    """One SKU for each (suggested units, days until order_by, cost of the order), riskiest last."""
    columns = EXPORTS["inventory_plan"].schema
    told = {
        "as_of": [AS_OF] * len(rows),
        "sku": [f"S{n}" for n in range(len(rows))],
        "plan_status": ["discontinued" if units is None else "planned" for units, *_ in rows],
        "suggested_order_units": [units for units, *_ in rows],
        "order_by": [None if wait is None else AS_OF + timedelta(days=wait) for _, wait, _ in rows],
        "suggested_order_value": [cost for *_, cost in rows],
        "at_risk_units": [float(n) for n in range(len(rows))],
        "at_risk_value": [float(n) for n in range(len(rows))],
        "currency": ["USD"] * len(rows),
    }
    return pl.DataFrame(told, schema={name: columns[name] for name in told})


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (
            _plan((5.0, 0, 100.0), (7.0, 1, 1000.0), (0.0, 30, 0.0), (None, None, None)),
            "2 of 3 planned SKUs are due at this review, 1,100 USD at cost; 1 of them cannot wait a "
            "day, 100 USD at cost (1 more has no plan; inventory_plan says why).",
        ),
        (
            _plan((5.0, 0, 100.0), (7.0, 0, None)),
            "2 of 2 planned SKUs are due at this review, 100 USD at cost, 1 at unknown cost; none of "
            "them can wait a day.",
        ),
        (
            _plan((5.0, 3, None), (7.0, None, None)),
            "2 of 2 planned SKUs are due at this review; all of them can wait until 20 Nov.",
        ),
        (_plan((0.0, 9, 0.0)), "0 of 1 planned SKUs are due at this review."),
    ],
)
def test_all_that_is_due_is_told_and_apart_what_cannot_wait(plan: pl.DataFrame, says: str) -> None:
    due = orders_due(plan)
    assert due is not None
    assert due.sentence == says


def test_the_riskiest_come_first_whether_or_not_they_can_wait() -> None:
    due = orders_due(_plan((5.0, 0, 1.0), (7.0, 1, 1.0), (1.0, None, 1.0)))
    assert due is not None
    told = [(row["sku"], by_when(row)) for row in due.rows.iter_rows(named=True)]
    assert told == [("S2", ""), ("S1", "by 18 Nov"), ("S0", "now")]


def test_without_stock_no_order_is_spoken_of() -> None:
    assert orders_due(_plan((None, None, None))) is None
