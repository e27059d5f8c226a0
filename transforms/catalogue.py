"""The catalogue of published tables: a row a column, from the declarations and what the night did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from transforms.contracts import EXPORTS, Table
from transforms.contracts.docs import type_name, values_of
from transforms.contracts.private import privacy_class
from transforms.outputs import OUTPUTS


@dataclass(frozen=True, slots=True)
class Tonight:
    """What is known of the tables tonight, each by table.

    `rows`: of those that are published; `last`: newest earlier night that has it; `skipped`: why it
    is not published; `owners`; `slo`: days that it may be old, `slo_days` for the rest.
    """

    as_of: date
    rows: Mapping[str, int]
    last: Mapping[str, date] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    slo: Mapping[str, int] = field(default_factory=dict)
    slo_days: int = 1


NOT_MADE = "not made by this run"
_HEARD, _BOUGHT = "passages|upstream_tags", "order_lines.customer_id"
_NEEDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "catalogue",
            "ingest_report",
            "quarantine",
            "quality_checks",
            "source_registry",
            "evidence_grade",
            "benchmarks",
        ),
        (),
    ),
    **dict.fromkeys(("identity_edges", "identity_match"), ("customers",)),
    **dict.fromkeys(
        ("tags", "signal_value", "phrase_stats", "voices", "tagger_bridges", "tag_audit"), (_HEARD,)
    ),
    **dict.fromkeys(("forecasts_final", "override_status"), ("overrides",)),
    **dict.fromkeys(("demand_unconstrained", "accuracy_stockouts"), ("inventory_daily",)),
    **dict.fromkeys(("segment_cutoffs", "clv_calibration"), (_BOUGHT,)),
    "segment_needs": (_BOUGHT, _HEARD),
    "contact_recency": (_BOUGHT, "conversations|call_attempts"),
}
"""What tables need that no output of the doctor names; all others need order_lines."""


def recounted(published: pl.DataFrame, rows: Mapping[str, int]) -> pl.DataFrame:
    """A published catalogue in which the tables of `rows` have so many; the others as they were."""
    now = pl.col("table").replace_strict(dict(rows), default=None, return_dtype=pl.Int64)
    return published.with_columns(pl.coalesce(now, pl.col("rows")).alias("rows"))


def catalogue(night: Tonight) -> pl.DataFrame:
    """The table, of every published table of this version and itself, by name."""
    contract = EXPORTS["catalogue"]
    size = sum(len(table.columns) for table in EXPORTS.values())
    rows = {**night.rows, "catalogue": size}
    made = [row for name in sorted(EXPORTS) for row in _columns(EXPORTS[name], night, rows)]
    schema = {c.name: c.dtype for c in contract.columns}
    return pl.DataFrame(made, schema=schema, orient="row")


def _columns(table: Table, night: Tonight, rows: Mapping[str, int]) -> list[dict[str, Any]]:
    whole = {"as_of": night.as_of, "table": table.name, "table_meaning": table.prose, **_state(table.name, night, rows)}  # fmt: skip
    return [
        whole
        | {
            "position": place,
            "column": column.name,
            "type": type_name(column.dtype),
            "unit": column.unit,
            "nullable": column.nullable,
            "in_key": column.name in table.key,
            "values": values_of(column),
            "meaning": column.prose,
            "privacy": privacy_class(table, column),
        }
        for place, column in enumerate(table.columns, start=1)
    ]


def _state(name: str, night: Tonight, rows: Mapping[str, int]) -> dict[str, Any]:
    there = name in rows
    last = night.as_of if there else night.last.get(name)
    old = None if last is None else (night.as_of - last).days
    slo = night.slo.get(name, night.slo_days)
    fresh = "never" if old is None else "within" if old <= slo else "late"
    return {
        "owner": night.owners.get(name),
        "slo_days": slo,
        "last_published": last,
        "days_old": old,
        "freshness": fresh,
        "rows": rows.get(name),
        "enabled_by": enabled_by(name),
        "skipped": None if there else night.skipped.get(name, NOT_MADE),
    }


def enabled_by(table: str) -> str:
    """The inputs without which the table is not made; empty: none beyond what every night has."""
    of_outputs = [need for one in OUTPUTS if table in one.tables for need in one.needs]
    needs = of_outputs or _NEEDS.get(table, ("order_lines",))
    return ", ".join(need.replace("|", " or ") for need in dict.fromkeys(needs))


def last_published(before: pl.DataFrame | None, night: date, published: set[str]) -> dict[str, date]:  # fmt: skip
    """Newest night that has each table, as the night `night` knew: it has those of `published`.

    `before`: its catalogue; None: it has none, and of other tables nothing is known.
    """
    known: dict[str, date] = {}
    if before is not None:
        told = before.select("table", "last_published").drop_nulls().unique()
        known = dict(told.iter_rows())
    return known | {name: night for name in published if name in EXPORTS}
