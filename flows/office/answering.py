"""owners, objective_coverage and touchpoint_inventory: who answers for what, and what is heard where."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.masking import pseudonyms
from flows.office.given import Given
from flows.office.heard import hearable
from models.office.shares import at_least, covered, with_share
from transforms.contracts import EXPORTS
from transforms.office.coverage import WEEKS, coverage, people_said
from transforms.office.inventory import gap, inventory
from transforms.office.ownership import active_objects, newest
from transforms.office.ownership import owners as owned


def owners(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if (lacking := given.has("owners")) is not None:
        return lacking
    active = active_objects(
        {**given.tables, **given.made},
        given.shown("actions"),
        given.shown("touchpoints"),
        given.as_of,
    )
    told = _named(given, "owners", owned(given.shown("owners"), active, given.as_of))
    # An action's id may be somebody's address.
    return {name: pseudonyms(rows, ("object_id",), given.key) for name, rows in told.items()}


def objective_coverage(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if (lacking := given.has("objectives")) is not None:
        return lacking
    if given.said.deaf is not None:
        return given.said.deaf
    now, rules = given.said.now, given.rules
    n, counts = people_said(
        now.conversations, hearable(given), now.said, now.last_week, rules.timezone
    )
    evidence = given.tables.get("signal_evidence", EXPORTS["signal_evidence"].empty())
    rows = coverage(given.shown("objectives"), counts, evidence, rules.signals, given.as_of)
    told = covered(rows, n).with_columns(pl.lit(WEEKS, dtype=pl.Int64).alias("weeks"))
    return _named(given, "objective_coverage", told)


def touchpoint_inventory(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if (lacking := given.has("touchpoints")) is not None:
        return lacking
    now, aims = given.said.now, given.night.settings.office.inventory
    listed = newest(given.shown("touchpoints"), given.as_of)
    zone = given.rules.timezone
    rows = inventory(listed, now.conversations, hearable(given), now.last_week, zone)
    rows = with_share(rows, "capture_rate", "captured", "n")
    rows = with_share(rows, "mined_rate", "mined", "captured").with_columns(gap().alias("gap"))
    rows = at_least(rows, "capture_rate", "n", aims.capture_least, "capture_verdict")
    rows = at_least(rows, "mined_rate", "captured", aims.mined_least, "mined_verdict")
    return _named(given, "touchpoint_inventory", rows)


def _named(given: Given, name: str, rows: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    return {name: rows.with_columns(pl.lit(given.as_of).alias("as_of")).select(EXPORTS[name].names)}
