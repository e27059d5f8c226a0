"""What the declarations of effects share: an estimate with its limits, and fixed words."""

from __future__ import annotations

from transforms.contracts.columns import real
from transforms.contracts.schema import Column

METRICS = ("conversion", "average_order_value", "revenue_per_eligible")
TRIMS = ("raw", "winsorised")
RANDOMISED, OBSERVATIONAL = "randomised", "observational"
DESIGNS = (RANDOMISED, OBSERVATIONAL)
MISMATCH, RUNNING = "sample_ratio_mismatch", "running"
LIFT_VERDICTS = ("below", "above", "undetermined", RUNNING, MISMATCH, "not_enough_data")
SPEED_VERDICTS = ("below", "inside", "above", "undetermined", "not_enough_data")
BESIDE_ONE = ("below", "above", "undetermined", "not_enough_data")


def estimate(
    name: str, prose: str, unit: str = "", *, lo: float | None = None
) -> tuple[Column, ...]:
    """A number and its two 95 % limits: `name`, `name`_lo and `name`_hi; all may be null."""
    return (
        real(name, prose, unit, nullable=True, lo=lo),
        real(f"{name}_lo", "lower end, 95 %", unit, nullable=True, lo=lo),
        real(
            f"{name}_hi", "upper end, 95 %; null beside a value: open", unit, nullable=True, lo=lo
        ),
    )
