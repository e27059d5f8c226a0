"""`hearcast doctor`: what every source gives, and what could be made of it. Writes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from flows.lake import Lake
from flows.pull import Cursors, pulls
from flows.settings import Settings, Source
from flows.sources.base import NO_TABLE, FilePull, FileReport
from flows.sources.http.probe import probe
from flows.sources.inbox import layouts_in
from transforms.asof import visible
from transforms.contracts import EXPORTS, INPUTS
from transforms.contracts.inputs import MAX_QUANTITY
from transforms.doctor import Facts, facts_of, history_line, output_lines, table_lines
from transforms.holding import bad_share, verdict
from transforms.readers.catalogue import BY_KEY

_Told = tuple[FileReport, pl.DataFrame | None, pl.DataFrame]
"""A report with its good and its quarantined rows."""
HEALTHY, FAILS, HOLDS = 0, 1, 3


@dataclass(slots=True)
class Examined:
    """What was found: lines for people, facts by table, systems, and what a night would do."""

    lines: list[str] = field(default_factory=list)
    tables: dict[str, Facts] = field(default_factory=dict)
    systems: list[str] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[pl.DataFrame]] = field(default_factory=dict)

    @property
    def code(self) -> int:
        """The exit code that a night on these data would come to, as far as they decide it."""
        orders = self.tables.get("order_lines")
        if orders is None or not orders.rows:
            return FAILS
        return HOLDS if self.held else HEALTHY


def examine(settings: Settings, today: date) -> Examined:
    """Reads every source as a night would, and what the lake holds; lands nothing."""
    found, cursors = Examined(), Lake(settings.paths.lake).cursors()
    for source in settings.sources:
        found.lines += ["", f"Source {source.name} ({source.kind})"]
        if source.kind == "http":
            _api(source, settings, found)
        else:
            _source(source, settings, found, cursors)
    zone = settings.business.timezone
    for name, frames in found.rows.items():
        found.tables[name] = facts_of(pl.concat(frames), INPUTS[name], zone)
    _lake(settings, today, found)
    found.lines += ["", "Tables", *(f"  {one}" for one in table_lines(found.tables, today))]
    if history := history_line(found.tables):
        found.lines.append(f"  {history}")
    outputs = output_lines(found.tables, found.systems, EXPORTS)
    found.lines += ["", "Outputs", *(f"  {one}" for one in outputs), "", _conclusion(found)]
    return found


def _conclusion(found: Examined) -> str:
    if found.code == FAILS:
        return "A night would fail: no order line was found. Add order_lines first."
    if found.held:
        told = "; ".join(f"{table} ({why})" for table, why in found.held.items())
        return f"A night would hold back {told}"
    return "A night can run."


def _source(source: Source, settings: Settings, found: Examined, cursors: Cursors) -> None:
    shares: dict[str, list[_Told]] = {}
    for one in pulls(source, settings, {}, cursors):
        found.lines += [f"  {line}" for line in _file_lines(one)]
        for key in layouts_in(one.signature) if source.kind == "inbox" else ():
            system = key.partition("/")[0]
            if system not in ("canonical", *found.systems):
                found.systems.append(system)
        for report in one.reports:
            good = one.good.get(report.table)
            bad = one.quarantined.filter(pl.col("table") == report.table)
            shares.setdefault(report.table, []).append((report, good, bad))
            if good is not None:
                found.rows.setdefault(report.table, []).append(good.drop("_row", "_extra"))
    for table, parts in shares.items():
        if table in INPUTS and (why := _held(table, parts, settings)):
            found.held[table] = why


def _api(source: Source, settings: Settings, found: Examined) -> None:
    """Asks each endpoint for a little: whether it answers, and what it gives; shares of so few tell nothing."""
    told = probe(source, settings, Lake(settings.paths.lake), os.environ)
    found.lines += [f"  {line}" for line in told.lines]
    found.systems += [told.system] if told.system not in found.systems else []
    found.held |= told.held
    for one in told.pulls:
        for name, good in one.good.items():
            found.rows.setdefault(name, []).append(good.drop("_row", "_extra"))


def _held(table: str, parts: list[_Told], settings: Settings) -> str | None:
    """Why a night would hold the table back."""
    for report, _, _ in parts:
        if report.status in ("refused", "unreadable"):
            return report.problem
    contract = INPUTS[table]
    good = [rows for _, rows, _ in parts if rows is not None]
    share = bad_share(
        pl.concat(good) if good else contract.empty(),
        pl.concat([bad for _, _, bad in parts]),
        rows_in=sum(r.rows_in - r.rows_filtered - r.rows_routed for r, _, _ in parts),
        weight=contract.weight,
        most=MAX_QUANTITY,
    )
    _, hold = settings.validation.thresholds(table)
    if verdict(share, *settings.validation.thresholds(table)) != "hold":
        return None
    return f"{share.share:.1%} of its rows or quantity are bad, allowed {hold:.1%}"


def _file_lines(one: FilePull) -> Iterator[str]:
    """What a file is and what became of its rows."""
    titles = [BY_KEY[key].title for key in layouts_in(one.signature) if key in BY_KEY]
    what = f" ({', '.join(titles)})" if titles else ""
    yield f"{one.file}{what}"
    for report in one.reports:
        if report.table != NO_TABLE and report.rows_in:
            yield f"    {report.table}: {_counts(report)}"
        if report.problem is not None:
            yield f"    ! {report.problem.removeprefix(f'{one.file}: ')}"
        if report.watermark_to is not None:
            since = report.watermark_from
            from_where = "all rows" if since is None else f"rows from {since} on"
            yield f"    watermark: {from_where}, up to {report.watermark_to}"
        if report.unmapped_columns:
            yield f"    not understood: {', '.join(report.unmapped_columns)}"
        for note in report.notes:
            yield f"    note: {note.removeprefix(f'{one.file}: ')}"


def _counts(report: FileReport) -> str:
    parts = [f"{report.rows_good:,} of {report.rows_in:,} rows good"]
    if report.rows_quarantined:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in report.reasons.items())
        parts.append(f"{report.rows_quarantined:,} bad ({reasons})")
    if report.rows_duplicate:
        parts.append(f"{report.rows_duplicate:,} repeated")
    parts += [f"{n:,} left out: {rule}" for rule, n in report.filtered_by.items()]
    return "; ".join(parts)


def _lake(settings: Settings, today: date, found: Examined) -> None:
    """Adds what has landed before and lies in no folder any more."""
    lake = Lake(settings.paths.lake)
    if not lake.landings():
        return
    found.lines += ["", "Lake"]
    for name, table in INPUTS.items():
        zone = settings.business.timezone
        rows = visible(lake.versions(name, today), table, today, zone).collect()
        if rows.is_empty():
            continue
        facts = facts_of(rows, table, zone)
        found.lines.append(f"  {name}: {facts.rows:,} rows known")
        known: Mapping[str, Facts] = found.tables
        if name not in known or known[name].rows < facts.rows:
            found.tables[name] = facts
