"""lifts: what each registered experiment changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from flows.office.given import Given
from models.office.placebo import observed_rows
from models.office.trials import Plan, trial_rows
from transforms.contracts import EXPORTS
from transforms.contracts.effect_columns import OBSERVATIONAL
from transforms.office import trials as shape
from transforms.office.days import by_day
from transforms.office.trials import Trial

Row = dict[str, Any]


def lifts(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if (lacking := given.has("experiments", "order_lines")) is not None:
        return lacking
    zone = given.rules.timezone
    end = shape.end_of(given.as_of, zone)
    found = shape.trials(given.shown("experiments"), given.shown("assignments"), end)
    if not found:
        return "no experiment has begun"
    categories = given.categories
    sold = shape.sold_lines(given.shown("order_lines").lazy(), categories)
    rows = [row for trial in found for row in _rows(given, trial, sold, categories)]
    if not rows:
        return (
            "no experiment that has begun has customers assigned to control, or a date to compare"
        )
    contract = EXPORTS["lifts"]
    table = pl.DataFrame(rows, schema=dict(contract.schema), infer_schema_length=None)
    return {"lifts": table.sort(contract.order)}


def _rows(given: Given, trial: Trial, sold: pl.LazyFrame, categories: pl.DataFrame) -> list[Row]:
    zone = given.rules.timezone
    if trial.design == OBSERVATIONAL:
        kinds = categories.lazy().select("sku", "category")
        carts = given.shown("checkouts").lazy().join(kinds, on="sku", how="left")
        rows, left_out = _observed(trial, sold, carts, zone), 0
    else:
        people, left_out = shape.units(given.shown("assignments"), trial)
        plan = Plan(
            trial.experiment, trial.over, trial.treatment_share, trial.primary, trial.expected_lift
        )
        rows = trial_rows(people, shape.bought(people, sold, trial), plan)
    about = {
        "as_of": given.as_of,
        "experiment_id": trial.experiment,
        "design": trial.design,
        "registered_before": trial.registered_before,
        "starts_on": shape.day_of(trial.starts_at, zone),
        "ends_on": None if trial.ends_at is None else shape.day_of(trial.ends_at, zone),
        "left_out_n": left_out,
    }
    return [row | about for row in rows]


def _observed(trial: Trial, sold: pl.LazyFrame, carts: pl.LazyFrame, zone: str) -> list[Row]:
    orders, started = shape.daily(sold, carts, trial, zone)
    span = shape.span_of(trial, zone)
    days = by_day(orders, started, span[1])
    if days.is_empty():
        return []
    start = (span[0] - days["day"][0]).days
    return observed_rows(
        days, start, (span[1] - span[0]).days, over=trial.over, primary=trial.primary
    )
