"""What was known at a cutoff: lake rows through transforms into the models' inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from flows.coming import drivers_of
from flows.heard import listened
from flows.reading import Versions
from flows.rules import Picture, Rules, Tags
from models.assemble import panel, signals, week_axis
from models.panel import Known
from models.parallel import in_order_of
from transforms import demand as counting
from transforms.asof import SOURCE
from transforms.calendar import gap_weeks, last_complete_week, week_of
from transforms.contracts.exports import TARGETS
from transforms.customers import identity_tables, joined, links_of
from transforms.identity import resolve
from transforms.promotions import announced
from transforms.spoken import Spoken, spoken

__all__ = ["Picture", "Rules", "Tags", "candidates", "cutoffs", "looking_back", "picture"]

AT_ONCE = 2
"""Past cutoffs that are looked at at a time: of much text each takes some hundred megabytes."""


def picture(
    versions: Versions,
    tags: Tags | Spoken,
    cutoff: date,
    rules: Rules,
    *,
    listed: bool = False,
) -> Picture:
    """Everything known at the end of `cutoff`; customers are joined by what was known then.

    `cutoff` is one of those of `versions`. `listed`: the tables of who is who and the limits of rates,
    too; for the last of them only.
    """
    apart = versions.at(cutoff, rules.timezone)
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
    categories = counting.sku_categories(versions.sold.latest(cutoff), shown["products"])
    events = _events(shown, versions.sold.events(cutoff, categories), categories, rules)
    first = _first_complete_week(events["units"], rules)
    demand = _demand(events, shown["products"], rules, cutoff=cutoff, first=first, last=last)
    censored = counting.censored_weeks(shown["inventory_daily"], categories, rules.week_start)
    told = tags.told(shown["passages"], cutoff)
    talked, said, rates, bridges = listened(shown, told, categories, last, rules, limits=listed)
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
    who = (
        identity_tables(apart, talked, links, persons, rules.timezone, buyers=versions.buyers)
        if listed
        else {}
    )
    return Picture(known, demand, rates, talked, said, censored, who, first, last, bridges)


def looking_back(versions: Versions, tags: Tags, days: list[date], rules: Rules) -> list[Picture]:
    """`counted_only` pictures at each of `days`, ascending, which name conversations by numbers."""
    words = spoken(versions.frames, tags.taggable, tags.tags, days, rules.timezone)
    numbered = replace(versions, frames=words.frames)

    def then(day: date) -> Picture:
        return counted_only(picture(numbered, words, day, rules))

    return in_order_of(days, then, min(AT_ONCE, pl.thread_pool_size()))


def counted_only(one: Picture) -> Picture:
    """`one` without the rows of conversations and rates that its signals were counted from."""
    talked, said, rates = one.conversations.clear(), one.said.clear(), one.rates.clear()
    return replace(one, conversations=talked, said=said, rates=rates)


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
    shown: Mapping[str, pl.DataFrame], units: pl.DataFrame, categories: pl.DataFrame, rules: Rules
) -> dict[str, pl.DataFrame]:
    lines, zone = shown["order_lines"], rules.timezone
    return {
        "units": units,
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
    """Past cutoffs of the backtest of `now`, oldest first: those of `candidates` with history enough.

    Those with less than `min_weeks` of history are left out.
    """
    if now.first_week is None:
        return []
    least = now.first_week + timedelta(weeks=min_weeks - 1)
    every = candidates(
        now.known.cutoff, rules, horizon=horizon, origins=origins, step_weeks=step_weeks
    )
    latency, start = rules.latency_days, rules.week_start
    return [day for day in every if last_complete_week(day, latency, start) >= least]


def candidates(
    as_of: date, rules: Rules, *, horizon: int, origins: int, step_weeks: int
) -> list[date]:
    """Days that a backtest of the night at `as_of` looks back from, oldest first, however short history is.

    The last leaves exactly one horizon of known weeks. A cutoff is the first day on which its newest week was complete and
    horizon 1 lay as many weeks ahead of it as tonight: else the record would be of easier
    forecasts than those published.
    """
    gap, found = gap_weeks(as_of, rules.latency_days, rules.week_start), []
    last = last_complete_week(as_of, rules.latency_days, rules.week_start)
    for step in range(origins):
        week = last - timedelta(weeks=horizon + gap + step * step_weeks)
        day = week + timedelta(days=6 + rules.latency_days)
        while gap_weeks(day, rules.latency_days, rules.week_start) < gap:
            day += timedelta(days=1)
        found.append(day)
    return sorted(found)
