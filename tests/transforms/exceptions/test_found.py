"""Findings: what is told of stock, forecasts, signals and rises, and what it is worth."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from tests.transforms.desk_rows import AS_OF, contributions, evidence, table
from transforms.exceptions.found import FOUND, price_list, valued
from transforms.exceptions.moves import jumps, moved_by, signal_news
from transforms.exceptions.owners import with_owners
from transforms.exceptions.reasons import NOTHING, Said, with_reasons
from transforms.exceptions.rises import rises
from transforms.exceptions.stock import overstocks, stock_outs
from transforms.planning.skus import with_orderable

PLAN = {
    **dict.fromkeys(("sku", "category", "plan_status", "currency"), pl.String()),
    **dict.fromkeys(
        ("available_units", "on_order_units", "lead_time_days", "final_units",
         "suggested_order_units", "lost_sales_units", "lost_sales_value", "excess_units",
         "excess_value", "order_up_to_units", "days_of_cover", "unit_price", "unit_cost",
         "protection_days"), pl.Float64()
    ),
    **dict.fromkeys(("stockout_date_p10", "stockout_date_p50"), pl.Date()),
}  # fmt: skip
"""The columns of inventory_plan that findings rest on."""


def plan(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"category": "tea", "plan_status": "planned", "currency": "USD", "available_units": 20.0,
             "on_order_units": 0.0, "lead_time_days": 14.0, "final_units": 100.0,
             "suggested_order_units": 60.0, "lost_sales_units": 0.0, "lost_sales_value": 0.0,
             "excess_units": 0.0, "excess_value": 0.0, "order_up_to_units": 120.0,
             "days_of_cover": 9.0, "unit_price": 4.0, "unit_cost": 1.5, "protection_days": 28.0}  # fmt: skip
    return pl.DataFrame([{**usual, **row} for row in rows], schema=PLAN)


def test_only_sales_that_an_order_comes_too_late_for_are_a_stock_out() -> None:
    soon, later = AS_OF + timedelta(days=3), AS_OF + timedelta(days=30)
    rows = plan(
        {"sku": "A", "lost_sales_units": 30.0, "lost_sales_value": 120.0, "stockout_date_p50": soon,
         "stockout_date_p10": AS_OF + timedelta(days=2)},
        {"sku": "B", "lost_sales_units": 5.0, "stockout_date_p50": later, "on_order_units": 40.0},
        {"sku": "C", "lost_sales_units": 1.5},
        {"sku": "D", "lost_sales_units": 50.0, "plan_status": "no_inventory"},
    )  # fmt: skip
    out = stock_outs(rows, AS_OF)
    assert dict(out.schema) == FOUND
    assert out.select("series_id", "severity", "units_at_risk").rows() == [
        ("A", "high", 30.0), ("B", "medium", 5.0),
    ]  # fmt: skip
    assert out["headline"][0] == (
        "runs out about 18 Nov (1 chance in 10 by 17 Nov); an order placed now arrives about "
        "29 Nov: 30 units cannot be served"
    )
    assert out["action"][0].startswith("order 60 units by the fastest way")
    assert out["action"][1].startswith("ask the supplier to bring forward the 40 units on order")


@pytest.mark.parametrize(("lead", "day"), [(14.0, 1), (14.3, 2), (14.9, 2)])
def test_an_order_arrives_on_the_day_that_the_plan_takes(lead: float, day: int) -> None:
    row = {"sku": "A", "lost_sales_units": 30.0, "lead_time_days": lead}
    out = stock_outs(plan(row), AS_OF + timedelta(days=2))["headline"][0]
    assert f"arrives about {day} Dec" in out
    ends = plan(row).with_columns(ends_on=pl.lit(date(2026, 12, day)), ended=pl.lit(value=False))
    last = [with_orderable(ends.with_columns(pl.col("ends_on") + timedelta(days=n)),
                           AS_OF + timedelta(days=2))["orderable"][0] for n in (1, 2)]  # fmt: skip
    assert last == [False, True]


@pytest.mark.parametrize(
    ("days", "lost", "lead", "severity"),
    [
        (0, 40.0, 35.0, "high"),
        (10, 18.0, 14.0, "high"),
        (14, 10.0, 35.0, "high"),
        (15, 40.0, 35.0, "medium"),
        (10, 9.5, 14.0, "medium"),
        (10, 18.0, 7.0, "medium"),
        (None, 18.0, 14.0, "medium"),
    ],
)
def test_a_stock_out_is_high_where_it_is_soon_and_grave_and_comes_before_the_order(
    days: int | None, lost: float, lead: float, severity: str
) -> None:
    out = None if days is None else AS_OF + timedelta(days=days)
    row = {"sku": "A", "lost_sales_units": lost, "lead_time_days": lead, "stockout_date_p50": out}
    assert stock_outs(plan(row), AS_OF)["severity"].to_list() == [severity]


def test_one_unit_is_singular_and_no_count_is_less_than_nothing() -> None:
    rows = plan({"sku": "A", "lost_sales_units": 1.0, "final_units": 2.0, "on_order_units": 1.0},
                {"sku": "B", "excess_units": 1.2, "final_units": 2.0})  # fmt: skip
    out = stock_outs(rows, AS_OF).row(0, named=True)
    assert out["headline"].endswith(": 1 unit cannot be served")
    assert "bring forward the 1 unit on order" in out["action"]
    assert overstocks(rows)["headline"][0].startswith("1 unit more than needed")
    row = explained(finding(signal="gift"), [voice("gift", -0.004)])
    assert "(0 to 30 points more)" in row["customers_reason"]


def test_overstock_is_valued_at_cost_and_severe_where_it_lasts() -> None:
    rows = plan({"sku": "A", "excess_units": 50.0, "excess_value": 75.0, "days_of_cover": 400.0},
                {"sku": "B", "excess_units": 90.0, "excess_value": None, "unit_cost": None,
                 "days_of_cover": 200.0}, {"sku": "C"})  # fmt: skip
    out = valued(overstocks(rows), price_list(rows))
    assert out.select("series_id", "severity", "value_at_risk", "unit_price", "value_unit").rows() == [
        ("A", "medium", 75.0, 1.5, "USD"), ("B", "low", None, None, "units"),
    ]  # fmt: skip


def test_excess_of_less_than_a_week_of_demand_is_no_exception() -> None:
    rows = plan({"sku": "A", "excess_units": 24.9}, {"sku": "B", "excess_units": 25.0},
                {"sku": "C", "excess_units": 1.0, "final_units": None},
                {"sku": "D", "excess_units": 0.9, "final_units": None})  # fmt: skip
    assert overstocks(rows)["series_id"].to_list() == ["B", "C"]


def test_prices_of_categories_are_those_of_their_skus_by_what_is_expected() -> None:
    rows = plan({"sku": "A", "unit_price": 4.0, "final_units": 300.0},
                {"sku": "B", "unit_price": 8.0, "final_units": 100.0},
                {"sku": "C", "category": "cups", "unit_price": None})  # fmt: skip
    told = {
        (r["level"], r["series_id"]): r["unit_price"]
        for r in price_list(rows).iter_rows(named=True)
    }
    assert told[("category", "tea")] == pytest.approx(5.0, abs=0.01)
    assert ("sku", "C") not in told
    assert ("category", "cups") not in told
    assert price_list(None).is_empty()


def moved(
    series: str, level: str, delta: float, usual: float = 2.0, **more: Any
) -> list[dict[str, Any]]:
    return [
        {"as_of": AS_OF, "target": "units", "level": level, "series_id": series,
         "week_start": AS_OF + timedelta(days=1 + 7 * i), "horizon": i + 1, "category": "tea",
         "sku": series if level == "sku" else None, "previous_as_of": AS_OF - timedelta(days=1),
         "previous_horizon": i + 1, "status": "continued", "mean": 50.0 + delta,
         "previous_mean": 50.0, "delta": delta, "delta_new_data": 0.0, "delta_signals": delta,
         "delta_adoption": 0.0, "delta_restatement": 0.0, "restatement_known": True,
         "same_method": True, "usual_change": usual, "is_jump": False, "rung": "full", **more}
        for i in range(6)
    ]  # fmt: skip


def test_a_jump_is_a_move_of_four_weeks_together_beyond_the_usual() -> None:
    rows = [*moved("tea", "category", 3.0), *moved("A", "sku", 1.9), *moved("B", "sku", -2.5)]
    out = jumps(table("forecast_changes", rows)).sort("series_id")
    assert out.select("series_id", "severity", "units_at_risk", "n").rows() == [
        ("B", "medium", 10.0, 4), ("tea", "medium", 12.0, 4),
    ]  # fmt: skip
    assert out["headline"][1] == (
        "the forecast of the next 4 weeks moved up 12 to 212 (usual: up to 8), mostly by what "
        "customers say"
    )


def test_a_sku_that_only_follows_its_category_and_a_new_method_are_not_told() -> None:
    follows = [*moved("tea", "category", 9.0), *moved("A", "sku", 2.5), *moved("B", "sku", 6.0)]
    assert set(jumps(table("forecast_changes", follows))["series_id"]) == {"tea", "B"}
    other = moved("tea", "category", 9.0, same_method=False)
    assert jumps(table("forecast_changes", other)).is_empty()
    assert jumps(table("forecast_changes", moved("tea", "category", 9.0, status="new"))).is_empty()


def test_signals_adopted_retired_and_turned_are_news() -> None:
    now = evidence(("gifts", "tea"), ("stocking_up", None)).with_columns(
        pl.when(pl.col("signal") == "gifts").then(AS_OF - timedelta(days=6))
        .otherwise("adopted_since").alias("adopted_since")
    )  # fmt: skip
    then = evidence(("stocking_up", None), ("worry", "cups"))
    out = signal_news(
        now,
        contributions({("gifts", "T1"): 2.0, ("stocking_up", "T1"): 4.0}),
        (then, contributions({("stocking_up", "T1"): -4.0, ("worry", "C1"): 3.0})),
        AS_OF,
    )
    told = {r["kind"]: r for r in out.iter_rows(named=True)}
    assert set(told) == {"signal_adopted", "signal_retired", "signal_turned"}
    assert told["signal_adopted"]["series_id"] == "tea"
    assert told["signal_adopted"]["units_at_risk"] == 6.0
    assert told["signal_retired"]["signal"] == "worry"
    assert (told["signal_turned"]["level"], told["signal_turned"]["observed"]) == ("total", 12.0)
    assert signal_news(now, contributions({("gifts", "T1"): 2.0}), None, AS_OF)[
        "kind"
    ].to_list() == ["signal_adopted"]


def test_a_rise_is_told_with_its_interval_and_valued_by_its_excess() -> None:
    found = pl.DataFrame(
        {"target": ["returns"], "level": ["sku"], "series_id": ["A"], "category": ["tea"],
         "sku": ["A"], "observed": [9.0], "expected": [4.0], "ratio": [2.25], "ratio_lo": [1.6],
         "ratio_hi": [3.2], "excess": [20.0], "n": [36]}
    )  # fmt: skip
    out = valued(rises(found), price_list(plan({"sku": "A"})))
    row = out.row(0, named=True)
    assert (row["kind"], row["severity"], row["value_at_risk"]) == ("returns_rising", "high", 80.0)
    assert (
        row["headline"].endswith("2.2 times as many [1.6, 3.2]") or "[1.6, 3.2]" in row["headline"]
    )
    tickets = valued(
        rises(found.with_columns(target=pl.lit("tickets"))), price_list(plan({"sku": "A"}))
    )
    assert tickets.select("value_at_risk", "value_unit").row(0) == (None, "tickets")
    unpriced = valued(rises(found), price_list(None))
    assert unpriced.select("value_at_risk", "value_unit").row(0) == (None, "returns")


def finding(**more: Any) -> pl.DataFrame:
    row = {"kind": "stock_out", "target": "units", "level": "sku", "series_id": "A", "sku": "A",
           "category": "tea", "units_at_risk": 1.0, **more}  # fmt: skip
    return pl.DataFrame([{**dict.fromkeys(FOUND), **row}], schema=FOUND)


def voice(signal: str, lo: float, said: int = 20, category: str | None = "tea") -> dict[str, Any]:
    return {"signal": signal, "category": category, "said": said, "heard": 100, "said_before": 10,
            "heard_before": 200, "share": said / 100, "share_before": 0.05, "more_lo": lo,
            "more_hi": 0.3}  # fmt: skip


def phrase(words: str, **more: Any) -> dict[str, Any]:
    return {"week_start": AS_OF, "category": "tea", "language": "en", "phrase": words, "size": 2,
            "people": 7, "people_before": 1, "sayings": 90, "sayings_before": 900, "z": 3.0,
            "q_value": 0.01, "emerging": True, "first_week": AS_OF, "is_candidate": False,
            **more}  # fmt: skip


def explained(
    found: pl.DataFrame,
    voices: list[dict[str, Any]],
    phrases: list[dict[str, Any]] | None = None,
    parts: dict[tuple[str, str], float] | None = None,
) -> dict[str, Any]:
    said = pl.DataFrame(voices or None, schema={**dict.fromkeys(("signal", "category"), pl.String()),
        **dict.fromkeys(("said", "heard", "said_before", "heard_before"), pl.Int64()),
        **dict.fromkeys(("share", "share_before", "more_lo", "more_hi"), pl.Float64())})  # fmt: skip
    told = None if phrases is None else table("phrase_stats", phrases)
    moves = contributions(parts or {("none", "T1"): 0.25})
    return with_reasons(found, Said(said, told, moved_by(moves))).row(0, named=True)


def test_the_reason_is_the_signal_that_rose_most_surely_of_those_that_may_explain_it() -> None:
    voices = [voice("stocking_up", 0.05), voice("repeat_intent", 0.02), voice("return_intent", 0.2)]
    row = explained(finding(), voices)
    assert row["customers_signal"] == "stocking_up"
    assert row["customers_reason"].startswith(
        "customers speak of stocking up in 20 of 100 conversations of the last four weeks (20%)"
    )
    about = explained(finding(kind="signal_adopted", signal="return_intent"), voices)
    assert about["customers_signal"] == "return_intent"


def test_no_rise_and_what_few_say_is_no_reason() -> None:
    assert explained(finding(), [voice("stocking_up", -0.01)])["customers_reason"] == NOTHING
    assert explained(finding(), [voice("stocking_up", 0.1, said=2)])["customers_reason"] == NOTHING
    assert (
        explained(finding(), [voice("stocking_up", 0.1, category="cups")])["customers_reason"]
        == NOTHING
    )
    assert explained(finding(), [])["customers_reason"] == NOTHING


def test_where_nothing_rose_the_signal_that_moves_the_forecast_is_told() -> None:
    row = explained(finding(), [], None, {("worry", "T1"): -4.0, ("gifts", "T2"): 1.0})
    assert row["customers_signal"] == "worry"
    assert row["customers_reason"] == (
        "what they said of worry moves the forecast of units of tea down 12 over four weeks"
    )
    rose = explained(finding(), [voice("stocking_up", 0.05)], None, {("worry", "T1"): -4.0})
    assert rose["customers_signal"] == "stocking_up"


def test_phrases_are_told_where_they_emerge_and_quotes_only_where_they_are_published() -> None:
    quiet = phrase("old hat", emerging=False)
    row = explained(finding(), [], [quiet, phrase("before winter", quote_1="“stock up [name]”")])
    assert row["customers_phrase"] == "before winter"
    assert row["quote"] == "“stock up [name]”"
    assert explained(finding(), [], [phrase("before winter")])["quote"] is None
    assert explained(finding(), [], [quiet])["customers_phrase"] is None


def owners(*rows: tuple[str, str, str, date | None]) -> pl.DataFrame:
    columns = {
        "object_type": pl.String,
        "object_id": pl.String,
        "owner": pl.String,
        "since": pl.Date,
    }
    frame = pl.DataFrame(list(rows), schema=columns, orient="row")
    return frame.with_columns(
        pl.lit("main").alias("_source"), pl.int_range(pl.len()).cast(pl.Int64).alias("_order")
    )


def owned(given: pl.DataFrame, default: str = "") -> tuple[str, str]:
    row = with_owners(finding(), given, default, AS_OF).row(0, named=True)
    return row["owner"], row["owner_from"]


def test_the_owner_of_the_nearest_object_counts_then_the_default_then_nobody() -> None:
    category = ("category", "tea", "ines", None)
    assert owned(owners(category)) == ("ines", "input")
    assert owned(owners(category, ("sku", "A", "tom@brand.com", None))) == ("tom", "input")
    assert owned(owners(("category", "cups", "ines", None)), "desk") == ("desk", "configuration")
    assert owned(owners()) == ("unassigned", "unassigned")


def test_an_owner_counts_from_the_day_on_which_it_is_theirs() -> None:
    given = owners(("category", "tea", "ines", None), ("category", "tea", "tom", AS_OF),
                   ("category", "tea", "lena", AS_OF + timedelta(days=1)))  # fmt: skip
    assert owned(given) == ("tom", "input")
