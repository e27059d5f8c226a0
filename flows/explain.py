"""`hearcast explain`: why a SKU's forecast is what it is, from a published night.

Numbers come from the exports alone; the quotes from the lake, redacted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

import polars as pl

from flows.errors import Mistake
from flows.lake import Lake
from flows.places import Place
from flows.reader import published_frame, read_manifest, snapshot_dir
from flows.settings import Settings
from flows.summary_evidence import lead_line
from transforms.asof import visible
from transforms.contracts import EXPORTS, INPUTS
from transforms.silence import silence
from transforms.waterfall import (
    Heard,
    Step,
    evidence_for,
    heard,
    override_steps,
    quote,
    spans,
    steps,
)

NEEDED = (
    "forecasts",
    "forecast_contributions",
    "signal_evidence",
    "signals_weekly",
    "tags",
    "series_listed",
    "forecasts_final",
)
QUOTES = 2
BAR = 24
TARGETS_SHOWN = ("units", "returns")


class CannotExplain(Mistake):
    """There is nothing to explain; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Night:
    """The published tables of one night, and the passages that its tags speak of."""

    as_of: date
    tables: Mapping[str, pl.DataFrame]
    passages: pl.LazyFrame
    mask_orders: bool = False


def read_night(settings: Settings, as_of: str | None) -> Night:
    """A published night, default the latest. Raises CannotExplain where there is none."""
    try:
        snapshot = snapshot_dir(settings.paths.exports, as_of)
    except FileNotFoundError as error:
        raise CannotExplain(str(error)) from None
    manifest = read_manifest(snapshot)
    day = date.fromisoformat(manifest["as_of"])
    tables = {name: _table(snapshot, name, manifest["tables"]) for name in NEEDED}
    versions = Lake(settings.paths.lake).versions("passages", day)
    passages = visible(versions, INPUTS["passages"], day, settings.business.timezone)
    mask_orders = settings.privacy.order_numbers == "mask"
    return Night(day, tables, passages, mask_orders)


def _table(snapshot: Place, name: str, entries: Mapping[str, Any]) -> pl.DataFrame:
    if "sha256" in entries.get(name, {}):
        return published_frame(snapshot, name)
    return EXPORTS[name].empty()


def explain(night: Night, sku: str, week: date | None) -> list[str]:
    """The lines for a SKU and week, default the first week after the running one.

    Raises CannotExplain for a SKU or week without a forecast, saying why.
    """
    rows = night.tables["forecasts"].filter(
        pl.col("sku") == sku, pl.col("target").is_in(TARGETS_SHOWN)
    )
    if rows.is_empty():
        raise CannotExplain(_no_forecast(night, sku))
    finest = rows["level"].is_in(["sku"])
    rows = rows.filter(finest) if finest.any() else rows
    chosen = _week(rows, week, night.as_of)
    shown = rows.filter(pl.col("week_start") == chosen).sort(
        pl.col("target") != "units", "target", "series_id"
    )
    lines: list[str] = []
    for row in shown.iter_rows(named=True):
        lines += [*_one(night, row), ""]
    return lines


def _no_forecast(night: Night, sku: str) -> str:
    listed = night.tables["series_listed"].filter(pl.col("sku").is_not_null())
    mine = listed.filter(pl.col("sku") == sku)
    if mine.height:
        states = ", ".join(sorted(set(mine["status"].to_list())))
        return f"SKU {sku} has no forecast as of {night.as_of}: its status is {states}"
    near = get_close_matches(sku, listed["sku"].unique().sort().to_list(), n=3)
    hint = f"; near it: {', '.join(near)}" if near else "; series_listed holds every SKU"
    return f"no SKU {sku} is published as of {night.as_of}{hint}"


def _week(rows: pl.DataFrame, week: date | None, as_of: date) -> date:
    weeks: list[date] = rows["week_start"].unique().sort().to_list()
    if week is None:
        ahead = [one for one in weeks if one > as_of]
        return (ahead or weeks)[0]
    within = [one for one in weeks if one <= week < one + timedelta(days=7)]
    if not within:
        raise CannotExplain(
            f"--week {week} is not forecast as of {as_of}: "
            f"choose a day from {weeks[0]} to {weeks[-1] + timedelta(days=6)}"
        )
    return within[0]


def _one(night: Night, row: Mapping[str, Any]) -> Iterator[str]:
    """One series: heading, waterfall, and for each signal that acts its evidence and voices."""
    key = ["target", "level", "series_id", "week_start"]
    mine = night.tables["forecast_contributions"].filter(
        pl.all_horizontal(*(pl.col(name) == row[name] for name in key))
    )
    yield (
        f"{row['series_id']} ({row['category']}): {row['target']}, week of "
        f"{row['week_start']:%d %b %Y} (horizon {row['horizon']}), as of {night.as_of}"
    )
    final = _final(night, {name: row[name] for name in key})
    yield from _bars([*steps(row, mine), *override_steps(final)])
    what = "80 % interval without overrides" if final else "80 % interval"
    yield f"  {what} {row['p10']:,.1f} to {row['p90']:,.1f}; " + _beside(row)
    if final:
        yield _override(final)
    for signal, delta in mine.sort("signal").select("signal", "delta").iter_rows():
        yield from _signal(night, row, signal, delta)
    if mine.is_empty():
        yield silence(night.tables, row)


def _final(night: Night, cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row of forecasts_final that an override moves away from the forecast; empty: none does."""
    mine = night.tables["forecasts_final"].filter(
        pl.col("override_delta") != 0,
        pl.all_horizontal(*(pl.col(name) == value for name, value in cell.items())),
    )
    return mine.row(0, named=True) if mine.height else {}


def _override(final: Mapping[str, Any]) -> str:
    """Whose override moves a row, and what then is sure to within four chances in five."""
    interval = f"80 % interval with it {final['p10']:,.1f} to {final['p90']:,.1f}"
    if final["override_level"] is None:
        whose = "overrides of series below it"
    else:
        of = (
            ""
            if final["override_level"] == final["level"]
            else f" of the {final['override_level']}"
        )
        whose = f"override{of} by {final['author']} ({final['reason']})"
    return f"  {whose}: orders rest on it; {interval}"


def _beside(row: Mapping[str, Any]) -> str:
    said = f"seasonal naive {row['naive_mean']:,.1f}; model {row['model']}"
    return said if row["rung"] == "full" else f"{said}; rung {row['rung']}"


def _bars(parts: list[Step]) -> Iterator[str]:
    """A waterfall in characters: each part stands where the one before it ends."""
    width = max(len(step.name) for step in parts)
    reach, at = [0.0], 0.0
    for step in parts:
        at = step.units if step.is_level else at + step.units
        reach.append(at)
    scale = BAR / max(*reach, 1e-9)
    at = 0.0
    for step in parts:
        begin, end = (0.0, step.units) if step.is_level else (at, at + step.units)
        at = end
        low, high = (round(max(x, 0.0) * scale) for x in sorted((begin, end)))
        mark = "█" if step.is_level else "+" if step.units > 0 else "-"
        number = f"{step.units:,.1f}" if step.is_level else f"{round(step.units, 1) + 0.0:+,.1f}"
        yield f"  {step.name:<{width}} {number:>10}  {' ' * low}{mark * (high - low)}".rstrip()


def _signal(night: Night, row: Mapping[str, Any], signal: str, delta: float) -> Iterator[str]:
    evidence = evidence_for(night.tables["signal_evidence"], row["target"], row["category"], signal)
    if not evidence:
        yield f"  {signal} {delta:+,.1f}: its evidence is not published"
        return
    yield lead_line(evidence)
    week = row["week_start"] - timedelta(weeks=evidence["lead_weeks"])
    weekly = night.tables["signals_weekly"]
    told = heard(weekly, signal, row["category"], week) or heard(weekly, signal, None, week)
    if told is not None:
        yield _said(told)
    yield from _voices(night, row, signal, week)


def _said(told: Heard) -> str:
    usual = "" if told.usual_share is None else f"; in the year before {told.usual_share:.1%}"
    return (
        f"    heard in the week of {told.week_start:%d %b}: {told.with_signal} of {told.taggable} "
        f"conversations ({told.with_signal / told.taggable:.1%}){usual}"
    )


def _voices(night: Night, row: Mapping[str, Any], signal: str, week: date) -> Iterator[str]:
    """Up to two redacted quotes; ids published under a pseudonym are not found again."""
    places = spans(night.tables["tags"], signal, (row["sku"], row["category"]), week)
    if places.is_empty():
        return
    found = (
        night.passages.select("conversation_id", "passage_id", "text")
        .join(places.select("conversation_id", "passage_id").lazy(), how="semi",
              on=["conversation_id", "passage_id"])
        .collect()
        .unique(["conversation_id", "passage_id"], keep="first", maintain_order=True)
    )  # fmt: skip
    found = found.filter(pl.col("text").is_not_null())
    texts = places.join(found, on=["conversation_id", "passage_id"], maintain_order="left")
    texts = texts.filter(pl.col("text").is_not_null())
    for place in texts.head(QUOTES).iter_rows(named=True):
        about = "" if place["sku"] == row["sku"] else f", on {place['sku'] or row['category']}"
        yield f"    “{quote(place['text'], mask_orders=night.mask_orders)}” ({place['said_at']:%d %b %Y}{about})"
