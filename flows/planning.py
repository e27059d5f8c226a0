"""What planners act on, from the night's forecasts and the lake's stock: tables and why one is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from flows.knowledge import Picture
from flows.masking import masked, masks
from flows.night import Night, rules_of, spec_of
from flows.optional import Optionals
from flows.reading import LINES, with_told_on
from flows.stale import last_nights
from models.assemble import life_mask
from models.inventory.arrays import WEEKDAYS, Week, weekday_shares
from models.inventory.plan import plan
from models.stockout_accuracy import accuracy_stockouts
from models.unconstrained import unconstrained
from transforms.asof import VERSION, visible
from transforms.calendar import first_horizon_week
from transforms.contracts import INPUTS
from transforms.final import overridden
from transforms.planning.lines import Lines, summed
from transforms.planning.sales import weekdays
from transforms.planning.skus import NAMED_IN, every_sku, with_orderable
from transforms.planning.stock import with_stock
from transforms.planning.stockouts import out_weeks, summed_up
from transforms.planning.terms import PlanRules, with_terms


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known at the night: the tables of `NAMED_IN`, order lines as names only, and their sums."""

    tables: Mapping[str, pl.DataFrame]
    lines: Lines


@dataclass(slots=True)
class Plans(Optionals):
    """Tables to publish, and `rungs` of those not on the full one."""

    rungs: dict[str, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


def planning_tables(
    night: Night,
    tables: Mapping[str, pl.DataFrame],
    now: Picture,
    hidden: pl.DataFrame | None,
) -> Plans:
    """The planning tables of the night. One that fails is left out; the night goes on.

    `tables` are the night's others, as they will be published; `hidden` is what the backtest said
    of weeks without stock, None where there is none.
    """
    plans, shown = Plans(), stock_tables(night)
    plans.make("inventory_plan", partial(_plan, night, shown, tables, plans))
    plans.make("demand_unconstrained", partial(_unconstrained, night, shown, tables, now))
    plans.make("accuracy_stockouts", partial(_accuracy, night, tables, plans, hidden))
    return plans


def _plan(
    night: Night,
    shown: Shown,
    tables: Mapping[str, pl.DataFrame],
    plans: Plans,
) -> pl.DataFrame | str:
    """The table inventory_plan, or why there is none; from stale forecasts comes last night's."""
    at_sku = (pl.col("target") == "units") & (pl.col("level") == "sku")
    if "sku" not in night.settings.forecast.levels:
        return '[forecast] levels has no "sku", so nothing can be planned by SKU'
    if "forecasts_cumulative" not in tables:
        return "there are no forecasts to plan by"
    forecasts = tables["forecasts"].filter(at_sku)
    rung = next(iter(forecasts["rung"]), "full")
    if rung == "stale":
        old = last_nights(night.settings.paths.exports, night.as_of, "inventory_plan")
        if old is None:
            return "forecasts are stale, and no earlier night has a plan"
        plans.rungs["inventory_plan"] = "stale"
        return old
    plans.rungs["inventory_plan"] = rung
    rules = night.settings.planning.rules()
    stock, coming, days = positions(night, shown, tables["series_listed"], rules)
    plans.lines = unknown_names(stock, rules)
    summed = tables["forecasts_cumulative"].filter(at_sku)
    final = tables.get("forecasts_final", pl.DataFrame())
    said = None if final.is_empty() else overridden(forecasts, summed, final.filter(at_sku))
    rows = plan(
        stock,
        coming,
        *((forecasts, summed) if said is None else said),
        days,
        statistical=None if said is None else (forecasts, summed),
        as_of=night.as_of,
        week=week_of_plan(night),
        excess_days=float(rules.excess_days),
    )
    return rows.with_columns(pl.lit(rung).alias("rung"))


def _unconstrained(
    night: Night,
    shown: Shown,
    tables: Mapping[str, pl.DataFrame],
    now: Picture,
) -> pl.DataFrame | str:
    """The table demand_unconstrained, or why there is none."""
    inventory = shown.tables["inventory_daily"]
    if inventory.is_empty():
        return "no inventory_daily is known by that day, so no week is known to have run out"
    if "sku" not in night.settings.forecast.levels or "units" not in now.demand:
        return '[forecast] levels has no "sku", or nothing has been sold yet'
    business, panel = night.settings.business, now.known.panels["units"]
    categories, sold = shown.lines.categories, shown.lines.sold
    out = out_weeks(inventory, sold, business.week_start)
    days = weekdays(sold, business.week_start)
    shares = pl.DataFrame(weekday_shares(categories, days), schema=WEEKDAYS)
    skus = unconstrained(
        panel,
        life_mask(now.demand["units"].series, panel.weeks),
        out,
        pl.concat([categories.select("sku"), shares], how="horizontal"),
        night.settings.forecast.season_weeks,
    )
    weekly = tables["demand_weekly"].filter(pl.col("target") == "units")
    return summed_up(skus, weekly, night.settings.forecast.levels, categories)


def _accuracy(
    night: Night,
    tables: Mapping[str, pl.DataFrame],
    plans: Plans,
    hidden: pl.DataFrame | None,
) -> pl.DataFrame | str:
    """The table accuracy_stockouts, or why there is none."""
    if hidden is None or "backtest_forecasts" not in tables:
        return "no backtest was made"
    if "demand_unconstrained" not in plans.tables:
        return "there is no demand_unconstrained to compare with"
    record, demand = tables["backtest_forecasts"], plans.tables["demand_unconstrained"]
    return accuracy_stockouts(record, hidden, demand, spec_of(night.settings))


def stock_tables(night: Night) -> Shown:
    """The tables that name SKUs, as known at the night, with identifiers masked."""
    business, told_on = night.settings.business, night.lake.told_on(night.as_of)
    shown = {}
    for name in NAMED_IN:
        if name == LINES:
            continue
        versions = night.lake.versions(name, night.as_of)
        if name == "products":
            versions = with_told_on(versions.collect(), told_on).lazy()
        rows = visible(versions, INPUTS[name], night.as_of, business.timezone)
        shown[name] = masked(rows.collect())
    lines = night.lake.versions(LINES, night.as_of)
    second = bool(lines.select((pl.col(VERSION) > 1).any()).collect(engine="streaming").item())
    sums = summed(
        visible(lines, INPUTS[LINES], night.as_of, business.timezone, replaced=second),
        shown["products"],
        masks,
        timezone=business.timezone,
        week_start=business.week_start,
    )
    return Shown({**shown, LINES: sums.named}, sums)


def positions(
    night: Night, shown: Shown, listed: pl.DataFrame, rules: PlanRules
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Every SKU with its terms, stock and price; deliveries counted on; sales by weekday."""
    tables, lines = shown.tables, shown.lines
    skus = every_sku(tables, listed, night.as_of)
    skus = with_orderable(with_terms(skus, tables["products"], rules), night.as_of)
    stock, coming = with_stock(
        skus,
        tables["inventory_daily"],
        tables["expected_receipts"],
        lines.sold,
        as_of=night.as_of,
        stale_days=rules.stale_inventory_days,
        overdue_days=rules.overdue_receipt_days,
    )
    stock = (
        stock.join(lines.prices, on="sku", how="left")
        .join(lines.pieces, on="sku", how="left")
        .with_columns(pl.col("pieces").fill_null(value=True), _currency(lines.prices, rules))
        .sort("sku")
    )
    return stock, coming, weekdays(lines.sold, night.settings.business.week_start)


def _currency(priced: pl.DataFrame, rules: PlanRules) -> pl.Expr:
    """What is configured, else a SKU's own, else that of all sales where they have only one."""
    if rules.currency:
        return pl.lit(rules.currency).alias("currency")
    every = priced["currency"].drop_nulls().unique()
    common = pl.lit(every[0] if len(every) == 1 else None, dtype=pl.String)
    return pl.coalesce("currency", common).alias("currency")


def week_of_plan(night: Night) -> Week:
    """How many days of the running week are over, and of how many sales have arrived."""
    rules = rules_of(night.settings)
    passed = (night.as_of - first_horizon_week(night.as_of, rules.week_start)).days + 1
    return Week(passed, max(passed - rules.latency_days, 0))


def unknown_names(stock: pl.DataFrame, rules: PlanRules) -> tuple[str, ...]:
    """A line for each SKU or category that `[planning]` names and nothing else knows."""
    known = {"skus": set(stock["sku"]), "categories": set(stock["category"])}
    named = {"skus": rules.skus, "categories": rules.categories}
    return tuple(
        f"[planning.{kind}] names '{name}', which no sale, product, stock or delivery has: check it"
        for kind, given in named.items()
        for name in sorted(given)
        if name not in known[kind]
    )
