"""repeat_timing, row by row: each segment's customers by what they said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models.multiplicity import q_values
from models.office.lifts import NOTHING, Limits
from models.office.repeat import Risk, curve, hazard_ratio, of_strata, risk, without_signal
from models.office.trials import beside
from models.types import Ints

NOBODY, ANYBODY, ALL = "(no conversation)", "(any conversation)", "(all)"
HORIZON = 365
"""Days since the first order up to which hazards are compared."""
FALSE_SHARE = 0.05
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """Customers by one signal: waits (category, days, event), and counted intervals of everybody."""

    signal: str
    waits: pl.DataFrame
    intervals: pl.DataFrame


def repeat_rows(
    strata: pl.DataFrame,
    silent: pl.DataFrame,
    segments: Sequence[str],
    heard: Sequence[Callable[[], Heard]],
) -> list[Row]:
    """Rows of `repeat_timing` without their date: reference, any conversation, then each signal.

    `strata`: every stratum (1, 2 …) and its category; `silent`: waits of those nobody talked to; each of `heard` is
    made when its turn comes. Verdicts are of q values over all rows together.
    """
    of = {ALL: strata["stratum"].to_numpy()}
    of |= {one: strata.filter(category=one)["stratum"].to_numpy() for one in segments}
    rows = [_row(one, NOBODY, _within(silent, one), NOTHING, None) for one in of]
    for make in heard:
        one = make()
        given = risk(one.intervals, strata.height, HORIZON)
        if one.signal == ANYBODY:
            given = without_signal(given)
        rows += _rows(one, of, given)
    return _judged(rows)


def _rows(one: Heard, of: dict[str, Ints], given: Risk) -> list[Row]:
    return [
        _row(
            segment, one.signal, _within(one.waits, segment), *hazard_ratio(of_strata(given, mine))
        )
        for segment, mine in of.items()
    ]


def _within(waits: pl.DataFrame, segment: str) -> pl.DataFrame:
    return waits if segment == ALL else waits.filter(pl.col("category") == segment)


def _row(segment: str, signal: str, waits: pl.DataFrame, hr: Limits, p: float | None) -> Row:
    days = waits["days"].cast(pl.Float64).to_numpy()
    about: Row = {"segment": segment, "signal": signal}
    about |= curve(days, waits["event"].to_numpy())
    return about | {"hr": hr[0], "hr_lo": hr[1], "hr_hi": hr[2], "p_value": p}


def _judged(rows: list[Row]) -> list[Row]:
    p = np.array([np.nan if row["p_value"] is None else row["p_value"] for row in rows])
    q = q_values(p)
    for row, value in zip(rows, q, strict=True):
        row["q_value"] = None if np.isnan(value) else float(value)
        if row["signal"] == NOBODY:
            row["verdict"] = "reference"
            continue
        word = beside(row["hr_lo"], row["hr_hi"], 1.0)
        clear = row["q_value"] is not None and row["q_value"] <= FALSE_SHARE
        row["verdict"] = word if clear or word == "not_enough_data" else "undetermined"
    return rows
