"""The table exceptions: everything found tonight, explained, owned and followed over nights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from flows.desk import Desk
from flows.earlier import nights_before, table_of
from flows.knowledge import Picture
from flows.masking import masked
from flows.night import Night
from models.rising import rising
from models.voices import voices
from transforms.asof import visible
from transforms.contracts import EXPORTS, INPUTS
from transforms.exceptions.critical import metrics_out
from transforms.exceptions.episodes import with_episodes
from transforms.exceptions.found import FOUND, price_list, valued
from transforms.exceptions.moves import jumps, moved_by, signal_news
from transforms.exceptions.owners import with_owners
from transforms.exceptions.reasons import Said, with_reasons
from transforms.exceptions.rises import rises
from transforms.exceptions.stock import overstocks, stock_outs

REMEMBERED = timedelta(days=31)
"""Episodes of a night longer ago are forgotten: after such a gap everything is new."""
STOCK = ("stock_out", "overstock")
RISES = ("returns_rising", "tickets_rising")
METRICS = "metric_out"
NEWS = ("signal_adopted", "signal_retired", "signal_turned")


def exceptions(night: Night, now: Picture, tables: Mapping[str, pl.DataFrame]) -> Desk:
    """The table exceptions from the night's others, as they will be published."""
    desk = Desk()
    desk.make("exceptions", lambda: _exceptions(night, now, tables))
    return desk


def _exceptions(
    night: Night, now: Picture, tables: Mapping[str, pl.DataFrame]
) -> Mapping[str, pl.DataFrame]:
    found, judged = _found(night, now, tables)
    prices = price_list(tables.get("inventory_plan"))
    rows = valued(pl.concat(found), prices)
    heard = tables.get("signals_weekly")
    silent = EXPORTS["signals_weekly"].empty()
    said = voices(silent if heard is None else heard, now.last_week)
    parts = tables.get("forecast_contributions", EXPORTS["forecast_contributions"].empty())
    rows = with_reasons(rows, Said(said, tables.get("phrase_stats"), moved_by(parts)))
    rows = with_owners(rows, _owners(night), night.settings.alerts.default_owner, night.as_of)
    before = _earlier(night)
    return {"exceptions": with_episodes(rows, before, judged, night.as_of)}


def _found(
    night: Night, now: Picture, tables: Mapping[str, pl.DataFrame]
) -> tuple[list[pl.DataFrame], set[str]]:
    """Tonight's findings, and the kinds that could be looked for."""
    found, judged = [pl.DataFrame(schema=FOUND)], set()
    plan = tables.get("inventory_plan")
    if plan is not None and _fresh(plan):
        found += [stock_outs(plan, night.as_of), overstocks(plan)]
        judged |= set(STOCK)
    if "forecast_changes" in tables:
        found.append(jumps(tables["forecast_changes"]))
        judged.add("forecast_jump")
    if "demand_weekly" in tables:
        found.append(rises(rising(tables["demand_weekly"], now.last_week)))
        judged |= set(RISES)
    evidence, parts = tables.get("signal_evidence"), tables.get("forecast_contributions")
    if evidence is not None and parts is not None and _fresh(parts):
        found.append(signal_news(evidence, parts, _evidence_before(night), night.as_of))
        judged |= set(NEWS)
    if "metric_status" in tables and "metric_weeks" in tables:
        found.append(metrics_out(tables["metric_status"], tables["metric_weeks"]))
        judged.add(METRICS)
    return found, judged


def _fresh(table: pl.DataFrame) -> bool:
    """Whether it was made tonight: of stale rows nothing new can be told."""
    return "rung" not in table.columns or not (table["rung"] == "stale").any()


def _evidence_before(night: Night) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Evidence and contributions of the newest night before; None where it lacks either."""
    exports = night.settings.paths.exports
    for day in nights_before(exports, night.as_of)[-1:]:
        evidence = table_of(exports, day, "signal_evidence")
        parts = table_of(exports, day, "forecast_contributions")
        if evidence is not None and parts is not None:
            return evidence, parts
    return None


def _earlier(night: Night) -> pl.DataFrame | None:
    """The table of the newest night before that has one and is not too long ago."""
    exports = night.settings.paths.exports
    for day in reversed(nights_before(exports, night.as_of)):
        if day < night.as_of - REMEMBERED:
            return None
        found = table_of(exports, day, "exceptions")
        if found is not None:
            return found
    return None


def _owners(night: Night) -> pl.DataFrame:
    zone = night.settings.business.timezone
    rows = visible(night.lake.versions("owners", night.as_of), INPUTS["owners"], night.as_of, zone)
    return masked(rows.collect())
