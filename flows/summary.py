"""The few lines that a planner wants to see after a night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from flows.places import Place
from flows.reader import read_manifest
from flows.storage import storage_of
from flows.summary_ahead import ahead_lines
from flows.summary_desk import desk_lines
from flows.summary_evidence import record_lines, signal_lines
from flows.summary_plan import plan_lines


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
        *ahead_lines(tables),
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
