"""The published table of state-space fits: which rung each reached, and whether it converged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from models.bottom import Bottom
from models.challengers import NONE
from models.hierarchy import level_of, levels_in
from models.panel import group_codes
from models.spec import LEVELS
from models.upper import Fits

MODEL_FITS: dict[str, pl.DataType] = {
    "as_of": pl.Date(),
    **dict.fromkeys(("target", "level", "series_id", "model", "fit_rung"), pl.String()),
    "converged": pl.Boolean(),
    "used": pl.Boolean(),
}


def _place(low: Bottom, found: Fits) -> tuple[str, list[str]]:
    """Return the level of fitted series, and their ids in the order of the fits."""
    series, n = low.panel.series, found.groups.n
    names, groups = group_codes(series)
    if n == len(series):
        finest = levels_in(series, LEVELS)[-1]
        level = level_of(series, finest)
        ids = level.keys["series_id"].to_list()
        return finest, [ids[code] for code in level.member.codes.tolist()]
    return ("category", list(names)) if n == groups.n else ("total", ["total"])


def _rows(as_of: date, target: str, low: Bottom) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for found in low.fits:
        level, ids = _place(low, found)
        fitted = found.challenge
        for i, series_id in enumerate(ids):
            rows += [
                {
                    "as_of": as_of,
                    "target": target,
                    "level": level,
                    "series_id": series_id,
                    "model": model,
                    "fit_rung": fitted.rung[i][k],
                    "converged": bool(fitted.converged[i, k]),
                    "used": None,
                }
                for k, model in enumerate(fitted.extra.names)
                if fitted.rung[i][k] != NONE
            ]
    names, _ = group_codes(low.panel.series)
    key = {"as_of": as_of, "target": target, "level": "category"}
    return rows + [
        {
            **key,
            "series_id": names[one.category],
            "model": f"state_with_{one.signal}",
            "fit_rung": one.rung,
            "converged": one.converged,
            "used": one.used,
        }
        for one in low.lead_fits
        if one.rung != NONE
    ]


def fits_frame(as_of: date, bottoms: Mapping[str, Bottom]) -> pl.DataFrame:
    """Return rows of ``model_fits``: every state-space fit at the cutoff that joined a forecast."""
    rows = [row for target in sorted(bottoms) for row in _rows(as_of, target, bottoms[target])]
    return pl.DataFrame(rows, schema=MODEL_FITS)
