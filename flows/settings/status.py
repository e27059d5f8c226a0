"""`[office.metrics]`, `[office.distribution]` and `[office.catalogue]`: what is watched, and who is told."""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from flows.settings.calling import Ends
from transforms.mapping_spec import Spec
from transforms.office.metrics import METRICS

Whole = Annotated[int, Strict(), Field(ge=1, le=104)]
Range = Annotated[tuple[float, float], Field(min_length=2, max_length=2)]
MADE = tuple(metric.name for metric in METRICS)


class Metrics(Spec):
    """metric_status: what is watched, by which rules, and beside which targets.

    `watched`: names of metrics; None: all that can be made. `targets` go before those of
    [office.connect] and [office.insights].
    """

    watched: tuple[str, ...] | None = None
    rules: Literal["limits", "western_electric", "nelson"] = "western_electric"
    baseline_weeks: Annotated[int, Strict(), Field(ge=12, le=78)] = 26
    freeze_months: Literal[1, 2, 3, 4, 6, 12] = 3
    frozen_on: date | None = None
    calm_weeks: Whole = 4
    targets: dict[str, Range] = Field(
        default_factory=lambda: {"late_share": (0.0, 0.1), "acknowledged_share": (0.6, 1.0)}
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name, (lo, hi) in self.targets.items():
            if lo > hi:
                raise ValueError(f"targets.{name}: the lower end {lo} is above the upper end {hi}")
        for name in (*(self.watched or ()), *self.targets):
            if name not in MADE and not name.endswith("_share"):
                near = get_close_matches(name, MADE, n=1, cutoff=0.0)
                raise ValueError(f"{name} is no metric; did you mean {near[0]}?")
        return self


class Distribution(Spec):
    """distribution_share: how soon, by how many functions, and how often it should be acknowledged."""

    days: Annotated[int, Strict(), Field(ge=1, le=90)] = 7
    teams: Annotated[int, Strict(), Field(ge=1, le=20)] = 2
    target: Ends | None = None


class Catalogue(Spec):
    """catalogue: how old a published table may be, in days, and of single tables."""

    slo_days: Annotated[int, Strict(), Field(ge=0, le=366)] = 1
    tables: dict[str, Annotated[int, Strict(), Field(ge=0, le=366)]] = Field(default_factory=dict)
