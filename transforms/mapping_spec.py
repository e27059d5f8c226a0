"""How the columns and rows of a raw file become canonical ones: declared in the configuration."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import polars as pl
from polars.exceptions import PolarsError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Scalar = bool | int | float | str
"""A value as TOML writes it."""


def _as_tuple(value: object) -> object:
    return [value] if isinstance(value, str | dict) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Spec(BaseModel):
    """Base of everything declared: immutable, and a mistyped key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


OPERATORS = (
    "equals",
    "not_equals",
    "in_",
    "not_in",
    "matches",
    "not_matches",
    "gt",
    "ge",
    "lt",
    "le",
    "null",
)


class Condition(Spec):
    """A test of one raw column by exactly one operator.

    A null satisfies `null = true` and the `not_` operators, nothing else.
    """

    column: str
    equals: Scalar | None = None
    not_equals: Scalar | None = None
    in_: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    not_in: tuple[Scalar, ...] | None = None
    matches: str | None = None
    not_matches: str | None = None
    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None
    null: bool | None = None

    @property
    def operator(self) -> tuple[str, Any]:
        """The operator in use and its operand."""
        return next((n, getattr(self, n)) for n in OPERATORS if getattr(self, n) is not None)

    @model_validator(mode="after")
    def _one_operator(self) -> Self:
        used = [name for name in OPERATORS if getattr(self, name) is not None]
        if len(used) != 1:
            names = ", ".join(name.rstrip("_") for name in OPERATORS)
            raise ValueError(f"a condition needs a column and exactly one of {names}")
        pattern = self.matches or self.not_matches
        if pattern is not None:
            _check_pattern(pattern)
        return self


Conditions = Annotated[tuple[Condition, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
"""One condition or several that must all hold."""


def _check_pattern(pattern: str) -> None:
    try:
        pl.Series([""]).str.contains(pattern)
    except PolarsError as error:
        raise ValueError(
            f"{pattern!r} is not a regular expression: look-around and "
            "back-references are not supported"
        ) from error


class RowFilter(Spec):
    """A named rule that leaves rows out; they are counted as filtered, under the rule's name.

    `drop` leaves out the rows that meet its conditions, `keep` those that do not, `first_of` all
    but the first row with the same values in these columns.
    """

    rule: str = Field(min_length=1)
    drop: Conditions | None = None
    keep: Conditions | None = None
    first_of: tuple[str, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_sense(self) -> Self:
        if [self.drop, self.keep, self.first_of].count(None) != 2:
            raise ValueError("a filter needs exactly one of drop, keep and first_of")
        return self


class ColumnMap(Spec):
    """Where a canonical column comes from.

    Exactly one origin (`column`, `value`, `concat`, `first`, `content_id`; `content_id` may stand
    beside `column` to make it unique), then the steps in the order of the fields below.
    """

    column: str | None = None
    value: Scalar | None = None
    concat: tuple[str, ...] | None = None
    first: tuple[str, ...] | None = None
    content_id: tuple[str, ...] | None = None
    separator: str = " "
    extract: str | None = None
    values: dict[str, Scalar] | None = None
    otherwise: Scalar | None = None
    decimal: Literal[".", ","] | None = None
    thousands: str | None = Field(default=None, max_length=1)
    format: Names | None = None
    timezone: str | None = None
    negate: bool = False
    when: Conditions | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Raw columns that the value is made of."""
        named = (self.column,) if self.column is not None else ()
        return (*named, *(self.concat or ()), *(self.first or ()), *(self.content_id or ()))

    @property
    def tested(self) -> tuple[str, ...]:
        """Raw columns that decide whether there is a value."""
        return tuple(condition.column for condition in self.when or ())

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = [
            name
            for name in ("column", "value", "concat", "first", "content_id")
            if getattr(self, name) is not None
        ]
        if len(origins) != 1 and origins != ["column", "content_id"]:
            raise ValueError(
                "a mapped column needs exactly one of column, value, concat, first, content_id"
            )
        if self.otherwise is not None and self.values is None:
            raise ValueError("otherwise needs values beside it")
        if self.extract is not None:
            _check_pattern(self.extract)
        return self


def _as_column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


ColumnMaps = dict[str, Annotated[ColumnMap, BeforeValidator(_as_column)]]


class Route(Spec):
    """Rows that belong to another table: they leave this one and are counted there."""

    to: str
    when: Conditions
    map: ColumnMaps = Field(default_factory=dict)


class Lookup(Spec):
    """Columns taken from another raw file, by a key; the first row of a key counts."""

    file: str
    on: str
    key: str | None = None
    columns: tuple[str, ...] = Field(min_length=1)


class TableMap(Spec):
    """Everything that turns one raw file into rows of canonical tables.

    Steps, in this order: `nulls`, `lookup`, `filter`, `route`, `map`.
    """

    map: ColumnMaps = Field(default_factory=dict)
    filter: tuple[RowFilter, ...] = ()
    route: tuple[Route, ...] = ()
    lookup: tuple[Lookup, ...] = ()
    ignore: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()

    @property
    def row_by_row(self) -> bool:
        """Whether what becomes of a row depends on no other row, and on no other file."""
        counted = any(one.content_id or one.format for one in self.map.values())
        first_of = any(one.first_of for one in self.filter)
        return not (counted or first_of or self.route or self.lookup)
