"""`[office]`: what the customer system's tables are held against."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

from pydantic import Field, Strict, field_validator

from flows.settings.answering import Contact, Inventory, Registry, Segments
from flows.settings.calling import Actions, Calls, Connect, Insights, Saturation, Touchpoints
from flows.settings.effects import ClosedLoop, Responsiveness
from flows.settings.heard import Carts, Claim, Language, Reasons, Requests
from flows.settings.status import Catalogue, Distribution, Metrics
from transforms.mapping_spec import Spec
from transforms.office.benchmarks import BENCHMARKS


class Office(Spec):
    """The customer system, one small section a subject."""

    owners_required: Annotated[bool, Strict()] = False
    segments: Segments = Field(default_factory=Segments)
    inventory: Inventory = Field(default_factory=Inventory)
    registry: Registry = Field(default_factory=Registry)
    contact: Contact = Field(default_factory=Contact)
    calls: Calls = Field(default_factory=Calls)
    connect: Connect = Field(default_factory=Connect)
    insights: Insights = Field(default_factory=Insights)
    actions: Actions = Field(default_factory=Actions)
    saturation: Saturation = Field(default_factory=Saturation)
    touchpoints: Touchpoints = Field(default_factory=Touchpoints)
    responsiveness: Responsiveness = Field(default_factory=Responsiveness)
    closed_loop: ClosedLoop = Field(default_factory=ClosedLoop)
    reasons: Reasons = Field(default_factory=Reasons)
    language: Language = Field(default_factory=Language)
    carts: Carts = Field(default_factory=Carts)
    requests: Requests = Field(default_factory=Requests)
    metrics: Metrics = Field(default_factory=Metrics)
    distribution: Distribution = Field(default_factory=Distribution)
    catalogue: Catalogue = Field(default_factory=Catalogue)
    benchmarks: dict[str, Claim] = Field(default_factory=dict)

    @field_validator("benchmarks")
    @classmethod
    def _known(cls, given: dict[str, Claim]) -> dict[str, Claim]:
        known = {one.name: one for one in BENCHMARKS}
        for name, claim in given.items():
            if name not in known:
                near = get_close_matches(name, known, n=1) or [*known][:1]
                raise ValueError(f"benchmarks.{name}: no such benchmark; did you mean {near[0]}?")
            lo = known[name].lo if claim.lo is None else claim.lo
            if lo > (known[name].hi if claim.hi is None else claim.hi):
                raise ValueError(f"benchmarks.{name}: lo is above hi; set both")
        return given
