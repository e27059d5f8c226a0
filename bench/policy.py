"""The plan's orders, run for a year: `python -m bench.policy [--quick] [--out FILE]`.

Service reached against the service asked for, and the plan with signals against the same plan
without them, where signals are true and where they are placebos.

`held`: share of cycles whose demand of lead time plus review period stayed within the level ordered
up to: this is what the level promises. `waits`: share of cycles without a stock-out where
unserved demand waits; `served`: where it is lost, so that it does not use up what comes next; both
are above `held` where stock still stands above a level that has fallen. `ordered`: `served` of the
cycles that an order began, which stand at their level.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.panels import DATA, data_folder
from bench.policies.run import change, run, share
from bench.policies.shop import WEEK, Shop, Targets, targets_of
from bench.policies.shops import brand_shop, panel_shop, retail_shop
from models.simulate.panels import PanelSpec
from models.types import Floats, Ints

Row = dict[str, object]
SLOW = 1.0
"""SKUs that sell fewer a week: whole units alone put their service far above any level."""


def _figures(name: str, value: tuple[float, float, float]) -> Row:
    return dict(zip((name, f"{name}_low", f"{name}_high"), value, strict=True))


def service_row(shop: Shop, targets: Targets, name: str | None = None) -> Row:
    """Service and stock of the plan with signals."""
    lost, waits = run(shop, targets.full), run(shop, targets.full, waits=True)
    cycles = lost.cycles
    weekly = shop.demand[:, shop.start :].mean(axis=1) * WEEK
    quick = (weekly >= SLOW)[cycles.sku]
    begun = cycles.ordered
    held = cycles.wanted <= cycles.level + 1e-9
    return {
        "shop": name or shop.name,
        "skus": len(shop.demand),
        "cycles": len(cycles.sku),
        "asked": shop.service,
        **_figures("held", share(held, cycles.review)),
        **_figures("held_quick", share(held[quick], cycles.review[quick])),
        **_figures("ordered", share(cycles.served[begun], cycles.review[begun])),
        "ordered_share": float(begun.mean()),
        **_figures("waits", share(waits.cycles.served, waits.cycles.review)),
        **_figures("served", share(cycles.served, cycles.review)),
        "fill": float(1 - lost.lost.sum() / lost.demand.sum()),
        "days_of_stock": float(lost.stock.sum() / weekly.sum() * WEEK),
    }


def newsvendor(shop: Shop, up_to: Floats) -> Floats:
    """(S,) loss of the levels at the service asked for: units short and over, weighed by it."""
    cycles = run(shop, up_to).cycles
    away = cycles.wanted - cycles.level
    loss = np.maximum(shop.service * away, (shop.service - 1) * away)
    return np.bincount(cycles.sku, weights=loss, minlength=len(shop.demand))


def categories_of(shops: list[Shop]) -> Ints:
    """(S,) codes of the categories of all SKUs; those of two shops are never the same."""
    named = [f"{i}|{c}" for i, s in enumerate(shops) for c in s.skus["category"].to_list()]
    return np.unique(named, return_inverse=True)[1].astype(np.int64)


def signals_row(shops: list[tuple[Shop, Targets]], name: str) -> Row:
    """The plan with signals less the plan without, as shares of the latter.

    Intervals draw categories anew: their SKUs share shocks and signals.
    """
    parts = [(run(s, t.full), run(s, t.baseline)) for s, t in shops]
    lost = [np.concatenate([p[i].lost for p in parts]) for i in (0, 1)]
    stock = [np.concatenate([p[i].stock for p in parts]) for i in (0, 1)]
    loss = [
        np.concatenate([newsvendor(s, getattr(t, which)) for s, t in shops])
        for which in ("full", "baseline")
    ]
    groups = categories_of([s for s, _ in shops])

    def changed(pair: list[Floats]) -> tuple[float, float, float]:
        return change(*(np.bincount(groups, weights=values) for values in pair))

    demand = np.concatenate([p[0].demand for p in parts])
    moved = np.concatenate([(t.full != t.baseline).mean(axis=1) for _, t in shops])
    return {
        "shop": name,
        "skus": len(demand),
        "levels_moved": float(moved.mean()),
        "lost_share_with": float(lost[0].sum() / demand.sum()),
        "lost_share_without": float(lost[1].sum() / demand.sum()),
        **_figures("lost", changed(lost)),
        **_figures("stock", changed(stock)),
        **_figures("loss", changed(loss)),
    }


def shops_of(*, quick: bool) -> Iterator[tuple[str, list[tuple[Shop, Targets]]]]:
    """Groups of shops with their levels, largest work last."""
    small = {"n_categories": 6, "per_category": 6} if quick else {}
    seeds = (31,) if quick else (31, 32)
    usual = {"n_categories": 12, "per_category": 10, **small}
    for name, spec in (
        ("panel, signals true (R2 20 %)", PanelSpec(r2=0.20, planted_share=1.0, **usual)),
        ("panel, signals true (R2 10 %)", PanelSpec(r2=0.10, planted_share=1.0, **usual)),
        ("panel, placebos alone", PanelSpec(planted_share=0.0, **usual)),
    ):
        group = [panel_shop(replace(spec, seed=s), name) for s in seeds]
        yield "panel", [(shop, targets_of(shop)) for shop in group]
    brand = brand_shop(reviews=52)
    yield "brand", [(brand, targets_of(brand))]
    folder = data_folder()
    if folder is None:
        print(f"online_retail skipped: set {DATA} to the folder of the data")
        return
    every = 8 if quick else 1
    for passed in (0, 3):
        retail = retail_shop(folder, every=every if passed == 0 else max(every, 2), passed=passed)
        yield "retail", [(retail, targets_of(retail))]
    for service in (0.90, 0.98):
        other = replace(retail_shop(folder, every=max(every, 4)), service=service)
        yield "retail", [(other, targets_of(other))]
    late = replace(retail_shop(folder, every=max(every, 4)), lead_std_days=4.0)
    late = replace(late, name="online_retail, lead times vary by 4 days")
    yield "retail", [(late, targets_of(late))]


def main(arguments: list[str]) -> int:
    """The exit code: 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.policy")
    parser.add_argument("--quick", action="store_true", help="fewer SKUs")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    service: list[Row] = []
    signals: list[Row] = []
    for kind, group in shops_of(quick=asked.quick):
        service += [service_row(*one) for one in group]
        for row in service[-len(group) :]:
            print(service_line(row), flush=True)
        if kind != "retail":
            signals.append(signals_row(group, group[0][0].name))
    for row in signals:
        print(signals_line(row))
    if asked.out:
        asked.out.write_text(json.dumps({"service": service, "signals": signals}, indent=1))
    return 0


def _cell(row: Row, name: str) -> str:
    value, low, high = (100 * float(str(row[name + end])) for end in ("", "_low", "_high"))
    return f"{value:5.1f} [{low:.1f}, {high:.1f}]"


def service_line(row: Row) -> str:
    """A line of the table of service."""
    shown = "  ".join(f"{n} {_cell(row, n)}" for n in ("held", "waits", "served", "ordered"))
    return (
        f"{row['shop']:42} {row['skus']:>4} SKUs {row['cycles']:>6} cycles, asked "
        f"{100 * float(str(row['asked'])):.0f} %: {shown}  fill {100 * float(str(row['fill'])):.1f}"
        f"  stock {float(str(row['days_of_stock'])):.0f} days"
    )


def signals_line(row: Row) -> str:
    """A line of the table of signals."""
    shown = "  ".join(f"{n} {_cell(row, n)}" for n in ("lost", "stock", "loss"))
    return (
        f"{row['shop']:42} with signals, change in %: {shown}; lost "
        f"{100 * float(str(row['lost_share_with'])):.2f} % against "
        f"{100 * float(str(row['lost_share_without'])):.2f} %"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
