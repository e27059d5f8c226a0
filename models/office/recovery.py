"""What calling about a cart changes: three rates, the lot's difference, and the effect on the reached."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import polars as pl
from statsmodels.stats.proportion import confint_proportions_2indep

from models.proportions import wilson

Z = 1.959963984540054
MIN_ARM = 20
"""Customers of each arm below whom nothing is compared."""


@dataclass(frozen=True, slots=True)
class Arm:
    """Customers of one arm: all, who ordered, who were reached, and both."""

    n: int
    ordered: int
    reached: int
    both: int


def newcombe(called: Arm, held: Arm) -> tuple[float, float, float]:
    """Difference of the two shares who ordered, with 95 % limits (Newcombe 1998, method 10)."""
    lo, hi = confint_proportions_2indep(
        called.ordered, called.n, held.ordered, held.n, method="newcomb", compare="diff"
    )
    return called.ordered / called.n - held.ordered / held.n, float(lo), float(hi)


def complier_effect(called: Arm, held: Arm) -> tuple[float, float | None, float | None] | None:
    """Effect of being reached on those who are, with 95 % limits; None where calls reach nobody more.

    The lot's difference of orders over its difference of people reached (Wald; Imbens and Angrist
    1994). Limits are those of Anderson and Rubin (1949): effects d that do not contradict the data,
    (difference - d times reach)² <= z² times its variance at d. They hold however few are reached;
    then they may be open, which is told as None. Held within -1 and 1.
    """
    reach = called.reached / called.n - held.reached / held.n
    gain = called.ordered / called.n - held.ordered / held.n
    if reach <= 0:
        return None
    spread = _moments(called) + _moments(held)
    a = reach**2 - Z**2 * float(spread[1])
    b = gain * reach - Z**2 * float(spread[2])
    c = gain**2 - Z**2 * float(spread[0])
    value = min(1.0, max(-1.0, gain / reach))
    inside = b * b - a * c
    if a <= 0 or inside < 0:
        return value, None, None
    lo, hi = (b - sqrt(inside)) / a, (b + sqrt(inside)) / a
    return value, max(-1.0, lo), min(1.0, hi)


def _moments(arm: Arm) -> np.ndarray:
    """Variances of the shares who ordered and were reached, and their covariance.

    Each share is drawn a little towards one half (Agresti and Coull 1998), so that none or all of a
    small arm is not taken for certainty.
    """
    size = arm.n + Z**2
    p, r = ((k + Z**2 / 2) / size for k in (arm.ordered, arm.reached))
    joint = (arm.both + Z**2 / 4) / size
    certain = arm.reached in (0, arm.n)
    spread = 0.0 if certain else r * (1 - r)
    return np.array([p * (1 - p), spread, 0.0 if certain else joint - p * r]) / size


RATES = {
    "reached_share": ("reached", "attempted"),
    "recovered_share": ("recovered_14d", "reached"),
    "ordered_share": ("ordered_14d", "eligible"),
}
"""Rates, and which count over which they are."""


def recovery_rows(counts: pl.DataFrame, called: str, held_out: str) -> pl.DataFrame:
    """`counts` with every rate of RATES, and for the called arm the difference to the held-out one.

    Nothing is compared where either arm has fewer than `MIN_ARM` customers.
    """
    columns: dict[str, pl.Series] = {}
    for name, (k, n) in RATES.items():
        for end, values in zip(
            ("", "_lo", "_hi"), wilson(counts[k].to_numpy(), counts[n].to_numpy()), strict=True
        ):
            columns[f"{name}{end}"] = pl.Series(values, dtype=pl.Float64).fill_nan(None)
    made = counts.with_columns(**columns)
    arms = {
        (row["period"], row["period_end"], row["arm"]): Arm(
            row["eligible"], row["ordered_14d"], row["reached"], row["reached_ordered_14d"]
        )
        for row in counts.iter_rows(named=True)
    }
    compared = [
        _compared(arms, row["period"], row["period_end"], called, held_out)
        if row["arm"] == called
        else {}
        for row in counts.iter_rows(named=True)
    ]
    schema = {
        f"{n}{end}": pl.Float64 for n in ("difference", "effect") for end in ("", "_lo", "_hi")
    }
    return made.hstack(
        pl.DataFrame([{**dict.fromkeys(schema), **one} for one in compared], schema=schema)
    )


def _compared(
    arms: dict[tuple[str, object, str], Arm], period: str, end: object, called: str, held_out: str
) -> dict[str, float | None]:
    one, other = arms.get((period, end, called)), arms.get((period, end, held_out))
    if one is None or other is None or min(one.n, other.n) < MIN_ARM:
        return {}
    told: dict[str, float | None] = dict(
        zip(("difference", "difference_lo", "difference_hi"), newcombe(one, other), strict=True)
    )
    if (found := complier_effect(one, other)) is not None:
        told |= dict(zip(("effect", "effect_lo", "effect_hi"), found, strict=True))
    return told
