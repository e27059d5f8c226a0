"""Earlier deliveries as the lake's log tells them, and how the newest differ from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from flows.accounts import standing
from flows.lake import Lake
from flows.sources.base import FilePull, FileReport
from transforms.contracts import INPUTS
from transforms.drift import Delivery, Drift, drift, schema_facts

SCHEMA = "schema"
"""Key of a report in the log under which a file's columns stand; no published column."""


def schema_entry(one: FilePull, report: FileReport) -> dict[str, Any]:
    """What the log keeps of a file's columns, for later deliveries to be compared with."""
    good = one.good.get(report.table)
    if good is None or good.is_empty():
        return {}
    given, kinds = schema_facts(good, INPUTS[report.table])
    told = {"family": one.family, "rows_good": good.height, "given": given, "kinds": kinds}
    return {SCHEMA: json.dumps(told, sort_keys=True)}


def lake_drift(lake: Lake, as_of: date) -> Drift:
    """How the newest deliveries that a night at `as_of` sees differ from those before."""
    return drift(_deliveries(lake, as_of))


def _deliveries(lake: Lake, as_of: date) -> Iterator[Delivery]:
    for entry, row in standing(lake.shown_at(as_of)):
        if row.get(SCHEMA):
            yield _delivery(row, entry.number)


def _delivery(row: Mapping[str, Any], number: int) -> Delivery:
    told = json.loads(row[SCHEMA])
    return Delivery(
        row["source"],
        row["table"],
        told["family"],
        row["file"],
        number,
        row["rows_in"],
        told["rows_good"],
        told["given"],
        told["kinds"],
    )
