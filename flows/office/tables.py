"""Which tables the office makes, in which order, and from what."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from flows.desk import Desk
from flows.office.answering import objective_coverage, owners, touchpoint_inventory
from flows.office.cadence import programme_cadence
from flows.office.calls import call_list
from flows.office.carts import cart_recovery
from flows.office.connect import connect_rate
from flows.office.contact import contact_recency
from flows.office.given import Given
from flows.office.insights import insight_rate
from flows.office.language import language_match
from flows.office.ledger import benefits
from flows.office.loops import closed_loop
from flows.office.reasons import reason_shares
from flows.office.registry import source_registry
from flows.office.repeats import repeat_timing
from flows.office.requests import requests
from flows.office.responses import responsiveness
from flows.office.reviews import review_digest
from flows.office.saturation import saturation
from flows.office.segment_needs import segment_needs
from flows.office.segments import segments
from flows.office.sendings import distribution_log
from flows.office.speed import action_speed
from flows.office.statements import benchmarks, evidence_grade
from flows.office.touchpoints import touchpoint_yield
from flows.office.trials import lifts
from flows.office.triangulation import triangulation

Maker = Callable[[Given], Mapping[str, pl.DataFrame] | str]
"""The tables made, or why there are none tonight, in one line."""

MAKERS: Mapping[str, Maker] = {
    "action_speed": action_speed,
    "call_list": call_list,
    "closed_loop": closed_loop,
    "connect_rate": connect_rate,
    "insight_rate": insight_rate,
    "lifts": lifts,
    "programme_cadence": programme_cadence,
    "repeat_timing": repeat_timing,
    "responsiveness": responsiveness,
    "saturation": saturation,
    "touchpoint_yield": touchpoint_yield,
    "cart_recovery": cart_recovery,
    "reason_shares": reason_shares,
    "language_match": language_match,
    "requests": requests,
    "review_digest": review_digest,
    "triangulation": triangulation,
    "segments": segments,
    "segment_needs": segment_needs,
    "contact_recency": contact_recency,
    "owners": owners,
    "objective_coverage": objective_coverage,
    "touchpoint_inventory": touchpoint_inventory,
    "source_registry": source_registry,
    "distribution_log": distribution_log,
    # These look at what the others made.
    "benefits": benefits,
    "evidence_grade": evidence_grade,
    "benchmarks": benchmarks,
}


BESIDE: Mapping[str, tuple[str, ...]] = {
    "call_list": ("call_frame",),
    "distribution_log": ("distribution_share",),
    "segments": ("segment_cutoffs", "clv_calibration"),
}
"""Tables that a maker makes with the one that it is named after."""


def office(given: Given) -> Desk:
    """All tables of the office; one that fails is left out with its reason, the others stay."""
    desk = Desk()
    given.made = desk.tables
    for name, maker in MAKERS.items():
        desk.make(name, lambda maker=maker: maker(given), beside=BESIDE.get(name, ()))  # type: ignore[misc]
        given.made |= desk.tables
    return desk
