"""The stage that proves signals, forecasts, and makes every table that rests on the same reading."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from functools import partial

import polars as pl

from flows import forecasting
from flows.aside import NOT_FOR_THE_OFFICE, ONLY_PUBLISHED, set_aside
from flows.cluster import Cutoffs, cluster_of
from flows.desk import Desk, changed_and_final, valued
from flows.findings import exceptions
from flows.identity import hasher
from flows.keys import keyring
from flows.knowledge import Tags
from flows.masking import masked_line
from flows.memory import give_back
from flows.night import Night, rules_of, spec_of
from flows.office import Given, office, watched
from flows.office import Said as OfficeSaid
from flows.planning import Plans, planning_tables
from flows.reading import Versions
from flows.rules import Picture
from flows.said import said_tables
from flows.settings import Settings
from flows.shelf import Shelf, step_down
from flows.stage_results import Heard, Judged, Made
from flows.stepping import Stepping
from transforms.asof import visible
from transforms.contracts import INPUTS
from transforms.customers import alarm_line
from transforms.office.ownership import missing_line

LOG = logging.getLogger("hearcast")


def prove_and_forecast(night: Night, judged: Judged, heard: Heard) -> Made:
    """Forecasts on the highest rung that works, and every table that rests on the same reading."""
    settings, rules = night.settings, rules_of(night.settings)
    tags = Tags(night.take("tag_rows"), night.take("tag_taggable"), night.take("tag_judged"))
    key = keyring(settings, night.lake).current
    by = hasher(settings, key)
    now, past, read = forecasting.now_and_then(
        settings, night.lake, night.as_of, tags, rules, by=by
    )
    look_back = partial(
        forecasting.night_before, settings, night.lake, night.as_of, tags, rules, by=by
    )
    waits = night.turn is not None
    versions: Versions | None = read if waits else None
    before = None if waits else look_back(versions=read)
    del read  # of a large shop it is a third of what is held
    business = settings.business
    tables = forecasting.counted(
        now, settings.forecast.levels, business.fiscal_calendar, business.week_start
    )
    passages = night.lake.versions("passages", night.as_of)
    shown = visible(passages, INPUTS["passages"], night.as_of, business.timezone)
    ours = (name for name in rules.signals if name not in rules.upstream)
    taggers = dict.fromkeys(ours, (settings.tagging.tagger, heard.tagger_version))
    tables |= forecasting.heard(now, shown, taggers, lambda: key)
    tables |= forecasting.known(now)
    now = replace(now, identity={})
    aside = set_aside(night, tables, ONLY_PUBLISHED)
    made = _forecasts(settings, now, past, tables["demand_weekly"], deaf=heard.deaf)
    tables |= made.tables
    made = replace(made, tables={})
    give_back()
    words = said_tables(night, now, tags, heard.deaf)
    tables |= words.tables
    if versions is not None:
        night.wait_for_turn()
        before, versions = look_back(versions=versions), None
    shelf = step_down(night, judged.held, made.rung, tables)
    LOG.info("forecast: rung %s, %s past cutoffs tested%s", made.rung, len(past), shelf.again)
    told_of = OfficeSaid(tags, now, heard.deaf, words.counted)
    given = Given(night, told_of, shelf.tables, hashing=by)
    desk, plans = _act(given, (now, past, before), shelf, made.hidden)
    del past, before, versions
    aside += set_aside(night, shelf.tables, NOT_FOR_THE_OFFICE)
    desk.add(office(given))
    shelf.tables |= desk.tables
    night.keep(shelf.tables)
    lines = _lines(now, tables["series_listed"], heard)
    alarm = alarm_line(tables["identity_match"])
    unowned = missing_line(shelf.tables["owners"]) if "owners" in shelf.tables else None
    gap = (unowned,) if unowned else ()
    why = (*made.why, *gap) if settings.office.owners_required else made.why
    told = (*lines, *shelf.lines, *words.lines, *plans.lines, *((alarm,) if alarm else ()))
    told = told if settings.office.owners_required else (*told, *gap)
    left_out = {**shelf.left_out, **words.failed, **plans.failed, **desk.failed}
    skipped = {**words.skipped, **plans.skipped, **desk.skipped}
    there = (*aside, *shelf.tables)
    return Made(there, shelf.rungs, left_out, why, told, skipped)


def _forecasts(
    settings: Settings, now: Picture, past: list[Picture], weekly: pl.DataFrame, *, deaf: str | None
) -> forecasting.Made:
    """Forecasts on the highest rung that works, on one machine or a cluster."""
    stepping = Stepping.read(os.environ)
    with cluster_of(settings) as cluster:
        return forecasting.make(
            now,
            past,
            spec_of(settings),
            weekly,
            deaf=deaf,
            each=Cutoffs(cluster),
            stepping=stepping,
        )


def _lines(now: Picture, series_listed: pl.DataFrame, heard: Heard) -> tuple[str, ...]:
    """What is to be said of what was heard, and of names that were masked."""
    silent = ("no conversations were given: baseline forecasts only",)
    lines = silent if now.conversations.is_empty() else heard.lines
    masked = masked_line(series_listed)
    return (*lines, masked) if masked else lines


def _act(
    given: Given,
    read: tuple[Picture, list[Picture], Picture | None],
    shelf: Shelf,
    hidden: pl.DataFrame | None,
) -> tuple[Desk, Plans]:
    """Puts on the shelf what people act on: changes, overrides, the plan, metrics, exceptions."""
    night, (now, past, before) = given.night, read
    desk = changed_and_final(night, now, before, shelf.tables)
    shelf.tables |= desk.tables
    plans = planning_tables(night, shelf.tables, now, hidden)
    shelf.tables |= plans.tables
    shelf.rungs |= plans.rungs
    desk.add(valued(night, past, shelf.tables))
    past.clear()  # nothing more looks back, and the customer system's tables need the room
    give_back()
    desk.add(watched(given))
    shelf.tables |= desk.tables
    desk.add(exceptions(night, now, shelf.tables))
    shelf.tables |= desk.tables
    desk.tables.clear()  # the shelf alone holds them, until it lets go of them
    plans.tables.clear()
    return desk, plans
