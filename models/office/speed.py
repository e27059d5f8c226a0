"""From opening to shipping: survival with open items censored and dropped ones never shipping."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from statsmodels.duration.survfunc import SurvfuncRight

from models.types import Bools, Floats
from transforms.contracts.office_columns import MIN_PEOPLE

DAYS = (14, 28, 60, 90)
LEVEL = 0.95
_Z = 1.959963984540054
SCHEMA = {
    "day": pl.Int64(),
    "share_shipped": pl.Float64(),
    "lo": pl.Float64(),
    "hi": pl.Float64(),
    "n_at_risk": pl.Int64(),
    "median_days": pl.Float64(),
    "median_lo": pl.Float64(),
    "median_hi": pl.Float64(),
    "verdict": pl.String(),
}


def speeds(items: pl.DataFrame, by: Sequence[str], target: tuple[float, float]) -> pl.DataFrame:
    """Per group of `by` and day of DAYS: share shipped by then and the median time, with 95 % limits.

    `items`: one row an item with days (till shipped, else till now) and shipped. An item that was
    dropped is to be given the time till now: it stays open for ever, so that the share is of all items
    and not of those that were kept (cumulative incidence where all censoring is by the clock; Fine and
    Gray 1999). The verdict holds the median against `target`.
    """
    rows: list[dict[str, object]] = []
    for name, own in items.sort(*by, "days").group_by(by, maintain_order=True):
        days, shipped = own["days"].to_numpy(), own["shipped"].to_numpy()
        about: dict[str, object] = dict(zip(by, name, strict=True))
        rows += [about | one for one in speed(days, shipped, target)]
    schema = {one: items.schema[one] for one in by} | SCHEMA
    return pl.DataFrame(rows, schema=schema)


def speed(days: Floats, shipped: Bools, target: tuple[float, float]) -> list[dict[str, object]]:
    """One row for each of DAYS of items that took `days` (> 0), `shipped` or still open then.

    Kaplan and Meier's curve with log-log limits (Kalbfleisch and Prentice 1980). While nothing is
    shipped its upper limit is the exact one of none in so many; after the last known time nothing
    is said unless all are shipped.
    """
    curve = SurvfuncRight(days, shipped.astype(np.float64))
    median = _finite(curve.quantile(0.5))
    with np.errstate(divide="ignore", invalid="ignore"):  # where nothing, or all, is shipped
        ends = curve.quantile_ci(0.5, alpha=1 - LEVEL, method="cloglog")
    lo, hi = (_finite(x) for x in ends)
    rows: list[dict[str, object]] = []
    for day in DAYS:
        share, low, high = shipped_by(curve, days, day)
        rows.append(
            {
                "day": day,
                "share_shipped": share,
                "lo": low,
                "hi": high,
                "n_at_risk": int((days >= day).sum()),
                "median_days": median,
                "median_lo": lo,
                "median_hi": hi,
                "verdict": _verdict(len(days), lo, hi, target),
            }
        )
    return rows


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def shipped_by(
    curve: SurvfuncRight, days: Floats, day: float
) -> tuple[float | None, float | None, float | None]:
    """Share shipped by `day` with its limits; null where nobody was followed so long."""
    place = int(np.searchsorted(curve.surv_times, day, side="right")) - 1
    left = 1.0 if place < 0 else float(curve.surv_prob[place])
    if left > 0 and not (days >= day).any():
        return None, None, None
    if left == 1.0:
        return 0.0, 0.0, 1 - 0.025 ** (1 / int((days >= day).sum()))
    if left <= 0.0:
        return 1.0, 0.025 ** (1 / len(days)), 1.0
    spread = float(curve.surv_prob_se[place]) / (left * abs(np.log(left)))
    low, high = (1 - left ** np.exp(sign * _Z * spread) for sign in (-1, 1))
    return 1 - left, float(low), float(high)


def _verdict(n: int, lo: float | None, hi: float | None, target: tuple[float, float]) -> str:
    """The median's limits beside `target`; an upper one that is not known reaches for ever."""
    if n < MIN_PEOPLE or lo is None:
        return "not_enough_data"
    high = np.inf if hi is None else hi
    if high < target[0]:
        return "below"
    if lo > target[1]:
        return "above"
    return "inside" if lo >= target[0] and high <= target[1] else "undetermined"
