"""When customers order again: shares by a day, and medians."""

from __future__ import annotations

import numpy as np
from statsmodels.duration.survfunc import SurvfuncRight

from models.office.lifts import NOTHING, Limits
from models.office.speed import shipped_by
from models.types import Bools, Floats
from transforms.contracts.office_columns import MIN_PEOPLE

DAYS = (30, 90, 180)


def curve(days: Floats, event: Bools) -> dict[str, object]:
    """n, events, km_median_days and p_30d, p_90d, p_180d with limits of Kaplan and Meier's curve.

    `days` (> 0) to the event or to censoring. Of few, or of a day that nobody was followed to, nothing
    is told; log-log limits (Kalbfleisch and Prentice 1980).
    """
    row: dict[str, object] = {"n": len(days), "events": int(event.sum())}
    names = ("km_median_days", *(f"p_{day}d" for day in DAYS))
    found: list[Limits] = [NOTHING] * len(names)
    if len(days) >= MIN_PEOPLE and event.any():
        made = SurvfuncRight(days, event.astype(np.float64))
        with np.errstate(divide="ignore", invalid="ignore"):  # where all have ordered
            ends = made.quantile_ci(0.5, alpha=0.05, method="cloglog")
        median = tuple(float(x) if np.isfinite(x) else None for x in (made.quantile(0.5), *ends))
        found = [(median[0], median[1], median[2]), *(shipped_by(made, days, day) for day in DAYS)]
    for name, (value, lo, hi) in zip(names, found, strict=True):
        row |= {name: value, f"{name}_lo": lo, f"{name}_hi": hi}
    return row
