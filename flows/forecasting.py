"""From the lake to forecasts, their evidence and their record, stepping down where it must."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl
from polars.exceptions import PanicException

from flows.auditing import auditing, model_audit
from flows.earlier import nights_before
from flows.errors import failed
from flows.knowledge import Picture, Rules, Tags, candidates, cutoffs, looking_back, picture
from flows.lake import Lake
from flows.masking import pseudonyms
from flows.memory import reuse_large_blocks
from flows.reading import Versions, read_versions
from flows.settings import Settings
from flows.stale import FORECAST_TABLES
from flows.stepping import Stepping
from flows.stopwatch import note
from models.backtest import Backtest, Each, backtest
from models.calibration import coverage_cells
from models.forecast import Forecast, forecast, forecast_each
from models.metrics import accuracy, signal_value
from models.naive import naive_night
from models.panel import Known
from models.proportions import wilson
from models.spec import ForecastSpec
from transforms.calendar import week_start_of
from transforms.contracts import EXPORTS
from transforms.contracts.exports import RUNGS
from transforms.hashed import Hasher
from transforms.published import demand_weekly, series_listed, signals_weekly, tags_table

LOG = logging.getLogger("hearcast")
Model = Callable[[Known, ForecastSpec], Forecast]
NOTHING_DIED = Stepping()


@dataclass(frozen=True, slots=True)
class Made:
    """What the models and counts of a night gave, by published table, with the rung reached.

    `why` says, per table or target, what went wrong on the way; empty on a full night. `hidden`:
    what the backtest said of weeks without stock, None where none was made.
    """

    tables: Mapping[str, pl.DataFrame]
    rung: str
    why: tuple[str, ...] = field(default=())
    hidden: pl.DataFrame | None = None


def now_and_then(
    settings: Settings, lake: Lake, as_of: date, tags: Tags, rules: Rules, *, by: Hasher
) -> tuple[Picture, list[Picture], Versions]:
    """What is known at `as_of`, and what was known at each past cutoff, oldest first.

    Those of past cutoffs hold what models take in and demand, and none of the conversations behind
    it. The third are the versions of rows that both were drawn from. `by` hashes who is named in them.
    """
    back = _back(settings)
    versions = read_versions(lake, as_of, by, rules, candidates(as_of, rules, **back))
    now = picture(versions, tags, as_of, rules, listed=True)
    past = cutoffs(now, rules, **back)
    return now, looking_back(versions, tags, past, rules), versions


def _back(settings: Settings) -> dict[str, int]:
    """How the backtest looks back."""
    asked = settings.forecast
    return {
        "horizon": asked.horizon_weeks,
        "origins": asked.backtest_origins,
        "step_weeks": asked.backtest_step_weeks,
    }


def night_before(
    settings: Settings,
    lake: Lake,
    as_of: date,
    tags: Tags,
    rules: Rules,
    *,
    versions: Versions,
    by: Hasher,
) -> Picture | None:
    """What was known at the newest night published before; None: there is none."""
    earlier = nights_before(settings.paths.exports, as_of)
    if not earlier:
        return None
    if earlier[-1] not in versions.cutoffs:
        versions = read_versions(lake, as_of, by, rules, earlier[-1:])
    return picture(versions, tags, earlier[-1], rules)


def make(
    now: Picture,
    past: list[Picture],
    spec: ForecastSpec,
    weekly: pl.DataFrame,
    *,
    deaf: str | None,
    each: Each = forecast_each,
    stepping: Stepping = NOTHING_DIED,
) -> Made:
    """Forecasts and evidence on the highest rung that works, and their record where it can be made.

    `weekly` is the night's demand_weekly. `deaf` says why signals must not be used tonight; None:
    they may. `each` makes the forecasts of past cutoffs. `stepping` says on which rungs an earlier
    attempt at this night died: they are not tried again. A record that fails costs only itself, never the forecasts. On the rung seasonal_naive
    there are forecasts only: the record is of models that did not run.
    """
    reuse_large_blocks()
    why = [] if deaf is None else [deaf]
    why += [line for line in stepping.why if line not in why]
    for rung, model in _ladder()[max(RUNGS.index(stepping.top), int(deaf is not None)) :]:
        note(rung=rung)
        told = now if rung == "full" else _unheard(now)
        try:
            tables = _finished(_forecasts(told, spec, model), rung, weekly)
        except (Exception, PanicException) as error:  # noqa: BLE001 - a failing model must not end the night
            why.append(failed(f"the {rung} forecast", error))
            continue
        if rung == "seasonal_naive":
            return Made({name: tables[name] for name in FORECAST_TABLES}, rung, tuple(why))
        before, hidden = past if rung == "full" else [_unheard(p) for p in past], None
        newest = [p.known for p in before[-1:]]
        with auditing(told.known, newest, tables["forecasts"], spec, why) as auditors:
            try:
                record, hidden = _record(told, before, spec, each)
                tables |= record
                audited = model_audit(auditors, tables, spec, why)
                if audited is not None:
                    tables["model_audit"] = conform("model_audit", audited)
            except (Exception, PanicException) as error:  # noqa: BLE001 - as above
                why.append(failed("the backtest", error))
        return Made(tables, rung, tuple(why), hidden)
    return Made({}, "stale", tuple(why))


def _ladder() -> tuple[tuple[str, Model], ...]:
    """The rungs that forecast, from the top, and what makes the forecasts of each."""
    return ("full", forecast), ("baseline", forecast), ("seasonal_naive", naive_night)


def _unheard(one: Picture) -> Picture:
    return replace(one, known=replace(one.known, signals=None))


def _forecasts(now: Picture, spec: ForecastSpec, model: Model) -> dict[str, pl.DataFrame]:
    made = model(now.known, spec)
    return {
        "forecasts": made.forecasts,
        "forecasts_cumulative": made.cumulative,
        "forecast_contributions": made.contributions,
        "signal_evidence": made.evidence,
        "model_fits": made.fits,
    }


def _record(
    now: Picture, past: list[Picture], spec: ForecastSpec, each: Each
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    tested: Backtest = backtest([p.known for p in past], now.known, spec, each)
    tables = {
        "accuracy": accuracy(tested.forecasts, now.known, spec),
        "calibration": coverage_cells(tested.forecasts),
        "signal_value": signal_value(tested.forecasts, tested.contributions, spec),
    }
    tables["backtest_forecasts"], hidden = tested.forecasts, tested.hidden
    del tested  # each signal's part in millions of rows is not needed to put them in order
    return {name: conform(name, tables.pop(name)) for name in [*tables]}, hidden


def _finished(
    tables: Mapping[str, pl.DataFrame], rung: str, weekly: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    if rung not in RUNGS:
        raise ValueError(f"{rung} is no rung")
    marked = {
        name: frame.with_columns(pl.lit(rung).alias("rung"))
        if "rung" in EXPORTS[name].names
        else frame
        for name, frame in tables.items()
    }
    marked["forecasts"] = with_running_week(marked["forecasts"], weekly)
    key = [*EXPORTS["forecasts"].key]
    scope = marked["forecasts"].select(*key, "category", "sku", "channel")
    parts = marked["forecast_contributions"]
    marked["forecast_contributions"] = parts.join(scope, on=key, how="left")
    return {name: conform(name, frame) for name, frame in marked.items()}


def with_running_week(forecasts: pl.DataFrame, weekly: pl.DataFrame) -> pl.DataFrame:
    """Adds what horizon 1 has brought so far, and what of its mean is still to come."""
    key = ["target", "level", "series_id", "week_start"]
    sold = weekly.select(*key, pl.col("value").alias("_sold"))
    first = pl.col("horizon") == 1
    so_far = pl.when(first).then(pl.col("_sold").fill_null(0.0))
    return (
        forecasts.join(sold, on=key, how="left", maintain_order="left")
        .with_columns(so_far.alias("sold_to_date_units"))
        .with_columns(
            pl.max_horizontal(pl.col("mean") - pl.col("sold_to_date_units"), 0.0).alias(
                "remaining_mean"
            )
        )
        .with_columns(pl.when(first).then(pl.col("remaining_mean")).alias("remaining_mean"))
        .drop("_sold")
    )


def conform(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` in the columns, types and order of its contract."""
    contract = EXPORTS[name]
    typed = frame.select([pl.col(c.name).cast(c.dtype) for c in contract.columns])
    return typed.sort(contract.order, nulls_last=False)


def counted(
    now: Picture, levels: tuple[str, ...], calendar: str, week_start: str
) -> dict[str, pl.DataFrame]:
    """The tables that only count demand: demand_weekly and series_listed."""
    empty = {name: EXPORTS[name].empty() for name in ("demand_weekly", "series_listed")}
    if now.first_week is None or not now.demand:
        return empty
    running = week_start_of(now.known.cutoff, week_start)
    weekly = [
        demand_weekly(
            one,
            levels,
            first_week=now.first_week,
            last_week=now.last_week,
            running_week=running,
            censored=now.censored,
            calendar=calendar,
            week_start=week_start,
        )
        for one in now.demand.values()
    ]
    listed = [series_listed(one, levels) for one in now.demand.values()]
    return {
        "demand_weekly": conform("demand_weekly", pl.concat(weekly)),
        "series_listed": conform("series_listed", pl.concat(listed)),
    }


def known(now: Picture) -> dict[str, pl.DataFrame]:
    """The tables of who is who, with the share of each system's customers that another knows."""
    match = now.identity["identity_match"]
    asked = match["ids"].to_numpy() * (match.height > 1)
    names = ("match_rate", "match_rate_lo", "match_rate_hi")
    rates = wilson(match["ids_matched"].to_numpy(), asked)
    columns = [pl.Series(n, r).fill_nan(None) for n, r in zip(names, rates, strict=True)]
    tables = {**now.identity, "identity_match": match.with_columns(columns)}
    return {name: conform(name, frame) for name, frame in tables.items()}


def heard(
    now: Picture,
    passages: pl.LazyFrame,
    taggers: Mapping[str, tuple[str, str]],
    key: Callable[[], bytes],
) -> dict[str, pl.DataFrame]:
    """The tables of what customers said: tags and signals_weekly; empty without conversations.

    `key` gives the key of the pseudonyms of conversations whose id tells a person.
    """
    if now.first_week is None or now.conversations.is_empty():
        return {name: EXPORTS[name].empty() for name in ("tags", "signals_weekly")}
    tags = tags_table(now.said, passages, now.conversations)
    return {
        "tags": conform("tags", pseudonyms(tags, ("conversation_id", "passage_id"), key)),
        "signals_weekly": signals_weekly(now.rates, taggers, now.first_week, now.last_week),
    }
