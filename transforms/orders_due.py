"""Which SKUs are to be ordered at a review today, and which of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import fsum
from typing import Any

import polars as pl


@dataclass(frozen=True, slots=True)
class OrdersDue:
    """What a plan suggests to order. `rows` are of inventory_plan, most at risk first."""

    rows: pl.DataFrame
    planned: int
    unplanned: int

    @property
    def pressing(self) -> pl.DataFrame:
        """Those of `rows` that do not keep their service level if they wait a day."""
        return self.rows.filter(_pressing())

    @property
    def sentence(self) -> str:
        """How many SKUs are due and what they cost, and how many of them cannot wait."""
        left = self.unplanned
        have = "has" if left == 1 else "have"
        others = f" ({left:,} more {have} no plan; inventory_plan says why)" if left else ""
        said = f"{self.rows.height:,} of {self.planned:,} planned SKUs are due at this review"
        return f"{said}{_comma(worth(self.rows))}{self._wait()}{others}."

    def _wait(self) -> str:
        if self.rows.is_empty():
            return ""
        pressing = self.pressing
        if pressing.height == self.rows.height:
            return "; none of them can wait a day"
        if pressing.height:
            return f"; {pressing.height:,} of them cannot wait a day{_comma(worth(pressing))}"
        first: date | None = self.rows["order_by"].min()  # type: ignore[assignment]
        return "; all of them can wait" + ("" if first is None else f" until {first:%d %b}")


def orders_due(plan: pl.DataFrame) -> OrdersDue | None:
    """The orders that `plan` (inventory_plan) suggests; None where stock is known of no SKU."""
    if plan["suggested_order_units"].null_count() == plan.height:
        return None
    planned = plan.filter(pl.col("plan_status") == "planned").height
    rows = plan.filter(pl.col("suggested_order_units") > 0).sort(
        "at_risk_value", "at_risk_units", "sku",
        descending=[True, True, False], nulls_last=True,
    )  # fmt: skip
    return OrdersDue(rows, planned, plan.height - planned)


def worth(rows: pl.DataFrame) -> str:
    """What `rows` cost together, by currency, and of how many the cost is unknown; "" where of all."""
    known = rows.drop_nulls("suggested_order_value")
    if known.is_empty():
        return ""
    sums = [
        f"{fsum(part['suggested_order_value']):,.0f} {currency or ''}".rstrip()
        for (currency,), part in sorted(
            known.partition_by("currency", as_dict=True).items(), key=lambda one: str(one[0][0])
        )
    ]
    unknown = rows.height - known.height
    return f"{' and '.join(sums)} at cost" + (f", {unknown:,} at unknown cost" if unknown else "")


def by_when(row: Mapping[str, Any]) -> str:
    """By when one row of a plan is to be ordered: "now" where it cannot wait; "" where unknown."""
    last = row["order_by"]
    if last is None:
        return ""
    return "now" if last <= row["as_of"] else f"by {last:%d %b}"


def _pressing() -> pl.Expr:
    return (pl.col("order_by") <= pl.col("as_of")).fill_null(value=False)


def _comma(text: str) -> str:
    return f", {text}" if text else ""
