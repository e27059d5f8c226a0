"""The planner's lines about what moved, what planners changed, and what needs eyes first."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from transforms.changes import totals
from transforms.exceptions.message import at_risk, subject

SHOWN = 3
PARTS = {
    "delta_new_data": "new data",
    "delta_signals": "what customers say",
    "delta_adoption": "signals adopted or retired",
    "delta_restatement": "corrected history",
}


def desk_lines(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """Up to three exceptions with what to do; a line on changes and one on overrides."""
    lines = [*_changes(tables), *_overrides(tables), *_exceptions(tables)]
    return ["", *lines] if lines else []


def _changes(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    moved = tables.get("forecast_changes")
    if moved is None or moved.filter(target="units", level="total").is_empty():
        return []
    sums, before = totals(moved), str(moved["previous_as_of"].max())
    parts = ", ".join(f"{sums[n]:+,.0f} {words}" for n, words in PARTS.items() if round(sums[n]))
    why = f": {parts}" if parts else ""
    method = "" if moved["same_method"].all() else " (code or configuration changed, too)"
    return [
        f"Since {before} the forecast of units went from {sums['previous_mean']:,.0f} to "
        f"{sums['previous_mean'] + sums['delta']:,.0f} over the same weeks{why}{method}."
    ]


def _overrides(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    status, added = tables.get("override_status"), tables.get("forecast_value_added")
    if status is None:
        return []
    counts = dict(status["status"].value_counts().iter_rows())
    lines = [f"Overrides: {counts.get('applied', 0)} apply tonight."]
    lost = {k: n for k, n in sorted(counts.items()) if k in ("no_week", "no_series", "unreachable")}
    if lost:
        told = ", ".join(f"{n} {k}" for k, n in lost.items())
        lines = [f"{lines[0][:-1]}; {told}: see override_status."]
    if added is not None:
        clear = added.filter(
            pl.col("slice") == "author", pl.col("verdict").is_in(["adds", "takes_away"])
        ).sort("level", "slice_value")
        lines += [f"  {row['level']}: {row['words']}" for row in clear.iter_rows(named=True)]
    return lines


def _exceptions(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    found = tables.get("exceptions")
    if found is None:
        return []
    lasting = found.filter(pl.col("episode_state").is_in(["new", "open"])).sort("rank")
    if lasting.is_empty():
        return ["Exceptions: none."]
    new = lasting.filter(pl.col("episode_state") == "new").height
    lines = [
        f"Exceptions: {lasting.height}, {new} of them new; high ones first, then by value at risk:"
    ]
    return lines + [
        f"  {row['rank']}. {subject(row)}: {row['headline']} ({at_risk(row)} at stake; "
        f"{row['owner']})"
        for row in lasting.head(SHOWN).iter_rows(named=True)
    ]
