"""The hidden forces: seasons, shocks, and the drivers that customers speak of before others see.

Every array has one row per category and one column per week; columns start `MAX_LEAD` weeks
before the brand does, so that a lead has a past to come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.simulate.clock import week_position
from models.simulate.spec import MAX_LEAD, BrandSpec, Floats, archetype

STOCKING_LEADS = (3, 4, 3, 5)
TICKET_LEADS = (2, 1, 2, 3)
RETURN_LEADS = (4, 3, 5)


@dataclass(frozen=True)
class Lead:
    """A planted lead: what customers say moves `target` after `lead_weeks` weeks."""

    signal: str
    target: str
    lead_weeks: int
    effect: float


@dataclass(frozen=True)
class Drivers:
    """Latent weekly forces of a brand; see the module for the shape of the arrays."""

    leads: list[list[Lead]]
    log_season: Floats
    log_trend: Floats
    log_shock: Floats
    stocking: Floats
    lateness: Floats
    wear: Floats

    def shifted(self, driver: Floats, category: int, lead_weeks: int) -> Floats:
        """The driver `lead_weeks` before each week of the brand, in one category."""
        width = driver.shape[1] - MAX_LEAD
        return driver[category, MAX_LEAD - lead_weeks : MAX_LEAD - lead_weeks + width]

    def lead(self, category: int, target: str) -> Lead | None:
        """The planted lead of a target in a category, if there is one."""
        return next((x for x in self.leads[category] if x.target == target), None)


def autoregression(rng: np.random.Generator, rows: int, columns: int, phi: float) -> Floats:
    """Stationary AR(1) paths of mean 0 and standard deviation 1, exactly so in the sample."""
    noise = rng.standard_normal((rows, columns + 20))
    path = np.zeros_like(noise)
    path[:, 0] = noise[:, 0]
    for t in range(1, noise.shape[1]):
        path[:, t] = phi * path[:, t - 1] + np.sqrt(1 - phi**2) * noise[:, t]
    path = path[:, 20:]
    path = path - path.mean(axis=1, keepdims=True)
    return np.asarray(path / path.std(axis=1, keepdims=True))


def plan_leads(spec: BrandSpec) -> list[list[Lead]]:
    """Planted leads per category: about half the categories for each of the three pairs."""
    plan: list[list[Lead]] = []
    for c in range(spec.categories):
        found: list[Lead] = []
        if c % 2 == 0:
            weeks = STOCKING_LEADS[(c // 2) % len(STOCKING_LEADS)]
            found.append(Lead("stocking_up", "units", weeks, spec.units_effect))
        if c % 3 != 2:
            weeks = TICKET_LEADS[c % len(TICKET_LEADS)]
            found.append(Lead("delivery_worry", "tickets", weeks, spec.tickets_effect))
        if c % 3 != 0 or c == 0 == spec.categories - 1:
            weeks = RETURN_LEADS[c % len(RETURN_LEADS)]
            found.append(Lead("durability_question", "returns", weeks, spec.returns_effect))
        plan.append(found)
    return plan


def seasons(spec: BrandSpec) -> Floats:
    """Yearly season of each category on the log scale, two harmonics."""
    angle = 2 * np.pi * week_position(spec, MAX_LEAD) / 52.18
    rows = []
    for c in range(spec.categories):
        kind = archetype(c)
        peak = 2 * np.pi * kind.peak_week / 52.18
        rows.append(
            kind.amplitude * np.cos(angle - peak) + kind.second * np.cos(2 * (angle - peak))
        )
    return np.array(rows)


def draw_drivers(spec: BrandSpec) -> Drivers:
    """The hidden forces of a brand.

    Shocks are shared by the SKUs of a category, partly by all categories. Lateness has a part
    common to the whole network. Drivers are independent of each other and of the shocks.
    """
    rng = spec.rng("drivers")
    columns = spec.n_weeks + MAX_LEAD
    years = (np.arange(columns) - MAX_LEAD) / 52.18
    growth = np.array([archetype(c).yearly_growth for c in range(spec.categories)])
    own = autoregression(rng, spec.categories, columns, 0.5)
    common = autoregression(rng, 1, columns, 0.6)
    shock = spec.shock_sd * (0.87 * own + 0.49 * common)
    network = autoregression(rng, 1, columns, 0.55)
    depot = autoregression(rng, spec.categories, columns, 0.45)
    lateness = 0.45 * network + np.sqrt(1 - 0.45**2) * depot
    return Drivers(
        leads=plan_leads(spec),
        log_season=seasons(spec),
        log_trend=growth[:, None] * years[None, :],
        log_shock=shock,
        stocking=autoregression(rng, spec.categories, columns, 0.45),
        lateness=lateness / lateness.std(axis=1, keepdims=True),
        wear=autoregression(rng, spec.categories, columns, 0.5),
    )
