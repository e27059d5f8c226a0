"""What was foretold of customers held against what came: sums by segment with their interval."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from models.office import lifetime
from models.office.worth import CENT, Foretold, modelled
from models.types import Bools, Floats, Ints
from transforms.contracts.office_columns import MIN_PEOPLE, NOT_ENOUGH
from transforms.contracts.segment_exports import CALIBRATED, EVERYBODY

Z = 1.959963984540054
ROWS = {
    "measure": pl.String, "segment": pl.String, "n": pl.Int64, "predicted": pl.Float64,
    "predicted_lo": pl.Float64, "predicted_hi": pl.Float64, "actual": pl.Float64,
    "verdict": pl.String,
}  # fmt: skip


def calibration(known: pl.DataFrame, came: pl.DataFrame, weeks: int) -> pl.DataFrame:
    """Foretold against come true (ROWS), by measure and segment, and of everybody.

    `known`: histories up to a cutoff, with segment; `came`: customer_id, bought (days of purchase)
    and came_cents of the `weeks` after it. Who is not in `came` bought nothing.
    """
    both = known.join(came, on="customer_id", how="left", maintain_order="left")
    actual = {
        "purchases": both["bought"].fill_null(0).cast(pl.Float64).to_numpy(),
        "value": both["came_cents"].fill_null(0).cast(pl.Float64).to_numpy() / CENT,
    }
    found = modelled(known, weeks)
    slope = None if found is None else lifetime.slopes(found[0].habits, found[0].seen, weeks)
    rows = []
    for name in (EVERYBODY, *sorted(known["segment"].unique())):
        inside = np.flatnonzero((known["segment"] == name).to_numpy() | (name == EVERYBODY))
        told = None if found is None or slope is None else _sums(*found, slope, inside)
        for measure in CALIBRATED:
            came_true = math.fsum(actual[measure][inside])
            interval = None if told is None else told[measure]
            rows.append(_row(measure, name, len(inside), interval, came_true))
    return pl.DataFrame(rows, schema=ROWS, orient="row")


def _sums(
    told: Foretold, own: Floats, slope: Floats, inside: Ints
) -> dict[str, tuple[float, float]]:
    """Sum foretold of the customers `inside`, and its standard error, by measure.

    Customers buy independently of each other; doubt about the habits moves all alike, and the value
    with the purchases; doubt about what is spent moves all values alike.
    """
    at = told.seen.group[inside]
    weight = np.bincount(at, minlength=len(told.seen.x)).astype(np.float64)
    total = float((told.purchases * weight).sum())
    doubt = lifetime.doubt(told.habits, slope, weight)
    chance = math.fsum(told.variance * weight)
    priced = np.isfinite(own[inside])
    value = math.fsum((told.mean[at] * own[inside])[priced])
    spread = math.fsum((told.spread[at] * own[inside] ** 2)[priced])
    shared = doubt / total**2 if total > 0 else 0.0
    return {
        "purchases": (total, math.sqrt(chance + doubt)),
        "value": (
            value if priced.any() else math.nan,
            math.sqrt(spread + shared * value**2 + _spent_doubt(told, own[inside], at, priced)),
        ),
    }


def _spent_doubt(told: Foretold, own: Floats, at: Ints, priced: Bools) -> float:
    """Variance of the summed value that comes of doubt about the spending model alone (delta method)."""
    spent = told.spent
    if spent is None or spent.covariance is None:
        return 0.0
    days, coming = told.seen.x[at][priced] + 1, told.purchases[at][priced]
    seen = own[priced] - spent.gamma

    def total(logs: Floats) -> float:
        p, q, gamma = np.exp(logs)
        return math.fsum(coming * p / (q + p * days - 1) * (gamma + seen))

    steps = np.eye(3) * lifetime.STEP
    ends = [(total(spent.logs + step), total(spent.logs - step)) for step in steps]
    slope = np.array([(up - down) / (2 * lifetime.STEP) for up, down in ends])
    return float(slope @ spent.covariance @ slope)


def _row(
    measure: str, segment: str, n: int, told: tuple[float, float] | None, actual: float
) -> tuple[object, ...]:
    if told is None or math.isnan(told[0]):
        return (measure, segment, n, None, None, None, round(actual, 2), NOT_ENOUGH)
    mid, error = told
    lo, hi = max(mid - Z * error, 0.0), mid + Z * error
    verdict = "below" if actual < lo else "above" if actual > hi else "inside"
    rounded = (round(mid, 4), round(lo, 4), round(hi, 4), round(actual, 2))
    return (measure, segment, n, *rounded, verdict if n >= MIN_PEOPLE else NOT_ENOUGH)
