"""A whole brand from one specification: the order in which its parts are drawn."""

from __future__ import annotations

import polars as pl

from models.simulate import (
    aftermath,
    desk,
    governance,
    pages,
    people,
    returned,
    returns,
    sendings,
    speech,
    stock,
    trials,
    truth,
    voice,
)
from models.simulate.assortment import (
    Assortment,
    Stockout,
    day_weights,
    draw_assortment,
    draw_promotions,
    draw_stockouts,
)
from models.simulate.demand import Lines, draw_lines, draw_units, expected_units
from models.simulate.dirt import soil
from models.simulate.drivers import draw_drivers
from models.simulate.office import office
from models.simulate.orders import draw_orders, order_lines
from models.simulate.spec import Brand, BrandSpec


def simulate(spec: BrandSpec | None = None) -> Brand:
    """A brand's canonical tables together with the truth that made them.

    The same specification gives equal frames, row for row. Nothing is read and no clock is used.
    """
    spec = spec or BrandSpec()
    goods, drivers = draw_assortment(spec), draw_drivers(spec)
    promos, gaps = draw_promotions(spec, goods), draw_stockouts(spec, goods)
    weights = day_weights(spec, goods, promos, gaps)
    units = draw_units(spec, goods, drivers, weights)
    lines = draw_lines(spec, units, weights)
    orders = draw_orders(spec, lines)
    parcels = aftermath.draw_parcels(spec, goods, drivers, orders)
    residual = voice.demand_residual(spec, goods, drivers, units, weights)
    rates = voice.mention_rates(spec, drivers, residual)
    busy = aftermath.recent_lines(spec, goods, orders)
    talk = voice.draw_talk(spec, goods, orders, rates, busy / busy.mean(axis=1, keepdims=True))
    passages, labels = speech.draw_passages(spec, talk)
    if spec.repeat_ratios:
        orders, talk, hazards = returns.come_back(spec, orders, talk, labels)
    conversations = voice.conversations(spec, goods, talk)
    heard = pl.col("conversation_id").is_in(conversations["conversation_id"].implode())
    tables = {
        "order_lines": order_lines(spec, goods, promos, orders),
        "refunds": aftermath.refunds(spec, goods, drivers, orders),
        "customers": people.customers(spec, orders),
        "checkouts": people.checkouts(spec, goods, orders),
        "shipments": aftermath.shipments(spec, orders, parcels),
        "tickets": aftermath.tickets(spec, goods, drivers, orders, parcels),
        "conversations": conversations,
        "passages": passages.filter(heard),
        "call_attempts": people.call_attempts(spec, talk),
        **_stocked(spec, goods, lines, gaps),
        "promotions": stock.promotions(spec, goods, promos),
        "overrides": desk.overrides(
            spec, goods, units, expected_units(spec, goods, drivers, weights, slice(None))
        ),
        "owners": desk.owners(spec),
    }
    told = truth.describe(spec, goods, drivers, promos, gaps)
    tables["copy_pages"], told["copy_pages"] = pages.copy_pages(spec, goods)
    if spec.dirty:
        tables, told["dirt"] = soil(spec, tables)
    given, cart_calls, told["office"] = office(spec, orders, talk, tables)
    tables["objectives"], told["objectives"] = governance.objectives(spec), governance.told(spec)
    told["distributions"], told["reviews"] = sendings.truth(spec), voice.stars_truth()
    if spec.repeat_ratios:
        told["repeat_timing"] = returned.truth(
            spec, orders, talk, hazards, conversations["conversation_id"]
        )
    tests, told["experiments"] = trials.lots_of_tests(spec, orders)
    return Brand(
        tables=tables | given | {"experiments": trials.experiments(spec)},
        cart_calls=cart_calls,
        tests={"assignments": tests, "actions": trials.actions_of_tests(spec)},
        truth=told,
        truth_passages=labels.filter(heard),
        truth_weekly=truth.weekly(spec, goods, drivers, rates=rates, units=units, weights=weights),
        spec=spec,
    )


def _stocked(
    spec: BrandSpec, goods: Assortment, lines: Lines, gaps: list[Stockout]
) -> dict[str, pl.DataFrame]:
    """What the shop has on hand and on order, and of what goods."""
    on_hand, on_order = stock.stock_paths(spec, goods, stock.daily_sales(spec, lines), gaps)
    return {
        "inventory_daily": stock.inventory_daily(spec, goods, on_hand, on_order),
        "expected_receipts": stock.expected_receipts(spec, goods),
        "products": stock.products(spec, goods),
    }
