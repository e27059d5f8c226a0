"""`[office]`: what the customer system's tables are held against."""

from __future__ import annotations

from pydantic import Field

from flows.settings.heard import Carts, Language, Reasons, Requests
from transforms.mapping_spec import Spec


class Office(Spec):
    """The customer system, one small section a subject."""

    reasons: Reasons = Field(default_factory=Reasons)
    language: Language = Field(default_factory=Language)
    carts: Carts = Field(default_factory=Carts)
    requests: Requests = Field(default_factory=Requests)
