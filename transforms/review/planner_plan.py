"""Each SKU's plan and overrides, as the planner's page and the workbook show them."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from transforms.review.parts import Night

PLAN_COLUMNS = (
    ("plan_status", "plan", ""),
    ("reason", "to be read with care", ""),
    ("suggested_order_units", "order at this review", "units"),
    ("order_by", "order by", "date"),
    ("suggested_order_baseline_units", "order without signals and overrides", "units"),
    ("order_delta_units", "what signals change in the order", "units"),
    ("override_order_delta_units", "what overrides change in the order", "units"),
    ("stockout_date_p10", "stock may run out from (1 in 10)", "date"),
    ("stockout_date_p50", "stock runs out, even chance", "date"),
    ("stockout_date_p90", "stock has run out by (9 in 10)", "date"),
    ("stockout_reason", "why there is no date", ""),
    ("available_units", "available", "units"),
    ("on_order_units", "on order", "units"),
    ("next_receipt_on", "next receipt", "date"),
    ("position_units", "stock position", "units"),
    ("reorder_point_units", "reorder point", "units"),
    ("order_up_to_units", "order up to", "units"),
    ("final_units", "expected demand of the protection period", "units"),
    ("baseline_units", "the same without signals and overrides", "units"),
    ("protection_days", "protection period", "days"),
    ("lead_time_days", "lead time", "days"),
    ("review_period_days", "review period", "days"),
    ("service_level", "wanted service level", "share"),
    ("fill_rate_expected", "expected fill rate", "share"),
    ("days_of_cover", "days of cover", "days"),
    ("lost_sales_units", "expected lost sales before an order arrives", "units"),
    ("at_risk_units", "at risk if nothing is ordered", "units"),
    ("at_risk_value", "at risk, in money", "money"),
    ("excess_units", "excess", "units"),
    ("excess_value", "excess, in money", "money"),
    ("moq", "minimum order", "units"),
    ("pack_size", "pack", "units"),
    ("suggested_order_value", "order, in money", "money"),
    ("currency", "currency", ""),
    ("inventory_date", "stock counted on", "date"),
)
"""Column of inventory_plan, its name for people, and what kind of value it is."""
OVERRIDE_COLUMNS = (
    "level", "week_start", "value", "statistical_mean", "final_mean", "author", "reason", "status", "why",
)  # fmt: skip


def plain(value: object) -> object:
    """A value as JSON has it: days and instants in ISO 8601."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value


def plan_by_sku(night: Night) -> dict[str, list[object]]:
    """SKU to its plan, in the order of PLAN_COLUMNS; a column that is not there is null."""
    plan = night.table("inventory_plan")
    if plan is None:
        return {}
    names = [name for name, *_ in PLAN_COLUMNS]
    given = [pl.col(n) if n in plan.columns else pl.lit(None).alias(n) for n in names]
    return {sku: [plain(v) for v in row] for sku, *row in plan.select("sku", *given).iter_rows()}


def overrides_by_series(night: Night, level: str) -> dict[str, list[list[object]]]:
    """Series of `level` to its own overrides of weeks that are not over, and what became of each."""
    return _overrides(night, pl.col("level") == level)


def overrides_above(night: Night) -> dict[str, list[list[object]]]:
    """The same of categories, by category, and of the whole business, under "" (no category's name)."""
    whole = _overrides(night, pl.col("level") == "total")
    found = _overrides(night, pl.col("level") == "category")
    return {**found, "": [row for rows in whole.values() for row in rows]}


def _overrides(night: Night, which: pl.Expr) -> dict[str, list[list[object]]]:
    status = night.table("override_status")
    if status is None:
        return {}
    mine = status.filter(which, pl.col("target") == "units", pl.col("status") != "past")
    found: dict[str, list[list[object]]] = {}
    ordered = mine.sort("series_id", "week_start", "override_id")
    for name, *row in ordered.select("series_id", *OVERRIDE_COLUMNS).iter_rows():
        found.setdefault(name, []).append([plain(value) for value in row])
    return found
