"""`[planning]`: how SKUs are ordered where nothing else tells it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from transforms.mapping_spec import Spec
from transforms.planning.terms import PlanRules

Level = Annotated[float, Strict(), Field(ge=0.5, le=0.999)]
Days = Annotated[float, Field(ge=0.0, le=730.0)]
Review = Annotated[float, Field(ge=1.0, le=365.0)]
Whole = Annotated[int, Strict(), Field(ge=0, le=3_650)]


class Terms(Spec):
    """Terms of one category or SKU; null: not set here."""

    service_level: Level | None = None
    lead_time_days: Days | None = None
    lead_time_std_days: Days | None = None
    review_period_days: Review | None = None

    def given(self) -> dict[str, float]:
        """The terms that are set."""
        return {name: float(value) for name, value in self if value is not None}


class Planning(Spec):
    """Terms of ordering. `skus` go before products, products before `categories`, all before these."""

    service_level: Level = 0.95
    lead_time_days: Days = 14.0
    lead_time_std_days: Days = 0.0
    review_period_days: Review = 7.0
    stale_inventory_days: Whole = 3
    overdue_receipt_days: Whole = 14
    excess_days: Annotated[int, Strict(), Field(ge=1, le=730)] = 91
    currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""
    categories: dict[str, Terms] = Field(default_factory=dict)
    skus: dict[str, Terms] = Field(default_factory=dict)

    def rules(self) -> PlanRules:
        """What transforms and models need of this section."""
        return PlanRules(
            default={
                "service_level": self.service_level,
                "lead_time_days": self.lead_time_days,
                "lead_time_std_days": self.lead_time_std_days,
                "review_period_days": self.review_period_days,
            },
            categories={name: terms.given() for name, terms in self.categories.items()},
            skus={name: terms.given() for name, terms in self.skus.items()},
            stale_inventory_days=self.stale_inventory_days,
            overdue_receipt_days=self.overdue_receipt_days,
            excess_days=self.excess_days,
            currency=self.currency,
        )
