"""What to order at this review, most at risk first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transforms.orders_due import by_when, orders_due
from transforms.review.numbers import UNKNOWN, day, quantity, signed
from transforms.review.parts import Grid, Night, Section, Tone, Verdict

MOST = 12
HOW_TO_READ = (
    "Due are SKUs whose stock and orders lie below what must last until an order of the next review arrives. "
    "Those to be ordered “now” do not keep their service level if they wait a day; the others not, if they wait "
    "beyond their day. At risk is what is lost if nothing is ordered."
)


def orders_section(night: Night) -> Section:
    """How many SKUs are due and what they cost, how many cannot wait, and the riskiest of them."""
    title = "What to order"
    plan = night.table("inventory_plan")
    if plan is None:
        verdict = Verdict("There is no plan to show.")
        return Section("orders", title, (verdict,), absent=(night.why("inventory_plan"),))
    due = orders_due(plan)
    if due is None:
        return Section("orders", title, (Verdict("Stock is unknown: no order can be suggested."),))
    tone: Tone = "watch" if due.pressing.height else "good"
    rest = due.rows.height - MOST
    note = f"{rest:,} more stand in the workbook, sheet “Plan”." if rest > 0 else ""
    columns = (
        "SKU", "category", "order, units", "of it by what customers said", "of it by overrides",
        "order", "stock runs out, even chance", "at risk, units", "at risk, in money",
    )  # fmt: skip
    rows = tuple(map(_row, due.rows.head(MOST).iter_rows(named=True)))
    caption = "Orders due, by what is at risk without them"
    grids = (Grid(caption, columns, rows, frozenset({2, 3, 4, 7, 8}), note),) if rows else ()
    return Section("orders", title, (Verdict(due.sentence, tone),), grids, notes=(HOW_TO_READ,))


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    value, currency = row["at_risk_value"], row["currency"] or ""
    out = row["stockout_date_p50"]
    return (
        row["sku"],
        row["category"] or "",
        quantity(row["suggested_order_units"]),
        signed(row["order_delta_units"]),
        signed(row["override_order_delta_units"]),
        by_when(row),
        "not within the forecast" if out is None else day(out),
        quantity(row["at_risk_units"]),
        UNKNOWN if value is None else f"{quantity(value)} {currency}".rstrip(),
    )
