"""What to order first: the plan's lines at the end of a night."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from transforms.orders_due import by_when, orders_due
from transforms.wording import counted

SHOWN = 3


def plan_lines(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """How many SKUs are due and what cannot wait, and where most is at risk; none without a plan."""
    plan = tables.get("inventory_plan")
    due = None if plan is None else orders_due(plan)
    if due is None:
        return []
    first = due.rows.head(SHOWN).iter_rows(named=True)
    return ["", f"Orders: {due.sentence}", *map(_line, first)]


def _line(row: Mapping[str, object]) -> str:
    out = row["stockout_date_p50"]
    when = f"half likely out by {out:%d %b}" if out else "not likely out within the forecast"
    value, currency = row["at_risk_value"], row["currency"]
    money = f" ({value:,.0f} {currency})" if value is not None and currency else ""
    parts = {"customers' words": "order_delta_units", "overrides": "override_order_delta_units"}
    why = [
        f"{row[name]:+,.0f} by {who}"
        for who, name in parts.items()
        if round(float(str(row[name] or 0)))
    ]
    said = f" ({', '.join(why)})" if why else ""
    order = f"order {row['suggested_order_units']:,.0f}{said} {by_when(row)}".rstrip()
    return (
        f"  {row['sku']}: {order}; {when}; without an order "
        f"{counted(float(str(row['at_risk_units'])), 'units')} at risk{money}"
    )
