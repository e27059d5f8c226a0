"""Which tables the office makes, in which order, and from what."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from flows.desk import Desk
from flows.office.answering import objective_coverage, owners, touchpoint_inventory
from flows.office.contact import contact_recency
from flows.office.given import Given
from flows.office.registry import source_registry
from flows.office.segment_needs import segment_needs
from flows.office.segments import segments

Maker = Callable[[Given], Mapping[str, pl.DataFrame] | str]
"""The tables made, or why there are none tonight, in one line."""

MAKERS: Mapping[str, Maker] = {
    "segments": segments,
    "segment_needs": segment_needs,
    "contact_recency": contact_recency,
    "owners": owners,
    "objective_coverage": objective_coverage,
    "touchpoint_inventory": touchpoint_inventory,
    "source_registry": source_registry,
}


def office(given: Given) -> Desk:
    """All tables of the office; one that fails is left out with its reason, the others stay."""
    desk = Desk()
    for name, maker in MAKERS.items():
        desk.make(name, lambda maker=maker: maker(given))  # type: ignore[misc]
        given.made |= desk.tables
    return desk
