"""Published tables that planners act on: what to order, what ran out, what that hid."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import (
    AS_OF,
    LEVEL,
    RUNG,
    SCOPE,
    SERIES,
    TARGET,
    WEEK,
    count,
    date,
    real,
    share,
    text,
)
from transforms.contracts.schema import Column, Table

PLAN_STATUSES = ("planned", "no_inventory", "no_forecast", "discontinued")
SETTING_SOURCES = ("sku_setting", "product", "category_setting", "default")
STOCKOUT_REASONS = ("beyond_horizon", "no_demand", "no_inventory", "no_forecast")
CENSORING_METHODS = ("in_stock_days", "weeks_before", "not_estimated", "sum")
WEEK_SETS = ("all_weeks", "uncensored_weeks", "unconstrained")


def _units(name: str, prose: str, *, nullable: bool = True, lo: float | None = 0.0) -> Column:
    return real(name, prose, "units", nullable=nullable, lo=lo)


def _money(name: str, prose: str, *, lo: float | None = 0.0) -> Column:
    return real(name, prose, "currency", nullable=True, lo=lo)


def _days(name: str, prose: str, *, nullable: bool = True, lo: float | None = 0.0) -> Column:
    return real(name, prose, "days", nullable=nullable, lo=lo)


def _flag(name: str, prose: str) -> Column:
    return Column(name, pl.Boolean, prose, nullable=False)


INVENTORY_PLAN = Table(
    "inventory_plan",
    "What to order tonight, per SKU, with and without what customers say. The protection period is the days after as_of that tonight's order has to cover: lead time plus review period. Every SKU of the products, the stock and the sales has its row.",
    key=("as_of", "sku"),
    columns=(
        AS_OF,
        text("sku", "stock-keeping unit"),
        text("category", "category"),
        text(
            "plan_status", "planned: all columns are; no_inventory: levels without an order, as no stock is known; no_forecast: nothing to plan by; discontinued: no order, what is left is excess",
            one_of=PLAN_STATUSES,
        ),
        text("reason", "why plan_status is not planned, or what of the plan is to be read with care; null: nothing", nullable=True),
        text("series_status", "status in series_listed; null: it never sold and is not to be launched", nullable=True),
        date("inventory_date", "day at whose end stock was counted, the oldest of several sources; null: never", nullable=True),
        _days("inventory_age_days", "days from the count to as_of"),
        _flag("inventory_stale", "counted longer ago than [planning] stale_inventory_days"),
        _units("on_hand_units", "stock as counted; below 0: oversold", lo=None),
        _units("sold_since_units", "sold after the count up to as_of"),
        _units("available_units", "on hand less sold since; below 0 only where the count itself was", lo=None),
        _units("on_order_units", "ordered from suppliers and counted on"),
        _units("receipts_overdue_units", "part of on_order_units that was promised up to as_of: expected tomorrow"),
        _units("receipts_lapsed_units", "promised longer ago than [planning] overdue_receipt_days, or more than is on order: not counted on"),
        date("next_receipt_on", "next day on which something of on_order_units is expected", nullable=True),
        _days("lead_time_days", "from order to receipt", nullable=False),
        _days("lead_time_std_days", "standard deviation of the lead time; 0: taken as certain", nullable=False),
        text("lead_time_source", "where lead_time_days comes from", one_of=SETTING_SOURCES),
        _days("review_period_days", "between two order decisions", nullable=False),
        text("review_period_source", "where review_period_days comes from", one_of=SETTING_SOURCES),
        _days("protection_days", "lead_time_days + review_period_days", nullable=False),
        _flag("horizon_too_short", "the protection period ends after the forecast; demand beyond is continued at the rate of its last four weeks"),
        share("service_level", "wanted cycle service level: chance that stock lasts from one receipt to the next", nullable=False),
        text("service_level_source", "where service_level comes from", one_of=SETTING_SOURCES),
        _units("running_week_remaining_units", "expected in the rest of the running week, given what it has sold so far"),
        _units("final_units", "expected demand of the protection period, overrides included"),
        _units("baseline_units", "the same without signals and overrides"),
        _units("signal_delta_units", "what signals change in it; baseline_units + signal_delta_units + override_delta_units = final_units, exactly", lo=None),
        _units("override_delta_units", "what planners' overrides change in it; 0: none reach it", lo=None),
        _units("demand_p50", "median demand of the protection period, lead-time variance included"),
        _units("demand_p90", "its 90 % quantile"),
        _units("demand_p95", "its 95 % quantile"),
        _units("safety_stock_units", "reorder_point_units - final_units", lo=None),
        _units("reorder_point_units", "quantile of the protection period's demand at service_level: below this position an order is due"),
        _units("order_up_to_units", "reorder point rounded up to whole units, where the SKU sells in whole ones"),
        _units("position_units", "available_units + on_order_units", lo=None),
        _units("moq", "minimum order quantity; null: none"),
        _units("pack_size", "order multiple; null: none"),
        _units("suggested_order_units", "order_up_to_units less the position, raised to moq, rounded up to packs; 0: none is due; null: stock or demand unknown"),
        date("order_by", "last day on which an order keeps the service level, as_of where that has passed; null: not within the forecast, or no order can be suggested", nullable=True),
        share("cycle_service_expected", "chance that stock lasts until the receipt after tonight's, with the suggested order; above service_level by rounding and surplus"),
        share("fill_rate_expected", "share of units demanded between tonight's receipt and the next one that can be served, with the suggested order"),
        date("stockout_date_p10", "day by which stock has run out with 10 % probability, expected receipts counted, no further order", nullable=True),
        date("stockout_date_p50", "the same with 50 %", nullable=True),
        date("stockout_date_p90", "the same with 90 %", nullable=True),
        text("stockout_reason", "why stock-out dates are null; beyond_horizon: the null ones lie after the last forecast day; null: none is null", nullable=True),
        _days("days_of_cover", "days that available_units last at expected demand, without receipts; beyond the horizon at its mean rate; null: no demand"),
        _units("excess_units", "position above both order_up_to_units and expected demand of [planning] excess_days; discontinued or dormant: the whole position"),
        _units("lost_sales_units", "expected demand that cannot be served before an order placed tonight arrives"),
        _units("at_risk_units", "expected demand that cannot be served in the protection period if nothing is ordered tonight"),
        _units("reorder_point_baseline_units", "reorder_point_units without signals and overrides"),
        _units("order_up_to_baseline_units", "order_up_to_units without signals and overrides"),
        _units("suggested_order_baseline_units", "suggested_order_units without signals and overrides"),
        _units("order_delta_units", "what signals change in the order; suggested_order_baseline_units + order_delta_units + override_order_delta_units = suggested_order_units, exactly", lo=None),
        _units("override_order_delta_units", "what overrides change in the order", lo=None),
        _money("unit_cost", "purchase cost of one unit; null: not known"),
        _money("unit_price", "mean price of a unit sold in the last 13 weeks with a sale; null: not known, or in several currencies"),
        text("currency", "currency of all money here: [planning] currency, else that of the order lines; null: not known", nullable=True),
        _money("suggested_order_value", "suggested_order_units at unit_cost"),
        _money("order_delta_value", "order_delta_units at unit_cost", lo=None),
        _money("signal_delta_value", "signal_delta_units at unit_price", lo=None),
        _money("lost_sales_value", "lost_sales_units at unit_price"),
        _money("at_risk_value", "at_risk_units at unit_price"),
        _money("excess_value", "excess_units at unit_cost"),
        RUNG,
    ),
)
DEMAND_UNCONSTRAINED = Table(
    "demand_unconstrained",
    "Weeks in which stock ran out: what was sold, and what would have been. All other weeks are as demand_weekly shows them.",
    key=("target", "level", "series_id", "week_start"),
    columns=(
        TARGET, LEVEL, SERIES, WEEK, *SCOPE,
        _units("observed_units", "sold", nullable=False),
        _units("unconstrained_units", "estimated demand, at least what was sold; above the SKU: the sum, SKUs with stock as sold", nullable=False),
        _units("lost_units", "unconstrained_units - observed_units", nullable=False),
        text(
            "method", "in_stock_days: from the days with stock and the weeks before; weeks_before: no day had stock, from the weeks before alone; not_estimated: nothing to go by, as sold; sum: of the SKUs",
            one_of=CENSORING_METHODS,
        ),
        share("censored_share", "share of observed days without stock; above the SKU: lost_units / unconstrained_units", nullable=False),
        _flag("trained_on", "the week still counts as demand when forecasts are made: too few days without stock to leave it out"),
    ),
)
ACCURACY_STOCKOUTS = Table(
    "accuracy_stockouts",
    "Accuracy of units at past cutoffs where stock ran out: against sales of all weeks, of weeks with stock only, and against unconstrained demand.",
    key=("target", "level", "model", "horizon_band", "weeks"),
    columns=(
        TARGET, LEVEL,
        text("model", "which forecast", one_of=("full", "baseline", "seasonal_naive")),
        text("horizon_band", "horizons pooled, such as h1-4"),
        text(
            "weeks", "all_weeks: sales, weeks without stock included; uncensored_weeks: sales of the others; unconstrained: estimated demand of all weeks",
            one_of=WEEK_SETS,
        ),
        real("wape", "sum of |actual - p50| / sum of actual; seasonal_naive: of its mean", "share", nullable=True, lo=0.0),
        real("wape_lo", "lower end, 95 %, by weeks", "share", nullable=True, lo=0.0),
        real("wape_hi", "upper end, 95 %, by weeks", "share", nullable=True, lo=0.0),
        real("bias_share", "sum(mean - actual) / sum(actual)", "share", nullable=True),
        share("censored_row_share", "share of the forecasts compared whose week had days without stock"),
        count("n", "forecasts compared"),
        count("n_cutoffs", "cutoffs compared"),
    ),
)
PLANNING_TABLES = (INVENTORY_PLAN, DEMAND_UNCONSTRAINED, ACCURACY_STOCKOUTS)
