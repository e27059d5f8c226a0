"""What moved in the forecasts since the night before, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from transforms.published import WHOLE
from transforms.review.numbers import day, listed, plural, quantity, signed, week
from transforms.review.parts import Grid, Night, Section, Verdict

PARTS = {
    "delta_new_data": "new data",
    "delta_signals": "what customers said",
    "delta_adoption": "signals adopted or retired",
    "delta_restatement": "corrected history",
}
"""Column of forecast_changes to what moved the forecast; the four add up to delta."""
MOST = 15
HOW_TO_READ = (
    "Each change is of one target week as forecast on two nights. The four causes add up to it: new weeks and "
    "promotions, what customers said, signals that were adopted or retired, and rows that were corrected or came late."
)


def changes_section(night: Night) -> Section:
    """The change of the whole business by cause, then what moved beyond what is usual."""
    title = "What changed, and why"
    changes = night.table("forecast_changes")
    if changes is None:
        text = "What changed since the night before was not worked out."
        return Section(
            "changes", title, (Verdict(text, "watch"),), absent=(night.why("forecast_changes"),)
        )
    if changes.is_empty():
        return Section("changes", title, (Verdict("There is no earlier night to compare with."),))
    verdicts = (*_totals(changes), _jumps(changes))
    grids = tuple(g for g in (_causes_grid(changes), _moved_grid(changes)) if g.rows)
    return Section("changes", title, verdicts, grids, notes=(HOW_TO_READ, *_caveats(changes)))


def summed_changes(changes: pl.DataFrame, level: str) -> pl.DataFrame:
    """Every series of a level over all target weeks: previous, now, delta and its causes.

    Means are binary fractions, so these sums do not depend on their order.
    """
    return (
        changes.filter(pl.col("level") == level)
        .group_by("target", "series_id")
        .agg(
            pl.col("previous_mean").sum(),
            pl.col("mean").sum(),
            pl.col("delta").sum(),
            *(pl.col(name).sum() for name in PARTS),
        )
        .sort(pl.col("delta").abs(), "target", "series_id", descending=[True, False, False])
    )


def _causes(row: Mapping[str, Any]) -> str:
    parts = sorted(
        ((name, row[column]) for column, name in PARTS.items() if row[column]),
        key=lambda part: (-abs(part[1]), part[0]),
    )
    return listed([f"{name} {signed(value)}" for name, value in parts]) or "nothing in particular"


def _totals(changes: pl.DataFrame) -> Iterator[Verdict]:
    since: date = changes["previous_as_of"].max()  # type: ignore[assignment]
    total = summed_changes(changes, "total").filter(pl.col("series_id") == WHOLE)
    order = {"units": 0, "returns": 1, "tickets": 2}
    for row in sorted(total.iter_rows(named=True), key=lambda r: order.get(r["target"], 3)):
        if not row["delta"]:
            yield Verdict(
                f"{row['target'].capitalize()}: no change since the night of {day(since)}."
            )
            continue
        yield Verdict(
            f"{row['target'].capitalize()}, all weeks ahead: {quantity(row['mean'])} expected, "
            f"{signed(row['delta'])} since the night of {day(since)}: {_causes(row)}."
        )


def _jumps(changes: pl.DataFrame) -> Verdict:
    jumps = changes.filter(pl.col("is_jump"))
    if jumps.is_empty():
        return Verdict("No forecast moved by more than such forecasts usually do.", "good")
    series = jumps.select("target", "level", "series_id").unique().height
    return Verdict(
        f"{plural(jumps.height, 'weekly forecast')} of {plural(series, 'series', 'series')} moved by more "
        "than is usual from one night to the next; the greatest stand below.",
        "watch",
    )


def _caveats(changes: pl.DataFrame) -> Iterator[str]:
    if not changes["same_method"].all():
        yield (
            "Code, configuration, tagger or rung differ between the two nights: part of “new data” is the new method."
        )
    if not changes["restatement_known"].all():
        yield "Corrected history could not be told apart everywhere; there it is part of “new data”."


def _causes_grid(changes: pl.DataFrame) -> Grid:
    rows = summed_changes(changes, "category").filter(pl.col("delta") != 0).head(MOST)
    cells = tuple(
        (
            r["series_id"],
            r["target"],
            quantity(r["previous_mean"]),
            quantity(r["mean"]),
            signed(r["delta"]),
            *(signed(r[name]) for name in PARTS),
        )
        for r in rows.iter_rows(named=True)
    )
    columns = ("category", "target", "before", "now", "change", *PARTS.values())
    return Grid("Categories, all weeks ahead together", columns, cells, frozenset(range(2, 9)))


def _moved_grid(changes: pl.DataFrame) -> Grid:
    """Single weeks that moved beyond what is usual, the greatest first."""
    jumps = changes.filter(pl.col("is_jump"), pl.col("level") != "total")
    ordered = jumps.sort(
        pl.col("delta").abs(), "target", "level", "series_id", "week_start",
        descending=[True, False, False, False, False],
    )  # fmt: skip
    cells = tuple(
        (
            r["series_id"],
            r["target"],
            week(r["week_start"]),
            quantity(r["previous_mean"]),
            quantity(r["mean"]),
            signed(r["delta"]),
            quantity(r["usual_change"]),
            _causes(r),
        )
        for r in ordered.head(MOST).iter_rows(named=True)
    )
    columns = ("series", "target", "week of", "before", "now", "change", "usual up to", "why")
    rest = ordered.height - len(cells)
    note = f"{rest:,} more stand in the table forecast_changes." if rest > 0 else ""
    caption = "Single weeks that moved by more than is usual"
    return Grid(caption, columns, cells, frozenset(range(3, 7)), note)
