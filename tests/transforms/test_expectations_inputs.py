"""Each expectation of the inputs fails on its own fault, and only on it; good tables pass all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

import polars as pl
import pytest

from tests.expectation_tables import AS_OF, NOTE, ZONE, good_inputs
from transforms.contracts import INPUTS, UTC_TIME, Column
from transforms.expectations import Limits, Verdicts, judge_inputs
from transforms.expectations.inputs import MIX_COLUMNS, REFERENCES, Night, input_dossier
from transforms.profile import schema_of

Frames = dict[str, pl.DataFrame]
Fault = Callable[[pl.DataFrame, str], pl.DataFrame]

IMPLIED = {
    # Twelve times the conversations without more orders are also too many per order.
    f"{name}.volume_week": {f"{name}.per_order"}
    for name in ("conversations", "tickets", "refunds")
}


@cache
def baseline() -> Frames:
    return good_inputs()


@cache
def schemas() -> dict[str, dict[str, str]]:
    return schema_of(baseline())


@cache
def good_verdicts() -> Verdicts:
    return verdicts(baseline())


def verdicts(tables: Frames, **more: object) -> Verdicts:
    settings = {"as_of": AS_OF, "timezone": ZONE, "previous_schema": schemas(), **more}
    return judge_inputs(tables, **settings)  # type: ignore[arg-type]  # dict of mixed values


def neighbours(name: str) -> set[str]:
    """The table, what it refers to and what refers to it: nothing else can notice a fault."""
    refers = {other for _, other, _ in REFERENCES.get(name, ())}
    referred = {table for table, keys in REFERENCES.items() if name in {k[1] for k in keys}}
    return {name, "order_lines"} | refers | referred | ({"conversations"} & referred)


def day(name: str) -> pl.Expr:
    event = INPUTS[name].event_time
    assert event is not None
    column = pl.col(event)
    zoned = INPUTS[name].column(event).dtype != pl.Date
    return column.dt.convert_time_zone(ZONE).dt.date() if zoned else column


def lately(name: str, days: int = 7) -> pl.Expr:
    return day(name) > AS_OF - timedelta(days=days)


def where(chosen: pl.Expr, value: pl.Expr, column: str) -> pl.Expr:
    return pl.when(chosen).then(value).otherwise(pl.col(column)).alias(column)


def first_row(frame: pl.DataFrame, column: str, value: object) -> pl.DataFrame:
    one = pl.int_range(pl.len()) == 0
    return frame.with_columns(where(one, pl.lit(value, frame.schema[column]), column))


def pick(name: str, wanted: Callable[[Column], bool]) -> Column:
    """A column fit for a fault: rather not the event time, whose loss would hide other checks."""
    table = INPUTS[name]
    fit = [column for column in table.columns if wanted(column)]
    return min(fit, key=lambda column: column.name == table.event_time)


def copies(frame: pl.DataFrame, name: str, chosen: pl.Expr, times: int) -> pl.DataFrame:
    """`frame` with the chosen rows `times` times more, each under a key of its own."""
    own = {
        "order_lines": "order_id", "refunds": "refund_id", "customers": "customer_id",
        "checkouts": "checkout_id", "tickets": "ticket_id", "conversations": "conversation_id",
        "passages": "passage_id", "call_attempts": "attempt_id",
    }.get(name)  # fmt: skip
    rows = frame.filter(chosen)
    event = INPUTS[name].event_time
    more = [
        rows.with_columns(
            pl.col(own) + f"+{k}" if own else pl.col(str(event)) + timedelta(microseconds=k + 1)
        )
        for k in range(times)
    ]
    return pl.concat([frame, *more])


def vanish_optional(frame: pl.DataFrame, _: str) -> pl.DataFrame:
    return frame.drop(NOTE)


def drop_required(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.drop(pick(name, lambda column: column.required).name)


def wrong_type(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.with_columns(pl.lit(1, pl.Int8).alias(INPUTS[name].columns[-1].name))


def repeat_key(frame: pl.DataFrame, _: str) -> pl.DataFrame:
    return pl.concat([frame, frame.head(1)])


def empty_value(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return first_row(frame, pick(name, lambda column: not column.nullable).name, None)


def out_of_range(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    column = pick(name, lambda column: column.lo is not None)
    low: dict[object, object] = {pl.Float64: -1.0, pl.Int64: -1, pl.Date: date(1900, 1, 1)}
    if column.dtype == UTC_TIME:
        long_ago = pl.lit(date(1900, 1, 1)).cast(UTC_TIME)
        one = pl.int_range(pl.len()) == 0
        return frame.with_columns(where(one, long_ago, column.name))
    return first_row(frame, column.name, low[column.dtype])


def not_allowed(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return first_row(frame, pick(name, lambda column: bool(column.one_of)).name, "nobody")


def stop_delivering(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.filter(~lately(name, 3))


def from_the_future(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    event = str(INPUTS[name].event_time)
    old = day(name) < date(2024, 1, 8)
    ahead = pl.col(event) + timedelta(days=200)
    return frame.with_columns(where(old, ahead, event))


def crowded_day(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    if name == "inventory_daily":
        return frame.filter(~lately(name, 1) | (pl.col("sku") < "SKU-12"))
    return copies(frame, name, lately(name, 1), 3)


def crowded_week(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    before_last = lately(name) & ~lately(name, 1)
    if name == "inventory_daily":  # its keys of the last two days are looked up
        rows = frame.filter(lately(name) & ~lately(name, 2))
        return pl.concat([frame, *(rows.with_columns(pl.col("sku") + f"+{k}") for k in range(16))])
    if name == "order_lines":  # more lines of the same orders, of nothing
        ghost = frame.filter(before_last).with_columns(pl.lit(0.0).alias("quantity"))
        more = [ghost.with_columns(pl.col("line_id") + f"+{k}") for k in range(13)]
        return pl.concat([frame, *more])
    return copies(frame, name, before_last, 13)


def blank(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    column = {
        "order_lines": "customer_id", "refunds": "reason", "customers": "email",
        "checkouts": "value", "shipments": "promised_at", "tickets": "topic",
        "conversations": "rating", "passages": "speaker", "upstream_tags": "tagger",
        "call_attempts": "team", "inventory_daily": "on_order",
    }[name]  # fmt: skip
    return frame.with_columns(where(lately(name), pl.lit(None), column))


def one_value(column: str) -> Fault:
    def fault(frame: pl.DataFrame, name: str) -> pl.DataFrame:
        same = frame[column].drop_nulls().sort()[0]
        chosen = lately(name) & pl.col(column).is_not_null()
        return frame.with_columns(where(chosen, pl.lit(same), column))

    return fault


def unknown(column: str) -> Fault:
    def fault(frame: pl.DataFrame, name: str) -> pl.DataFrame:
        return frame.with_columns(where(lately(name), "?" + pl.col(column), column))

    return fault


def more_per_order(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return copies(frame, name, lately(name) & ~lately(name, 1), 2)


def change(column: str, chosen: pl.Expr, value: pl.Expr) -> Fault:
    def fault(frame: pl.DataFrame, name: str) -> pl.DataFrame:
        return frame.with_columns(where(lately(name) & chosen, value, column))

    return fault


def huge_line(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    last = lately(name) & (pl.col("line_id") == frame.filter(lately(name))["line_id"][0])
    return frame.with_columns(where(last, pl.lit(900_000.0), "quantity"))


def merged_orders(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    number = pl.col("order_id").str.slice(1).cast(pl.Int64, strict=False)
    merged = pl.format("o{}", number // 3 * 3)
    return frame.with_columns(where(lately(name, 1), merged, "order_id"))


ONE_ROW = {"schema_unchanged", "key_unique", "not_null", "in_range", "allowed_values"}
EVERY_TABLE: dict[str, Fault] = {
    "required_columns": drop_required,
    "column_types": wrong_type,
    "schema_unchanged": vanish_optional,
    "key_unique": repeat_key,
    "not_null": empty_value,
    "in_range": out_of_range,
    "allowed_values": not_allowed,
    "fresh": stop_delivering,
    "future_share": from_the_future,
    "volume_same_weekday": crowded_day,
    "volume_week": crowded_week,
    "null_share": blank,
    "per_order": more_per_order,
}
quantity, price = pl.col("quantity"), pl.col("unit_price")
ONE_TABLE: dict[str, Fault] = {
    "order_lines.units_week": huge_line,
    "order_lines.quantity_p50": change("quantity", quantity <= 6, pl.lit(1.0)),
    "order_lines.quantity_p95": change("quantity", quantity == 10, pl.lit(40.0)),
    "order_lines.unit_price_p50": change("unit_price", price <= 35, pl.lit(2.0)),
    "order_lines.unit_price_p95": change("unit_price", price > 42, price * 10),
    "order_lines.units_per_order": merged_orders,
    **{
        f"{name}.{column}_mix": one_value(column)
        for name, columns in MIX_COLUMNS.items()
        for column in columns
    },
    **{
        f"{name}.{column.removesuffix('_id')}_known": unknown(column)
        for name, keys in REFERENCES.items()
        for column, _, _ in keys
    },
}


@cache
def faults() -> dict[str, Fault]:
    """A fault for each check that is asked of good tables, found before anything is judged."""
    night = Night(baseline(), AS_OF, ZONE, 0, Limits())
    asked = [
        case
        for name in INPUTS
        if name in baseline()
        for case in input_dossier(name, night, schemas(), None).cases
    ]
    found = {}
    for check in dict.fromkeys(case.check for case in asked):
        fault = ONE_TABLE.get(check) or EVERY_TABLE.get(check.partition(".")[2])
        if fault is not None:
            found[check] = fault
    return found


def failed(judged: Verdicts) -> set[str]:
    return set(judged.checks.filter(pl.col("status") == "failed")["check"])


def test_good_tables_pass_every_check() -> None:
    checks = good_verdicts().checks
    assert checks.filter(pl.col("status") != "passed").rows() == []
    assert checks.height > 150
    assert checks["check"].is_unique().all()
    assert checks.equals(checks.sort("table", "check"))


def test_every_check_has_a_fault() -> None:
    assert set(good_verdicts().checks["check"]) == set(faults())
    assert set(ONE_TABLE) <= set(faults())


@pytest.mark.parametrize("check", sorted(faults()))
def test_fault_fails_exactly_its_check(check: str) -> None:
    name = check.partition(".")[0]
    alone = check.partition(".")[2] in ONE_ROW  # a fault that no other table could notice
    tables = {other: baseline()[other] for other in ({name} if alone else neighbours(name))}
    tables[name] = faults()[check](tables[name], name)
    judged = verdicts(tables)
    assert failed(judged) == {check} | IMPLIED.get(check, set())
    severity = judged.checks.filter(pl.col("check") == check)["severity"][0]
    assert (name in judged.held) == (severity == "hold")
    lines = judged.hold_reasons if severity == "hold" else judged.warnings
    assert any(line.startswith(f"{check}: ") for line in lines)
    assert set(judged.checks["check"]) <= set(good_verdicts().checks["check"])


def test_type_of_a_foreign_column_may_not_change_silently() -> None:
    changed = baseline()["products"].with_columns(pl.lit(1).alias(NOTE))
    assert failed(verdicts({"products": changed})) == {"products.schema_unchanged"}


def test_what_is_delivered_may_change_in_any_column() -> None:
    before = {"products": {"sku": "text", "category": "text"}}
    same = verdicts(baseline(), previous_schema=before, current_schema=before)
    assert not failed(same)
    for now in ({"sku": "text"}, {"sku": "numbers", "category": "text"}):
        told = verdicts(baseline(), previous_schema=before, current_schema={"products": now})
        assert failed(told) == {"products.schema_unchanged"}


def test_short_history_is_not_passed_silently() -> None:
    recent = baseline()["order_lines"].filter(lately("order_lines", 20))
    judged = verdicts({"order_lines": recent})
    state = dict(judged.checks.select("check", "status").iter_rows())
    for rule in ("volume_same_weekday", "volume_week", "units_week", "null_share", "channel_mix"):
        assert state[f"order_lines.{rule}"] == "not_enough_data"
    assert failed(judged) == set()
    assert any(line.startswith("order_lines.null_share") for line in judged.undecided)


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_empty_table_is_judged_without_error(name: str) -> None:
    judged = judge_inputs({name: INPUTS[name].empty()}, as_of=AS_OF, timezone=ZONE)
    assert judged.held == set()
    assert judged.undecided


def test_no_columns_at_all_holds_the_table() -> None:
    judged = judge_inputs({"refunds": pl.DataFrame()}, as_of=AS_OF, timezone=ZONE)
    assert judged.held == {"refunds"}


def test_absent_reference_is_not_enough_data() -> None:
    judged = verdicts({"passages": baseline()["passages"]})
    row = judged.checks.row(
        by_predicate=pl.col("check") == "passages.conversation_known", named=True
    )
    assert (row["status"], row["observed"]) == ("not_enough_data", "no conversations were given")


def test_latency_moves_the_judged_day() -> None:
    late = {"order_lines": baseline()["order_lines"].filter(~lately("order_lines", 3))}
    assert "order_lines.fresh" in failed(verdicts(late))
    assert failed(verdicts(late, latency_days=3)) == set()


def test_last_years_pause_explains_this_years() -> None:
    name, table = "order_lines", baseline()["order_lines"]
    shut = lately(name) & (pl.int_range(pl.len()) % 20 != 0)
    year = timedelta(days=364)
    paused = table.filter(~shut)
    before = paused.with_columns(
        pl.col("ordered_at") - year, pl.col("order_id") + "y", pl.col("line_id") + "y"
    )
    once = failed(verdicts({name: paused}))
    assert {"order_lines.volume_week", "order_lines.units_week"} <= once
    twice = failed(verdicts({name: pl.concat([before, paused])}))
    assert not twice & {"order_lines.volume_week", "order_lines.units_week"}


def test_lazy_frames_and_several_sources() -> None:
    table = baseline()["products"]
    both = pl.concat([table.with_columns(pl.lit(s).alias("_source")) for s in ("a", "b")])
    judged = judge_inputs({"products": both.lazy()}, as_of=AS_OF, timezone=ZONE)
    assert failed(judged) == set()


def test_limits_can_be_configured() -> None:
    strict = verdicts({"order_lines": baseline()["order_lines"]}, limits=Limits(mix_drift=-1.0))
    assert failed(strict) == {"order_lines.channel_mix"}


def test_verdicts_do_not_depend_on_row_order() -> None:
    some = {name: baseline()[name] for name in ("order_lines", "conversations")}
    mixed = {name: frame.sample(fraction=1.0, shuffle=True, seed=1) for name, frame in some.items()}
    assert verdicts(some).checks.equals(verdicts(mixed).checks)


@pytest.mark.parametrize(("age", "fails"), [(45, False), (60, True)])
def test_what_comes_a_few_times_a_year_is_late_by_its_own_pauses(age: int, *, fails: bool) -> None:
    name = "tickets"
    wanted = [AS_OF - timedelta(days=age + 35 * i) for i in range(4)]
    table = baseline()[name].filter(day(name).is_in(wanted))
    assert table.select(day(name).n_unique()).item() == 4
    assert (f"{name}.fresh" in failed(verdicts({name: table}))) == fails


def test_what_came_daily_and_stopped_long_ago_is_late() -> None:
    name = "tickets"
    table = baseline()[name].filter(day(name) < AS_OF - timedelta(days=75))
    assert f"{name}.fresh" in failed(verdicts({name: table}))
