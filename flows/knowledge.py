"""What was known at a cutoff: lake rows through transforms into the models' inputs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from flows.coming import drivers_of
from flows.heard import listened
from flows.lake import Lake, landing_of
from flows.masking import masked
from flows.rules import Picture, Rules, Tags
from models.assemble import panel, signals, week_axis
from models.panel import Known
from transforms import demand as counting
from transforms.asof import KNOWN_ON, ORDER, SOURCE, has_second, visible
from transforms.calendar import gap_weeks, last_complete_week, week_of
from transforms.contracts import INPUTS
from transforms.contracts.exports import TARGETS
from transforms.customers import identity_tables, joined, links_of
from transforms.hashed import Hasher, hashed_frames
from transforms.identity import resolve
from transforms.plans import TOLD_ON
from transforms.promotions import announced

__all__ = ["Picture", "Rules", "Tags", "cutoffs", "picture", "read_versions"]
HEARD = ("conversations", "passages", "upstream_tags")
COUNTED = (
    "order_lines",
    "refunds",
    "tickets",
    "products",
    "inventory_daily",
    "promotions",
    "call_attempts",
    "checkouts",
)
KNOWN_BY = ("customers",)
"""Tables that only say who is who."""
SPARED = (
    "text",
    "unit_price",
    "currency",
    "line_id",
    "reason",
    "topic",
    "title",
    "_file",
    "_extra",
    "_words",
)
"""Columns that no count needs; left on disk."""


def read_versions(lake: Lake, as_of: date, by: Hasher) -> dict[str, pl.DataFrame]:
    """Every version that a night at `as_of` may see, without the columns that no count needs.

    Customers' ids, e-mails and phones are keyed hashes. Identifiers in the columns that name
    series are masked. A product bears the day on which the
    plans that it tells were really delivered.
    """
    frames = {}
    told_on = lake.told_on(as_of)
    for name in (*COUNTED, *HEARD, *KNOWN_BY):
        lazy = lake.versions(name, as_of)
        key = set(INPUTS[name].key)
        drop = [c for c in lazy.collect_schema().names() if c in SPARED and c not in key]
        frames[name] = masked(lazy.drop(drop).collect())
    frames = hashed_frames(frames, by)
    frames["products"] = with_told_on(frames["products"], told_on)
    return frames


def with_told_on(products: pl.DataFrame, told_on: Mapping[int, date]) -> pl.DataFrame:
    """Products with the day on which the plans that they tell were really delivered."""
    landed = landing_of(ORDER).replace_strict(told_on, return_dtype=pl.Date)
    return products.with_columns(pl.max_horizontal(KNOWN_ON, landed).alias(TOLD_ON))


def picture(
    versions: Mapping[str, pl.DataFrame],
    tags: Tags,
    cutoff: date,
    rules: Rules,
    *,
    listed: bool = False,
) -> Picture:
    """Everything known at the end of `cutoff`; customers are joined by what was known then.

    `listed`: the tables of who is who and the limits of rates, too.
    """
    apart = {
        name: visible(
            frame.lazy(), INPUTS[name], cutoff, rules.timezone, replaced=has_second(frame)
        ).collect()
        for name, frame in versions.items()
    }
    links = links_of(apart)
    persons = resolve(
        links.drop(SOURCE),
        max_shared=rules.max_shared,
        max_emails=rules.max_emails,
        max_phones=rules.max_phones,
        max_ids=rules.max_ids,
    )
    shown = joined(apart, persons.persons)
    last = last_complete_week(cutoff, rules.latency_days, rules.week_start)
    categories = counting.sku_categories(shown["order_lines"], shown["products"])
    events = _events(shown, categories, rules)
    first = _first_complete_week(events["units"], rules)
    demand = _demand(events, shown["products"], rules, cutoff=cutoff, first=first, last=last)
    censored = counting.censored_weeks(shown["inventory_daily"], categories, rules.week_start)
    talked, said, rates, bridges = listened(shown, tags, categories, last, rules, limits=listed)
    weeks = week_axis(first, last) if first is not None else week_axis(last, last)[:0]
    gap = gap_weeks(cutoff, rules.latency_days, rules.week_start)
    panels = {
        name: panel(d.weekly, d.series, weeks, censored if name == "units" else None)
        for name, d in demand.items()
    }
    promotions = announced(shown["promotions"], cutoff, rules.timezone)
    known = Known(
        cutoff=cutoff,
        gap_weeks=gap,
        panels=panels,
        signals=signals(rates.filter("in_series"), rules.signals, weeks),
        drivers=drivers_of(panels, promotions, cutoff, gap, rules),
    )
    who = identity_tables(apart, talked, links, persons, rules.timezone) if listed else {}
    return Picture(known, demand, rates, talked, said, censored, who, first, last, bridges)


def _demand(
    events: Mapping[str, pl.DataFrame],
    products: pl.DataFrame,
    rules: Rules,
    *,
    cutoff: date,
    first: date | None,
    last: date,
) -> dict[str, counting.Demand]:
    """Weekly demand of every target of which there are events."""
    return {
        target: counting.assemble(
            events[target],
            products,
            target=target,
            levels=rules.levels,
            last_week=last,
            as_of=cutoff,
            week_start=rules.week_start,
            first_week=first,
        )
        for target in TARGETS
        if events[target].height
    }


def _events(
    shown: Mapping[str, pl.DataFrame], categories: pl.DataFrame, rules: Rules
) -> dict[str, pl.DataFrame]:
    lines, zone = shown["order_lines"], rules.timezone
    return {
        "units": counting.unit_events(lines, categories, zone),
        "returns": counting.return_events(shown["refunds"], categories, zone),
        "tickets": counting.ticket_events(shown["tickets"], lines, categories, zone),
    }


def _first_complete_week(units: pl.DataFrame, rules: Rules) -> date | None:
    """The week after the one in which the data begin: the first week of a data set is partial."""
    if units.is_empty():
        return None
    begun = units.select(week_of(pl.col("day").min(), rules.week_start)).item()
    return begun + timedelta(days=7)  # type: ignore[no-any-return]


def cutoffs(
    now: Picture,
    rules: Rules,
    *,
    horizon: int,
    origins: int,
    step_weeks: int,
    min_weeks: int = 8,
) -> list[date]:
    """Past cutoffs of the backtest of `now`, oldest first.

    The last leaves exactly one horizon of known weeks; those with less than `min_weeks` of
    history are left out. A cutoff is the first day on which its newest week was complete and
    horizon 1 lay as many weeks ahead of it as tonight: else the record would be of easier
    forecasts than those published.
    """
    if now.first_week is None:
        return []
    gap, found = now.known.gap_weeks, []
    for step in range(origins):
        week = now.last_week - timedelta(weeks=horizon + gap + step * step_weeks)
        if week >= now.first_week + timedelta(weeks=min_weeks - 1):
            day = week + timedelta(days=6 + rules.latency_days)
            while gap_weeks(day, rules.latency_days, rules.week_start) < gap:
                day += timedelta(days=1)
            found.append(day)
    return sorted(found)
