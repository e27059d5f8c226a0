"""distribution_log and distribution_share: what was sent to whom, and who acknowledged it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from flows.masking import pseudonyms
from flows.office.given import Given
from flows.sent import sent_before
from models.office.insight import shares
from transforms.calendar import last_complete_week
from transforms.contracts import EXPORTS
from transforms.office import distribution

WEEKS = 52
"""Sendings of so many weeks are listed."""


def distribution_log(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The two tables, or why there are none."""
    rows = _log(given)
    if rows.is_empty():
        return "no distributions given, and nothing was sent by Hearcast on an earlier night"
    start = given.as_of - timedelta(weeks=WEEKS)
    newest = rows.filter(pl.col("sent_at").dt.date() > start)
    contract = EXPORTS["distribution_log"]
    named = pseudonyms(newest, ("distribution_id",), given.key)
    listed = named.with_columns(pl.lit(given.as_of).alias("as_of"))
    return {
        "distribution_log": listed.select(contract.names).sort(contract.order),
        "distribution_share": _shares(given),
    }


def _log(given: Given) -> pl.DataFrame:
    ours = sent_before(given.night.lake, given.as_of, given.rules.timezone)
    told = distribution.log(given.shown("distributions"), ours)
    return distribution.with_status(told, given.night.settings.office.distribution.days)


def items_sent(given: Given) -> pl.DataFrame:
    """Each item of which somebody tells what became of it, in the week in which it was first sent."""
    rules, teams = given.rules, given.night.settings.office.distribution.teams
    told = _log(given).filter(pl.col("status") != "untold")
    return distribution.items(told, teams, rules.timezone, rules.week_start)


def _shares(given: Given) -> pl.DataFrame:
    aims, rules = given.night.settings.office.distribution, given.rules
    settled = given.as_of - timedelta(days=aims.days)
    last = last_complete_week(settled, rules.latency_days, rules.week_start)
    target = aims.target or given.night.settings.office.metrics.targets.get("acknowledged_share")
    counts = distribution.counted(items_sent(given), aims.teams, last)
    rows = shares(counts, target).with_columns(
        pl.lit(given.as_of).alias("as_of"),
        pl.lit(aims.days, pl.Int64).alias("within_days"),
        pl.lit(aims.teams, pl.Int64).alias("teams_needed"),
    )
    contract = EXPORTS["distribution_share"]
    return rows.select(contract.names).sort(contract.order)
