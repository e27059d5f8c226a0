"""The table inventory_plan: what to order, per SKU, with and without signals."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from models.inventory.arrays import Week, column, courses, receipts_of, terms_of, weekday_shares
from models.inventory.course import Course
from models.inventory.policy import (
    Levels,
    Terms,
    days_to_wait,
    lead_nodes,
    levels_of,
    order,
    service_of,
)
from models.inventory.stockout import Receipts, days_of_cover, lost_sales, stockout_days
from models.types import Floats
from transforms.contracts import EXPORTS

SHARD = 1_000
"""SKUs planned at a time: bounds memory, and is the same on every machine."""
FRACTION = 1024.0
DATES = ("stockout_date_p10", "stockout_date_p50", "stockout_date_p90")


_PLANNED = (
    "horizon_too_short", "running_week_remaining_units", "final_units", "baseline_units",
    "demand_p50", "demand_p90", "demand_p95", "reorder_point_units", "order_up_to_units",
    "reorder_point_baseline_units", "order_up_to_baseline_units", "suggested_order_units",
    "suggested_order_baseline_units", "cycle_service_expected", "fill_rate_expected",
    "days_of_cover", "excess_units", "lost_sales_units", "at_risk_units", "order_by", *DATES,
)  # fmt: skip
"""What rests on forecasts."""
_COUNTED = ("on_hand_units", "sold_since_units")
"""What others counted, in thousandths as demand is; no exact sum is stated of them."""
_WORKING = ("statistical_units", "order_statistical_units", "_total")
"""What differences and reasons are made from; not published."""
_NOTHING = (
    EXPORTS["inventory_plan"]
    .empty()
    .select("sku", *_PLANNED, *(pl.lit(None, dtype=pl.Float64).alias(n) for n in _WORKING))
)


def plan(
    stock: pl.DataFrame,
    receipts: pl.DataFrame,
    forecasts: pl.DataFrame,
    cumulative: pl.DataFrame,
    weekdays: pl.DataFrame,
    *,
    statistical: tuple[pl.DataFrame, pl.DataFrame] | None = None,
    as_of: date,
    week: Week,
    excess_days: float,
) -> pl.DataFrame:
    """Rows of inventory_plan, one for each row of ``stock``, without the column rung.

    ``stock`` and ``receipts`` as ``transforms.planning.stock`` gives them, ``weekdays`` as
    ``transforms.planning.weekdays``; ``forecasts`` and ``cumulative`` are those of units, with a
    column ``sku``, at level sku. A SKU without forecasts gets none of what rests on them.
    ``statistical``: the same two tables without planners' overrides; None: there are none in them.
    """
    ahead = stock.join(cumulative.select("sku").unique(), on="sku", how="semi").sort("sku")
    parts = [_NOTHING]
    for first in range(0, ahead.height, SHARD):
        shard = ahead[first : first + SHARD]
        shares = weekday_shares(shard, weekdays)
        told = []
        for pair in ((forecasts, cumulative), *([statistical] if statistical else [])):
            low, high = (f.join(shard, on="sku", how="semi") for f in pair)
            told.append(courses(shard, low, high, shares, week))
        views = told[0][0], told[-1][0], told[-1][1]
        parts.append(_planned(shard, receipts_of(shard, receipts), views, as_of, excess_days))
    rows = stock.join(pl.concat(parts, how="diagonal"), on="sku", how="left")
    return _finished(rows, as_of)


def _planned(
    stock: pl.DataFrame,
    receipts: Receipts,
    views: tuple[Course, Course, Course],
    as_of: date,
    excess_days: float,
) -> pl.DataFrame:
    """What rests on forecasts, for SKUs that have them; ``views``: final, statistical, baseline."""
    course, terms = views[0], terms_of(stock)
    levels, alone, plain = (levels_of(view, terms) for view in views)
    available = column(stock, "available_units")
    position = available + column(stock, "on_order_units")
    wanted = stock["orderable"].to_numpy()
    orders = [
        order(np.where(wanted, lv.order_up_to, 0.0), position, terms)
        for lv in (levels, alone, plain)
    ]
    service = service_of(course, terms, position + orders[0])
    lost = _losses(course, terms, available, receipts)
    n = len(stock)
    spare = np.maximum(levels.order_up_to, course.expected(np.full((n, 1), excess_days))[:, 0])
    days = stockout_days(course, available, receipts)
    wait = np.where(wanted, days_to_wait(course, terms, position), -1)
    rest = course.expected(np.full((n, 1), 7.0 - course.passed))[:, 0]
    span = terms.lead_days + terms.review_days
    columns = {
        "horizon_too_short": span > course.last_day,
        "running_week_remaining_units": rest,
        **_level_columns(levels, plain),
        "statistical_units": alone.mean,
        "suggested_order_units": orders[0],
        "order_statistical_units": orders[1],
        "suggested_order_baseline_units": orders[2],
        "cycle_service_expected": service.cycle,
        "fill_rate_expected": service.fill,
        "days_of_cover": days_of_cover(course, available),
        "excess_units": np.maximum(position - spare, 0.0),
        "lost_sales_units": lost[0],
        "at_risk_units": lost[1],
        "_total": course.expected(np.full((n, 1), float(course.last_day)))[:, 0],
    }
    frame = pl.DataFrame({"sku": stock["sku"], **columns}, nan_to_null=True)
    return frame.with_columns(
        _dates("order_by", wait, available, as_of),
        *(_dates(name, days[:, i], available, as_of) for i, name in enumerate(DATES)),
    )


def _level_columns(levels: Levels, plain: Levels) -> dict[str, Floats]:
    return {
        "final_units": levels.mean,
        "baseline_units": plain.mean,
        "demand_p50": levels.p50,
        "demand_p90": levels.p90,
        "demand_p95": levels.p95,
        "reorder_point_units": levels.reorder,
        "order_up_to_units": levels.order_up_to,
        "reorder_point_baseline_units": plain.reorder,
        "order_up_to_baseline_units": plain.order_up_to,
    }


def _losses(
    course: Course, terms: Terms, available: Floats, receipts: Receipts
) -> tuple[Floats, Floats]:
    """Units lost before tonight's order arrives, and in the protection period without it."""
    nodes = lead_nodes(terms)
    until = np.concatenate([nodes, nodes + terms.review_days[:, None]], axis=1)
    lost = lost_sales(course, available, receipts, until)
    j = nodes.shape[1]
    return lost[:, :j].mean(axis=1), lost[:, j:].mean(axis=1)


def _dates(name: str, days: np.ndarray, available: Floats, as_of: date) -> pl.Series:
    """Dates of days after as_of; null for -1 and where stock is unknown."""
    start = np.datetime64(as_of, "D")
    made = start + days.astype("timedelta64[D]")
    made[(days < 0) | np.isnan(available)] = np.datetime64("NaT")
    return pl.Series(name, made).cast(pl.Date)


def _finished(told: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """All columns of the contract but rung: differences, money, reasons."""
    told = told.with_columns(
        pl.lit(as_of).alias("as_of"),
        (pl.col("lead_time_days") + pl.col("review_period_days")).alias("protection_days"),
    )
    told = told.with_columns(*_units(told), *_shares())
    told = told.with_columns(_statuses()).with_columns(_without_forecast())
    told = told.with_columns(
        _difference("statistical_units", "baseline_units", "signal_delta_units"),
        _difference("final_units", "statistical_units", "override_delta_units"),
        _difference("reorder_point_units", "final_units", "safety_stock_units"),
        _difference(
            "order_statistical_units", "suggested_order_baseline_units", "order_delta_units"
        ),
        _difference(
            "suggested_order_units", "order_statistical_units", "override_order_delta_units"
        ),
        pl.col("horizon_too_short").fill_null(value=False),
    )
    told = told.with_columns(*_money(), _stockout_reason(), _reason())
    wanted = [name for name in EXPORTS["inventory_plan"].names if name != "rung"]
    return told.select(wanted).sort("sku")


def _difference(of: str, less: str, name: str) -> pl.Expr:
    return (pl.col(of) - pl.col(less)).alias(name)


def _units(told: pl.DataFrame) -> list[pl.Expr]:
    """Units as whole multiples of 2^-10, so that sums and differences of them are exact; what was counted as it was."""
    names = [n for n in told.columns if n.endswith("_units") or n.startswith("demand_p")]
    whole = [n for n in names if n not in _COUNTED]
    exact = [((pl.col(n) * FRACTION).round() / FRACTION).alias(n) for n in whole]
    return [*exact, *(pl.col(n).round(3) for n in names if n in _COUNTED)]


def _shares() -> list[pl.Expr]:
    names = ("cycle_service_expected", "fill_rate_expected", "days_of_cover")
    return [pl.col(name).round(4) for name in names]


def _statuses() -> pl.Expr:
    return (
        pl.when(pl.col("ended"))
        .then(pl.lit("discontinued"))
        .when(pl.col("final_units").is_null())
        .then(pl.lit("no_forecast"))
        .when(pl.col("on_hand_units").is_null())
        .then(pl.lit("no_inventory"))
        .otherwise(pl.lit("planned"))
        .alias("plan_status")
    )


def _without_forecast() -> list[pl.Expr]:
    """Of what is no longer sold all is excess and nothing is ordered."""
    over = pl.col("ended") | (pl.col("series_status") == "dormant").fill_null(value=False)
    unknown = pl.col("final_units").is_null()
    position = pl.col("position_units")
    none = pl.when(unknown & over & position.is_not_null()).then(pl.lit(0.0))
    return [
        pl.when(unknown & over)
        .then(pl.max_horizontal(position, 0.0))
        .otherwise("excess_units")
        .alias("excess_units"),
        *(
            none.otherwise(name).alias(name)
            for name in (
                "suggested_order_units",
                "order_statistical_units",
                "suggested_order_baseline_units",
            )
        ),
    ]


def _money() -> list[pl.Expr]:
    values = {
        "suggested_order": ("suggested_order_units", "unit_cost"),
        "order_delta": ("order_delta_units", "unit_cost"),
        "excess": ("excess_units", "unit_cost"),
        "signal_delta": ("signal_delta_units", "unit_price"),
        "lost_sales": ("lost_sales_units", "unit_price"),
        "at_risk": ("at_risk_units", "unit_price"),
    }
    return [
        (pl.col(units) * pl.col(price)).round(2).alias(f"{name}_value")
        for name, (units, price) in values.items()
    ]


def _stockout_reason() -> pl.Expr:
    missing = pl.any_horizontal(pl.col(name).is_null() for name in DATES)
    return (
        pl.when(~missing)
        .then(None)
        .when(pl.col("final_units").is_null())
        .then(pl.lit("no_forecast"))
        .when(pl.col("on_hand_units").is_null())
        .then(pl.lit("no_inventory"))
        .when(pl.col("_total") <= 0)
        .then(pl.lit("no_demand"))
        .otherwise(pl.lit("beyond_horizon"))
        .alias("stockout_reason")
    )


def _reason() -> pl.Expr:
    """Why there is no plan, or what is to be read with care, most telling first."""
    unsold = pl.col("series_status")
    cases = {
        "no longer sold": pl.col("plan_status") == "discontinued",
        "nothing sold for 26 weeks": (pl.col("plan_status") == "no_forecast")
        & (unsold == "dormant"),
        "no complete week of sales yet": (pl.col("plan_status") == "no_forecast")
        & unsold.is_in(["too_new", "upcoming"]),
        "never sold": (pl.col("plan_status") == "no_forecast") & unsold.is_null(),
        "no forecast could be made": (pl.col("plan_status") == "no_forecast")
        & unsold.is_in(["active", "new"]),
        "no stock is known": pl.col("on_hand_units").is_null(),
        "sales end before an order would arrive": ~pl.col("orderable") & ~pl.col("ended"),
        "oversold": pl.col("on_hand_units") < 0,
        "stock counted long ago": pl.col("inventory_stale"),
        "the forecast ends before the protection period": pl.col("horizon_too_short"),
        "a promised delivery is overdue": pl.col("receipts_overdue_units") > 0,
        "promised deliveries that are no longer counted on": pl.col("receipts_lapsed_units") > 0,
    }
    parts = [
        pl.when(case.fill_null(value=False)).then(pl.lit(text)) for text, case in cases.items()
    ]
    said = pl.concat_str(parts, separator="; ", ignore_nulls=True)
    return pl.when(said != "").then(said).alias("reason")
