"""`[office]`: what the customer system's tables are held against."""

from __future__ import annotations

from pydantic import Field

from flows.settings.answering import Segments
from transforms.mapping_spec import Spec


class Office(Spec):
    """The customer system, one small section a subject."""

    segments: Segments = Field(default_factory=Segments)
