"""All layouts together: each is told from every other one, and maps what its tables must have."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.contracts import INPUTS
from transforms.readers.catalogue import BY_KEY, LAYOUTS
from transforms.readers.layout import Layout
from transforms.readers.names import alternatives, plain
from transforms.readers.recognise import recognise
from transforms.readers.stack import Stack

NAMES = {"shopify/checkouts export": "shopify_checkouts_export_1.csv"}
PARTS = [(one, part) for one in LAYOUTS for part in one.parts]


def whole(layout: Layout) -> Stack:
    """A file of this layout that has the columns by which it is known, and no others."""
    wanted = [name for one in (*layout.marks, *layout.needs) for name in alternatives(one)[:1]]
    tops = sorted({name.split(".")[0].split("[")[0] for name in wanted})
    stack = Stack("", pl.DataFrame({"_row": [1], **{name: ["x"] for name in tops}}))
    stack.__dict__["names"] = frozenset({*wanted, *tops})
    return stack


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda one: one.key)
def test_a_file_with_just_its_columns_is_told_from_all_others(layout: Layout) -> None:
    found = recognise(whole(layout), LAYOUTS, NAMES.get(layout.key, ""))
    assert found.layout is not None, found.problem
    assert found.layout.key == layout.key


@pytest.mark.parametrize("layout", [one for one in LAYOUTS if one.needs], ids=lambda one: one.key)
def test_without_what_it_needs_it_is_refused_by_name(layout: Layout) -> None:
    stack = whole(layout)
    gone = alternatives(layout.needs[-1])
    stack.__dict__["names"] = stack.names - set(gone)
    found = recognise(stack, LAYOUTS, NAMES.get(layout.key, ""))
    assert found.layout is None
    assert found.problem is not None
    assert layout.needs[-1].split("|")[0].replace("[]", "") in found.problem


@pytest.mark.parametrize(("layout", "part"), PARTS, ids=lambda one: getattr(one, "key", ""))
def test_every_part_fills_what_its_table_requires_and_nothing_else(layout: Layout, part) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    table = INPUTS[part.table]
    assert set(part.map) <= set(table.names)
    needed = [c.name for c in table.columns if c.required and not c.nullable]
    assert set(needed) <= set(part.map), layout.key


def test_neighbours_are_layouts_that_there_are() -> None:
    for layout in LAYOUTS:
        assert layout.neighbours <= set(BY_KEY), layout.key
        assert layout.table in INPUTS


def test_keys_are_unique_and_name_their_system() -> None:
    assert len(BY_KEY) == len(LAYOUTS)
    assert all("/" in key and "+" not in key and "<" not in key for key in BY_KEY)


def test_what_is_read_is_not_left_out() -> None:
    """A quiet name that a map reads would be dropped from no file, yet says that it is not read."""
    for layout in LAYOUTS:
        read = {name for part in layout.parts for plan in part.map.values() for name in plan.inputs}
        told = {plain(one) for one in layout.quiet}
        personal = {"billing", "shipping", "billingaddress", "shippingaddress"} & read
        assert not personal, layout.key
        assert not {one for one in read & told if one in ("note", "notes")}, layout.key
