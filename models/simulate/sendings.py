"""What a simulated brand sent to its teams, and who acknowledged it: a habit that slackens on a known day."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from models.simulate.clock import dates, iso
from models.simulate.orders import numbered
from models.simulate.spec import BrandSpec, Ints

WEEKS = 52
"""Weeks for which sendings are kept."""
TEAMS = ("product", "operations", "support")
WEEKLY = (("digest", 9), ("review", 10))
"""What is sent every Monday, and at which hour."""
SHIFT_WEEKS = 7
"""So many weeks before the running one teams begin to acknowledge less."""
CHANCE = {"before": 0.62, "after": 0.34}
"""Chance that a team acknowledges a sending within seven days."""
LATE = 0.10
"""Chance that it does so later."""
GLANCED = 0.3
DECIDED = 0.25
"""Share of what is acknowledged in time of which a decision is told."""
_DAY = 86_400


def distributions(spec: BrandSpec, insights: pl.DataFrame) -> pl.DataFrame:
    """One row a sending to a team, by time: each insight on the day after it was noted, a digest and a review a week.

    What is still to come is not told.
    """
    rng = spec.rng("distributions")
    items = _items(spec, insights)
    at = items["at"].to_numpy()
    n, teams = len(at), len(TEAMS)
    size = n * teams
    sent = np.repeat(at, teams) + np.tile(np.arange(teams) * 60, n)
    chance = np.where(sent >= _shift(spec), CHANCE["after"], CHANCE["before"])
    lot = rng.random(size)
    soon, seen = lot < chance, lot < chance + LATE
    days = np.where(soon, rng.uniform(0.05, 6.5, size), rng.uniform(8.0, 20.0, size))
    acked = sent + (days * _DAY).astype(np.int64)
    opened = sent + (days * rng.uniform(0.2, 0.95, size) * _DAY).astype(np.int64)
    looked = seen | (rng.random(size) < GLANCED)
    end = spec.days * _DAY
    decided = soon & (acked < end) & (rng.random(size) < DECIDED)
    whose = np.repeat(np.arange(n), teams)
    return pl.DataFrame(
        {
            "distribution_id": numbered("SENT", np.arange(size), 5),
            "item_id": items["item_id"].gather(whose),
            "team": pl.Series(TEAMS).gather(np.tile(np.arange(teams), n)),
            "sent_at": iso(spec, sent),
            "item_type": items["item_type"].gather(whose),
            "opened_at": iso(spec, _by_day(opened), ~(looked & (opened < end))),
            "acknowledged_at": iso(spec, _by_day(acked), ~(seen & (acked < end))),
            "decision_id": numbered("DEC", np.arange(size), 5).set(pl.Series(~decided), None),
        }
    )


def _items(spec: BrandSpec, insights: pl.DataFrame) -> pl.DataFrame:
    """item_id, item_type and at (seconds from the start) of what was sent, by time."""
    base = pl.Series([spec.start]).cast(pl.Datetime("us")).cast(pl.Int64)[0] // 1_000_000
    noted = insights["noted_at"].str.slice(0, 19).str.to_datetime("%Y-%m-%dT%H:%M:%S")
    day = (noted.dt.epoch("s").to_numpy() - base) // _DAY + 1
    told = pl.DataFrame(
        {
            "item_id": insights["insight_id"],
            "item_type": pl.repeat("insight", insights.height, eager=True),
            "at": day * _DAY + 8 * 3600,
        }
    )
    monday = np.arange(max(spec.n_weeks - WEEKS, 0), spec.n_weeks) * 7
    weekly = [
        pl.DataFrame(
            {
                "item_id": f"{kind} " + dates(spec, monday).cast(pl.String),
                "item_type": pl.repeat(kind, len(monday), eager=True),
                "at": monday * _DAY + hour * 3600,
            }
        )
        for kind, hour in WEEKLY
    ]
    every = pl.concat([told, *weekly]).filter(pl.col("at") < spec.days * _DAY)
    return every.sort("at", "item_type", "item_id")


def _shift(spec: BrandSpec) -> int:
    """Second from the start from which teams acknowledge less."""
    return (spec.n_weeks - 1 - SHIFT_WEEKS) * 7 * _DAY


def _by_day(at: Ints) -> Ints:
    """Moments moved into the day from 06:00 on: hours of a clock change are nobody's."""
    return np.maximum(at, at // _DAY * _DAY + 6 * 3600)


def truth(spec: BrandSpec) -> dict[str, Any]:
    """Chance of one team and of at least two of three, before and from the day of the shift."""
    two = {name: 3 * p**2 * (1 - p) + p**3 for name, p in CHANCE.items()}
    return {
        "team_in_time": CHANCE,
        "two_teams_in_time": two,
        "shift_week": str(dates(spec, np.array([_shift(spec) // _DAY]))[0]),
        "metric": "acknowledged_share",
        "direction": "out_low",
    }
