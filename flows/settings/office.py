"""`[office]`: what the customer system's tables are held against."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from flows.settings.answering import Contact, Inventory, Registry, Segments
from transforms.mapping_spec import Spec


class Office(Spec):
    """The customer system, one small section a subject."""

    owners_required: Annotated[bool, Strict()] = False
    segments: Segments = Field(default_factory=Segments)
    inventory: Inventory = Field(default_factory=Inventory)
    registry: Registry = Field(default_factory=Registry)
    contact: Contact = Field(default_factory=Contact)
