"""Conversations and tags that a cutoff may see into weekly rates, ours and another system's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from flows.rules import Rules
from models.weekly_rates import with_rates
from transforms import bridging
from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of
from transforms.call_weights import EQUAL, cohort_weights, weighted, weighting_by_week
from transforms.hearing import hearing
from transforms.people import people_cells, with_people
from transforms.signals import all_conversations, attributed
from transforms.weekly_counts import weekly_counts


def listened(
    shown: Mapping[str, pl.DataFrame],
    told: tuple[pl.DataFrame, pl.DataFrame],
    categories: pl.DataFrame,
    last: date,
    rules: Rules,
    *,
    limits: bool = True,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Attributed conversations, mentions, weekly rates, and bridges between upstream versions.

    `told`: which conversations could carry a signal, and mentions. Without `limits` our own rates have
    none: no forecast asks for them.
    """
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
    heard, said = told[0], told[1].filter(~chosen)
    ours = tuple(name for name in rules.signals if name not in rules.upstream)
    own = _rates(talked, heard, said, names=ours, rules=rules, last=last, limits=limits)
    series, bridges = _upstream_rates(talked, theirs, rules, last)
    given = theirs.select(*_upstream(said.schema), "said_at")
    said = pl.concat([said, given], how="diagonal")
    how = weighting_by_week(talked, timezone=rules.timezone, week_start=rules.week_start)
    weekly = pl.concat([own, *series], how="diagonal").join(
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
    limits: bool = True,
) -> pl.DataFrame:
    """Weekly counts and rates of some signals: each conversation and each person once.

    `chain`: the versions that counted them, whose levels are brought together in the rates.
    `limits`: with those of the rates.
    """
    rows = hearing(
        talked,
        heard,
        said,
        signals=names,
        timezone=rules.timezone,
        week_start=rules.week_start,
    )
    counts, cells = weekly_counts(rows, last_day=last), people_cells(rows, last_day=last)
    level = cells if chain is None else bridging.levelled(cells, chain)
    return with_rates(with_people(counts, cells), level, limits=limits)


def _upstream(schema: pl.Schema) -> list[pl.Expr]:
    """Upstream tags in the columns of ours: they mark a conversation, not a span."""
    given = {
        "passage_id": pl.col("passage_id").fill_null(""),
        "span_start": pl.lit(0),
        "span_end": pl.lit(0),
    }
    return [given.get(name, pl.col(name)).cast(dtype).alias(name) for name, dtype in schema.items()]
