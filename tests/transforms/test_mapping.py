"""Column mapping: each step alone, and the account of rows."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import ValidationError

from transforms.map_columns import holds, map_column
from transforms.mapping import MappingError, map_rows
from transforms.mapping_spec import ColumnMap, Condition, TableMap


def frame(**columns: list[Any]) -> pl.DataFrame:
    height = len(next(iter(columns.values())))
    return pl.DataFrame(columns, strict=False).with_columns(
        pl.int_range(1, height + 1).alias("_row")
    )


def made(given: list[Any], **plan: Any) -> list[Any]:
    return map_column(frame(x=given), ColumnMap(column="x", **plan)).to_list()


def test_values_are_translated_and_others_kept_or_replaced() -> None:
    assert made(["a", "b", None], values={"a": "A"}) == ["A", "b", None]
    assert made(["a", "b", None], values={"a": True}, otherwise=False) == ["true", "false", "false"]


@pytest.mark.parametrize(
    ("text", "plan", "expected"),
    [
        ("1.234,5", {"decimal": ","}, "1234.5"),
        ("-7,25", {"decimal": ","}, "-7.25"),
        ("1234", {"decimal": ","}, "1234"),
        ("1.234.567", {"decimal": ","}, "1234567"),
        ("1,234.5", {"decimal": ".", "thousands": ","}, "1234.5"),
        ("1'234.5", {"thousands": "'"}, "1234.5"),
    ],
)
def test_numbers_written_for_people(text: str, plan: dict[str, str], expected: str) -> None:
    assert made([text], **plan) == [expected]


@pytest.mark.parametrize("text", ["1.5", "1,2,3", "12.34,5", "abc"])
def test_a_number_that_breaks_the_declared_form_stays_unreadable(text: str) -> None:
    (found,) = made([text], decimal=",")
    assert found.startswith(text)
    assert pl.Series([found]).cast(pl.Float64, strict=False)[0] is None


def test_times_by_format_and_zone() -> None:
    assert made(["31/12/2023 08:05"], format="%d/%m/%Y %H:%M") == ["2023-12-31T08:05:00.000000"]
    assert made(["31.12.2023"], format="%d.%m.%Y") == ["2023-12-31T00:00:00.000000"]
    both = made(["31/12/2023", "2023-12-30"], format=["%d/%m/%Y", "%Y-%m-%d"])
    assert both == ["2023-12-31T00:00:00.000000", "2023-12-30T00:00:00.000000"]
    assert made(["2023-07-01 10:00"], timezone="Europe/London") == ["2023-07-01T09:00:00.000000Z"]
    assert made(["1700000000"], format="epoch_s") == ["2023-11-14T22:13:20.000000Z"]
    assert made([1700000000123], format="epoch_ms") == ["2023-11-14T22:13:20.123000Z"]
    assert made(["1/2/2023 10:00 +0200"], format="%d/%m/%Y %H:%M %z") == [
        "2023-02-01T08:00:00.000000Z"
    ]


def test_a_time_that_does_not_fit_is_passed_on_as_it_stands() -> None:
    assert made(["soon", None], format="%d/%m/%Y") == ["soon", None]
    assert made([datetime(2023, 7, 1, 10)], timezone="UTC") == ["2023-07-01T10:00:00.000000Z"]  # noqa: DTZ001


def test_negation_of_numbers_and_text() -> None:
    assert made([1, -2, None], negate=True) == [-1.0, 2.0, None]
    assert made(["1", "-2.5", "x", None], negate=True) == ["-1.0", "2.5", "x", None]
    assert str(made([0.0], negate=True)[0]) == "0.0"


def test_extract_takes_the_group_or_the_match() -> None:
    assert made(["gid://shop/Order/17"], extract=r"(\d+)$") == ["17"]
    assert made(["13085.0"], extract=r"^\d+") == ["13085"]


def test_origins() -> None:
    raw = frame(a=["x", None, " "], b=["y", "z", None])
    concat = map_column(raw, ColumnMap(concat=("a", "b"), separator=": "))
    assert concat.to_list() == ["x: y", "z", None]
    assert map_column(raw, ColumnMap(first=("a", "b"))).to_list() == ["x", "z", None]
    assert map_column(raw, ColumnMap(value=True)).to_list() == ["true"] * 3
    unique = map_column(raw, ColumnMap(column="b", content_id=("b",))).to_list()
    assert unique[0].startswith("y-") and unique[0].endswith("#1")  # noqa: PT018


def test_a_value_only_where_a_condition_holds() -> None:
    raw = frame(status=["canceled", "sent"], day=["2024-01-01", "2024-01-02"])
    plan = ColumnMap(column="day", when=(Condition(column="status", equals="canceled"),))
    assert map_column(raw, plan).to_list() == ["2024-01-01", None]


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ({"equals": "C1"}, [1, 0, 0, 0]),
        ({"not_equals": "C1"}, [0, 1, 1, 1]),
        ({"equals": 5}, [0, 1, 0, 0]),
        ({"in": ["C1", 5]}, [1, 1, 0, 0]),
        ({"not_in": ["C1"]}, [0, 1, 1, 1]),
        ({"matches": "^C"}, [1, 0, 0, 0]),
        ({"not_matches": "^C"}, [0, 1, 1, 1]),
        ({"gt": 5}, [0, 0, 0, 0]),
        ({"ge": 5}, [0, 1, 0, 0]),
        ({"lt": 6}, [0, 1, 0, 0]),
        ({"le": 4}, [0, 0, 0, 0]),
        ({"null": True}, [0, 0, 1, 1]),
        ({"null": False}, [1, 1, 0, 0]),
    ],
)
def test_conditions_never_hold_for_null_but_where_they_say_so(
    test: dict[str, Any], expected: list[int]
) -> None:
    raw = frame(x=["C1", "5.0", None, " "])
    met = holds(raw, (Condition.model_validate({"column": "x", **test}),))
    assert met.cast(pl.Int8).to_list() == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"column": "x"},
        {"column": "x", "gt": 1, "lt": 3},
        {"column": "x", "matches": "(?=a)"},
    ],
)
def test_a_condition_has_one_sound_operator(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Condition.model_validate(wrong)


SPEC = TableMap.model_validate(
    {
        "nulls": ["NULL"],
        "lookup": [{"file": "c.csv", "on": "item", "key": "code", "columns": ["group"]}],
        "ignore": ["secret"],
        "filter": [
            {"rule": "fees", "drop": {"column": "item", "in": ["POST"]}},
            {"rule": "this shop", "keep": {"column": "shop", "equals": "1"}},
            {"rule": "repeats", "first_of": ["invoice", "item"]},
        ],
        "route": [
            {
                "to": "refunds",
                "when": {"column": "invoice", "matches": "^C"},
                "map": {
                    "refund_id": "invoice",
                    "sku": "item",
                    "refunded_at": "day",
                    "quantity": {"column": "n", "negate": True},
                },
            }
        ],
        "map": {
            "order_id": "invoice",
            "sku": "item",
            "ordered_at": "day",
            "quantity": "n",
            "category": "group",
        },
    }
)
GROUPS = pl.DataFrame({"code": ["a", "b", "b"], "group": ["A", "B", "later"], "other": [1, 2, 3]})


def raw_rows() -> pl.DataFrame:
    return frame(
        invoice=["1", "1", "1", "C2", "3", "1"],
        item=["a", "b", "POST", "a", "z", "a"],
        day=["2024-01-01"] * 6,
        n=["1", "2", "1", "-3", "1", "1"],
        shop=["1", "1", "1", "1", "2", "1"],
        note=["hi", "NULL", None, "x", "y", "z"],
        secret=["s"] * 6,
    )


def test_rows_are_filtered_routed_looked_up_and_mapped() -> None:
    found = map_rows(raw_rows(), "order_lines", SPEC, [GROUPS])
    assert found.filtered == {"fees": 1, "this shop": 1, "repeats": 1}
    assert found.routed("order_lines") == 1
    lines, refunds = found.frames["order_lines"], found.frames["refunds"]
    assert lines["_row"].to_list() == [1, 2]
    assert lines["category"].to_list() == ["A", "B"]
    assert refunds.row(0, named=True)["quantity"] == "3.0"
    assert found.unmapped["order_lines"] == ("shop", "note")


def test_unknown_columns_are_kept_as_json_and_ignored_ones_are_not() -> None:
    lines = map_rows(raw_rows(), "order_lines", SPEC, [GROUPS]).frames["order_lines"]
    assert [json.loads(text) for text in lines["_extra"]] == [
        {"shop": "1", "note": "hi"},
        {"shop": "1", "note": None},
    ]


def test_canonical_names_need_no_mapping() -> None:
    raw = frame(sku=["a"], when=[date(2024, 1, 1)], ratio=[float("nan")])
    found = map_rows(raw, "products", TableMap())
    assert set(found.frames["products"].columns) == {"sku", "_row", "_extra"}
    assert found.unmapped["products"] == ("when", "ratio")
    extra = found.frames["products"]["_extra"][0]
    assert json.loads(extra) == {"when": "2024-01-01", "ratio": None}


def test_a_column_that_decides_about_rows_must_be_there() -> None:
    with pytest.raises(MappingError, match=r"column 'item' \(filter 'fees'\) is missing"):
        map_rows(
            raw_rows().drop("item").with_columns(item2=pl.lit("a")),
            "order_lines",
            SPEC.model_copy(update={"lookup": ()}),
            [],
        )
    with pytest.raises(MappingError, match=r"column 'n' \(map.quantity\) is missing"):
        map_rows(raw_rows().drop("n"), "order_lines", SPEC, [GROUPS])
    with pytest.raises(MappingError, match=r"column 'group' \(of the lookup file\)"):
        map_rows(raw_rows(), "order_lines", SPEC, [GROUPS.drop("group")])
    with pytest.raises(MappingError, match="already a column"):
        map_rows(raw_rows().with_columns(group=pl.lit("x")), "order_lines", SPEC, [GROUPS])


def test_an_optional_column_that_is_missing_is_remarked_on() -> None:
    spec = TableMap.model_validate({"map": {"channel": "shop"}})
    raw = frame(order_id=["1"], sku=["a"], ordered_at=["x"], quantity=["1"])
    found = map_rows(raw, "order_lines", spec)
    assert found.notes == (
        "column 'shop' (map.channel) is missing (found: order_id, sku, ordered_at, quantity)",
    )


@settings(max_examples=60, deadline=None)
@drawn(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "C2", "A3", None, ""]),
            st.sampled_from(["a", "b", "POST", None]),
            st.sampled_from(["1", "-3", "x", None]),
            st.sampled_from(["1", "2"]),
        ),
        max_size=20,
    )
)
def test_no_row_is_lost_or_doubled(rows: list[tuple[str | None, ...]]) -> None:
    names = ["invoice", "item", "n", "shop"]
    raw = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row").with_columns(
        pl.int_range(1, len(rows) + 1).alias("_row"), day=pl.lit("2024-01-01")
    )
    found = map_rows(raw, "order_lines", SPEC, [GROUPS])
    numbers = [n for part in found.frames.values() for n in part["_row"]]
    assert len(set(numbers)) == len(numbers)
    assert len(numbers) + sum(found.filtered.values()) == len(rows)
