"""What needs somebody's eyes: exceptions with their owners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from transforms.contracts.desk_exports import METRIC
from transforms.review.numbers import day, plural, quantity, words
from transforms.review.parts import Grid, Night, Quote, Section, Verdict

MOST = 12
"""So many exceptions stand on the page, and every one of severity high beyond that."""
UNASSIGNED = "unassigned"


def exceptions_section(night: Night) -> Section:
    """Open exceptions by rank, each with its owner and what to do; none of severity high is cut."""
    title = "What needs attention"
    found = night.table("exceptions")
    if found is None:
        verdict = Verdict("Exceptions were not worked out that night.", "watch")
        return Section("exceptions", title, (verdict,), absent=(night.why("exceptions"),))
    over = found.filter(pl.col("episode_state") == "closed").height
    open_now = found.filter(pl.col("episode_state") != "closed").sort("rank", "episode_id")
    if open_now.is_empty():
        ended = f" {plural(over, 'exception')} ended." if over else ""
        return Section(
            "exceptions", title, (Verdict(f"Nothing is out of the ordinary.{ended}", "good"),)
        )
    verdicts = [_headline(open_now, over)]
    nobody = open_now.filter(pl.col("owner") == UNASSIGNED).height
    if nobody:
        text = f"{plural(nobody, 'exception')} without an owner: name owners in the table owners."
        verdicts.append(Verdict(text, "bad"))
    quotes = tuple(
        Quote(row["quote"], f"{row['series_id']}: {row['headline']}")
        for row in open_now.filter(pl.col("quote").is_not_null()).head(5).iter_rows(named=True)
    )
    return Section("exceptions", title, tuple(verdicts), (_grid(open_now),), quotes=quotes)


def _headline(open_now: pl.DataFrame, over: int) -> Verdict:
    by = open_now["severity"].value_counts().sort("severity")
    counts = dict(by.iter_rows())
    said = ", ".join(f"{counts[s]:,} {s}" for s in ("high", "medium", "low") if s in counts)
    fresh = open_now.filter(pl.col("episode_state") == "new").height
    tone = "bad" if counts.get("high") else "watch"
    return Verdict(
        f"{plural(open_now.height, 'exception')} open ({said}), {fresh:,} of them new; {over:,} ended.",
        tone,  # type: ignore[arg-type]
    )


def at_risk(row: Mapping[str, Any]) -> str:
    """What is at stake, in money where there is a price, else in units of the target."""
    if row["value_at_risk"] is not None:
        return f"{quantity(row['value_at_risk'])} {row['value_unit']}"
    what = "events" if row["target"] == METRIC else row["target"]
    return f"{quantity(row['units_at_risk'])} {what}"


def _first(open_now: pl.DataFrame) -> pl.DataFrame:
    """The first MOST of `open_now`, or as many as reach the last that is high and not fading."""
    urgent = (pl.col("severity") == "high") & (pl.col("episode_state") != "fading")
    found = open_now.with_row_index("_row").filter(urgent)["_row"]
    return open_now.head(max(MOST, 0 if found.is_empty() else int(found[-1]) + 1))


def _grid(open_now: pl.DataFrame) -> Grid:
    rows = tuple(
        (
            f"{row['rank']}",
            row["severity"],
            row["series_id"],
            row["headline"],
            at_risk(row),
            "" if row["due_on"] is None else day(row["due_on"]),
            row["customers_reason"],
            row["action"],
            row["owner"],
            f"{words(row['episode_state'])}, {plural(row['nights_open'], 'night')}",
        )
        for row in _first(open_now).iter_rows(named=True)
    )
    rest = open_now.height - len(rows)
    note = f"{rest:,} more stand in the workbook, sheet “Exceptions”." if rest > 0 else ""
    columns = (
        "rank", "severity", "series", "what is the matter", "at risk", "by when", "what customers say",
        "what to do", "owner", "since",
    )  # fmt: skip
    return Grid(
        "Open exceptions: high ones first, then by what is at risk",
        columns,
        rows,
        frozenset({0, 4}),
        note,
    )
