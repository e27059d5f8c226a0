"""`[office]`: what the customer system's tables are held against."""

from __future__ import annotations

from pydantic import Field

from flows.settings.calling import Actions, Calls, Connect, Insights, Saturation, Touchpoints
from flows.settings.effects import ClosedLoop, Responsiveness
from transforms.mapping_spec import Spec


class Office(Spec):
    """The customer system, one small section a subject."""

    calls: Calls = Field(default_factory=Calls)
    connect: Connect = Field(default_factory=Connect)
    insights: Insights = Field(default_factory=Insights)
    actions: Actions = Field(default_factory=Actions)
    saturation: Saturation = Field(default_factory=Saturation)
    touchpoints: Touchpoints = Field(default_factory=Touchpoints)
    responsiveness: Responsiveness = Field(default_factory=Responsiveness)
    closed_loop: ClosedLoop = Field(default_factory=ClosedLoop)
