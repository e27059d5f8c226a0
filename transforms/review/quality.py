"""Whether the night's data can be relied on: rungs, what was held or left out, checks, bad rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from transforms.review.numbers import day, listed, plural, words
from transforms.review.parts import Grid, Night, Section, Verdict

MOST = 25


def quality_section(night: Night) -> Section:
    """How the night ended, table by table, and what became of every row that came in."""
    title = "Can the data be relied on?"
    verdicts = [status_verdict(night), *_held(night), *_files(night), *_checks(night)]
    grids = [grid for grid in (*_grids(night),) if grid.rows]
    notes = tuple(f"Note of the night: {note}" for note in night.manifest.get("notes", ()))
    names = ("ingest_report", "quality_checks")
    absent = tuple(night.why(name) for name in names if night.table(name) is None)
    return Section("quality", title, tuple(verdicts), tuple(grids), notes=notes, absent=absent)


def status_verdict(night: Night) -> Verdict:
    """Whether the night was published in full, and since when what it shows is known."""
    rungs = _rungs(night)
    down = [name for name, rung in rungs.items() if rung != "full"]
    restated = (
        " It was made again later, with later code." if night.manifest.get("restated") else ""
    )
    if night.manifest.get("status") == "Published" and not down:
        return Verdict(f"Published in full, as of {day(night.as_of)}.{restated}", "good")
    kinds = sorted({words(rungs[name]) for name in down})
    what = f": {plural(len(down), 'table')} on a lower rung ({listed(kinds)})" if down else ""
    return Verdict(
        f"Published as of {day(night.as_of)}, but something stands back{what}.{restated}", "bad"
    )


def _entries(night: Night) -> Mapping[str, Mapping[str, Any]]:
    entries: Mapping[str, Mapping[str, Any]] = night.manifest.get("tables", {})
    return entries


def _rungs(night: Night) -> dict[str, str]:
    found = {}
    for name, entry in sorted(_entries(night).items()):
        if "sha256" in entry:
            found[name] = str(entry.get("rung", "full"))
    return found


def _held(night: Night) -> Iterator[Verdict]:
    for table, why in sorted(night.manifest.get("held_inputs", {}).items()):
        yield Verdict(f"Held back: {table} ({why}). What rests on it is last night's.", "bad")


def _files(night: Night) -> Iterator[Verdict]:
    report = night.table("ingest_report")
    if report is None or report.is_empty():
        return
    # A routed row is counted by both its tables.
    rows_in = int(report["rows_in"].sum()) - int(report["rows_routed"].sum())
    bad = int(report["rows_quarantined"].sum())
    share = bad / rows_in if rows_in else 0.0
    yield Verdict(
        f"{rows_in:,} rows taken from {plural(report.height, 'file')} so far; {bad:,} of them "
        f"({100 * share:.2f} %) set aside, each with its reason.",
        "watch" if share > 0.005 else "plain",
    )


def _checks(night: Night) -> Iterator[Verdict]:
    checks = night.table("quality_checks")
    if checks is None or checks.is_empty():
        return
    counts = dict(checks["status"].value_counts().iter_rows())
    said = (
        f"{counts.get('passed', 0):,} checks of whole tables passed, {counts.get('failed', 0):,} failed, "
        f"{counts.get('not_enough_data', 0):,} had too little history to say."
    )
    yield Verdict(said, "watch" if counts.get("failed") else "good")


def _grids(night: Night) -> Iterator[Grid]:
    checks, report = night.table("quality_checks"), night.table("ingest_report")
    if checks is not None:
        yield _failed_grid(checks)
    yield _left_out_grid(night)
    if report is not None:
        yield _reasons_grid(report)
        yield _tables_grid(report)


def _failed_grid(checks: pl.DataFrame) -> Grid:
    mine = checks.filter(pl.col("status") == "failed").sort("severity", "table", "check")
    rows = tuple(
        (r["table"], words(r["check"]), r["observed"], r["expected"], f"{r['n']:,}", r["severity"])
        for r in mine.head(MOST).iter_rows(named=True)
    )
    columns = ("table", "check", "found", "expected", "n", "what a failure does")
    return Grid("Checks that failed", columns, rows, frozenset({4}))


def _left_out_grid(night: Night) -> Grid:
    rows = []
    for name, entry in sorted(_entries(night).items()):
        rung = str(entry.get("rung", "full"))
        if "sha256" not in entry:
            state = "held back" if entry.get("held") else "left out"
            rows.append((name, state, str(entry.get("why", "no reason given"))))
        elif rung != "full":
            rows.append((name, f"rung {words(rung)}", "; ".join(night.manifest.get("why", ()))))
    return Grid(
        "Tables that are missing or stand on a lower rung", ("table", "state", "why"), tuple(rows)
    )


def _reasons_grid(report: pl.DataFrame) -> Grid:
    """Why rows were set aside, from the counts in ingest_report: no row of data is shown."""
    counts: Counter[tuple[str, str]] = Counter()
    for table, text in (
        report.filter(pl.col("rows_quarantined") > 0).select("table", "reasons").iter_rows()
    ):
        for reason, n in json.loads(text).items():
            counts[table, reason] += int(n)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = tuple((table, words(reason), f"{n:,}") for (table, reason), n in ordered[:MOST])
    caption = "Why rows were set aside, filtered or sent elsewhere"
    return Grid(caption, ("table", "reason", "rows"), rows, frozenset({2}))


def _tables_grid(report: pl.DataFrame) -> Grid:
    names = ("in", "good", "quarantined", "duplicate", "unchanged", "filtered", "routed")
    summed = (
        report.group_by("source", "table")
        .agg(
            pl.len().alias("files"),
            *(pl.col(f"rows_{name}").sum() for name in names),
            pl.col("max_event_at").max().dt.date(),
        )
        .sort("source", "table")
    )
    rows = tuple(
        (
            r["source"],
            r["table"],
            f"{r['files']:,}",
            *(f"{r[f'rows_{name}']:,}" for name in names),
            "" if r["max_event_at"] is None else day(r["max_event_at"]),
        )
        for r in summed.iter_rows(named=True)
    )
    columns = ("system", "table", "files", *names, "newest event")
    return Grid(
        "Rows in = good + quarantined + duplicate + unchanged + filtered + routed",
        columns,
        rows,
        frozenset(range(2, 10)),
    )
