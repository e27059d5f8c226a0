"""`[office.metrics]`, `[office.distribution]` and `[office.catalogue]`: what is watched, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from flows.settings.calling import Ends, in_order
from transforms.contracts import EXPORTS
from transforms.mapping_spec import Spec
from transforms.office.metrics import METRICS, signal_metric

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
        in_order(self.targets)
        return self

    def misnamed(self, signals: Sequence[str]) -> str | None:
        """What is wrong with the first name that is no metric of ours or of `signals`; None: nothing."""
        known = [*MADE, *(signal_metric(signal).name for signal in signals)]
        for where, names in (("watched", self.watched or ()), ("targets", (*self.targets,))):
            for name in names:
                if name not in known:
                    near = get_close_matches(name, known, n=1, cutoff=0.0)[0]
                    return f"[office.metrics] {where}: '{name}' is no metric; did you mean {near}?"
        return None


class Distribution(Spec):
    """distribution_share: how soon, by how many functions, and how often it should be acknowledged."""

    days: Annotated[int, Strict(), Field(ge=1, le=90)] = 7
    teams: Annotated[int, Strict(), Field(ge=1, le=20)] = 2
    target: Ends | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.target is not None and self.target[0] > self.target[1]:
            raise ValueError("target: the lower end is above the upper end")
        return self


class Catalogue(Spec):
    """catalogue: how old a published table may be, in days, and of single tables."""

    slo_days: Annotated[int, Strict(), Field(ge=0, le=366)] = 1
    tables: dict[str, Annotated[int, Strict(), Field(ge=0, le=366)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name in self.tables:
            if name not in EXPORTS:
                near = get_close_matches(name, EXPORTS, n=1, cutoff=0.0)[0]
                raise ValueError(f"tables: '{name}' is no table; did you mean {near}?")
        return self
