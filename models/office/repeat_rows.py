"""repeat_timing, row by row: each segment's customers by what they said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from models.multiplicity import q_values
from models.office.hazards import UNKNOWN, of_strata, said_hazards, spans, talked_hazard
from models.office.lifts import Limits
from models.office.repeat import curve
from models.office.trials import beside

NOBODY, ANYBODY, ALL = "(no conversation)", "(any conversation)", "(all)"
HORIZON = 365
"""Days since the first order up to which hazards are compared."""
FALSE_SHARE = 0.05
Row = dict[str, Any]


def repeat_rows(
    strata: pl.DataFrame,
    segments: Sequence[str],
    waits: Mapping[str, pl.DataFrame],
    intervals: pl.DataFrame,
) -> list[Row]:
    """Rows of `repeat_timing` without their date: of all, then of each segment.

    `strata`: every stratum (1, 2 …) and its category; `waits` (category, days, event) of NOBODY, ANYBODY and each
    signal; `intervals`: counted ones of everybody, whose states have a bit for who talked and
    one for each signal, in the order of `waits`. Verdicts are of q values over all rows together.
    """
    of = {ALL: strata["stratum"].to_numpy()}
    of |= {one: strata.filter(category=one)["stratum"].to_numpy() for one in segments}
    whole, rows = spans(intervals), []
    for segment, mine in of.items():
        given = of_strata(whole, mine)
        hazards = [UNKNOWN, talked_hazard(given), *said_hazards(given, len(waits) - 2)]
        for (signal, theirs), (hr, p) in zip(waits.items(), hazards, strict=True):
            rows.append(_row(segment, signal, _within(theirs, segment), hr, p))
    return _judged(rows)


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
