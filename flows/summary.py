"""The few lines that a planner wants to see after a night."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from flows.reader import read_manifest
from transforms.published import WHOLE

BIGGEST = 5
WEEKS_SHOWN = 4
SHOWN_LEVELS = ("category", "total", "sku", "sku_channel")
"""The first of these that has forecasts is shown."""


def planner_lines(snapshot: Path) -> list[str]:
    """Headlines of a published snapshot: next weeks, signals, what was set aside, where it lies."""
    manifest = read_manifest(snapshot)
    tables = {
        name: pl.read_parquet(snapshot / f"{name}.parquet")
        for name, entry in manifest["tables"].items()
        if "sha256" in entry
    }
    return [
        _heading(manifest),
        *_next_weeks(tables),
        *_signals(tables),
        *_record(tables),
        *_quality(tables, manifest),
    ]


def _heading(manifest: Mapping[str, object]) -> str:
    return f"Hearcast, as of {manifest['as_of']}: {_status(str(manifest['status']))}"


def _status(status: str) -> str:
    return {
        "Published": "published in full",
        "PublishedDegraded": "published, but something stands back (see below)",
    }.get(status, status)


def _next_weeks(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """Forecast units of the biggest categories, with and without what customers said."""
    if "forecasts" not in tables:
        return ["", "No forecasts: see the manifest for why."]
    units = tables["forecasts"].filter(
        pl.col("target") == "units", pl.col("horizon") <= WEEKS_SHOWN
    )
    there = units["level"].unique().to_list()
    level = next((one for one in SHOWN_LEVELS if one in there), "total")
    shown = units.filter(pl.col("level") == level)
    biggest = (
        shown.group_by("series_id")
        .agg(pl.col("mean").sum())
        .sort("mean", "series_id", descending=[True, False])["series_id"]
        .head(BIGGEST)
        .to_list()
    )
    lines = [
        "",
        f"Units forecast per week, next {WEEKS_SHOWN} weeks (80 % interval in brackets; what "
        "customers' words change, if anything):",
    ]
    if shown.is_empty():
        return [*lines, "  none: no series can be forecast yet; series_listed says why"]
    series = [(level, name) for name in biggest]
    if level == "category":
        series.append(("total", WHOLE))
    told = {
        (scope, name): [_cell(row) for row in rows.iter_rows(named=True)]
        for scope, name in series
        if (rows := units.filter(level=scope, series_id=name).sort("horizon")).height
    }
    width = max(len(name) for _, name in told)
    wide = max(len(cell) for cells in told.values() for cell in cells)
    lines += [
        f"  {name:<{width}}  " + "  ".join(f"{cell:<{wide}}" for cell in cells).rstrip()
        for (_, name), cells in told.items()
    ]
    others = shown["series_id"].n_unique() - len(biggest)
    return [*lines, f"  (and {others} more of {level})"] if others else lines


def _cell(row: Mapping[str, float]) -> str:
    delta = row["signal_delta"]
    said = f" {delta:+,.0f}" if delta else ""
    return f"{row['mean']:>7,.0f} [{row['p10']:,.0f}-{row['p90']:,.0f}]{said}"


def _signals(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """What is adopted and why; how much was tested and did not pass."""
    evidence = tables.get("signal_evidence")
    if evidence is None or evidence.is_empty():
        return ["", "Signals: none tested (no conversations with enough history)."]
    adopted = evidence.filter(pl.col("status") == "confirmed").sort("target", "signal", "category")
    counts = dict(evidence["status"].value_counts().iter_rows())
    others = ", ".join(
        f"{counts[s]} {s}" for s in ("candidate", "rejected", "insufficient") if s in counts
    )
    lines = ["", f"Signals: {adopted.height} of {evidence.height} tested pairs adopted ({others})."]
    return lines + [_lead(row) for row in adopted.iter_rows(named=True)]


def _lead(row: Mapping[str, Any]) -> str:
    """One adopted signal with the evidence that speaks for it."""
    weeks = "1 week" if row["lead_weeks"] == 1 else f"{row['lead_weeks']} weeks"
    return (
        f"  {row['signal']} leads {row['target']} of {row['category'] or 'all categories'} by "
        f"{weeks}: {_percent(row['effect'])} per standard deviation "
        f"[{_percent(row['effect_lo'])}, {_percent(row['effect_hi'])}], "
        f"q {_small(row['q_value'])}, out of sample p {_small(row['oos_p_value'])}; "
        f"since {row['adopted_since']}"
    )


def _percent(log_ratio: float | None) -> str:
    return "?" if log_ratio is None else f"{100 * log_ratio:+.1f} %"


def _small(p: float | None) -> str:
    if p is None:
        return "?"
    return "< .001" if p < 0.001 else "= " + f"{p:.3f}".lstrip("0")


def _record(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """How good such forecasts were at past cutoffs, next to the simple ones."""
    accuracy = tables.get("accuracy")
    if accuracy is None or accuracy.is_empty():
        return ["", "Accuracy: not enough history for a backtest."]
    units = accuracy.filter(pl.col("target") == "units").sort("level", "horizon_band", "model")
    lines = ["", "Accuracy at past cutoffs (units; WAPE, lower is better):"]
    for (level, band), rows in units.group_by("level", "horizon_band", maintain_order=True):
        by_model = dict(rows.select("model", "wape").iter_rows())
        told = ", ".join(
            f"{label} {by_model[model]:.1%}"
            for model, label in (
                ("full", "with signals"),
                ("baseline", "without"),
                ("seasonal_naive", "seasonal naive"),
            )
            if by_model.get(model) is not None
        )
        lines.append(f"  {level:<11} {band:<6} {told}")
    return lines


def _quality(tables: Mapping[str, pl.DataFrame], manifest: Mapping[str, object]) -> list[str]:
    """What was set aside, what was held back, and what the night has to say."""
    report, bad = tables["ingest_report"], tables["quarantine"]
    # A routed row is counted by both its tables.
    rows_in = report.select(pl.col("rows_in").sum() - pl.col("rows_routed").sum()).item()
    set_aside = report["rows_quarantined"].sum()
    lines = ["", f"Data: {rows_in:,} rows taken from files so far, {set_aside:,} quarantined."]
    reasons = (
        bad.group_by("table", "reason")
        .len()
        .sort("len", "table", "reason", descending=[True, False, False])
    )
    lines += [f"  {n} x {table}: {reason}" for table, reason, n in reasons.head(8).iter_rows()]
    held = manifest.get("held_inputs")
    if isinstance(held, Mapping):
        lines += [f"  held back: {table}: {why}" for table, why in sorted(held.items())]
    entries = manifest.get("tables")
    if isinstance(entries, Mapping):
        lines += [
            f"  left out: {n}: {e['why']}" for n, e in sorted(entries.items()) if e.get("left_out")
        ]
        stale = sorted(n for n, e in entries.items() if e.get("rung", "full") != "full")
        lines += [f"  {n}: rung {entries[n]['rung']}{_of(tables.get(n))}" for n in stale]
    notes = manifest.get("notes")
    if isinstance(notes, list):
        said = "\n".join(lines)
        lines += [f"  note: {note}" for note in notes if not _told(note, said)]
    return lines


def _of(table: pl.DataFrame | None) -> str:
    """The targets whose rows are not on the full rung, where others are."""
    if table is None or not {"rung", "target"} <= set(table.columns):
        return ""
    down = table.filter(pl.col("rung") != "full")["target"].unique().to_list()
    there = table["target"].n_unique()
    return f" for {', '.join(sorted(down))}" if 0 < len(down) < there else ""


def _told(note: str, said: str) -> bool:
    """Whether a line for people is there already, as the reason why its table is held."""
    return f": {note}" in said or note.replace(" held back: ", ": ", 1) in said
