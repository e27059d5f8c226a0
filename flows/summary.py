"""The few lines that a planner wants to see after a night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from flows.places import Place
from flows.reader import read_manifest
from flows.storage import storage_of
from flows.summary_desk import desk_lines
from flows.summary_evidence import record_lines, signal_lines
from flows.summary_plan import plan_lines
from transforms.published import WHOLE

BIGGEST = 5
WEEKS_SHOWN = 4
SHOWN_LEVELS = ("category", "total", "sku", "sku_channel")
"""The first of these that has forecasts is shown."""


class _Tables(Mapping[str, pl.DataFrame]):
    """The tables of a snapshot, each read when it is first asked for: most are not."""

    def __init__(self, snapshot: Place, entries: Mapping[str, Mapping[str, object]]) -> None:
        self._snapshot = snapshot
        self._names = [name for name, entry in entries.items() if "sha256" in entry]
        self._read: dict[str, pl.DataFrame] = {}

    def __getitem__(self, name: str) -> pl.DataFrame:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._read:
            path = self._snapshot / f"{name}.parquet"
            self._read[name] = storage_of(self._snapshot).read_parquet(path)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def planner_lines(snapshot: Place) -> list[str]:
    """Headlines of a published snapshot: next weeks, signals, what was set aside, where it lies."""
    manifest = read_manifest(snapshot)
    tables = _Tables(snapshot, manifest["tables"])
    return [
        _heading(manifest),
        *_next_weeks(tables),
        *plan_lines(tables),
        *signal_lines(tables),
        *record_lines(tables),
        *desk_lines(tables),
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
    rows_told = [("week of", _weeks(shown)), *((name, cells) for (_, name), cells in told.items())]
    width = max(len(name) for name, _ in rows_told)
    wide = max(len(cell) for _, cells in rows_told for cell in cells)
    lines += [
        f"  {name:<{width}}  " + "  ".join(f"{cell:<{wide}}" for cell in cells).rstrip()
        for name, cells in rows_told
    ]
    others = shown["series_id"].n_unique() - len(biggest)
    return [*lines, f"  (and {others} more of {level})"] if others else lines


def _weeks(shown: pl.DataFrame) -> list[str]:
    """Headings of the weeks shown; the first is running where some of it has been sold."""
    weeks = shown.select("week_start", "horizon", "as_of").unique().sort("horizon")
    return [
        f"{'':>3}{row['week_start']:%d %b}"
        + (" (running)" if row["week_start"] <= row["as_of"] else "")
        for row in weeks.iter_rows(named=True)
    ]


def _cell(row: Mapping[str, float]) -> str:
    delta = row["signal_delta"]
    said = f" {delta:+,.0f}" if delta else ""
    return f"{row['mean']:>7,.0f} [{row['p10']:,.0f}-{row['p90']:,.0f}]{said}"


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
