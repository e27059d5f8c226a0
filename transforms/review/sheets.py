"""The workbook as sheets of plain values: forecasts by week, plan, exceptions, overrides to fill in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

import polars as pl

from transforms.contracts.exports import LEVELS, TARGETS
from transforms.review.ahead import YEAR
from transforms.review.numbers import day, words
from transforms.review.parts import Night
from transforms.review.planner_plan import PLAN_COLUMNS
from transforms.review.skus import Coverage, coverage

Kind = Literal["text", "number", "date", "share", "whole"]
Value = str | float | int | date | None
PAST_WEEKS = 13
OVERRIDE_ROWS = 1_000
READ = (
    "forecasts",
    "demand_weekly",
    "series_listed",
    "inventory_plan",
    "exceptions",
    "forecasts_final",
)
"""Every table that the workbook draws on."""
MEASURES = {
    "mean": "forecast",
    "p10": "80 % interval, from",
    "p90": "80 % interval, to",
    "baseline_mean": "forecast without signals",
    "signal_delta": "signals add",
}
HAPPENED, YEAR_BEFORE, FINAL = "happened", "a year before", "with overrides"
GRID_KEYS = ("level", "series", "category", "measure")
OVERRIDE_COLUMNS: Mapping[str, Kind] = {
    "level": "text",
    "week_start": "date",
    "value": "number",
    "author": "text",
    "reason": "text",
    "target": "text",
    "category": "text",
    "sku": "text",
    "channel": "text",
    "created_at": "date",
    "expires_on": "date",
}
"""Columns of the input table overrides, in its order."""
EXCEPTION_COLUMNS: Mapping[str, Kind] = {
    "rank": "whole",
    "severity": "text",
    "kind": "text",
    "target": "text",
    "level": "text",
    "series_id": "text",
    "category": "text",
    "headline": "text",
    "value_at_risk": "number",
    "units_at_risk": "number",
    "value_unit": "text",
    "due_on": "date",
    "customers_reason": "text",
    "action": "text",
    "owner": "text",
    "episode_state": "text",
    "first_seen": "date",
    "nights_open": "whole",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. `kinds` says of each column what its values are; `frozen` are (rows, columns)."""

    name: str
    header: Sequence[str | date]
    kinds: Sequence[Kind]
    rows: Iterable[Sequence[Value]]
    frozen: tuple[int, int] = (1, 0)
    widths: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen in the sheet of overrides."""

    levels: tuple[str, ...]
    targets: tuple[str, ...]
    weeks: tuple[date, ...]
    categories: tuple[str, ...]
    skus: tuple[str, ...]


def sheets(night: Night) -> list[Sheet]:
    """Every sheet but the one of overrides, in order; a table that is not there leaves its reason."""
    found = coverage(night)
    grids = [_grid(night, target) for target in TARGETS if _has(night, target)]
    return [
        _read_me(night, found, grids),
        *grids,
        _plan(night),
        _exceptions(night),
        _left_out(found),
    ]


def _has(night: Night, target: str) -> bool:
    ahead = night.table("forecasts")
    return ahead is not None and target in ahead["target"].unique().to_list()


def choices(night: Night) -> Choices:
    """Weeks, levels and series that are forecast: an override of anything else would do nothing."""
    ahead = night.table("forecasts")
    if ahead is None:
        return Choices((), (), (), (), ())
    there = set(ahead["level"].unique().to_list())
    targets = set(ahead["target"].unique().to_list())
    return Choices(
        tuple(level for level in LEVELS if level in there),
        tuple(target for target in TARGETS if target in targets),
        tuple(ahead["week_start"].unique().sort().to_list()),
        tuple(ahead["category"].drop_nulls().unique().sort().to_list()),
        tuple(ahead["sku"].drop_nulls().unique().sort().to_list()),
    )


def _read_me(night: Night, found: Coverage, grids: Sequence[Sheet]) -> Sheet:
    lines = [
        f"Hearcast, {night.business}: forecasts as of {day(night.as_of)}",
        f"Snapshot {night.manifest.get('content_id', '')}; {words(str(night.manifest.get('status', '')))}",
        "",
        *(
            f"{grid.name}: weeks across, measures down; what happened to the left, forecasts to the right."
            for grid in grids
        ),
        "The 80 % interval holds what comes in eight weeks of ten. “Without signals” is the same model without what customers said.",
        "Plan: what to order. Exceptions: what needs attention. Left out: SKUs without a forecast, with the reason.",
        "Overrides: fill in and save the sheet as CSV into a source's overrides; one row is one week of one series.",
        "",
        *found.lines,
        *(night.why(name) for name in READ if night.table(name) is None),
    ]
    return Sheet(
        "Read me", ("About this workbook",), ("text",), [(line,) for line in lines], widths={0: 110}
    )


def _grid(night: Night, target: str) -> Sheet:
    """One row for each series and measure; a cell is empty where its measure has no such week."""
    ahead = night.tables["forecasts"].filter(pl.col("target") == target)
    future = ahead["week_start"].unique().sort().to_list()
    weeks = [future[0] - timedelta(weeks=back) for back in range(PAST_WEEKS, 0, -1)] + future
    kinds: list[Kind] = ["text"] * len(GRID_KEYS)
    kinds += ["number"] * len(weeks)
    rows = _grid_rows(night, target, ahead, weeks)
    widths = {0: 10, 1: 22, 2: 18, 3: 24} | {len(GRID_KEYS) + n: 11 for n in range(len(weeks))}
    header = (*GRID_KEYS, *weeks)
    return Sheet(target.capitalize(), header, kinds, rows, (1, len(GRID_KEYS)), widths)


def _grid_rows(
    night: Night, target: str, ahead: pl.DataFrame, weeks: Sequence[date]
) -> Iterator[Sequence[Value]]:
    rank = {level: n for n, level in enumerate(LEVELS)}
    happened = _by_series(night.table("demand_weekly"), target, "value")
    final = _by_series(night.table("forecasts_final"), target, "final_mean")
    ordered = ahead.sort(
        pl.col("level").replace_strict(rank, return_dtype=pl.Int32), "category", "series_id",
        "week_start", nulls_last=False,
    )  # fmt: skip
    lists = ordered.group_by("level", "series_id", "category", maintain_order=True).agg(
        "week_start", *MEASURES
    )
    for row in lists.iter_rows(named=True):
        key = (row["level"], row["series_id"])
        head = (row["level"], row["series_id"], row["category"])
        past = happened.get(key, {})
        yield (*head, HAPPENED, *(past.get(week) for week in weeks))
        yield (*head, YEAR_BEFORE, *(past.get(week - YEAR) for week in weeks))
        for column, name in MEASURES.items():
            values = dict(zip(row["week_start"], row[column], strict=True))
            yield (*head, name, *(values.get(week) for week in weeks))
        if key in final:
            yield (*head, FINAL, *(final[key].get(week) for week in weeks))


def _by_series(
    frame: pl.DataFrame | None, target: str, column: str
) -> dict[tuple[str, str], dict[date, float]]:
    """(level, series) to week to value, of whole weeks."""
    if frame is None:
        return {}
    mine = frame.filter(pl.col("target") == target)
    if "is_partial" in mine.columns:
        mine = mine.filter(~pl.col("is_partial"))
    lists = mine.group_by("level", "series_id").agg("week_start", column)
    return {
        (level, series): dict(zip(weeks, values, strict=True))
        for level, series, weeks, values in lists.iter_rows()
    }


_PLAN_KINDS: Mapping[str, Kind] = {
    "units": "number", "money": "number", "days": "number", "share": "share", "date": "date", "": "text",
}  # fmt: skip


def _plan(night: Night) -> Sheet:
    plan = night.table("inventory_plan")
    if plan is None:
        return _absent(night, "Plan", "inventory_plan")
    columns = [(name, label, kind) for name, label, kind in PLAN_COLUMNS if name in plan.columns]
    header = ("SKU", "category", *(label for _, label, _ in columns))
    kinds: list[Kind] = ["text", "text", *(_PLAN_KINDS[kind] for *_, kind in columns)]
    rows = plan.sort("sku").select("sku", "category", *(name for name, *_ in columns)).iter_rows()
    return Sheet(
        "Plan",
        header,
        kinds,
        rows,
        (1, 1),
        {0: 18, 1: 18} | dict.fromkeys(range(2, len(header)), 15),
    )


def _exceptions(night: Night) -> Sheet:
    found = night.table("exceptions")
    if found is None:
        return _absent(night, "Exceptions", "exceptions")
    there = {name: kind for name, kind in EXCEPTION_COLUMNS.items() if name in found.columns}
    rows = found.sort("rank", "episode_id").select(*there).iter_rows()
    header = tuple(words(name) for name in there)
    widths = {list(there).index(name): 45 for name in ("headline", "customers_reason", "action")}
    return Sheet("Exceptions", header, tuple(there.values()), rows, (1, 1), widths)


def _left_out(found: Coverage) -> Sheet:
    rows = found.left_out.select("sku", "category", "target", "reason").iter_rows()
    header = ("SKU", "category", "target", "why it has no forecast")
    return Sheet("Left out", header, ("text",) * 4, rows, widths={0: 18, 1: 18, 3: 60})


def _absent(night: Night, name: str, table: str) -> Sheet:
    return Sheet(name, (name,), ("text",), [(night.why(table),)], widths={0: 80})
