"""What was known at a cutoff: lake rows through transforms into the models' inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from flows.lake import Lake, landing_of
from flows.masking import masked
from models.assemble import panel, signals, week_axis
from models.exposures import Drivers, promotion_drivers, with_feasts
from models.feasts import feast_weeks, feasts_of
from models.panel import Known, Panel
from models.weekly_rates import with_rates
from transforms import bridging
from transforms import demand as counting
from transforms.asof import KNOWN_ON, ORDER, SOURCE, VERSION, visible
from transforms.calendar import gap_weeks, last_complete_week, local_day, week_of
from transforms.call_weights import EQUAL, cohort_weights, weighted, weighting_by_week
from transforms.contracts import INPUTS
from transforms.contracts.exports import TARGETS
from transforms.customers import identity_tables, joined, links_of
from transforms.hashed import Hasher, hashed_frames
from transforms.identity import resolve
from transforms.people import people_cells, with_people
from transforms.plans import TOLD_ON
from transforms.promotions import announced, promotion_weeks, timing_assumed
from transforms.signals import UNATTRIBUTED, all_conversations, attributed, weekly_counts

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


@dataclass(frozen=True, slots=True)
class Rules:
    """What of the settings decides how events become weeks and series."""

    timezone: str
    week_start: str
    levels: tuple[str, ...]
    signals: tuple[str, ...]
    latency_days: int
    upstream: tuple[str, ...] = ()
    """Signals that another system's tags decide; ours are not counted for them."""
    horizon_weeks: int = 13
    country: str = "none"
    """Whose feasts are known to come; "none": nobody's."""
    max_shared: int = 20
    """An e-mail or phone that more customer ids share joins nobody."""
    max_emails: int = 2
    """A phone that goes with more e-mail addresses joins nobody."""
    max_ids: int = 40
    """Customers of more ids than this stay apart."""


@dataclass(frozen=True, slots=True)
class Tags:
    """Where what was said, over every version of every passage.

    `tags`: _source, _version, conversation_id, passage_id, signal, span_start, span_end, tagger,
    tagger_version, confidence. `taggable`: _source, _version, conversation_id, passage_id of the
    passages that could carry a signal. `judged`: the same columns of every passage, whether it is
    taggable, and its language (null: unknown). All are empty where there are no passages.
    """

    tags: pl.DataFrame
    taggable: pl.DataFrame
    judged: pl.DataFrame = field(default_factory=pl.DataFrame)


@dataclass(frozen=True, slots=True)
class Picture:
    """The models' inputs at one cutoff, with the counts that they came from."""

    known: Known
    demand: Mapping[str, counting.Demand]
    rates: pl.DataFrame
    conversations: pl.DataFrame
    said: pl.DataFrame
    censored: pl.DataFrame
    identity: Mapping[str, pl.DataFrame]
    first_week: date | None
    last_week: date
    bridges: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Changes of an upstream tagger's version, as `transforms.bridging.BRIDGES` names them."""


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

    `listed`: the tables of who is who, too.
    """
    apart = {
        name: visible(frame.lazy(), INPUTS[name], cutoff, rules.timezone).collect()
        for name, frame in versions.items()
    }
    links = links_of(apart)
    persons = resolve(
        links.drop(SOURCE),
        max_shared=rules.max_shared,
        max_emails=rules.max_emails,
        max_ids=rules.max_ids,
    )
    shown = joined(apart, persons.persons)
    last = last_complete_week(cutoff, rules.latency_days, rules.week_start)
    categories = counting.sku_categories(shown["order_lines"], shown["products"])
    events = _events(shown, categories, rules)
    first = _first_complete_week(events["units"], rules)
    demand = {
        target: counting.assemble(
            events[target],
            shown["products"],
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
    censored = counting.censored_weeks(shown["inventory_daily"], categories, rules.week_start)
    talked, said, rates, bridges = _listen(shown, tags, categories, last, rules)
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
        drivers=_drivers(panels, promotions, cutoff, gap, rules),
    )
    who = identity_tables(apart, talked, links, persons, rules.timezone) if listed else {}
    return Picture(known, demand, rates, talked, said, censored, who, first, last, bridges)


def _drivers(
    panels: Mapping[str, Panel], promotions: pl.DataFrame, cutoff: date, gap: int, rules: Rules
) -> dict[str, Drivers] | None:
    """What is known to come for each target: promotions move units, feasts may move all."""
    if not panels or (promotions.is_empty() and rules.country == "none"):
        return None
    weeks = next(iter(panels.values())).weeks
    last = weeks[-1].item()
    end = last + timedelta(weeks=gap + rules.horizon_weeks)
    axis = week_axis(weeks[0].item(), end)
    day = end + timedelta(days=6)
    found = {}
    for target, one in panels.items():
        shown = promotions if target == "units" else promotions.clear()
        found[target] = promotion_drivers(
            promotion_weeks(
                shown, one.series, last=day, week_start=rules.week_start, timezone=rules.timezone
            ),
            one.series,
            axis,
            assumed=timing_assumed(shown),
            start=cutoff - timedelta(weeks=len(weeks)),
        )
    if rules.country != "none":
        # Feasts just outside still reach into the first and last week.
        feasts = feasts_of(
            rules.country, weeks[0].item() - timedelta(days=7), day + timedelta(days=7)
        )
        found = {name: with_feasts(one, *feast_weeks(feasts, axis)) for name, one in found.items()}
    return found


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


def _listen(
    shown: Mapping[str, pl.DataFrame],
    tags: Tags,
    categories: pl.DataFrame,
    last: date,
    rules: Rules,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Attributed conversations, mentions, weekly rates, and bridges between upstream versions."""
    talked = _weighted(
        attributed(
            all_conversations(shown["conversations"], shown["passages"]),
            shown["order_lines"],
            categories,
        ),
        shown,
        rules,
    )
    chosen = pl.col("signal").is_in(list(rules.upstream))
    theirs = bridging.named(shown["upstream_tags"].filter(chosen))
    passage = [SOURCE, VERSION, "conversation_id", "passage_id"]
    there = shown["passages"].select(passage)
    said = tags.tags.filter(~chosen).join(there, on=passage, how="semi")
    heard = tags.taggable.join(there, on=passage, how="semi")
    ours = tuple(name for name in rules.signals if name not in rules.upstream)
    own = _rates(talked, heard, said, names=ours, rules=rules, last=last)
    given, bridges = _upstream_rates(talked, theirs, rules, last)
    told = theirs.select(*_upstream(said.schema), "said_at")
    said = pl.concat([said, told], how="diagonal")
    how = weighting_by_week(talked, timezone=rules.timezone, week_start=rules.week_start)
    weekly = pl.concat([own, *given], how="diagonal").join(
        how, on="week_start", how="left", maintain_order="left"
    )
    weekly = weekly.with_columns(
        pl.col("weighting").fill_null(EQUAL),
        pl.col("bridge_ratio").fill_null(1.0),
        pl.col("in_series").fill_null(value=True),
    )
    return talked, said, weekly, bridges


def _upstream_rates(
    talked: pl.DataFrame, theirs: pl.DataFrame, rules: Rules, last: date
) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Rates of the signals that another system tags, one series an era, and its versions' changes."""
    week = week_of(local_day("started_at", rules.timezone), rules.week_start).alias("week_start")
    dated = talked.with_columns(week)
    key = [SOURCE, "conversation_id"]
    tags = theirs.join(dated.select(*key, "week_start"), on=key, how="left")
    stretches, bridges = bridging.plan(tags, rules.upstream, last)
    made = [pl.DataFrame(schema=_SERIES)]
    for name in rules.upstream:
        mine = [one for one in stretches if one.signal == name] or [bridging.untold(name)]
        for era in sorted({one.era for one in mine}):
            chain = [one for one in mine if one.era == era]
            made.append(_era(dated, tags, chain, rules, last))
    return made, bridging.bridges_table(bridges)


_SERIES = {"tagger": pl.String(), "tagger_version": pl.String(), "bridge_ratio": pl.Float64(),
           "in_series": pl.Boolean()}  # fmt: skip


def _era(
    dated: pl.DataFrame,
    tags: pl.DataFrame,
    chain: list[bridging.Stretch],
    rules: Rules,
    last: date,
) -> pl.DataFrame:
    """Rates of one signal over weeks that belong together."""
    there = dated.filter(pl.any_horizontal([bridging.inside(one) for one in chain]))
    ends = chain[-1].ends
    rates = _rates(
        there.drop("week_start"),
        there,
        bridging.mentions_of(tags, chain),
        names=(chain[0].signal,),
        rules=rules,
        last=last if ends is None else min(last, ends - timedelta(days=7)),
        chain=chain,
    )
    series = pl.lit(chain[0].last).alias("in_series")
    return bridging.labelled(rates, chain).with_columns(series)


def _weighted(
    talked: pl.DataFrame, shown: Mapping[str, pl.DataFrame], rules: Rules
) -> pl.DataFrame:
    """Conversations with what each weighs, by how unequally its call list was drawn."""
    days = {"timezone": rules.timezone, "week_start": rules.week_start}
    attempts = shown["call_attempts"]
    weights = cohort_weights(attempts, shown["order_lines"], shown["checkouts"], **days)
    return weighted(talked, attempts, weights, **days)


def _rates(
    talked: pl.DataFrame,
    heard: pl.DataFrame,
    said: pl.DataFrame,
    *,
    names: tuple[str, ...],
    rules: Rules,
    last: date,
    chain: list[bridging.Stretch] | None = None,
) -> pl.DataFrame:
    """Weekly counts and rates of some signals: each conversation and each person once.

    `chain`: the versions that counted them, whose levels are brought together in the rates.
    """
    counts = weekly_counts(
        talked,
        heard,
        said,
        signals=names,
        timezone=rules.timezone,
        week_start=rules.week_start,
        last_day=last,
    )
    cells = people_cells(
        talked,
        heard,
        said,
        unattributed=UNATTRIBUTED,
        signals=names,
        timezone=rules.timezone,
        week_start=rules.week_start,
        last_day=last,
    )
    level = cells if chain is None else bridging.levelled(cells, chain)
    return with_rates(with_people(counts, cells), level)


def _upstream(schema: pl.Schema) -> list[pl.Expr]:
    """Upstream tags in the columns of ours: they mark a conversation, not a span."""
    given = {
        "passage_id": pl.col("passage_id").fill_null(""),
        "span_start": pl.lit(0),
        "span_end": pl.lit(0),
    }
    return [given.get(name, pl.col(name)).cast(dtype).alias(name) for name, dtype in schema.items()]


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
