"""The planner's lines about the next weeks: forecast, what customers said, and overrides."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from transforms.published import WHOLE

BIGGEST = 5
WEEKS_SHOWN = 4
SHOWN_LEVELS = ("category", "total", "sku", "sku_channel")
"""The first of these that has forecasts is shown."""
WITH_OVERRIDES = "  with overrides"


def ahead_lines(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """Forecast units of the biggest categories, what customers said in them, and with overrides."""
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
    rows_told = [("week of", _weeks(shown))]
    for (scope, name), cells in told.items():
        rows_told.append((name, cells))
        if final := _finals(tables, scope, name):
            rows_told.append((WITH_OVERRIDES, final))
    width = max(len(name) for name, _ in rows_told)
    wide = max(len(cell) for _, cells in rows_told for cell in cells)
    lines += [
        f"  {name:<{width}}  " + "  ".join(f"{cell:<{wide}}" for cell in cells).rstrip()
        for name, cells in rows_told
    ]
    if any(name == WITH_OVERRIDES for name, _ in rows_told):
        lines[1] = f"{lines[1][:-2]}; orders rest on the rows with overrides):"
    others = shown["series_id"].n_unique() - len(biggest)
    return [*lines, f"  (and {others} more of {level})"] if others else lines


def _finals(tables: Mapping[str, pl.DataFrame], level: str, name: str) -> list[str]:
    """The weeks of a series with planners' overrides; none where no override moves any of them."""
    if "forecasts_final" not in tables:
        return []
    rows = tables["forecasts_final"].filter(
        pl.col("target") == "units", pl.col("horizon") <= WEEKS_SHOWN,
        pl.col("level") == level, pl.col("series_id") == name,
    ).sort("horizon")  # fmt: skip
    if not (rows["override_delta"] != 0).any():
        return []
    return [
        f"{row['final_mean']:>7,.0f} [{row['p10']:,.0f}-{row['p90']:,.0f}]"
        for row in rows.iter_rows(named=True)
    ]


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
    said = f" {delta:+,.0f}" if round(delta) else ""
    return f"{row['mean']:>7,.0f} [{row['p10']:,.0f}-{row['p90']:,.0f}]{said}"
