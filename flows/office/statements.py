"""evidence_grade and benchmarks: how well statements are shown, and others' numbers beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from flows.office.given import Given
from models.office.verdicts import against
from transforms.contracts import EXPORTS
from transforms.contracts.office_columns import MIN_PEOPLE
from transforms.office.benchmarks import BENCHMARKS, Benchmark, ours
from transforms.office.evidence import statements


def evidence_grade(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    contract = EXPORTS["evidence_grade"]
    rows = statements({**given.tables, **given.made})
    if not rows:
        return "the night publishes no statement that can be graded"
    frame = pl.DataFrame(rows, schema=dict(contract.schema))
    return {"evidence_grade": frame.select(contract.names).sort(contract.order)}


def benchmarks(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table: one row for each benchmark, measured or not."""
    contract = EXPORTS["benchmarks"]
    tables = {**given.tables, **given.made}
    rows = [_row(_configured(given, one), tables) for one in BENCHMARKS]
    told = pl.DataFrame(rows, schema={n: t for n, t in contract.schema.items() if n != "verdict"})
    enough = pl.col("n") >= pl.when(pl.col("unit") == "share").then(MIN_PEOPLE).otherwise(1)
    verdict = against(
        pl.col("lo"), pl.col("hi"), pl.col("claimed_lo"), pl.col("claimed_hi"), enough=enough
    )
    judged = told.with_columns(verdict.alias("verdict"))
    return {"benchmarks": judged.select(contract.names).sort(contract.order)}


def _configured(given: Given, one: Benchmark) -> Benchmark:
    """The benchmark as the configuration has it: other ends, source or evidence."""
    mine = given.night.settings.office.benchmarks.get(one.name)
    if mine is None:
        return one
    return replace(
        one,
        claim=mine.claim or one.claim,
        lo=one.lo if mine.lo is None else mine.lo,
        hi=one.hi if mine.hi is None else mine.hi,
        source=mine.source or one.source,
        evidence=mine.evidence or one.evidence,
    )


def _row(one: Benchmark, tables: Mapping[str, pl.DataFrame]) -> dict[str, object]:
    found, why = ours(one, tables)
    return {
        "benchmark": one.name,
        "claim": one.claim,
        "claimed_lo": one.lo,
        "claimed_hi": one.hi,
        "unit": one.unit,
        "source": one.source,
        "evidence": one.evidence,
        "measured_by": one.table or None,
        **found,
        "why": why,
    }
