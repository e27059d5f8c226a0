"""Canonical tables in a folder of mixed files: recognised by the columns that they must have."""

from __future__ import annotations

from transforms.contracts import INPUTS, Table
from transforms.readers.layout import Layout, Part, take

_MORE = {
    "products": "category|title|launched_on|lead_time_days|moq|pack_size|unit_cost",
    "customers": "email|phone|created_at",
    "promotions": "kind|discount_share|announced_at|category|sku",
}
"""Tables that require too little to be told apart, and one of what they need besides."""
_UNDERSTOOD = 0.6
"""Share of columns that must be canonical: a stranger's file may have a `sku` and a `title`, too."""


def _layout(table: Table) -> Layout:
    more = (_MORE[table.name],) if table.name in _MORE else ()
    return Layout(
        key=f"canonical/{table.name}",
        title=f"the canonical table {table.name}",
        marks=(*table.required, *more),
        share=_UNDERSTOOD,
        parts=(Part(table.name, {name: take(name) for name in table.names}),),
    )


CANONICAL = tuple(_layout(table) for table in INPUTS.values())
