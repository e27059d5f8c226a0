"""What to order first: the plan's lines at the end of a night."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

SHOWN = 3


def plan_lines(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """How many SKUs must be ordered now, and those at which most is at risk; none without a plan."""
    plan = tables.get("inventory_plan")
    if plan is None or plan["suggested_order_units"].null_count() == plan.height:
        return []
    due = plan.filter(pl.col("suggested_order_units") > 0, pl.col("order_by") <= pl.col("as_of"))
    planned = plan.filter(pl.col("plan_status") == "planned").height
    cost = due["suggested_order_value"].sum()
    currency = next(iter(due["currency"].drop_nulls()), "")
    worth = f", {cost:,.0f} {currency}".rstrip() + " at cost" if cost else ""
    left = plan.height - planned
    others = f" ({left} more have no plan; inventory_plan says why)" if left else ""
    said = "need an order now to keep their service level"
    lines = ["", f"Orders: {due.height} of {planned} planned SKUs {said}{worth}{others}."]
    urgent = due.sort(
        "at_risk_value", "at_risk_units", "sku",
        descending=[True, True, False], nulls_last=True,
    )  # fmt: skip
    return lines + [_line(row) for row in urgent.head(SHOWN).iter_rows(named=True)]


def _line(row: Mapping[str, object]) -> str:
    out = row["stockout_date_p50"]
    when = f"half likely out by {out:%d %b}" if out else "not likely out within the forecast"
    value, currency = row["at_risk_value"], row["currency"]
    money = f" ({value:,.0f} {currency})" if value is not None and currency else ""
    parts = {"customers' words": "order_delta_units", "overrides": "override_order_delta_units"}
    why = [f"{row[name]:+,.0f} by {who}" for who, name in parts.items() if row[name]]
    said = f" ({', '.join(why)})" if why else ""
    return (
        f"  {row['sku']}: order {row['suggested_order_units']:,.0f}{said}; {when}; without an order "
        f"{row['at_risk_units']:,.0f} units at risk{money}"
    )
