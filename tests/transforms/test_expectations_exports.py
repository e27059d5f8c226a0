"""Each expectation of the published tables fails on its own fault, and only on it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import polars as pl
import pytest

from tests.expectation_tables import HORIZON, good_exports
from tests.transforms.test_expectations_inputs import failed, where
from transforms.contracts import EXPORTS, Column
from transforms.expectations import Verdicts, judge_exports
from transforms.expectations.exports import Published, export_dossier

Frames = dict[str, pl.DataFrame]
Fault = Callable[[Frames, str], Frames]
EMAIL = "jane.doe@example.com"
level, target, horizon = pl.col("level"), pl.col("target"), pl.col("horizon")


@cache
def baseline() -> Frames:
    return good_exports()


@cache
def good_verdicts() -> Verdicts:
    return judge_exports(baseline(), horizon=HORIZON)


def edit(*columns: pl.Expr, of: str | None = None) -> Fault:
    """Change columns of the check's own table, or of another."""

    def fault(tables: Frames, name: str) -> Frames:
        changed = of or name
        return {**tables, changed: tables[changed].with_columns(*columns)}

    return fault


def in_own(change: Callable[[pl.DataFrame, str], pl.DataFrame]) -> Fault:
    return lambda tables, name: {**tables, name: change(tables[name], name)}


def with_contributions(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Fault:
    """Change a forecast table and the contributions alike, so that they still belong together."""

    def fault(tables: Frames, name: str) -> Frames:
        both = {name, "forecast_contributions"} if name == "forecasts" else {name}
        return {**tables, **{other: change(tables[other]) for other in both}}

    return fault


def last_row(frame: pl.DataFrame, column: str, value: object) -> pl.DataFrame:
    """The last row weighs nothing in any sum, see `tests.expectation_tables`."""
    last = pl.int_range(pl.len()) == pl.len() - 1
    return frame.with_columns(where(last, pl.lit(value, frame.schema[column]), column))


SPOKEN_FOR = re.compile(
    r"p\d\d|(.*_)?mean|value|rows_.*|conversations_.*|rate|rate_shrunk|rate_hi|span_end"
    r"|observed_units|unconstrained_units|lost_units"
    r"|rank|ratio.*|fva_.*|(.*_)?delta(_.*)?|(first|last)_seen"
)
"""Columns on which other promises rest."""


def pick(name: str, wanted: Callable[[Column], bool]) -> str:
    """The column that a fault in one row hurts least elsewhere."""
    table = EXPORTS[name]
    fit = [column.name for column in table.columns if wanted(column)]
    return min(fit, key=lambda c: (bool(SPOKEN_FOR.fullmatch(c)), c in table.key))


def empty_value(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return last_row(frame, pick(name, lambda column: not column.nullable), None)


def out_of_range(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return last_row(frame, pick(name, lambda column: column.lo is not None), -7)


def not_allowed(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return last_row(frame, pick(name, lambda column: bool(column.one_of)), "nobody")


def private(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """In a column of free text; in one that the contract does not know, where it has none."""
    said = f"write to {EMAIL} please"
    if all(c.one_of for c in EXPORTS[name].columns if c.dtype == pl.String):
        return frame.with_columns(pl.lit(said).alias("note"))
    return last_row(frame, pick(name, lambda c: c.dtype == pl.String and not c.one_of), said)


def wrong_type(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.with_columns(pl.lit(1, pl.Int8).alias(EXPORTS[name].columns[-1].name))


def drop_last(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.drop(EXPORTS[name].columns[-1].name)


def repeat_key(frame: pl.DataFrame, _: str) -> pl.DataFrame:
    return pl.concat([frame, frame.tail(1)])


def more(column: str, chosen: pl.Expr, by: float = 1.0) -> pl.Expr:
    return where(chosen, pl.col(column) + by, column)


def swap(low: str, high: str) -> Fault:
    return edit(pl.col(high).alias(low), pl.col(low).alias(high))


def one_unlisted(tables: Frames, _: str) -> Frames:
    listed = tables["series_listed"]
    extra = listed.tail(1).with_columns(series_id=pl.lit("SKU-99"), status=pl.lit("active"))
    return {**tables, "series_listed": pl.concat([listed, extra])}


TOGETHER = (
    "forecasts",
    "forecast_contributions",
    "series_listed",
    "signal_evidence",
    "inventory_plan",
)
"""Tables whose promises lean on one another; every other table is judged by itself."""
BESIDE = {"forecasts_final.baseline_is_kept": ("forecasts",)}
"""Check to the tables that it compares its own with."""
EVERY_TABLE: dict[str, Fault] = {
    "required_columns": in_own(drop_last),
    "column_types": in_own(wrong_type),
    "key_unique": in_own(repeat_key),
    "not_null": in_own(empty_value),
    "in_range": in_own(out_of_range),
    "allowed_values": in_own(not_allowed),
    "no_private_text": in_own(private),
    "monotone_quantiles": edit(pl.col("p40") - 1.9),
    "complete_horizons": with_contributions(lambda frame: frame.filter(horizon < HORIZON)),
    "weeks_follow_horizons": with_contributions(
        lambda frame: frame.with_columns(
            where(horizon == 2, pl.col("week_start") + timedelta(days=1), "week_start")
        )
    ),
}
unit_categories = (target == "units") & (level == "category")
some = pl.col("series_id").is_in(["total", "A", "SKU-00"]) & (target == "units")
either = pl.when(pl.col("series_id") == "A").then(1.0).otherwise(-1.0)
returns = target == "returns"
first_sku = pl.col("sku") == "SKU-00"
days = timedelta(days=9)


def uneven(*columns: str) -> Fault:
    """Categories off against each other, so that only their SKUs do not add up to them."""
    return edit(*(where(unit_categories, pl.col(c) + either, c) for c in columns))


def higher_total(*columns: str) -> Fault:
    return edit(*(more(c, level == "total") for c in columns))


ONE_TABLE: dict[str, Fault] = {
    "accuracy_stockouts.interval_ordered": swap("wape_lo", "wape_hi"),
    "accuracy_stockouts.in_range": edit(pl.lit(-7.0).alias("censored_row_share")),
    "demand_unconstrained.loss_is_difference": edit(more("unconstrained_units", first_sku)),
    "demand_unconstrained.losses_add_up": edit(
        more("unconstrained_units", first_sku), more("lost_units", first_sku)
    ),
    "inventory_plan.every_sku_planned": in_own(lambda frame, _: frame.filter(~first_sku)),
    "inventory_plan.interval_ordered": swap("demand_p50", "demand_p90"),
    "inventory_plan.orders_reach_level": edit(more("position_units", first_sku, -3.0)),
    "inventory_plan.plan_delta_is_difference": edit(more("signal_delta_units", first_sku, 0.5)),
    "inventory_plan.stockouts_in_order": edit(
        where(first_sku, pl.col("stockout_date_p90") - days, "stockout_date_p90")
    ),
    "inventory_plan.unplanned_has_reason": edit(
        where(pl.col("plan_status") != "planned", pl.lit(None, pl.String), "reason")
    ),
    "accuracy.interval_ordered": swap("wape_difference_lo", "wape_difference_hi"),
    "signal_evidence.interval_ordered": swap("effect_lo", "effect_hi"),
    "signal_value.interval_ordered": swap("wape_gain_share_lo", "wape_gain_share_hi"),
    "signals_weekly.interval_ordered": swap("rate_lo", "rate_hi"),
    "phrase_stats.interval_ordered": swap("log_odds_lo", "log_odds_hi"),
    "tag_audit.interval_ordered": swap("recall_lo", "recall_hi"),
    "tagger_bridges.interval_ordered": swap("ratio_lo", "ratio_hi"),
    "tags.interval_ordered": edit((pl.col("span_start") - 1).alias("span_end")),
    "backtest_forecasts.after_cutoff": edit(pl.col("cutoff") + timedelta(days=60)),
    "demand_weekly.category_adds_up_to_total": edit(more("value", level == "total")),
    "demand_weekly.sku_adds_up_to_category": edit(
        where(unit_categories, pl.col("value") + either, "value")
    ),
    "forecasts.category_adds_up_to_total": edit(
        more("mean", level == "total"), more("baseline_mean", level == "total")
    ),
    "forecasts.sku_adds_up_to_category": edit(
        where(unit_categories, pl.col("mean") + either, "mean"),
        where(unit_categories, pl.col("baseline_mean") + either, "baseline_mean"),
    ),
    "forecasts.delta_is_difference": edit(more("baseline_mean", some, 1 / 1024)),
    "forecasts.exact_fractions": edit(
        more("mean", returns, 1e-5), more("baseline_mean", returns, 1e-5)
    ),
    "forecasts.only_confirmed_move": edit(
        pl.lit("candidate").alias("status"), of="signal_evidence"
    ),
    "forecasts.series_listed": one_unlisted,
    "forecast_contributions.adds_up": edit(
        more("delta", (horizon == 1) & (target == "units"), 1 / 1024)
    ),
    "forecasts_cumulative.mean_never_falls": edit(where(horizon == HORIZON, pl.lit(0.0), "mean")),
    "forecast_value_added.interval_ordered": swap("fva_lo", "fva_hi"),
    "exceptions.interval_ordered": swap("ratio_lo", "ratio_hi"),
    "exceptions.key_unique": edit(pl.lit("same").alias("episode_id")),
    "exceptions.ranks_are_whole": edit(pl.col("rank") + 1),
    "exceptions.one_episode_a_subject": edit(
        pl.lit("overstock").alias("kind"),
        pl.lit("units").alias("target"),
        pl.lit("sku").alias("level"),
        pl.lit("A").alias("series_id"),
        pl.lit(None, pl.String).alias("signal"),
        pl.lit("open").alias("episode_state"),
    ),
    "exceptions.episode_days_in_order": edit(pl.col("last_seen") + timedelta(days=1)),
    "forecast_changes.parts_add_up": edit(pl.col("mean") + 1),
    "forecast_changes.restatement_is_known": edit(
        pl.col("delta_signals").alias("delta_restatement"),
        pl.lit(0.0).alias("delta_signals"),
        pl.lit(value=False).alias("restatement_known"),
    ),
    "forecast_changes.category_adds_up_to_total": higher_total("mean", "delta", "delta_new_data"),
    "forecast_changes.sku_adds_up_to_category": uneven("mean", "delta", "delta_new_data"),
    "forecasts_final.override_is_difference": edit(pl.col("override_delta") + 1 / 1024),
    "forecasts_final.exact_fractions": edit(
        more("final_mean", returns, 1e-5),
        more("statistical_mean", returns, 1e-5),
        where(
            returns,
            pl.col("final_mean") + 1e-5 - (pl.col("statistical_mean") + 1e-5),
            "override_delta",
        ),
    ),
    "forecasts_final.baseline_is_kept": edit(
        pl.col("statistical_mean") + 1, pl.col("override_delta") - 1
    ),
    "forecasts_final.category_adds_up_to_total": higher_total("final_mean", "override_delta"),
    "forecasts_final.sku_adds_up_to_category": uneven("final_mean", "override_delta"),
    "ingest_report.accounting": edit(pl.col("rows_in") + 1),
    "ingest_report.in_range": edit(
        pl.lit(-1, pl.Int64).alias("rows_good"), pl.col("rows_in") - pl.col("rows_good") - 1
    ),
    "signals_weekly.in_range": edit(pl.lit(-7.0).alias("rate_lo")),
    "signals_weekly.rate_is_share": edit(pl.lit(0.5).alias("rate")),
    "signals_weekly.signal_within_taggable": edit(
        pl.lit(0, pl.Int64).alias("conversations_taggable"), pl.lit(None, pl.Float64).alias("rate")
    ),
}


@cache
def faults() -> dict[str, Fault]:
    """A fault for each check that is asked of good tables, found before anything is judged."""
    published = Published(baseline(), HORIZON)
    asked = [case for name in EXPORTS for case in export_dossier(name, published).cases]
    found = {}
    for check in dict.fromkeys(case.check for case in asked):
        fault = ONE_TABLE.get(check) or EVERY_TABLE.get(check.partition(".")[2])
        if fault is not None:
            found[check] = fault
    return found


def test_good_tables_pass_every_check() -> None:
    checks = good_verdicts().checks
    assert checks.filter(pl.col("status") != "passed").rows() == []
    assert checks.height > 100


def test_every_check_has_a_fault() -> None:
    assert set(good_verdicts().checks["check"]) == set(faults())
    assert set(ONE_TABLE) <= set(faults())


@pytest.mark.parametrize("check", sorted(faults()))
def test_fault_fails_exactly_its_check(check: str) -> None:
    name = check.partition(".")[0]
    tables = faults()[check](dict(baseline()), name)
    chosen = TOGETHER if name in TOGETHER else (name, *BESIDE.get(check, ()))
    judged = judge_exports({each: tables[each] for each in chosen}, horizon=HORIZON)
    assert failed(judged) == {check}
    assert judged.held == {name}
    assert EMAIL not in json.dumps([dict(each) for each in judged.docs])
    assert EMAIL not in "".join(judged.hold_reasons)


@pytest.mark.parametrize(
    "value", [EMAIL, "+1 (212) 555-0123", "card 4111 1111 1111 1111", f"SKU {EMAIL}"]
)
@pytest.mark.parametrize("column", ["sku", "model"])
def test_private_text_is_found_in_names_and_codes(column: str, value: str) -> None:
    frame = last_row(baseline()["backtest_forecasts"], column, value)
    judged = judge_exports({"backtest_forecasts": frame}, horizon=HORIZON)
    assert failed(judged) == {"backtest_forecasts.no_private_text"}
    assert value not in json.dumps([dict(each) for each in judged.docs])


@pytest.mark.parametrize("code", ["4006381333931", "2125550123", "SKU-4111111111111111", "a|web"])
def test_codes_are_not_private(code: str) -> None:
    frame = last_row(baseline()["tags"], "sku", code)
    assert failed(judge_exports({"tags": frame}, horizon=HORIZON)) == set()


def test_infinite_and_missing_numbers_are_told() -> None:
    frame = last_row(baseline()["forecasts"], "mean", float("inf"))
    assert "forecasts.not_null" in failed(judge_exports({"forecasts": frame}, horizon=HORIZON))


def test_total_of_tickets_may_exceed_its_categories() -> None:
    tickets = (
        baseline()["demand_weekly"]
        .filter(target == "units")
        .with_columns(more("value", level == "total"), target=pl.lit("tickets"))
    )
    assert failed(judge_exports({"demand_weekly": tickets}, horizon=HORIZON)) == set()


def test_what_is_sold_by_weight_adds_up_in_thousandths() -> None:
    by_weight = baseline()["demand_weekly"].with_columns((pl.col("value") * 1_024).round() / 1_000)
    assert by_weight.filter(pl.col("value") * 1_024 % 1 > 0).height > 10
    assert failed(judge_exports({"demand_weekly": by_weight}, horizon=HORIZON)) == set()


def test_what_stockouts_cost_by_weight_adds_up_too() -> None:
    units = ("observed_units", "unconstrained_units", "lost_units")
    sevenths = baseline()["demand_unconstrained"].with_columns(pl.col(units) / 7)
    off = pl.col("unconstrained_units") - pl.col("observed_units") - pl.col("lost_units")
    assert sevenths.filter(off != 0).height > 0, "no float adds up exactly"
    tables = {**baseline(), "demand_unconstrained": sevenths}
    found = failed(judge_exports(tables, horizon=HORIZON))
    assert not {check for check in found if check.startswith("demand_unconstrained.loss")}


def test_channels_add_up_to_their_sku() -> None:
    skus = baseline()["forecasts"].filter(level == "sku")
    channels = skus.with_columns(
        pl.col("series_id") + "|web", level=pl.lit("sku_channel"), channel=pl.lit("web")
    )
    check = "forecasts.sku_channel_adds_up_to_sku"
    good = judge_exports({"forecasts": pl.concat([skus, channels])}, horizon=HORIZON)
    assert failed(good) == set()
    assert check in set(good.checks["check"])
    wrong = channels.with_columns(pl.col("mean") + 1, pl.col("baseline_mean") + 1)
    bad = judge_exports({"forecasts": pl.concat([skus, wrong])}, horizon=HORIZON)
    assert failed(bad) == {check}


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_empty_table_is_judged_without_error(name: str) -> None:
    assert judge_exports({name: EXPORTS[name].empty()}, horizon=HORIZON).held == set()


def test_no_columns_at_all_holds_the_table() -> None:
    assert judge_exports({"tags": pl.DataFrame()}, horizon=HORIZON).held == {"tags"}


def test_stale_rows_keep_the_evidence_of_their_night() -> None:
    tables = edit(pl.lit("candidate").alias("status"), of="signal_evidence")(dict(baseline()), "")
    for name in ("forecasts", "forecast_contributions"):
        tables[name] = tables[name].with_columns(rung=pl.lit("stale"))
    assert failed(judge_exports(tables, horizon=HORIZON)) == set()
