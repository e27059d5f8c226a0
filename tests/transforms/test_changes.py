"""forecast_changes: matched by week, parts that add up exactly, over all levels."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from tests.transforms.desk_rows import (
    AS_OF,
    MEANS,
    MONDAY,
    contributions,
    evidence,
    forecasts,
    table,
)
from transforms.changes import Night, Restated, forecast_changes, with_usual
from transforms.contracts import EXPORTS

BEFORE = AS_OF - timedelta(days=7)
LAST_MONDAY = MONDAY - timedelta(days=7)
PARTS = ("delta_new_data", "delta_signals", "delta_adoption", "delta_restatement")


def nothing_said(frame: pl.DataFrame) -> Night:
    empty = EXPORTS["forecast_contributions"].empty()
    return Night(frame, empty, EXPORTS["signal_evidence"].empty())


def changed(
    now: Night, then: Night, late: pl.DataFrame | None = None, **more: bool
) -> pl.DataFrame:
    baseline = unrestated(now) if late is None else late
    return forecast_changes(
        now, then, Restated(BEFORE, baseline), same_method=more.get("same_method", True)
    )


def unrestated(now: Night) -> pl.DataFrame:
    return now.forecasts.select(
        "target", "level", "series_id", "week_start", pl.col("baseline_mean").alias("baseline_then")
    )


def at(frame: pl.DataFrame, level: str, series: str, week: date = MONDAY) -> dict[str, object]:
    return frame.filter(level=level, series_id=series, week_start=week).row(0, named=True)


def adds_up(frame: pl.DataFrame) -> bool:
    parts = pl.sum_horizontal(PARTS)
    own = frame.filter(parts != pl.col("delta")).is_empty()
    for name in ("delta", *PARTS):
        skus = frame.filter(level="sku").group_by("week_start").agg(pl.col(name).sum())
        total = frame.filter(level="total").select("week_start", pl.col(name).alias("t"))
        own &= skus.join(total, on="week_start").filter(pl.col(name) != pl.col("t")).is_empty()
    return own


def test_weeks_are_matched_by_their_first_day_not_by_horizon() -> None:
    then = forecasts({**MEANS, "T1": 20.0}, as_of=BEFORE, first=LAST_MONDAY)
    out = changed(nothing_said(forecasts()), nothing_said(then))
    assert sorted(out["week_start"].unique()) == [MONDAY, MONDAY + timedelta(days=7)]
    row = at(out, "sku", "T1")
    assert (row["horizon"], row["previous_horizon"]) == (1, 2)
    assert (row["previous_mean"], row["delta"], row["delta_new_data"]) == (20.0, 10.0, 10.0)
    assert at(out, "total", "total")["delta"] == 10.0
    assert adds_up(out)


def test_contributions_of_a_signal_adopted_in_one_night_only_are_adoption() -> None:
    said = {("stocking_up", "T1"): 4.0, ("gifts", "C1"): 2.5}
    before = {("stocking_up", "T1"): 1.0, ("worry", "T2"): 3.0}
    now = Night(
        forecasts(said={"T1": 4.0, "C1": 2.5}), contributions(said),
        evidence(("stocking_up", None), ("gifts", "cups")),
    )  # fmt: skip
    like = {"as_of": BEFORE, "first": LAST_MONDAY}
    then = Night(
        forecasts(said={"T1": 1.0, "T2": 3.0}, **like), contributions(before, **like),
        evidence(("stocking_up", "tea"), ("worry", "tea"), as_of=BEFORE),
    )  # fmt: skip
    out = changed(now, then)
    assert at(out, "sku", "T1")["delta_signals"] == 3.0
    assert at(out, "sku", "C1")["delta_adoption"] == 2.5
    assert at(out, "sku", "T2")["delta_adoption"] == -3.0
    total = at(out, "total", "total")
    assert (total["delta_signals"], total["delta_adoption"]) == (3.0, -0.5)
    assert adds_up(out)


def test_corrected_history_is_told_apart_from_new_data() -> None:
    now, then = (
        nothing_said(forecasts()),
        nothing_said(forecasts({**MEANS, "T1": 22.0}, as_of=BEFORE)),
    )
    late = unrestated(now).with_columns(
        pl.when(pl.col("series_id").is_in(["T1", "tea", "total"]))
        .then(pl.col("baseline_then") - 5.0)
        .otherwise("baseline_then")
        .alias("baseline_then")
    )
    out = changed(now, then, late)
    row = at(out, "sku", "T1")
    assert (row["delta_restatement"], row["delta_new_data"]) == (5.0, 3.0)
    assert row["restatement_known"]
    assert adds_up(out)


def test_without_a_counterfactual_it_says_so_and_puts_all_to_new_data() -> None:
    now, then = (
        nothing_said(forecasts()),
        nothing_said(forecasts({**MEANS, "T1": 22.0}, as_of=BEFORE)),
    )
    out = forecast_changes(now, then, Restated(BEFORE, None), same_method=True)
    assert not out["restatement_known"].any()
    assert at(out, "sku", "T1")["delta_new_data"] == 8.0


def test_series_that_come_and_go_keep_levels_adding_up() -> None:
    gone = {"T1": 30.0, "T2": 10.0, "C1": 50.0}
    came = {"T1": 30.0, "T2": 10.0, "C2": 7.0}
    out = changed(nothing_said(forecasts(came)), nothing_said(forecasts(gone, as_of=BEFORE)))
    assert at(out, "sku", "C1")["status"] == "ended"
    assert at(out, "sku", "C1")["delta"] == -50.0
    assert at(out, "sku", "C2")["status"] == "new"
    assert at(out, "category", "cups")["delta"] == -43.0
    assert adds_up(out)


def test_another_rung_is_another_method_and_stale_rows_are_not_compared() -> None:
    then = nothing_said(forecasts(as_of=BEFORE))
    down = changed(nothing_said(forecasts(rung="seasonal_naive")), then)
    assert not down["same_method"].any()
    assert changed(nothing_said(forecasts(rung="stale")), then).is_empty()


def test_rows_fit_their_contract_and_their_key_is_unique() -> None:
    out = changed(nothing_said(forecasts()), nothing_said(forecasts(as_of=BEFORE)))
    full = with_usual(out.with_columns(pl.lit(AS_OF).alias("as_of")), [])
    table("forecast_changes", full.select(EXPORTS["forecast_changes"].names).to_dicts())
    assert not full.select(EXPORTS["forecast_changes"].key).is_duplicated().any()


def test_what_is_usual_is_learnt_from_nights_in_which_as_many_weeks_passed() -> None:
    then = forecasts(as_of=BEFORE, first=LAST_MONDAY)
    out = changed(nothing_said(forecasts({**MEANS, "T1": 36.0})), nothing_said(then))
    out = out.with_columns(pl.lit(AS_OF).alias("as_of"))
    half = 30.0 * 0.8 / 2
    told = with_usual(out, [])
    assert at(told, "sku", "T1")["usual_change"] == half
    assert not at(told, "sku", "T1")["is_jump"]

    def nights(passed: int) -> list[pl.DataFrame]:
        small = out.with_columns(
            (pl.col("half_width") * 0.3).alias("delta"),
            (pl.col("horizon") + passed).cast(pl.Int32).alias("previous_horizon"),
        )
        many = pl.concat([small] * 20)
        return [
            many.with_columns(pl.lit(BEFORE - timedelta(days=d)).alias("as_of")) for d in range(4)
        ]

    learnt = with_usual(out, nights(1))
    assert abs(float(str(at(learnt, "sku", "T1")["usual_change"])) - 0.3 * half) < 1e-9
    assert at(learnt, "sku", "T1")["is_jump"]
    other = with_usual(out, nights(0))
    assert at(other, "sku", "T1")["usual_change"] == half


def test_a_change_of_less_than_a_unit_is_never_a_jump() -> None:
    then = forecasts({**MEANS, "C2": 0.0}, as_of=BEFORE)
    out = changed(nothing_said(forecasts({**MEANS, "C2": 0.9})), nothing_said(then))
    told = with_usual(out.with_columns(pl.lit(AS_OF).alias("as_of")), [])
    assert not at(told, "sku", "C2")["is_jump"]
