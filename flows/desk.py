"""The planner's desk: what moved, what planners changed, whether it helped, and what to look at."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from itertools import pairwise

import polars as pl

from flows.earlier import manifest_of, nights_before, table_of
from flows.forecasting import conform
from flows.knowledge import Picture
from flows.masking import masked
from flows.night import Night, spec_of
from flows.optional import Optionals
from flows.parquet import ContractViolation
from flows.places import Place
from flows.provenance import differences
from models.restated import baseline_then
from models.value_added import value_added
from transforms import changes, staircase
from transforms.asof import visible
from transforms.calendar import first_horizon_week
from transforms.classes import sku_classes
from transforms.contracts import EXPORTS, INPUTS
from transforms.contracts.check import violations
from transforms.final import forecasts_final
from transforms.overrides import judged, named, status_table
from transforms.privacy import redact

LOG = logging.getLogger("hearcast")
USUAL_NIGHTS = 8
"""Earlier nights from which the usual size of a change is learnt, of those alike."""
NO_OVERRIDES = "nobody gives overrides: forecasts are final"


# Sentences made of numbers and of what planners wrote.
TEXTS = ("words", "headline", "action", "why", "reason", "customers_reason", "customers_phrase",
         "owner")  # fmt: skip


class Desk(Optionals):
    """Tables of the desk: their sentences are masked, and each holds to its contract."""

    def fit(self, found: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        """The tables as they can be published. Raises ContractViolation where one cannot."""
        made = {name: conform(name, _safe(frame)) for name, frame in found.items()}
        if broken := [
            line for name, frame in made.items() for line in violations(EXPORTS[name], frame)
        ]:
            LOG.error("%s", "; ".join(broken))
            raise ContractViolation(broken[0])
        return made


def _safe(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` whose sentences hold nothing that could be taken for a telephone or card number."""
    return frame.with_columns(redact(frame[name]) for name in TEXTS if name in frame.columns)


def changed_and_final(
    night: Night, now: Picture, before: Picture | None, tables: Mapping[str, pl.DataFrame]
) -> Desk:
    """forecast_changes, forecasts_final and override_status; `tables` are the night's forecasts.

    `before` is what was known at the newest night published before this one; None: there is none.
    """
    desk = Desk()
    desk.make("forecast_changes", lambda: _changes(night, now, before, tables))
    desk.make("forecasts_final", lambda: _final(night, tables), beside=("override_status",))
    return desk


def _changes(
    night: Night, now: Picture, before: Picture | None, tables: Mapping[str, pl.DataFrame]
) -> Mapping[str, pl.DataFrame] | str:
    exports, as_of = night.settings.paths.exports, night.as_of
    earlier = nights_before(exports, as_of)
    if not earlier or before is None:
        return "this is the first night: there is none to compare with"
    told = _forecast_tables(exports, earlier[-1])
    if told is None:
        return f"the night of {earlier[-1]} has no forecasts to compare with"
    if "forecasts" not in tables:
        return "there are no forecasts to compare"
    here = changes.Night(*(_or_empty(tables, name) for name in FORECAST_PARTS))
    rungs = set(here.forecasts["rung"].unique().to_list())
    late = None
    if rungs <= {"full", "baseline", "stale"}:
        late = baseline_then(now.known, before.known, spec_of(night.settings))
        if late is None:  # nothing was restated: the forecast itself is what it would have been
            cell = [*changes.CELL, pl.col("baseline_mean").alias("baseline_then")]
            late = here.forecasts.select(cell)
    found = changes.forecast_changes(
        here,
        told,
        changes.Restated(earlier[-1], late),
        same_method=not differences(manifest_of(exports, earlier[-1]), night.settings),
    ).with_columns(pl.lit(as_of).alias("as_of"))
    return {"forecast_changes": changes.with_usual(found, _alike(night, earlier))}


def _alike(night: Night, earlier: list[date]) -> list[pl.DataFrame]:
    """Earlier tables of changes over as many weeks as have passed since the night before."""
    begins, exports = night.settings.business.week_start, night.settings.paths.exports
    weeks = [first_horizon_week(day, begins) for day in (*earlier, night.as_of)]
    passed = [(b - a).days // 7 for a, b in pairwise(weeks)]
    chosen = [d for d, n in zip(earlier[1:], passed[:-1], strict=True) if n == passed[-1]]
    past = [
        table_of(exports, day, "forecast_changes", changes.LEARNT_FROM)
        for day in chosen[-USUAL_NIGHTS:]
    ]
    return [one for one in past if one is not None]


FORECAST_PARTS = ("forecasts", "forecast_contributions", "signal_evidence")


def _or_empty(tables: Mapping[str, pl.DataFrame], name: str) -> pl.DataFrame:
    return tables[name] if name in tables else EXPORTS[name].empty()


def _forecast_tables(exports: Place, day: date) -> changes.Night | None:
    parts = {name: table_of(exports, day, name) for name in FORECAST_PARTS}
    there = {name: frame for name, frame in parts.items() if frame is not None}
    if "forecasts" not in there:
        return None
    return changes.Night(*(_or_empty(there, name) for name in FORECAST_PARTS))


# -- overrides ----------------------------------------------------------------------------------
def overrides_known(night: Night, as_of: date) -> pl.DataFrame:
    """Overrides as known at the end of `as_of`, named and redacted; identifiers are masked."""
    zone = night.settings.business.timezone
    rows = visible(night.lake.versions("overrides", as_of), INPUTS["overrides"], as_of, zone)
    return named(masked(rows.collect()), zone)


def _final(night: Night, tables: Mapping[str, pl.DataFrame]) -> Mapping[str, pl.DataFrame] | str:
    given = overrides_known(night, night.as_of)
    if given.is_empty():
        return NO_OVERRIDES
    if "forecasts" not in tables:
        return "there are no forecasts to override"
    final, status = _overridden(night, given, tables["forecasts"], night.as_of)
    return {"forecasts_final": final, "override_status": status}


def _overridden(
    night: Night, given: pl.DataFrame, forecasts: pl.DataFrame, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    begins = night.settings.business.week_start
    rows = judged(given, forecasts, as_of=as_of, week_start=begins)
    final = forecasts_final(forecasts, rows)
    return final, status_table(rows, final, as_of=as_of, week_start=begins)


# -- value added --------------------------------------------------------------------------------
def valued(night: Night, past: list[Picture], tables: Mapping[str, pl.DataFrame]) -> Desk:
    """forecast_value_added, from the night's backtest and every override of a week that is over."""
    desk = Desk()
    desk.make("forecast_value_added", lambda: _value_added(night, past, tables))
    return desk


def _value_added(
    night: Night, past: list[Picture], tables: Mapping[str, pl.DataFrame]
) -> Mapping[str, pl.DataFrame] | str:
    backtest = tables.get("backtest_forecasts")
    if backtest is None or backtest.is_empty():
        return "no past forecasts can be judged: a backtest needs the horizon and eight weeks more"
    naive = [
        staircase.last_weeks(one, picture.last_week, picture.known.cutoff)
        for picture in past
        for one in picture.demand.values()
    ]
    exports = night.settings.paths.exports
    published = [
        table_of(exports, day, "override_status") for day in nights_before(exports, night.as_of)
    ]
    weekly = tables["demand_weekly"]
    overridden = staircase.judged_overrides(
        [one for one in published if one is not None], _replayed(night, backtest), weekly
    )
    first = min(backtest["cutoff"].to_list())
    classes = sku_classes(weekly, _prices(tables), first)
    rows = value_added(
        staircase.with_naive(backtest, naive), overridden, classes, spec_of(night.settings)
    )
    return {"forecast_value_added": rows}


def _replayed(night: Night, backtest: pl.DataFrame) -> list[pl.DataFrame]:
    """override_status as it would have been at each past cutoff, with what was known then."""
    found = []
    for cutoff in sorted(set(backtest["cutoff"].to_list())):
        given = overrides_known(night, cutoff)
        if given.is_empty():
            continue
        rows = backtest.filter(pl.col("cutoff") == cutoff).with_columns(
            pl.lit(cutoff).alias("as_of")
        )
        found.append(_overridden(night, given, rows, cutoff)[1])
    return found


def _prices(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """What a unit of each SKU sells for, where the plan knows it."""
    plan = tables.get("inventory_plan")
    if plan is None or "unit_price" not in plan.columns:
        return pl.DataFrame(schema={"sku": pl.String, "unit_price": pl.Float64})
    return plan.select("sku", "unit_price")
