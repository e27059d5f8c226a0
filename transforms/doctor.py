"""What a company's data are good for: how fresh, how complete, which outputs they enable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from transforms.contracts import INPUTS, Table
from transforms.outputs import OUTPUTS, Output, remedy
from transforms.profile import dated

_WEEK = 7
_SEASON_WEEKS, _TEST_WEEKS = 104, 52
"""Weeks of orders from which a season has been seen twice, and from which signals are tested."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A table as found: rows, first and last day, and how many rows give each optional column."""

    rows: int
    given: Mapping[str, int]
    first: date | None = None
    last: date | None = None


def facts_of(rows: pl.DataFrame, table: Table, timezone: str) -> Facts:
    """The facts of validated rows; of rows with one key the last counts."""
    rows = rows.unique(list(table.key), keep="last", maintain_order=True)
    optional = [c.name for c in table.columns if not c.required]
    given = {name: rows.height - rows[name].null_count() for name in optional}
    facts = Facts(rows.height, given)
    if table.event_time is None or rows.is_empty():
        return facts
    days = dated(rows.lazy(), table, timezone).select("day").collect().to_series()
    first, last = days.min(), days.max()
    if not isinstance(first, date) or not isinstance(last, date):
        return facts
    return replace(facts, first=first, last=last)


def table_lines(tables: Mapping[str, Facts], today: date) -> list[str]:
    """One line per table that is there: rows, span, age, and how complete its optional columns are."""
    lines = []
    for name, facts in tables.items():
        if not facts.rows:
            continue
        span = ""
        if facts.first is not None and facts.last is not None:
            span = f", {facts.first} to {facts.last} ({_age(facts.last, today)})"
        lines.append(f"{name}: {facts.rows:,} rows{span}")
        partial = [
            f"{column} {100 * n / facts.rows:.0f} %" for column, n in facts.given.items() if n
        ]
        empty = [column for column, n in facts.given.items() if not n]
        if partial:
            lines.append(f"  given: {', '.join(partial)}")
        if empty:
            lines.append(f"  absent: {', '.join(empty)}")
    return lines


def _age(last: date, today: date) -> str:
    days = (today - last).days
    if days < 0:
        return f"{-days} days in the future"
    return "today" if days == 0 else "1 day old" if days == 1 else f"{days} days old"


def history_line(tables: Mapping[str, Facts]) -> str | None:
    """How far back orders reach, and what that is too short for; None without orders."""
    orders = tables.get("order_lines")
    if orders is None or orders.first is None or orders.last is None:
        return None
    weeks = ((orders.last - orders.first).days + 1) // _WEEK
    if weeks < _TEST_WEEKS:
        return f"{weeks} weeks of orders: signals are tested from {_TEST_WEEKS} on, and seasons need {_SEASON_WEEKS}"
    if weeks < _SEASON_WEEKS:
        return f"{weeks} weeks of orders: a season is seen twice from {_SEASON_WEEKS} on"
    return f"{weeks} weeks of orders"


def output_lines(
    tables: Mapping[str, Facts], systems: Sequence[str], made: Iterable[str]
) -> list[str]:
    """One line per output: enabled, or what is absent for it and how to add it.

    `systems` are those that files were recognised as; `made` the tables that this version
    publishes: of others nothing is promised.
    """
    published = set(made)
    return [_output_line(one, tables, systems, published) for one in OUTPUTS]


def _output_line(
    output: Output, tables: Mapping[str, Facts], systems: Sequence[str], made: set[str]
) -> str:
    lacking = [need for need in output.needs if not _there(need, tables)]
    if lacking:
        told = [f"{need} is absent: no {output.name}; {remedy(need, systems)}" for need in lacking]
        return "no   " + ". ".join(told)
    if not made.issuperset(output.tables):
        return f"no   {output.name}: the data are there; this version does not make it"
    better = [need for need in output.better if not _there(need, tables)]
    if better:
        told = [
            f"{need} is absent, {output.better[need]}; {remedy(need, systems)}" for need in better
        ]
        return f"yes  {output.name}, but " + ". ".join(told)
    return f"yes  {output.name}"


def _there(need: str, tables: Mapping[str, Facts]) -> bool:
    """Whether a table, or one of `table.column|table.column`, is given."""
    for one in need.split("|"):
        table, _, column = one.partition(".")
        facts = tables.get(table)
        if facts is None or not facts.rows:
            continue
        if not column or column in INPUTS[table].required or facts.given.get(column, 0):
            return True
    return False
