"""What a layout is: how a system's file is recognised, what must stand in it, and what it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from transforms.mapping_spec import ColumnMap, Condition, RowFilter
from transforms.readers.names import alternatives, plain

Prepare = Callable[[pl.DataFrame], pl.DataFrame]
UTC = "UTC"


def take(*names: str, **steps: Any) -> ColumnMap:  # noqa: ANN401 - checked by ColumnMap
    """The first of these columns that is not empty, with the steps of a column mapping."""
    if isinstance(steps.get("when"), Condition):
        steps["when"] = (steps["when"],)
    columns = tuple(plain(name) for name in names)
    origin: dict[str, Any] = {"column": columns[0]} if len(columns) == 1 else {"first": columns}
    return ColumnMap(**origin, **steps)


def joined(*names: str, separator: str = " ") -> ColumnMap:
    """These columns, those that are not empty, one after the other."""
    return ColumnMap(concat=tuple(plain(name) for name in names), separator=separator)


def always(value: str | bool) -> ColumnMap:  # noqa: FBT001 - the value itself
    """A constant."""
    return ColumnMap(value=value)


def test(column: str, **operator: Any) -> Condition:  # noqa: ANN401 - checked by Condition
    """A condition on one column."""
    if "in_" in operator:
        operator["in"] = operator.pop("in_")
    return Condition(column=plain(column), **operator)


def drop(rule: str, *conditions: Condition) -> RowFilter:
    """Leaves out the rows that meet all conditions; they are counted under the rule's name."""
    return RowFilter(rule=rule, drop=conditions)


@dataclass(frozen=True, slots=True)
class Beside:
    """Columns taken from the rows of other layouts in the same folder, by a key.

    They appear as `beside.<name>`; in `on` and `key` `a|b` is the first that is given. The last
    row of a key counts: files are read in order of name, so a newer delivery wins. `required`: a
    file whose neighbour is not there is refused.
    """

    layouts: tuple[str, ...]
    on: str
    key: str
    columns: tuple[str, ...]
    required: bool = False
    mark: str = "beside"


@dataclass(frozen=True, slots=True)
class Part:
    """What of a file's records becomes rows of one canonical table.

    `rows` is the path of the list whose items are the rows ("" the record itself). `prepare` gets
    a frame in which every column of `uses` and of the maps exists, as text, and may add columns;
    it keeps rows and their order unless it says so. `derived`: distinct rows that stand in other
    rows (a customer in an order); those without a key are none. `prefix` goes before ids that are
    numbers of this system's own.
    """

    table: str
    map: Mapping[str, ColumnMap]
    rows: str = ""
    needs: tuple[str, ...] = ()
    filter: tuple[RowFilter, ...] = ()
    uses: tuple[str, ...] = ()
    prepare: Prepare | None = None
    prefix: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[Beside, ...] = ()
    derived: bool = False

    @property
    def inputs(self) -> frozenset[str]:
        """Plain names of every raw column that this part reads."""
        named = {one for plan in self.map.values() for one in (*plan.inputs, *plan.tested)}
        for rule in self.filter:
            named |= {c.column for c in (*(rule.drop or ()), *(rule.keep or ()))}
            named |= set(rule.first_of or ())
        named |= {plain(name) for name in self.uses}
        for need in (*self.needs, *(one.on for one in self.beside)):
            named |= set(alternatives(need))
        return frozenset(named)


@dataclass(frozen=True)
class Layout:
    """One kind of file of one system.

    `marks` are columns that together stand in no other layout: where all are there the file is
    this layout. `needs` are those without which it is refused by name. In both `a|b` allows
    either. `quiet` names what is understood and left out on purpose (everything below it, too);
    it is not kept, so personal details that nothing reads do not reach the lake. `remedy` says how
    to export what is missing. A layout whose parts are all derived serves others as their neighbour.

    `never` names columns of a sibling that must not be there; `called` is a regular expression that
    the file's name must match, for headers that tell too little; `dated`: the day is told by the
    file's name alone, as `file.day`; `rest`: all other columns are values, too;
    `share`: as much of the file's columns must be understood.
    """

    key: str
    title: str
    marks: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    needs: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    remedy: str = ""
    main: str = ""
    never: tuple[str, ...] = ()
    called: str = ""
    dated: bool = False
    rest: bool = False
    share: float = 0.0
    notes: Callable[[pl.DataFrame], tuple[str, ...]] | None = None

    @cached_property
    def table(self) -> str:
        """The canonical table that answers for the file as a whole."""
        return self.main or self.parts[0].table

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """Every table that it feeds, the main one first."""
        return tuple(dict.fromkeys([self.table, *(part.table for part in self.parts)]))

    @cached_property
    def nested(self) -> bool:
        """Whether rows or values are looked for inside of lists and objects."""
        return any(part.rows for part in self.parts) or any(
            "." in name for part in self.parts for name in part.inputs if "beside" not in name
        )

    @cached_property
    def neighbours(self) -> frozenset[str]:
        """Keys of the layouts that are looked up from this one."""
        return frozenset(k for part in self.parts for one in part.beside for k in one.layouts)

    @cached_property
    def understood(self) -> frozenset[str]:
        """Plain names that are read or left out on purpose."""
        named = {name for part in self.parts for name in part.inputs}
        named |= {name for one in (*self.marks, *self.needs) for name in alternatives(one)}
        return frozenset(named | {plain(name) for name in self.quiet})
