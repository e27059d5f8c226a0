"""Rows that stand in their order are known to be unique; any that do not are told apart."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.contracts.ordered import ascending, keyed_in_order
from transforms.contracts.schema import Column, Table


def frame(*rows: tuple[str | None, int | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"a": pl.String, "b": pl.Int64}, orient="row")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((), True),
        ((("x", 1),), True),
        ((("a", 2), ("a", 3), ("b", 1)), True),
        (((None, None), (None, 1), ("a", None), ("a", 0)), True),
        ((("a", 1), ("a", 1)), False),
        (((None, None), (None, None)), False),
        ((("a", 2), ("a", 1), ("b", 1)), False),
        ((("b", 1), ("a", 2)), False),
        ((("a", 1), ("a", None)), False),
        ((("a", 1), (None, 2)), False),
    ],
)
def test_order_is_told_as_sorting_and_counting_tell_it(
    rows: tuple[tuple[str | None, int | None], ...], *, expected: bool
) -> None:
    given = frame(*rows)
    sorted_ = given.sort("a", "b", nulls_last=False).equals(given)
    assert (sorted_ and not given.is_duplicated().any()) is expected
    assert ascending(given, ("a", "b")) is expected
    pieces = pl.concat([given.head(1), given.slice(1)], rechunk=False)
    assert ascending(pieces, ("a", "b")) is expected


def test_an_order_that_says_more_than_the_key_proves_nothing() -> None:
    columns = (Column("a", pl.String, "one"), Column("b", pl.Int64, "two"))
    given = frame(("a", 1), ("a", 2))
    assert keyed_in_order(Table("t", "p", key=("b", "a"), sort=("a", "b"), columns=columns), given)
    assert not keyed_in_order(Table("t", "p", key=("a",), sort=("a", "b"), columns=columns), given)
