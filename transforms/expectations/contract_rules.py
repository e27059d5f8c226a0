"""Expectations that follow from a contract alone: columns, types, keys, nulls, ranges, lists."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from transforms.asof import SOURCE
from transforms.contracts import Table
from transforms.contracts.ordered import keyed_in_order
from transforms.expectations.verdicts import MAX_NAMED, Dossier
from transforms.profile import Frame, column_facts, key_counts, usable


def expect_contract(dossier: Dossier, table: Table, frame: Frame, *, required: list[str]) -> bool:
    """True where every required column is there and each column has its contract's type.

    Only then can other checks look at the rows. The expectations added to `dossier` all hold.
    """
    found = frame.lazy().collect_schema()
    present = [name for name in table.names if name in found]
    rows = usable(frame, table)
    types = pl.DataFrame(
        {
            "column": present,
            "type": [str(found[name]) for name in present],
            "declared_type": [str(table.column(name).dtype) for name in present],
        },
        schema=dict.fromkeys(("column", "type", "declared_type"), pl.String),
    )
    facts = column_facts(rows, table)
    dossier.views["columns"] = types.join(facts, on="column", how="left").sort("column")
    dossier.expect(
        "required_columns",
        "hold",
        "columns",
        "ExpectColumnDistinctValuesToContainSet",
        expected="every required column",
        n=len(required),
        label=named(name for name in required if name not in found),
        column="column",
        value_set=required,
    )
    dossier.expect(
        "column_types",
        "hold",
        "columns",
        "ExpectColumnPairValuesToBeEqual",
        expected="the contract's types",
        n=len(present),
        label=named(types.filter(pl.col("type") != pl.col("declared_type"))["column"]),
        column_A="type",
        column_B="declared_type",
    )
    _expect_rows(dossier, table, facts)
    _expect_unique(dossier, table, frame)
    good = set(rows.collect_schema().names())
    return set(required) <= good and all(name in good for name in present)


RULES = {
    "not_null": ("empty", "no null where forbidden, no NaN, no infinity"),
    "in_range": ("outside", "none past the contract's bounds"),
    "allowed_values": ("other", "none but the contract's values"),
}
"""Rule to its counting column of `column_facts`, and what is expected."""


def _expect_rows(dossier: Dossier, table: Table, facts: pl.DataFrame) -> None:
    if facts.is_empty():
        return
    ruled = {
        "not_null": True,
        "in_range": any(c.lo is not None or c.hi is not None for c in table.columns),
        "allowed_values": any(c.one_of for c in table.columns),
    }
    for rule, (count, expected) in RULES.items():
        if ruled[rule]:
            dossier.expect(
                rule,
                "hold",
                "columns",
                "ExpectColumnMaxToBeBetween",
                expected=expected,
                n=int(facts["rows"][0]),
                label=named(facts.filter(pl.col(count) > 0)["column"]),
                column=count,
                min_value=0,
                max_value=0,
            )


def named(columns: Iterable[str]) -> str:
    """The first few of `columns`, all names from a contract, and how many more there are."""
    names = list(columns)
    more = [f"and {len(names) - MAX_NAMED} more"] if len(names) > MAX_NAMED else []
    return " ".join([*names[:MAX_NAMED], *more])


def _expect_unique(dossier: Dossier, table: Table, frame: Frame) -> None:
    """A key repeats only within its source: two systems may number alike."""
    found = frame.lazy().collect_schema()
    if any(found.get(name) != table.column(name).dtype for name in table.key):
        dossier.undecidable("key_unique", "hold", "a key column is missing or of another type")
        return
    key = [*table.key, *([SOURCE] if SOURCE in found else [])]
    if isinstance(frame, pl.DataFrame) and keyed_in_order(table, frame):
        total = distinct = frame.height
    else:
        total, distinct = key_counts(frame.lazy(), key)
    dossier.none("key_unique", "hold", total - distinct, n=total)
