"""Names of columns in the one form in which layouts are compared and written down."""

from __future__ import annotations

from functools import lru_cache

LIST = "[]"
"""Follows the name of a list of objects: `line_items[].sku`."""
OWN = ("_row", "_extra")
"""Columns of ours, never a file's."""


@lru_cache(maxsize=65_536)
def plain(name: str) -> str:
    """`name` without case, blanks and underscores, segment by segment: `lineItems[].sku`, `LINE_ITEMS[].SKU` are one."""
    if name in OWN:
        return name
    return ".".join(_segment(one) for one in name.split("."))


def _segment(text: str) -> str:
    bare = "".join(c for c in text.lower() if c.isalnum())
    return bare + LIST if text.endswith(LIST) else bare


def alternatives(name: str) -> tuple[str, ...]:
    """The names that `a|b` allows, in their plain form."""
    return tuple(plain(one) for one in name.split("|"))


def shown(name: str) -> str:
    """`a|b` as a person reads it."""
    return name.replace("|", " or ").replace(LIST, "")


def listed(text: str) -> tuple[str, ...]:
    """The names in a text, separated by commas; line ends are blanks."""
    return tuple(name for one in text.split(",") if (name := " ".join(one.split())))
