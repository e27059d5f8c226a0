"""`[office.reasons]` and its neighbours: what is asked of what customers say, and targets for it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from transforms.mapping_spec import Spec
from transforms.office.reasons import Complaints

Portion = Annotated[float, Field(ge=0.0, le=1.0)]


def _range(value: object) -> object:
    """One number stands for a range that begins and ends with it."""
    return (value, value) if isinstance(value, int | float) else value


class _Ends(Spec):
    @model_validator(mode="before")
    @classmethod
    def _pair(cls, given: object) -> object:
        if isinstance(given, list | tuple):
            if len(given) != 2:
                raise ValueError("a target is one share, or a list of its lower and upper end")
            return {"lo": given[0], "hi": given[1]}
        return given


class Target(_Ends):
    """A share to be reached: one number, or a list of two ends."""

    lo: Portion
    hi: Portion

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.lo > self.hi:
            raise ValueError("the lower end of a target is above its upper end")
        return self


Targeted = Annotated[Target, BeforeValidator(_range)]


class Reasons(Spec):
    """reason_shares: what is a complaint, and targets by reason."""

    complaint_channels: tuple[str, ...] = ("ticket",)
    complaint_stars: Annotated[float, Field(ge=0.0, le=5.0)] = 2.0
    targets: dict[str, Targeted] = Field(default_factory=dict)

    def complaints(self) -> Complaints:
        """Which conversations are complaints."""
        return Complaints(self.complaint_channels, self.complaint_stars)


class Language(Spec):
    """language_match: how much of what customers say should stand in our copy."""

    target: Targeted | None = None


class Requests(Spec):
    """requests: the share of people from which an idea is to be decided on."""

    target: Targeted | None = None


class Carts(Spec):
    """cart_recovery: which lot, which of its arms were not called, and what calling should change."""

    experiment: Annotated[str, Field(min_length=1, max_length=256)] = "abandoner"
    held_out: Annotated[tuple[str, ...], Field(min_length=1)] = ("holdout", "control")
    target_difference: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.0


class Claim(Spec):
    """A benchmark as it is to be shown: what is not set stays as it is."""

    claim: Annotated[str, Field(max_length=500)] = ""
    lo: float | None = None
    hi: float | None = None
    source: Annotated[str, Field(max_length=500)] = ""
    evidence: Annotated[str, Field(max_length=500)] = ""
