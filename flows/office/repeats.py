"""repeat_timing: when customers order again, by what they said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from flows.office.given import Given
from models.office.repeat_rows import ANYBODY, HORIZON, NOBODY, repeat_rows
from transforms.contracts import EXPORTS
from transforms.office import repeats
from transforms.office.lines import sold
from transforms.office.segments import named

SEGMENTS = 20
"""Categories shown, those with most first orders."""


def repeat_timing(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if (lacking := given.has("order_lines")) is not None:
        return lacking
    if given.said.deaf is not None or given.said.now.conversations.is_empty():
        return given.said.deaf or "no conversations given"
    zone, lines = given.rules.timezone, sold(given.lines, given.categories)
    people = named(repeats.first_orders(lines, given.as_of, zone), given.everybody)
    if people.is_empty():
        return "no customer is known whose first order is, by the days known before it, the first"
    now = given.said.now
    talked, since = repeats.said_days(people, now.conversations, now.said, zone)
    people = people.join(talked, on="customer_id", how="left")
    signals = sorted(since["signal"].unique())
    strata = people.select("stratum", "category").unique().sort("stratum")
    counted = repeats.intervals(people, since, signals, HORIZON)
    rows = repeat_rows(strata, _segments(people), _waits(people, talked, since, signals), counted)
    contract = EXPORTS["repeat_timing"]
    dated = [{"as_of": given.as_of} | row for row in rows]
    table = pl.DataFrame(dated, schema=dict(contract.schema), infer_schema_length=None)
    return {"repeat_timing": table.sort(contract.order)}


def _waits(
    people: pl.DataFrame, talked: pl.DataFrame, since: pl.DataFrame, signals: Sequence[str]
) -> dict[str, pl.DataFrame]:
    """Waits of those nobody talked to, of all who talked, and of who said each signal."""
    found = {
        NOBODY: repeats.unheard(people),
        ANYBODY: repeats.waits(people, talked.rename({"talked": "since"})),
    }
    for name in signals:
        found[name] = repeats.waits(people, since.filter(pl.col("signal") == name))
    return found


def _segments(people: pl.DataFrame) -> list[str]:
    counts = people.group_by("category").len().sort("len", "category", descending=[True, False])
    return sorted(counts["category"].head(SEGMENTS))
