"""What is expected of the published tables, as read back from their Parquet files after the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from transforms.contracts import EXPORTS
from transforms.contracts.exports import CUMULATIVE_QUANTILES, QUANTILES, quantile_name
from transforms.demand import MILLI
from transforms.expectations import desk_rules
from transforms.expectations.contract_rules import expect_contract
from transforms.expectations.forecast_rules import (
    adds_up_to_delta,
    coherent,
    complete_horizons,
    delta_is_difference,
    exact_fractions,
    monotone_quantiles,
    only_confirmed_move,
    series_are_listed,
    weeks_follow_horizons,
)
from transforms.expectations.planning_rules import (
    PLANNING_INTERVALS,
    every_sku_planned,
    losses_add_up,
    sound_orders,
    stockouts_in_order,
)
from transforms.expectations.private_text import expect_no_private_text
from transforms.expectations.verdicts import Dossier


@dataclass(frozen=True)
class Published:
    """Every published table read back, and the weeks that each active series must have."""

    tables: Mapping[str, pl.DataFrame]
    horizon: int

    def sound(self, name: str) -> pl.DataFrame | None:
        """The table, if it is there with every column and type of its contract."""
        frame, table = self.tables.get(name), EXPORTS[name]
        if frame is None or any(frame.schema.get(c.name) != c.dtype for c in table.columns):
            return None
        return frame


INTERVALS = {
    "accuracy": (
        ("wape_difference_lo", "wape_difference"),
        ("wape_difference", "wape_difference_hi"),
    ),
    "signals_weekly": (("rate_lo", "rate_shrunk"), ("rate_shrunk", "rate_hi")),
    "signal_evidence": (("effect_lo", "effect"), ("effect", "effect_hi")),
    "signal_value": (
        ("wape_gain_share_lo", "wape_gain_share"),
        ("wape_gain_share", "wape_gain_share_hi"),
    ),
    "tags": (("span_start", "span_end"),),
    "phrase_stats": (("log_odds_lo", "log_odds"), ("log_odds", "log_odds_hi")),
    "tag_audit": tuple(
        pair
        for name in ("precision", "recall", "share_corrected")
        for pair in ((f"{name}_lo", name), (name, f"{name}_hi"))
    ),
    "tagger_bridges": (("ratio_lo", "ratio"), ("ratio", "ratio_hi")),
    **PLANNING_INTERVALS,
    "forecast_value_added": (("fva_lo", "fva_points"), ("fva_points", "fva_hi")),
    "exceptions": (("ratio_lo", "ratio"), ("ratio", "ratio_hi")),
}
"""Table to pairs (a, b) with a <= b in every row where both are given."""
ROW_COUNTS = (
    "rows_good",
    "rows_quarantined",
    "rows_duplicate",
    "rows_unchanged",
    "rows_filtered",
    "rows_routed",
)
ROUNDING = 1e-9


def export_dossier(name: str, published: Published) -> Dossier:
    """Everything expected of the published table `name`."""
    table, frame = EXPORTS[name], published.tables[name]
    dossier = Dossier(name)
    sound = expect_contract(dossier, table, frame, required=list(table.names))
    expect_no_private_text(dossier, frame)
    if name in INTERVALS and sound:
        _expect_ordered(dossier, frame)
    if name in _RULES and sound:
        _RULES[name](dossier, published)
    return dossier


def _expect_ordered(dossier: Dossier, frame: pl.DataFrame) -> None:
    for low, high in INTERVALS[dossier.table]:
        wrong = frame.filter(pl.col(low) > pl.col(high) + ROUNDING).height
        dossier.none("interval_ordered", "hold", wrong, n=frame.height, label=f"{low} <= {high}")


def _forecasts(dossier: Dossier, published: Published) -> None:
    frame = published.tables["forecasts"]
    names = [quantile_name(q) for q in QUANTILES]
    monotone_quantiles(dossier, frame, names)
    delta_is_difference(dossier, frame)
    exact_fractions(dossier, frame, ("mean", "baseline_mean", "signal_delta"))
    coherent(dossier, frame, ("mean", "baseline_mean"))
    complete_horizons(dossier, frame, published.horizon)
    weeks_follow_horizons(dossier, frame)
    series_are_listed(dossier, frame, published.sound("series_listed"))
    only_confirmed_move(
        dossier,
        published.sound("forecast_contributions"),
        published.sound("signal_evidence"),
    )


def _cumulative(dossier: Dossier, published: Published) -> None:
    frame = published.tables["forecasts_cumulative"]
    names = [quantile_name(q) for q in CUMULATIVE_QUANTILES]
    monotone_quantiles(dossier, frame, names)
    monotone_quantiles(dossier, frame, [f"baseline_{q}" for q in names])
    complete_horizons(dossier, frame, published.horizon)
    weeks_follow_horizons(dossier, frame)
    key = ["as_of", "target", "level", "series_id"]
    steps = frame.sort(*key, "horizon").select(pl.col("mean").diff().over(key).alias("step"))
    falls = steps.filter(pl.col("step") < -ROUNDING).height
    dossier.none("mean_never_falls", "hold", falls, n=frame.height)


def _contributions(dossier: Dossier, published: Published) -> None:
    adds_up_to_delta(
        dossier, published.tables["forecast_contributions"], published.sound("forecasts")
    )


def _backtest(dossier: Dossier, published: Published) -> None:
    frame = published.tables["backtest_forecasts"]
    monotone_quantiles(dossier, frame, [quantile_name(q) for q in QUANTILES])
    early = frame.filter(pl.col("week_start") + pl.duration(days=6) <= pl.col("cutoff")).height
    dossier.none("after_cutoff", "hold", early, n=frame.height)


def _signals_weekly(dossier: Dossier, published: Published) -> None:
    frame = published.tables["signals_weekly"]
    given, possible = pl.col("conversations_with_signal"), pl.col("conversations_taggable")
    dossier.none(
        "signal_within_taggable", "hold", frame.filter(given > possible).height, n=frame.height
    )
    off = (pl.col("rate") * possible - given).abs() > 1e-6
    unset = pl.col("rate").is_null() & (possible > 0)
    dossier.none("rate_is_share", "hold", frame.filter(off | unset).height, n=frame.height)


def _demand_weekly(dossier: Dossier, published: Published) -> None:
    coherent(dossier, published.tables["demand_weekly"], ("value",), parts=MILLI)


def _ingest_report(dossier: Dossier, published: Published) -> None:
    frame = published.tables["ingest_report"]
    dossier.views["accounting"] = frame.select(
        "rows_in", pl.sum_horizontal(ROW_COUNTS).alias("rows_accounted")
    )
    if frame.is_empty():
        dossier.undecidable("accounting", "hold", "no files")
        return
    dossier.expect(
        "accounting",
        "hold",
        "accounting",
        "ExpectColumnPairValuesToBeEqual",
        expected="good, quarantined, duplicate, unchanged, filtered and routed add up to rows_in",
        n=frame.height,
        column_A="rows_in",
        column_B="rows_accounted",
    )


def _inventory_plan(dossier: Dossier, published: Published) -> None:
    plan = published.tables["inventory_plan"]
    every_sku_planned(dossier, plan, published.sound("series_listed"))
    sound_orders(dossier, plan)
    stockouts_in_order(dossier, plan)


def _demand_unconstrained(dossier: Dossier, published: Published) -> None:
    losses_add_up(dossier, published.tables["demand_unconstrained"])


def _changes(dossier: Dossier, published: Published) -> None:
    desk_rules.changes(dossier, published.tables["forecast_changes"])


def _final(dossier: Dossier, published: Published) -> None:
    forecasts = published.sound("forecasts")
    desk_rules.final(dossier, published.tables["forecasts_final"], forecasts)


def _exceptions(dossier: Dossier, published: Published) -> None:
    desk_rules.exceptions(dossier, published.tables["exceptions"])


_RULES: Mapping[str, Callable[[Dossier, Published], None]] = {
    "forecasts": _forecasts,
    "forecasts_cumulative": _cumulative,
    "forecast_contributions": _contributions,
    "backtest_forecasts": _backtest,
    "signals_weekly": _signals_weekly,
    "demand_weekly": _demand_weekly,
    "ingest_report": _ingest_report,
    "inventory_plan": _inventory_plan,
    "demand_unconstrained": _demand_unconstrained,
    "forecast_changes": _changes,
    "forecasts_final": _final,
    "exceptions": _exceptions,
}
