"""`[office.segments]` and its neighbours: who the customers are, and who answers for what."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, Strict

from transforms.mapping_spec import Spec

Weeks = Annotated[int, Strict(), Field(ge=1, le=520)]
Portion = Annotated[float, Field(ge=0.0, le=1.0)]
Days = Annotated[int, Strict(), Field(ge=1, le=3_650)]


class Segments(Spec):
    """segments, segment_cutoffs, clv_calibration and segment_needs.

    `frozen_on`: the day as of which the cut-offs are made; null: the newest first of January with
    `least_days` of purchases before it. Frequency and money are of the last `memory_weeks`.
    """

    frozen_on: date | None = None
    least_days: Days = 91
    memory_weeks: Weeks = 52
    new_days: Days = 90
    movement_weeks: Weeks = 13
    horizon_weeks: Weeks = 52
    calibration_weeks: Weeks = 26


class Inventory(Spec):
    """touchpoint_inventory: the least shares to be captured and mined; null: no target."""

    capture_least: Portion | None = None
    mined_least: Portion | None = None


class Registry(Spec):
    """source_registry: days after which a source is late; null: twice its usual gap."""

    late_after_days: Days | None = None


class Contact(Spec):
    """contact_recency: the least share to be spoken with in 90 days, and below which a segment is silent."""

    least: Portion | None = None
    silent_below: Portion = 0.02
