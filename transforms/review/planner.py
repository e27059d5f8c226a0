"""What the planner's page knows of each SKU, compact enough for ten thousand of them.

Numbers travel as whole multiples of 1/1024, of which published means, quantiles and demand are made;
a number that is none travels as itself, and cannot be whole. So nothing is rounded on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from transforms.contracts.exports import TARGETS
from transforms.review.parts import Night
from transforms.review.planner_plan import (
    PLAN_COLUMNS,
    overrides_above,
    overrides_by_series,
    plan_by_sku,
)
from transforms.review.planner_words import lead_words, quotes_by_category
from transforms.review.skus import SKU_LEVELS, Coverage, coverage

HISTORY_WEEKS = 105
SCALE = 1024
MAX_ITEMS = 25_000
"""SKUs on the page, about a kilobyte each; beyond it those expected to sell least are left out."""
READ = (
    "forecasts",
    "forecast_contributions",
    "demand_weekly",
    "series_listed",
    "signal_evidence",
    "signals_weekly",
    "phrase_stats",
    "voices",
    "inventory_plan",
    "demand_unconstrained",
    "forecasts_final",
    "override_status",
)
"""Every table that the page draws on."""
OPTIONAL = ("inventory_plan", "demand_unconstrained", "override_status", "signal_evidence")
AHEAD = {
    "m": "mean",
    "l": "p10",
    "h": "p90",
    "b": "baseline_mean",
    "n": "naive_mean",
    "p": "promotion_delta",
    "o": "holiday_delta",
}
"""Short name in the page's data to column of forecasts."""
DROPPED_WHEN_ZERO = ("p", "o")


@dataclass(frozen=True, slots=True)
class Planner:
    """The page's data. `head` is read at once; `items` are the SKUs in order of their names.

    `head`: as_of, week0 (day from which weeks are counted), targets, index (sku, category, why not
    forecast, expected units of all weeks ahead), leads, quotes, overrides above the SKU, plan columns,
    absent.
    """

    head: Mapping[str, Any]
    items: Sequence[tuple[str, Mapping[str, Any]]]
    coverage: Coverage
    beyond: int = 0
    """SKUs that are not on the page because it would be too large."""


def planner(night: Night, max_items: int = MAX_ITEMS) -> Planner:
    """Every known SKU, those without a forecast too, with the reason; at most `max_items`."""
    found = coverage(night)
    level = _level(night)
    start = _first_week(night)
    parts = {t: _target_items(night, t, level, start) for t in TARGETS}
    plans, overrides = plan_by_sku(night), overrides_by_series(night, level)
    every = _index(night, level, found, plans)
    largest = sorted(every, key=lambda row: (-(row[-1] or 0.0), row[0]))
    index = sorted(largest[:max_items])
    items = []
    for name, sku, *_ in index:
        item: dict[str, Any] = {t: parts[t][name] for t in TARGETS if name in parts[t]}
        if sku in plans:
            item["plan"] = plans[sku]
        if name in overrides:
            item["overrides"] = overrides[name]
        items.append((name, item))
    head = {
        "as_of": night.as_of.isoformat(),
        "week0": start.isoformat(),
        "targets": [t for t in TARGETS if parts[t]],
        "index": [[name, category, why, encoded(total)] for name, _, category, why, total in index],
        "leads": lead_words(night, start),
        "quotes": quotes_by_category(night),
        "above": overrides_above(night),
        "plan": [list(column) for column in PLAN_COLUMNS],
        "absent": [night.why(name) for name in OPTIONAL if night.table(name) is None],
    }
    return Planner(head, items, found, len(every) - len(index))


def encoded(value: float | None) -> float | int | None:
    """A number as it travels: see the module."""
    if value is None:
        return None
    scaled = value * SCALE
    return int(scaled) if scaled == int(scaled) else value


def _numbers(values: Sequence[float | None]) -> list[float | int | None]:
    return [encoded(value) for value in values]


def _level(night: Night) -> str:
    """The SKU's level; the SKU in its channels where only that is forecast."""
    listed = night.table("series_listed")
    there = set() if listed is None else set(listed["level"].unique().to_list())
    return next((level for level in SKU_LEVELS if level in there), "sku")


def _first_week(night: Night) -> date:
    """The week from which all others are counted: the oldest one that is shown."""
    ahead, weekly = night.table("forecasts"), night.table("demand_weekly")
    frames = [f["week_start"] for f in (ahead, weekly) if f is not None and not f.is_empty()]
    if not frames:
        return night.as_of
    newest: date = max(weeks.max() for weeks in frames[1:] or frames)  # type: ignore[type-var, assignment]
    shown = [weeks.filter(weeks >= newest - timedelta(weeks=HISTORY_WEEKS)) for weeks in frames]
    return min(weeks.min() for weeks in shown if weeks.len())  # type: ignore[type-var, return-value]


def _index(
    night: Night, level: str, found: Coverage, plans: Mapping[str, Any]
) -> list[tuple[str, str, str, str, float | None]]:
    """(series, SKU, category, why it is not forecast, expected units), by name; every known SKU."""
    frames = [f for f in (night.table("series_listed"), night.table("forecasts")) if f is not None]
    keys = ("series_id", "sku", "category")
    rows = [f.filter(pl.col("level") == level).select(keys) for f in frames]
    known = pl.concat(rows).unique("series_id", keep="first", maintain_order=True) if rows else None
    ahead, totals = night.table("forecasts"), {}
    if ahead is not None:
        mine = ahead.filter(pl.col("level") == level, pl.col("target") == "units")
        totals = dict(mine.group_by("series_id").agg(pl.col("mean").sum()).iter_rows())
    why = dict(
        found.left_out.filter(pl.col("target") == "units").select("sku", "reason").iter_rows()
    )
    index = [] if known is None else [
        (name, sku, category or "", why.get(sku, "") if name not in totals else "", totals.get(name))
        for name, sku, category in known.iter_rows()
    ]  # fmt: skip
    there = {sku for _, sku, *_ in index}
    index += [
        (sku, sku, "", "never sold, in the plan only", None) for sku in plans if sku not in there
    ]
    return sorted(index)


def _target_items(night: Night, target: str, level: str, start: date) -> dict[str, dict[str, Any]]:
    """History and forecast of each series of one target, by series."""
    items: dict[str, dict[str, Any]] = {}
    for name, history in _histories(night, target, level, start):
        items.setdefault(name, {}).update(history)
    for name, ahead in _forecasts(night, target, level, start):
        items.setdefault(name, {})["f"] = ahead
    for name, signal, first, deltas in _signals(night, target, level, start):
        if "f" in items.get(name, {}):
            items[name]["f"].setdefault("s", {})[signal] = [first, deltas]
    for name, first, values in _finals(night, target, level, start):
        if "f" in items.get(name, {}):
            items[name]["f"]["fin"] = [first, values]
    return items


def _weeks_from(start: date) -> pl.Expr:
    return ((pl.col("week_start") - pl.lit(start)).dt.total_days() // 7).alias("at")


def _chosen(night: Night, table: str, target: str, level: str, start: date) -> pl.DataFrame | None:
    frame = night.table(table)
    if frame is None:
        return None
    return (
        frame.filter(
            pl.col("target") == target, pl.col("level") == level, pl.col("week_start") >= start
        )
        .with_columns(_weeks_from(start))
        .sort("series_id", "at")
    )


def _histories(
    night: Night, target: str, level: str, start: date
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Weeks sold, without gaps; which of them are partial; what lack of stock hid."""
    weekly = _chosen(night, "demand_weekly", target, level, start)
    if weekly is None:
        return
    hidden = _hidden(night, target, level, start)
    lists = weekly.group_by("series_id", maintain_order=True).agg("at", "value", "is_partial")
    for name, at, values, partial in lists.iter_rows():
        row: list[float | None] = [None] * (at[-1] - at[0] + 1)
        for place, value in zip(at, values, strict=True):
            row[place - at[0]] = value
        history: dict[str, Any] = {"w": at[0], "v": _numbers(row)}
        if unfinished := [place for place, flag in zip(at, partial, strict=True) if flag]:
            history["q"] = unfinished
        if name in hidden:
            history["x"] = hidden[name]
        yield name, history


def _hidden(night: Night, target: str, level: str, start: date) -> dict[str, list[list[Any]]]:
    """Weeks in which stock ran out, with the demand that is estimated for them."""
    scarce = _chosen(night, "demand_unconstrained", target, level, start)
    if scarce is None:
        return {}
    mine = scarce.filter(pl.col("method") != "not_estimated")
    lists = mine.group_by("series_id", maintain_order=True).agg("at", "unconstrained_units")
    return {
        name: [[place, encoded(value)] for place, value in zip(at, values, strict=True)]
        for name, at, values in lists.iter_rows()
    }


def _forecasts(
    night: Night, target: str, level: str, start: date
) -> Iterator[tuple[str, dict[str, Any]]]:
    ahead = _chosen(night, "forecasts", target, level, start)
    if ahead is None:
        return
    there = {short: name for short, name in AHEAD.items() if name in ahead.columns}
    lists = ahead.group_by("series_id", maintain_order=True).agg(
        "at", *there.values(), "flat_mean", "sold_to_date_units", "model", "rung"
    )
    for row in lists.iter_rows(named=True):
        made: dict[str, Any] = {"w": row["at"][0]}
        for short, name in there.items():
            if short not in DROPPED_WHEN_ZERO or any(row[name]):
                made[short] = _numbers(row[name])
        made["lv"] = round(row["flat_mean"][0], 3)
        made["model"], made["rung"] = row["model"][0], row["rung"][0]
        if row["sold_to_date_units"][0] is not None:
            made["sold"] = encoded(row["sold_to_date_units"][0])
        yield row["series_id"], made


def _signals(
    night: Night, target: str, level: str, start: date
) -> Iterator[tuple[str, str, int, list[float | int | None]]]:
    """What each signal adds, from the first to the last week that it moves."""
    parts = _chosen(night, "forecast_contributions", target, level, start)
    if parts is None:
        return
    acting = parts.filter(pl.col("delta") != 0).sort("series_id", "signal", "at")
    lists = acting.group_by("series_id", "signal", maintain_order=True).agg("at", "delta")
    for name, signal, at, deltas in lists.iter_rows():
        row: list[float | None] = [0.0] * (at[-1] - at[0] + 1)
        for place, delta in zip(at, deltas, strict=True):
            row[place - at[0]] = delta
        yield name, signal, at[0], _numbers(row)


def _finals(
    night: Night, target: str, level: str, start: date
) -> Iterator[tuple[str, int, list[float | int | None]]]:
    """The forecast with planners' overrides, of series that an override moves."""
    final = _chosen(night, "forecasts_final", target, level, start)
    if final is None:
        return
    moved = final.filter(pl.col("override_delta").abs().sum().over("series_id") > 0)
    lists = moved.group_by("series_id", maintain_order=True).agg("at", "final_mean")
    for name, at, values in lists.iter_rows():
        yield name, at[0], _numbers(values)
