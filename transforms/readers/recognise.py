"""Which layout a stack of records is: by its names alone, refused by name rather than guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from transforms.readers.layout import Layout
from transforms.readers.names import alternatives, plain, shown
from transforms.readers.stack import Stack
from transforms.shown_columns import found_columns

_LIKENESS = 0.5
"""Share of a layout's marks from which a file is said to look like it."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """The layout of a stack, or why it is none: one line, and the layout that it resembles most."""

    layout: Layout | None
    problem: str | None = None
    nearest: Layout | None = None


def recognise(stack: Stack, layouts: Sequence[Layout], file: str = "") -> Recognised:
    """The layout all of whose marks stand in `stack`; of several the one with the most columns.

    Refused, with the line that says so, where a needed column is missing or no layout fits.
    """
    marked = [one for one in layouts if _marked(one, stack.names, file)]
    whole = [one for one in marked if not _lacking(one.needs, stack.names)]
    if whole:
        return Recognised(max(whole, key=lambda one: _likeness(one, stack.names)))
    if marked:
        nearest = max(marked, key=lambda one: _likeness(one, stack.names))
        return Recognised(None, lacks(nearest, _lacking(nearest.needs, stack.names)), nearest)
    return Recognised(None, _unknown(stack, layouts))


def _marked(layout: Layout, names: frozenset[str], file: str) -> bool:
    if _lacking(layout.marks, names) or any(plain(one) in names for one in layout.never):
        return False
    tops = [name for name in names if "." not in name]
    if layout.share and len(layout.understood.intersection(tops)) < layout.share * len(tops):
        return False
    return not layout.called or re.search(layout.called, file) is not None


def lacks(layout: Layout, names: Sequence[str]) -> str:
    """The line that refuses a file which looks like `layout` and lacks `names`."""
    remedy = f": {layout.remedy}" if layout.remedy else ""
    return f"looks like {layout.title} but lacks {', '.join(map(shown, names))}{remedy}"


def _lacking(wanted: Sequence[str], names: frozenset[str]) -> list[str]:
    return [one for one in wanted if names.isdisjoint(alternatives(one))]


def _likeness(layout: Layout, names: frozenset[str]) -> tuple[int, int]:
    wanted = (*layout.marks, *layout.needs)
    return len(wanted) - len(_lacking(wanted, names)), len(layout.understood & names)


def _unknown(stack: Stack, layouts: Sequence[Layout]) -> str:
    there = found_columns(sorted(_headline(stack)))
    scored = [(_share(one, stack.names), one) for one in layouts]
    share, nearest = max(scored, key=lambda pair: pair[0])
    said = f"is not recognised (found: {there})"
    if share < _LIKENESS:
        return f"{said}; docs/sources.md lists what is read"
    missing = _lacking((*nearest.marks, *nearest.needs), stack.names)
    return (
        f"{said}; it is nearest to {nearest.title}, which has also {', '.join(map(shown, missing))}"
    )


def _headline(stack: Stack) -> list[str]:
    if stack.table is not None:
        return [name for name in stack.table.columns if name != "_row"]
    return list(stack.spelled.values())


def _share(layout: Layout, names: frozenset[str]) -> float:
    wanted = (*layout.marks, *layout.needs)
    return 1.0 - len(_lacking(wanted, names)) / len(wanted)
