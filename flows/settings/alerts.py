"""`[alerts]`: who is told of new exceptions, and of which."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from transforms.mapping_spec import Spec

BlockName = Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]


class Alerts(Spec):
    """Delivery of exceptions. Addresses are secrets: they stand in HEARCAST_ALERT_URLS or in blocks.

    `blocks` name Prefect notification blocks as type/name, such as slack-webhook/planners;
    `ping_block` a Prefect Secret block with the address that hears of each night.
    """

    blocks: tuple[BlockName, ...] = ()
    ping_block: str = ""
    min_severity: Literal["high", "medium", "low"] = "medium"
    most_a_night: Annotated[int, Strict(), Field(ge=1, le=200)] = 20
    default_owner: Annotated[str, Field(max_length=100)] = ""
