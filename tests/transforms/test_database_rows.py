"""What drivers hand over, as frames: types, names, and an order that the rows alone decide."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import polars as pl
import pyarrow as pa
import pytest

from transforms.database_rows import in_order, rows_of_arrow, rows_of_values, together, unique_names

TOO_LATE, TOO_EARLY = 2**63 - 1, -(2**63) + 1


def test_infinite_times_make_their_column_text_and_leave_the_watermark_null() -> None:
    stamps = pa.array([0, TOO_LATE, None, TOO_EARLY], pa.timestamp("us"))
    batch = pa.RecordBatch.from_arrays([stamps, stamps], ["at", "mark"])
    frame = rows_of_arrow(batch, "mark").frame
    assert frame["at"].to_list() == ["1970-01-01 00:00:00.000000", "infinity", None, "infinity"]
    assert frame["mark"].null_count() == 3
    assert frame["mark"].dtype == pl.Datetime("us")


def test_an_infinite_day_is_told_too() -> None:
    days = pa.array([0, 2**31 - 1], pa.int32()).cast(pa.date32())
    frame = rows_of_arrow(pa.RecordBatch.from_arrays([days], ["d"])).frame
    assert frame["d"].to_list() == ["1970-01-01", "infinity"]


def test_types_without_a_form_are_named_and_left_out() -> None:
    batch = pa.RecordBatch.from_arrays(
        [pa.array([(1, 2, 3)], pa.month_day_nano_interval()), pa.array(["x"]).dictionary_encode()],
        ["span", "kind"],
    )
    found = rows_of_arrow(batch)
    assert found.unread == (("span", "month_day_nano_interval"),)
    assert found.frame.to_dict(as_series=False) == {"kind": ["x"]}


def test_names_are_made_unique_and_never_the_lakes_own() -> None:
    assert unique_names(["a", "a", "_row", "a"]) == ["a", "a_2", "_row_2", "a_3"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, "x", None], ["1", "x", None]),
        ([UUID(int=5), None], ["00000000-0000-0000-0000-000000000005", None]),
        ([{"b": 1, "a": [2]}, None], ['{"a": [2], "b": 1}', None]),
        ([Decimal("1.50"), Decimal(2)], [Decimal("1.50"), Decimal("2.00")]),
        ([2**70, 1], [str(2**70), "1"]),
    ],
)
def test_python_values_become_columns_of_one_type(
    values: list[object], expected: list[object]
) -> None:
    found = rows_of_values(["c"], [(value,) for value in values]).frame["c"].to_list()
    assert [str(one) for one in found] == [str(one) for one in expected]


def test_batches_that_disagree_about_a_type_become_text() -> None:
    frames = [pl.DataFrame({"c": [None]}), pl.DataFrame({"c": [1]}), pl.DataFrame({"c": ["x"]})]
    assert together(frames)["c"].to_list() == [None, "1", "x"]


def test_the_order_is_that_of_the_rows_whatever_order_they_came_in() -> None:
    frame = pl.DataFrame({"k": [3, 1, 2, 2], "v": ["a", "b", "c", "d"], "n": [[1], [2], None, []]})
    first = in_order(frame, "k")
    assert first["k"].to_list() == [1, 2, 2, 3]
    assert first["_row"].to_list() == [1, 2, 3, 4]
    assert in_order(frame.reverse(), "k").equals(first)
    assert in_order(frame.reverse(), None).equals(in_order(frame, None))
    assert in_order(pl.DataFrame(), None).columns == ["_row"]
