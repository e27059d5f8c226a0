"""Signals beside the target that they lead, and the whole account of what was tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from math import expm1
from typing import Any

import polars as pl

from transforms.contracts.exports import STATUSES
from transforms.published import WHOLE
from transforms.review.numbers import (
    chance,
    listed,
    percent,
    percents,
    plural,
    quantity,
    signed_percent,
    week,
    words,
)
from transforms.review.parts import Chart, Grid, Night, Section, Verdict

SHOWN_WEEKS = 60
NUMBERS_WEEKS = 26
MOST_CHARTS = 6
MOST_REJECTED = 30
ABSENT = "signal_evidence"
CAUTION = (
    "A lead is what is left after season, trend and the target's own past are taken off, tested on weeks that did "
    "not choose it, with the false-discovery rate held at 10 % over everything tested. The charts show the plain "
    "weekly series, so a lead need not be visible in them. “Insufficient” does not mean no: nobody could tell yet."
)


def _pair(row: Mapping[str, Any]) -> str:
    return f"{words(row['signal'])} → {row['target']}, {row['category'] or 'all categories'}"


def _effect(row: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    """The effect per standard deviation of the signal as a relative change, with its interval."""
    return tuple(  # type: ignore[return-value]
        None if row[name] is None else expm1(row[name])
        for name in ("effect", "effect_lo", "effect_hi")
    )


def adopted_rows(evidence: pl.DataFrame) -> pl.DataFrame:
    """Confirmed pairs, those best proved first."""
    return evidence.filter(pl.col("status") == "confirmed").sort(
        "q_value", "oos_p_value", "target", "signal", "category", nulls_last=True
    )


def leads_section(night: Night) -> Section:
    """Each adopted signal, moved on by its lead, above the target that it leads."""
    title = "Signals and what they lead"
    evidence = night.table("signal_evidence")
    if evidence is None:
        verdict = Verdict("Which signals lead is not known.", "watch")
        return Section("leads", title, (verdict,), absent=(night.why(ABSENT),))
    adopted = adopted_rows(evidence)
    if adopted.is_empty():
        text = "No signal is adopted: forecasts are the same with and without what customers said."
        return Section("leads", title, (Verdict(text),), notes=(CAUTION,))
    verdicts = tuple(_verdict(row) for row in adopted.head(MOST_CHARTS).iter_rows(named=True))
    weekly, heard = night.table("demand_weekly"), night.table("signals_weekly")
    charts: tuple[Chart, ...] = ()
    absent = tuple(night.why(n) for n in ("demand_weekly", "signals_weekly") if n in night.absent)
    if weekly is not None and heard is not None:
        rows = adopted.head(MOST_CHARTS).iter_rows(named=True)
        found = (_lead_chart(row, weekly, heard) for row in rows)
        charts = tuple(chart for chart in found if chart is not None)
    more = adopted.height - len(verdicts)
    notes = (
        (CAUTION, f"{plural(more, 'more pair')} in the table below.") if more > 0 else (CAUTION,)
    )
    return Section("leads", title, verdicts, charts=charts, notes=notes, absent=absent)


def _verdict(row: Mapping[str, Any]) -> Verdict:
    effect, lo, hi = _effect(row)
    where = row["category"] or "all categories"
    return Verdict(
        f"{words(row['signal']).capitalize()} leads {row['target']} of {where} by "
        f"{plural(row['lead_weeks'], 'week')}: {signed_percent(effect)} per standard deviation of the "
        f"signal (95 % interval {percents(lo, hi, signs=True)}; {plural(row['n_mentions'], 'mention')} in "
        f"{plural(row['n_conversations'], 'conversation')}, {plural(row['n_weeks'], 'week')}).",
        "good",
    )


def _lead_chart(row: Mapping[str, Any], weekly: pl.DataFrame, heard: pl.DataFrame) -> Chart | None:
    """The target's weeks, and the signal's share moved on by the lead; None without either."""
    category = row["category"]
    level, series = ("total", WHOLE) if category is None else ("category", category)
    target = weekly.filter(
        pl.col("target") == row["target"],
        pl.col("level") == level,
        pl.col("series_id") == series,
        ~pl.col("is_partial"),
    ).select(pl.col("week_start").alias("week"), pl.col("value").alias("target"))
    lead = timedelta(weeks=row["lead_weeks"])
    said = heard.filter(
        pl.col("signal") == row["signal"],
        pl.col("category").eq_missing(category),
        pl.col("in_series"),
        ~pl.col("is_partial"),
    ).select((pl.col("week_start") + lead).alias("week"), pl.col("rate_shrunk").alias("rate"))
    if target.is_empty() or said.is_empty():
        return None
    both = target.join(said, on="week", how="full", coalesce=True).sort("week").tail(SHOWN_WEEKS)
    whose = category or "whole business"
    earlier = f"{plural(row['lead_weeks'], 'week')} before"
    title = f"{whose}: {row['target']} a week; below, share of people with {words(row['signal'])} {earlier}"
    newest = both.sort("week", descending=True).head(NUMBERS_WEEKS)
    grid = Grid(
        f"{title}: numbers of the chart",
        ("week of", row["target"], f"share of people who said it {earlier}"),
        tuple(
            (week(w), "not known yet" if value is None else quantity(value), percent(rate))
            for w, value, rate in newest.iter_rows()
        ),
        frozenset({1, 2}),
        f"The newest {NUMBERS_WEEKS} weeks." if both.height > newest.height else "",
    )
    alt = f"{title}. The share is moved on by the lead, so that what leads stands below what it leads."
    return Chart("lead", title, alt, both, row["target"], grid)


def evidence_section(night: Night) -> Section:
    """Everything that was tested, with its verdict: also, and with counts, what was rejected."""
    title = "Evidence, and what was rejected"
    evidence = night.table("signal_evidence")
    if evidence is None:
        verdict = Verdict("Nothing was tested that night.", "watch")
        return Section("evidence", title, (verdict,), absent=(night.why(ABSENT),))
    if evidence.is_empty():
        text = "Nothing was tested: no conversations, or too little history."
        return Section("evidence", title, (Verdict(text),))
    counts = dict(evidence["status"].value_counts().iter_rows())
    said = listed([f"{counts.get(s, 0):,} {s}" for s in STATUSES])
    verdict = Verdict(f"{plural(evidence.height, 'pair')} of signal and target tested: {said}.")
    adopted = adopted_rows(evidence)
    grids = [_counts_grid(evidence)]
    if adopted.height:
        grids.append(_pairs_grid("Adopted: these move the forecast", adopted))
    grids += _turned_down(evidence)
    charts = (_effects_chart(adopted),) if adopted.height else ()
    return Section("evidence", title, (verdict, *_silence(evidence)), tuple(grids), charts)


def _counts_grid(evidence: pl.DataFrame) -> Grid:
    rows = []
    for target in evidence["target"].unique().sort().to_list():
        mine = dict(
            evidence.filter(pl.col("target") == target)["status"].value_counts().iter_rows()
        )
        rows.append((target, *(f"{mine.get(status, 0):,}" for status in STATUSES)))
    return Grid(
        "Pairs tested, by verdict", ("target", *STATUSES), tuple(rows), frozenset({1, 2, 3, 4})
    )


def _pairs_grid(caption: str, rows: pl.DataFrame, note: str = "") -> Grid:
    columns = (
        "signal", "target", "category", "lead, weeks", "effect per standard deviation (95 % interval)",
        "q value", "out-of-sample p", "mentions, of conversations", "why",
    )  # fmt: skip
    cells = tuple(_pair_cells(row) for row in rows.iter_rows(named=True))
    return Grid(caption, columns, cells, frozenset(range(3, 8)), note)


def _pair_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    effect, lo, hi = _effect(row)
    return (
        words(row["signal"]),
        row["target"],
        row["category"] or "all",
        "" if row["lead_weeks"] is None else str(row["lead_weeks"]),
        f"{signed_percent(effect)} ({percents(lo, hi, signs=True)})",
        chance(row["q_value"]),
        chance(row["oos_p_value"]),
        f"{row['n_mentions']:,} of {row['n_conversations']:,}",
        row["change_reason"],
    )


def _turned_down(evidence: pl.DataFrame) -> Iterator[Grid]:
    for status, caption in (
        ("candidate", "Candidates: one test of two passed; they move nothing"),
        ("rejected", "Rejected: enough was said, and no lead was shown"),
    ):
        mine = evidence.filter(pl.col("status") == status)
        if mine.is_empty():
            continue
        mine = mine.sort("q_value", "target", "signal", "category", nulls_last=True)
        rest = mine.height - MOST_REJECTED
        note = f"{rest:,} more stand in the table signal_evidence." if rest > 0 else ""
        yield _pairs_grid(caption, mine.head(MOST_REJECTED), note)


def _silence(evidence: pl.DataFrame) -> Iterator[Verdict]:
    """How much would have to be heard where nobody can tell yet."""
    short = evidence.filter(
        pl.col("status") == "insufficient", pl.col("conversations_per_week_needed").is_not_null()
    )
    if short.is_empty():
        return
    middle = short["conversations_per_week_needed"].median()
    yield Verdict(
        f"{plural(short.height, 'pair')} with too little to tell: the middle one of them would need "
        f"{quantity(float(middle))} taggable conversations a week in its scope.",  # type: ignore[arg-type]
        "watch",
    )


def _effects_chart(adopted: pl.DataFrame) -> Chart:
    shown = adopted.head(20)
    rows = [
        (f"{_pair(row)} ({row['lead_weeks']} wk)", *_effect(row))
        for row in shown.iter_rows(named=True)
    ]
    schema = {"label": pl.String, "value": pl.Float64, "lo": pl.Float64, "hi": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    title = "Effect of each adopted signal"
    cells = tuple((n, signed_percent(v), percents(lo, hi, signs=True)) for n, v, lo, hi in rows)
    columns = ("signal", "effect per standard deviation", "95 % interval")
    grid = Grid(f"{title}: numbers of the chart", columns, cells, frozenset({1, 2}))
    alt = "Effects with 95 % intervals, in per cent of the target; zero is no effect."
    return Chart("dots", title, alt, frame, "change per standard deviation", grid)
