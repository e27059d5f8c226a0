"""Rows of metric_status and metric_weeks from the metrics' courses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from models.office.status import Course
from models.office.verdicts import against
from models.proportions import wilson
from transforms.contracts.office_columns import MIN_PEOPLE
from transforms.contracts.status_exports import METRIC_STATUS, METRIC_WEEKS

WINDOWS = (4, 13)
Told = tuple[Mapping[str, str], Course, Mapping[str, Any]]


def status_rows(
    told: Sequence[Told], targets: Mapping[str, tuple[float, float]], rules: str
) -> pl.DataFrame:
    """metric_status without as_of and owner, one row a metric."""
    rows = [_status_row(*one, targets, rules) for one in told]
    schema = {c.name: c.dtype for c in METRIC_STATUS.columns}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    share = pl.col("kind") == "share"
    verdict = against(
        pl.when(share).then("lo_13w").otherwise("lo"),
        pl.when(share).then("hi_13w").otherwise("hi"),
        pl.col("target_lo"),
        pl.col("target_hi"),
        enough=pl.when(share).then(pl.col("n_13w") >= MIN_PEOPLE).otherwise(pl.col("n") > 1),
    )
    return frame.with_columns(verdict.alias("verdict"))


def _status_row(
    what: Mapping[str, str],
    drawn: Course,
    row: Mapping[str, Any],
    targets: Mapping[str, tuple[float, float]],
    rules: str,
) -> dict[str, Any]:
    base, inside = drawn.base, drawn.base_weeks
    target = targets.get(what["metric"], (None, None))
    limits = {n: row[n] for n in ("centre", "control_lo", "control_hi", "z", "rule", "status")}
    return {
        **what,
        **{name: row.get(name) for name in ("week_start", "value", "lo", "hi", "k", "n")},
        **_windows(drawn, row, what["kind"]),
        "target_lo": target[0], "target_hi": target[1],
        **limits,
        "frozen_on": row["frozen_on"],
        "baseline_start": inside[0] if inside else None,
        "baseline_end": inside[-1] + timedelta(days=6) if inside else None,
        "baseline_weeks": len(inside),
        "chart": base.chart if base else None,
        "spread": base.spread if base else None,
        "autocorrelation": base.autocorrelation if base else None,
        "runs_judged": base is not None and not base.linked,
        "rules": rules,
        **{name: row[name] for name in ("episode", "episode_since", "excess", "why")},
    }  # fmt: skip


def _windows(drawn: Course, row: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The share over the weeks that end with the row's, and its limits; of values nothing."""
    made: dict[str, Any] = {}
    for length in WINDOWS:
        start = (
            None if row["week_start"] is None else row["week_start"] - timedelta(weeks=length - 1)
        )
        mine = [w for w in drawn.weeks if start is not None and start <= w["week_start"]]
        n = sum(w["n"] for w in mine)
        ends: tuple[float | None, ...] = (None, None, None)
        if kind == "share" and n:
            found = wilson(np.array([sum(w["k"] for w in mine)]), np.array([n]))
            ends = tuple(float(one[0]) for one in found)
        made |= dict(zip((f"value_{length}w", f"lo_{length}w", f"hi_{length}w"), ends, strict=True))
        made[f"n_{length}w"] = n
    return made


def week_rows(told: Sequence[tuple[str, Course]]) -> pl.DataFrame:
    """metric_weeks without as_of: every week that was counted."""
    names = [c.name for c in METRIC_WEEKS.columns]
    rows = [
        {n: w[n] for n in names if n in w}
        | {"metric": metric, "in_baseline": w["week_start"] in set(drawn.base_weeks)}
        for metric, drawn in told
        for w in drawn.weeks
    ]
    schema = {c.name: c.dtype for c in METRIC_WEEKS.columns}
    return pl.DataFrame(rows, schema=schema, orient="row")
