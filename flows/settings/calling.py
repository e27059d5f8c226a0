"""`[office.calls]` and its neighbours: who is called, and what the programme is held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from transforms.mapping_spec import Spec
from transforms.office.cohorts import CallRules, CohortRules

Whole = Annotated[int, Strict(), Field(ge=1, le=100_000)]
Days = Annotated[int, Strict(), Field(ge=1, le=3_650)]
Portion = Annotated[float, Field(ge=0.0, le=1.0)]
Ends = Annotated[tuple[Portion, Portion], Field(min_length=2, max_length=2)]


class Cohort(Spec):
    """How many usable conversations a cohort should give in each period, and how far it reaches back."""

    target: Annotated[int, Strict(), Field(ge=0, le=100_000)]
    period: Literal["week", "month", "quarter"]
    days: Days


class Recent(Cohort):
    """Customers who bought lately."""

    target: Annotated[int, Strict(), Field(ge=0, le=100_000)] = 20
    period: Literal["week", "month", "quarter"] = "month"
    days: Days = 30


class Abandoner(Cohort):
    """Customers who left a cart."""

    target: Annotated[int, Strict(), Field(ge=0, le=100_000)] = 20
    period: Literal["week", "month", "quarter"] = "week"
    days: Days = 7


class Repeat(Cohort):
    """Customers who bought lately, and not for the first time."""

    target: Annotated[int, Strict(), Field(ge=0, le=100_000)] = 10
    period: Literal["week", "month", "quarter"] = "quarter"
    days: Days = 91


class Calls(Spec):
    """call_list and programme_cadence."""

    recent: Recent = Field(default_factory=Recent)
    abandoner: Abandoner = Field(default_factory=Abandoner)
    repeat: Repeat = Field(default_factory=Repeat)
    conversations_per_month: Whole = 20
    consent: Literal["required", "assumed"] = "required"
    purposes: tuple[str, ...] = ("call", "phone", "research")
    rest_days: Days = 90
    holdout_share: Annotated[float, Field(ge=0.0, le=0.9)] = 0.1
    usable_share: Annotated[float, Field(ge=0.01, le=1.0)] = 0.35
    even_share: Annotated[float, Field(ge=0.05, le=1.0)] = 0.5
    salt: Annotated[str, Field(max_length=100)] = ""

    def rules(self) -> CallRules:
        """What transforms and models need of this section."""
        return CallRules(
            cohorts={
                name: CohortRules(one.target, one.period, one.days)
                for name, one in (
                    ("abandoner", self.abandoner),
                    ("repeat", self.repeat),
                    ("recent", self.recent),
                )
            },
            conversations_per_month=self.conversations_per_month,
            consent_required=self.consent == "required",
            purposes=tuple(one.lower() for one in self.purposes),
            rest_days=self.rest_days,
            holdout_share=self.holdout_share,
            usable_share=self.usable_share,
            even_share=self.even_share,
            salt=self.salt,
        )


def in_order(targets: Mapping[str, tuple[float, float]]) -> None:
    """Raises ValueError where a range by name ends before it begins."""
    for name, (lo, hi) in targets.items():
        if lo > hi:
            raise ValueError(f"targets.{name}: the lower end {lo} is above the upper end {hi}")


class _Ordered(Spec):
    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name, value in self:
            if isinstance(value, tuple) and len(value) == 2 and value[0] > value[1]:
                raise ValueError(
                    f"{name}: the lower end {value[0]} is above the upper end {value[1]}"
                )
        return self


class Connect(_Ordered):
    """connect_rate: the range that the share of people reached should lie in."""

    target: Ends = (0.30, 0.40)


class Insights(_Ordered):
    """insight_rate: its target, and after how many days a conversation's insights are noted."""

    target: Ends | None = None
    settle_days: Annotated[int, Strict(), Field(ge=0, le=90)] = 7


class Actions(_Ordered):
    """action_speed: the range that the median time from opening to shipping should lie in."""

    median_days: Annotated[tuple[float, float], Field(min_length=2, max_length=2)] = (14.0, 90.0)


class Touchpoints(Spec):
    """touchpoint_yield: targets of response, by channel."""

    targets: dict[str, Ends] = Field(default_factory=lambda: {"survey": (0.02, 0.05)})

    @model_validator(mode="after")
    def _sound(self) -> Self:
        in_order(self.targets)
        return self


class Saturation(_Ordered):
    """saturation: the share of what is mentioned that may still be of themes never heard."""

    target: Ends = (0.0, 0.05)
