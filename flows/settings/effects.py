"""`[office.responsiveness]` and `[office.closed_loop]`: what answers are held against."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, Strict, model_validator

from flows.settings.calling import Ends
from transforms.mapping_spec import Spec

Range = Annotated[tuple[float, float], Field(min_length=2, max_length=2)]


class Responsiveness(Spec):
    """Ranges in which the median days from an exception to each step should lie."""

    alerted: Range = (0.0, 1.0)
    acknowledged: Range = (0.0, 3.0)
    acted: Range = (0.0, 28.0)
    recovered: Range = (0.0, 60.0)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name, (lo, hi) in self.targets().items():
            if not 0 <= lo <= hi:
                raise ValueError(f"{name}: [{lo}, {hi}] is no range of days from 0 on")
        return self

    def targets(self) -> dict[str, tuple[float, float]]:
        """The range of each step, in the order of steps."""
        return {
            "alerted": self.alerted,
            "acknowledged": self.acknowledged,
            "acted": self.acted,
            "recovered": self.recovered,
        }


class ClosedLoop(Spec):
    """closed_loop: the share of changes whose customers should be told, and how long they are watched."""

    told_share: Ends | None = None
    recontact_days: Annotated[int, Strict(), Field(ge=7, le=365)] = 90

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.told_share is not None and self.told_share[0] > self.told_share[1]:
            raise ValueError("told_share: the lower end is above the upper end")
        return self
