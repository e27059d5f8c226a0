"""Forecasts with their bands, the same without what customers said, and a year before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from transforms.published import WHOLE
from transforms.review.numbers import between, quantity, signed, signed_percent, week
from transforms.review.parts import Chart, Grid, Night, Section, Verdict
from transforms.review.with_overrides import NOTE, final_sums, final_weeks

SUM_WEEKS = 4
PAST_WEEKS = 26
MOST_CHARTS = 6
YEAR = timedelta(weeks=52)
HOW_TO_READ = (
    "Forecasts are expected values. A band is the 80 % interval: one week in ten is expected below it and one in "
    "ten above. “Without signals” is the same model without what customers said."
)


def ahead_section(night: Night) -> Section:
    """What is expected, for the whole business and by category."""
    title = "What is expected"
    forecasts, sums = night.table("forecasts"), night.table("forecasts_cumulative")
    if forecasts is None or forecasts.is_empty():
        verdict = Verdict("There is no forecast to show.", "bad")
        names = ("forecasts", "forecasts_cumulative")
        absent = tuple(night.why(name) for name in names if night.table(name) is None)
        return Section("ahead", title, (verdict,), absent=absent)
    level = "category" if "category" in forecasts["level"].to_list() else "sku"
    charts = tuple(band_chart(night, *series) for series in _charted(forecasts, level))
    absent = () if sums is not None else (night.why("forecasts_cumulative"),)
    grids = () if sums is None else (_sums_grid(night, sums, level),)
    verdicts = () if sums is None else tuple(_verdicts(night, sums))
    acting = sums is not None and final_sums(night, _horizon(sums))
    notes = (HOW_TO_READ, NOTE) if acting else (HOW_TO_READ,)
    return Section("ahead", title, verdicts, grids, charts, notes=notes, absent=absent)


def _charted(forecasts: pl.DataFrame, level: str) -> list[tuple[str, str, str]]:
    """(target, level, series): each target's total, then the biggest of `level` in units."""
    totals = forecasts.filter(pl.col("level") == "total")["target"].unique().to_list()
    order = [t for t in ("units", "returns", "tickets") if t in totals]
    biggest = (
        forecasts.filter(pl.col("level") == level, pl.col("target") == "units")
        .group_by("series_id")
        .agg(pl.col("mean").sum())
        .sort("mean", "series_id", descending=[True, False])["series_id"]
        .head(MOST_CHARTS)
    )
    return [(t, "total", WHOLE) for t in order] + [("units", level, name) for name in biggest]


def band_chart(night: Night, target: str, level: str, series: str) -> Chart:
    """Half a year of what happened, then mean, 80 % band and the line without signals."""
    mine = (pl.col("target") == target, pl.col("level") == level, pl.col("series_id") == series)
    ahead = night.tables["forecasts"].filter(*mine).sort("week_start")
    weekly = night.table("demand_weekly")
    first: date = ahead["week_start"].min()  # type: ignore[assignment]
    since = first - timedelta(weeks=PAST_WEEKS)
    sold = pl.DataFrame(schema={"week_start": pl.Date, "value": pl.Float64})
    if weekly is not None:
        sold = weekly.filter(*mine, ~pl.col("is_partial"), pl.col("week_start") >= since)
        sold = sold.select("week_start", "value").sort("week_start")
    empty = pl.lit(None, dtype=pl.Float64)
    frame = pl.concat(
        [
            sold.select(
                pl.col("week_start").alias("week"),
                pl.lit("sold").alias("part"),
                "value",
                empty.alias("lo"),
                empty.alias("hi"),
                empty.alias("without"),
            ),
            ahead.select(
                pl.col("week_start").alias("week"),
                pl.lit("ahead").alias("part"),
                pl.col("mean").alias("value"),
                pl.col("p10").alias("lo"),
                pl.col("p90").alias("hi"),
                pl.col("baseline_mean").alias("without"),
            ),
        ]
    )
    whose = "whole business" if level == "total" else series
    title = f"{target.capitalize()} a week, {whose}"
    row = ahead.row(0, named=True)
    alt = (
        f"{title}: {quantity(row['mean'])} a week expected in the week of {week(first)}, "
        f"80 % interval {between(row['p10'], row['p90'])}; the weeks before and after are in the table."
    )
    unit = f"{target} a week"
    final = final_weeks(night, (target, level, series))
    return Chart("band", title, alt, frame, unit, _numbers(title, ahead, target, final))


def _numbers(title: str, ahead: pl.DataFrame, target: str, final: Mapping[date, float]) -> Grid:
    rows = tuple(
        (
            week(r["week_start"]),
            quantity(r["mean"]),
            between(r["p10"], r["p90"]),
            quantity(r["baseline_mean"]),
            signed(r["signal_delta"]),
            *([quantity(final.get(r["week_start"]))] if final else []),
        )
        for r in ahead.iter_rows(named=True)
    )
    columns = ("week of", f"{target} expected", "80 % interval", "without signals", "difference")
    columns += ("with overrides",) if final else ()  # type: ignore[assignment]
    return Grid(f"{title}: numbers of the chart", columns, rows, frozenset(range(1, 6)))


def year_before(
    weekly: pl.DataFrame | None, mine: Mapping[str, Any], weeks: list[date]
) -> float | None:
    """What happened in the same weeks 52 weeks before; None unless all of them are known, whole."""
    if weekly is None:
        return None
    then = weekly.filter(
        *(pl.col(name) == value for name, value in mine.items()),
        ~pl.col("is_partial"),
        pl.col("week_start").is_in([one - YEAR for one in weeks]),
    )
    return float(then["value"].to_numpy().sum()) if then.height == len(weeks) else None


def _horizon(sums: pl.DataFrame) -> int:
    return min(SUM_WEEKS, int(sums["horizon"].max() or SUM_WEEKS))  # type: ignore[arg-type]


def _summed(sums: pl.DataFrame) -> pl.DataFrame:
    return sums.filter(pl.col("horizon") == _horizon(sums))


def _weeks(row: Mapping[str, Any]) -> list[date]:
    return [row["week_start"] - timedelta(weeks=back) for back in range(row["horizon"])]


def _verdicts(night: Night, sums: pl.DataFrame) -> Iterator[Verdict]:
    """One sentence for each target: the whole business over the next weeks."""
    total = _summed(sums).filter(pl.col("level") == "total")
    order = pl.col("target").replace_strict(
        {"units": 0, "returns": 1, "tickets": 2}, default=3, return_dtype=pl.Int32
    )
    final = final_sums(night, _horizon(sums))
    for row in total.sort(order).iter_rows(named=True):
        mine = {"target": row["target"], "level": "total", "series_id": row["series_id"]}
        before = year_before(night.table("demand_weekly"), mine, _weeks(row))
        said = (
            f"{row['target'].capitalize()}: {quantity(row['mean'])} expected in the "
            f"{row['horizon']} weeks from {week(min(_weeks(row)))} "
            f"(80 % interval {between(row['p10'], row['p90'])}); "
            f"{quantity(row['baseline_mean'])} without what customers said"
        )
        if (moved := final.get((row["target"], "total", row["series_id"]))) is not None:
            said += f"; {quantity(moved)} with overrides, on which orders rest"
        if before:
            change = row["mean"] / before - 1
            said += f"; {quantity(before)} a year before ({signed_percent(change)})"
        yield Verdict(f"{said}.")


def _sums_grid(night: Night, sums: pl.DataFrame, level: str) -> Grid:
    """Every series of `level` and the total, the next weeks together, in units."""
    shown = _summed(sums).filter(
        pl.col("target") == "units", pl.col("level").is_in([level, "total"])
    )
    shown = shown.sort(
        pl.col("level") == "total", "mean", "series_id", descending=[False, True, False]
    )
    weekly, final = night.table("demand_weekly"), final_sums(night, _horizon(sums))
    overridden = any(target == "units" for target, *_ in final)
    rows = []
    for r in shown.head(60).iter_rows(named=True):
        mine = {"target": "units", "level": r["level"], "series_id": r["series_id"]}
        before = year_before(weekly, mine, _weeks(r))
        change = signed_percent(r["mean"] / before - 1) if before else "unknown"
        rows.append(
            (
                "whole business" if r["level"] == "total" else r["series_id"],
                quantity(r["mean"]),
                between(r["p10"], r["p90"]),
                quantity(r["baseline_mean"]),
                signed(r["mean"] - r["baseline_mean"]),
                *(
                    [quantity(final.get(("units", r["level"], r["series_id"]), r["mean"]))]
                    if overridden
                    else []
                ),
                quantity(before),
                change,
            )
        )
    rest = shown.height - len(rows)
    horizon = int(shown["horizon"].max() or 0) if shown.height else SUM_WEEKS  # type: ignore[arg-type]
    columns = (
        level, "units expected", "80 % interval", "without signals", "signals add",
        *(["with overrides"] if overridden else []), "a year before", "change",
    )  # fmt: skip
    note = f"{rest:,} smaller ones stand in the workbook." if rest > 0 else ""
    caption = f"Units of the next {horizon} weeks together, the running one included"
    return Grid(caption, columns, tuple(rows), frozenset(range(1, len(columns))), note)
