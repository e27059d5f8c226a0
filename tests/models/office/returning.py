"""Simulated brands in which repeat orders follow what was said, and which intervals hold that truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from models.office.repeat_rows import ANYBODY, HORIZON, NOBODY, repeat_rows
from models.simulate import Brand, BrandSpec, simulate
from models.simulate.spec import SIGNALS
from transforms.asof import SOURCE
from transforms.office import repeats
from transforms.office.trials import sold_lines

Ratios = tuple[tuple[str, float], ...]
RATIOS: Ratios = (
    ("stocking_up", 0.6), ("delivery_worry", 0.7), ("durability_question", 0.7), ("repeat_intent", 1.8),
)  # fmt: skip
NOTHING: Ratios = tuple((name, 1.0) for name, _ in RATIOS)
FIGURES = ("p_30d", "p_90d", "p_180d", "km_median_days")
KINDS = ("hr, planted", "hr, not planted", "hr, planted, by category", *FIGURES)
Held = dict[str, list[bool]]


SPEC = BrandSpec(
    skus=24, weeks=104, conversations_per_week=300.0, customers_per_sku=200, dirty=False
)
"""Some 2,900 first orders and 2,100 customers who talk: each signal was said by 120 to 480 of them."""


def brand(seed: int, ratios: Ratios) -> Brand:
    """One of SPEC's size, with these ratios planted."""
    return simulate(replace(SPEC, seed=seed, repeat_ratios=ratios))


def _moments(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    times = [pl.col(c).str.to_datetime("%Y-%m-%dT%H:%M:%S%:z", time_zone="UTC") for c in columns]
    return frame.with_columns(*times, pl.lit("x").alias(SOURCE))


def rows(made: Brand) -> list[dict[str, Any]]:
    """The office's rows of a brand, of what was truly said: no tagger errs."""
    zone = made.spec.timezone
    lines = _moments(made["order_lines"], "ordered_at", "cancelled_at")
    categories = made["products"].select("sku", "category")
    people = repeats.first_orders(sold_lines(lines.lazy(), categories), made.spec.end, zone)
    said = made.truth_passages.explode("signals").drop_nulls("signals")
    said = said.select("conversation_id", pl.lit("x").alias(SOURCE), signal="signals").unique()
    talks = _moments(made["conversations"], "started_at")
    talked, since = repeats.said_days(people, talks, said, zone)
    people = people.join(talked, on="customer_id", how="left")
    waits = {
        NOBODY: repeats.unheard(people),
        ANYBODY: repeats.waits(people, talked.rename({"talked": "since"})),
    }
    signals = sorted(since["signal"].unique())
    waits |= {one: repeats.waits(people, since.filter(signal=one)) for one in signals}
    strata = people.select("stratum", "category").unique().sort("stratum")
    intervals = repeats.intervals(people, since, signals, HORIZON)
    return repeat_rows(strata, sorted(people["category"].unique()), waits, intervals)


def inside(row: dict[str, Any], name: str, truth: float) -> bool:
    """Whether the limits hold the truth; an upper one that is not known is open."""
    lo, hi = row[f"{name}_lo"], row[f"{name}_hi"]
    return lo is not None and lo <= truth and (hi is None or truth <= hi)


def judged(made: Brand, found: list[dict[str, Any]]) -> Held:
    """By kind, which intervals hold the truth: ratios as planted, curves by the brand's own hazards."""
    told = made.truth["repeat_timing"]
    ratios: dict[str, float] = told["ratios"]
    held: Held = {kind: [] for kind in KINDS}
    for row in found:
        signal, whole = row["signal"], row["segment"] == "(all)"
        if row["hr"] is not None and signal in SIGNALS:
            kind = "hr, planted" if signal in ratios else "hr, not planted"
            kind = kind if whole else f"{kind}, by category"
            if kind in held:
                held[kind].append(inside(row, "hr", ratios.get(signal, 1.0)))
        for figure in FIGURES if whole else ():
            truth = told["curves"][signal][figure]
            if row[figure] is not None and truth is not None:
                held[figure].append(inside(row, figure, truth))
    return held
