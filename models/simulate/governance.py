"""What the brand wants to reach, and which signals and questions are to tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from models.simulate.clock import dates
from models.simulate.spec import SIGNALS, BrandSpec

COLUMNS = {"objective_id": pl.String, "title": pl.String, "metric": pl.String, "target": pl.Float64,
           "signal": pl.String, "question": pl.String, "owner": pl.String, "since": pl.Date,
           "until": pl.Date}  # fmt: skip
_GOALS = (
    ("on-time", "Parcels arrive when promised", "late_share", 0.05, ("delivery_worry", "stockout_complaint"), "Lena Fischer"),
    ("fewer-returns", "Fewer parcels come back", "return_share", 0.06, ("sizing_confusion", "return_intent", "durability_question"), "Ines Alvarez"),
    ("fair-price", "Customers find the price fair", "price_objections", 0.05, ("price_objection", "extra_costs"), None),
)  # fmt: skip


def objectives(spec: BrandSpec) -> pl.DataFrame:
    """Three objectives with their signals, one that has only a question, and one that is over."""
    rows: list[tuple[Any, ...]] = [
        (name, title, metric, target, signal, None, owner, None, None)
        for name, title, metric, target, signals, owner in _GOALS
        for signal in signals
    ]
    why = "What would have to change for you to recommend us?"
    rows.append(
        ("recommend", "Customers recommend us", "nps", 40.0, None, why, "Tom Becker", None, None)
    )
    ended = dates(spec, np.array([spec.days - 60]))[0]
    rows.append(("easy-checkout", "Nobody is stuck at checkout", "conversion", 0.03, "checkout_problem", None,
                 "Priya Nair", None, ended))  # fmt: skip
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def told(spec: BrandSpec) -> dict[str, Any]:
    """The truth of it: which signals serve an objective that runs, and which serve none."""
    running = objectives(spec).filter(pl.col("until").is_null())
    served = sorted(running["signal"].drop_nulls().unique())
    return {"served": served, "no_objective": sorted(set(SIGNALS) - set(served))}
