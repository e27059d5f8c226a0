"""What a plan promises: no SKU missing, orders that do what they say, losses that add up."""

from __future__ import annotations

import polars as pl

from transforms.expectations.verdicts import Dossier

HAIR = 1e-6
ROUNDED = 2 / 1024
"""Units are published as whole multiples of 2^-10."""
PLANNING_INTERVALS = {
    "inventory_plan": (("demand_p50", "demand_p90"), ("demand_p90", "demand_p95")),
    "accuracy_stockouts": (("wape_lo", "wape"), ("wape", "wape_hi")),
}
"""Table to pairs (a, b) with a <= b in every row where both are given."""


def every_sku_planned(dossier: Dossier, plan: pl.DataFrame, listed: pl.DataFrame | None) -> None:
    """Expect a row for every SKU that series_listed tells of, and a reason where it has no plan."""
    bare = plan.filter((pl.col("plan_status") != "planned") & pl.col("reason").is_null()).height
    dossier.none("unplanned_has_reason", "hold", bare, n=plan.height)
    if listed is None or listed.is_empty():
        dossier.undecidable("every_sku_planned", "hold", "no series_listed table")
        return
    units = (pl.col("target") == "units") & (pl.col("level") == "sku")
    skus = listed.filter(units).select("sku").drop_nulls().unique()
    missing = skus.join(plan.select("sku"), on="sku", how="anti").height
    dossier.none("every_sku_planned", "hold", missing, n=skus.height)


def sound_orders(dossier: Dossier, plan: pl.DataFrame) -> None:
    """Expect deltas to be differences, and orders to reach their level in whole packs, moq kept."""
    n = plan.height
    off = [
        (pl.col(whole) - pl.sum_horizontal(parts, ignore_nulls=False)).abs() > 0
        for whole, *parts in (
            ("final_units", "baseline_units", "signal_delta_units", "override_delta_units"),
            (
                "suggested_order_units",
                "suggested_order_baseline_units",
                "order_delta_units",
                "override_order_delta_units",
            ),
        )
    ]
    wrong = plan.filter(pl.any_horizontal(*(one.fill_null(False) for one in off))).height
    dossier.none("plan_delta_is_difference", "hold", wrong, n=n)
    order = pl.col("suggested_order_units")
    placed = plan.filter(order > 0)
    reached = pl.col("position_units") + order >= pl.col("order_up_to_units") - ROUNDED
    packs = order / pl.col("pack_size")
    whole = ((packs - packs.round()).abs() < HAIR).fill_null(value=True)
    least = (order >= pl.col("moq") - ROUNDED).fill_null(value=True)
    short = placed.filter(~(reached.fill_null(False) & whole & least)).height
    dossier.none("orders_reach_level", "hold", short, n=placed.height)


def stockouts_in_order(dossier: Dossier, plan: pl.DataFrame) -> None:
    """Expect the 10 % date not after the 50 % one, nor that after the 90 % one, all after as_of."""
    first, middle, last = (pl.col(f"stockout_date_{q}") for q in ("p10", "p50", "p90"))
    late = [first > middle, middle > last, first < pl.col("as_of")]
    lost = [first.is_null() & middle.is_not_null(), middle.is_null() & last.is_not_null()]
    wrong = plan.filter(pl.any_horizontal(*(one.fill_null(False) for one in (*late, *lost)))).height
    dossier.none("stockouts_in_order", "hold", wrong, n=plan.height)


def losses_add_up(dossier: Dossier, demand: pl.DataFrame) -> None:
    """Expect what SKUs lost in a week to be what their levels above lost.

    Within a millionth: what was sold by weight comes in thousandths, which floats do not add exactly.
    """
    off = pl.col("unconstrained_units") - pl.col("observed_units") - pl.col("lost_units")
    wrong = demand.filter(off.abs() > HAIR).height
    dossier.none("loss_is_difference", "hold", wrong, n=demand.height)
    sums = demand.group_by("week_start", "level").agg(pl.col("lost_units").sum())
    there = sums["level"].unique().to_list()
    if "sku" not in there or len(there) < 2:
        dossier.undecidable("losses_add_up", "hold", "no SKU rows, or none above them")
        return
    skus = sums.filter(pl.col("level") == "sku").select("week_start", sku="lost_units")
    both = sums.filter(pl.col("level") != "sku").join(skus, on="week_start", how="full")
    gap = (pl.col("lost_units").fill_null(0.0) - pl.col("sku").fill_null(0.0)).abs()
    dossier.none("losses_add_up", "hold", both.filter(gap > HAIR).height, n=both.height)
