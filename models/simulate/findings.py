"""What the programme learnt and what became of it: insights, actions, and where customers are met."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from models.simulate.clock import iso
from models.simulate.orders import numbered
from models.simulate.spec import SIGNALS, BrandSpec, Floats, Ints, archetype
from models.simulate.voice import Talk

WEEKS = 52
"""Weeks for which somebody has noted insights."""
NOTED = {"short": 0.36, "long": 0.62}
"""Probability that a connected conversation gives an insight, by how much the customer said."""
LONG = 2
"""Passages of the customer from which a conversation is long."""
WHOLE = {"quote": 0.86, "proposed_action": 0.88, "owner": 0.80}
"""Probability that an insight has each of the three without which it does not count."""
ACCEPTED = 0.85
DROPPED = 0.12
SHIP_SHAPE, SHIP_DAYS = 1.2, 45.0
"""Weibull time from opening to shipping of those that are not given up."""
OWNERS = ("Ines Alvarez", "Tom Becker", "Priya Nair", "Lena Fischer")
FUNCTIONS = ("product", "operations", "marketing", "support")
ACTIONS = (
    "say it on the product page", "test another supplier", "write to those who asked",
    "change the instructions", "offer it at checkout", "answer it in the help centre",
)  # fmt: skip
_DAY = 86_400


def insights(
    spec: BrandSpec, talk: Talk, attempts: pl.DataFrame, passages: pl.DataFrame
) -> pl.DataFrame:
    """Insights by time, of connected calls of the last 52 weeks; not all are whole."""
    rng = spec.rng("insights")
    talked, first = _recent_calls(spec, talk, attempts, passages)
    n = len(talked)
    long = first["n"].to_numpy() >= LONG
    noted = rng.random(n) < np.where(long, NOTED["long"], NOTED["short"])
    has = {name: rng.random(n) < p for name, p in WHOLE.items()}
    signal = _first_signal(talk, talked)
    day = np.minimum(talk.at[talked] // _DAY + rng.integers(0, 4, n), spec.days - 1)
    at = np.maximum(day * _DAY + rng.integers(9, 18, n) * 3600, talk.at[talked] + 900)
    whole = has["quote"] & has["proposed_action"] & has["owner"]
    taken = whole & (rng.random(n) < ACCEPTED)
    when = at + rng.integers(1, 6, n) * _DAY
    taken &= when < spec.days * _DAY
    names = pl.Series([archetype(c).name for c in range(spec.categories)])
    title = pl.Series([s.replace("_", " ") for s in SIGNALS] + ["something new"])
    owner = rng.integers(0, len(OWNERS), n)
    frame = pl.DataFrame(
        {
            "conversation_id": first["conversation_id"],
            "noted_at": iso(spec, at),
            "claim": "customers speak of " + title.gather(signal),
            "passage_id": first["passage_id"].set(pl.Series(~has["quote"]), None),
            "quote": first["text"].set(pl.Series(~has["quote"]), None),
            "proposed_action": pl.Series(ACTIONS)
            .gather(rng.integers(0, len(ACTIONS), n))
            .set(pl.Series(~has["proposed_action"]), None),
            "owner": pl.Series(OWNERS).gather(owner).set(pl.Series(~has["owner"]), None),
            "signal": pl.Series([*SIGNALS, None]).gather(signal),
            "category": names.gather(talk.about[talked]),
            "accepted_by": pl.Series(OWNERS)
            .gather((owner + 1) % len(OWNERS))
            .set(pl.Series(~taken), None),
            "accepted_at": iso(spec, when, ~taken),
        }
    )
    there = np.flatnonzero(noted & (at < spec.days * _DAY))
    there = there[np.lexsort((there, at[there]))]
    return frame[there].insert_column(
        0, numbered("N", np.arange(len(there)), 5).alias("insight_id")
    )


def _recent_calls(
    spec: BrandSpec, talk: Talk, attempts: pl.DataFrame, passages: pl.DataFrame
) -> tuple[Ints, pl.DataFrame]:
    """Numbers of the connected conversations, and what the customer said first in each."""
    mine = passages.filter(pl.col("speaker") == "customer")
    told = mine.group_by("conversation_id", maintain_order=True).agg(
        pl.len().alias("n"), pl.col("passage_id").first(), pl.col("text").first()
    )
    calls = attempts.filter(pl.col("connected")).select("conversation_id").drop_nulls().unique()
    both = calls.join(told, on="conversation_id").sort("conversation_id")
    number = both["conversation_id"].str.slice(1).cast(pl.Int64).to_numpy() - 1
    recent = talk.at[number] >= (spec.days - 7 * WEEKS) * _DAY
    return number[recent], both.filter(pl.Series(recent))


def _first_signal(talk: Talk, which: Ints) -> Ints:
    """The first signal that each conversation carries; their number where it carries none."""
    said = talk.mentions[which]
    return np.where(said.any(axis=1), said.argmax(axis=1), len(SIGNALS))


def actions(spec: BrandSpec, insights_given: pl.DataFrame) -> pl.DataFrame:
    """Actions by time, one for each accepted insight; what is still to come is not told."""
    rng = spec.rng("actions")
    taken = insights_given.filter(pl.col("accepted_at").is_not_null())
    n, end = taken.height, spec.days * _DAY
    base = pl.Series([spec.start]).cast(pl.Datetime("us")).cast(pl.Int64)[0] // 1_000_000
    local = taken["accepted_at"].str.slice(0, 19).str.to_datetime("%Y-%m-%dT%H:%M:%S")
    opened = local.dt.epoch("s").to_numpy() - base
    steps = _steps(opened, rng)
    opened_on = np.minimum(opened, end - 1)
    frame = pl.DataFrame(
        {
            "opened_at": iso(spec, opened_on),
            "insight_id": taken["insight_id"],
            "title": taken["proposed_action"],
            "owner": taken["owner"],
            "function": pl.Series(FUNCTIONS).gather(rng.integers(0, len(FUNCTIONS), n)),
            **{name: iso(spec, np.clip(at, 0, end - 1), ~(at < end)) for name, at in steps.items()},
            "signal": taken["signal"],
            "category": taken["category"],
            "cost": np.exp(rng.normal(6.0, 0.8, n)).round(0),
        }
    )
    rank = np.lexsort((np.arange(n), opened))
    return frame[rank].insert_column(0, numbered("T", np.arange(n), 5).alias("action_id"))


def _steps(opened: Ints, rng: np.random.Generator) -> dict[str, Ints]:
    """Moments of an action's steps; those that never come are far away."""
    n, never = len(opened), np.iinfo(np.int64).max // 4
    days = SHIP_DAYS * rng.weibull(SHIP_SHAPE, n)
    dropped = rng.random(n) < DROPPED
    start, told = rng.random(n) * 0.6 * days, rng.random(n) < 0.5
    shipped = _day_time(opened, days, rng)
    after = _day_time(shipped, rng.uniform(5, 20, n), rng)
    return {
        "alerted_at": opened + rng.integers(600, 7200, n),
        "acknowledged_at": _day_time(opened, rng.exponential(2.0, n), rng),
        "started_at": np.where(dropped, never, _day_time(opened, start, rng)),
        "shipped_at": np.where(dropped, never, shipped),
        "verified_at": np.where(dropped | (rng.random(n) < 0.3), never, after),
        "dropped_at": np.where(dropped, _day_time(opened, rng.exponential(20.0, n), rng), never),
        "customer_told_at": np.where(dropped | ~told, never, shipped + 2 * _DAY),
    }


def _day_time(since: Ints, days: Floats, rng: np.random.Generator) -> Ints:
    """`days` later, moved into the working hours of its day, and never before `since`."""
    at = since + (days * _DAY).astype(np.int64)
    at = at // _DAY * _DAY + rng.integers(9 * 3600, 18 * 3600, len(at))
    return np.maximum(at, since + 60)


def touchpoints() -> pl.DataFrame:
    """Where the brand and its customers meet: what is kept of it, and what nobody keeps."""
    columns = {
        "touchpoint": pl.String, "channel": pl.String, "owner": pl.String, "system": pl.String,
        "volume_per_week": pl.Float64, "invited_per_week": pl.Float64,
        "cost_per_contact": pl.Float64, "consent_basis": pl.String,
    }  # fmt: skip
    rows: list[tuple[Any, ...]] = [
        ("calling programme", "call", "Ines Alvarez", "dialler", 60.0, None, 6.5, "consent"),
        ("help desk", "ticket", "Lena Fischer", "help desk", 70.0, None, 3.2, "contract"),
        ("web chat", "chat", "Lena Fischer", "chat", 90.0, None, 2.1, "contract"),
        ("review request", "review", "Priya Nair", "reviews", 700.0, 680.0, 0.05, "consent"),
        ("survey after delivery", "survey", None, "survey tool", 450.0, 450.0, 0.04, "consent"),
        ("returns desk notes", "returns", None, "spreadsheet", 40.0, None, None, None),
    ]
    return pl.DataFrame(rows, schema=columns, orient="row")


def truth() -> dict[str, Any]:
    """What is true of insights and actions."""
    whole = float(np.prod(list(WHOLE.values())))
    return {
        "noted": NOTED, "long_from_passages": LONG, "whole_of_noted": whole, "parts": WHOLE,
        "accepted_of_whole": ACCEPTED, "dropped": DROPPED,
        "shipped_by_day": {
            str(d): (1 - DROPPED) * float(1 - np.exp(-((d / SHIP_DAYS) ** SHIP_SHAPE)))
            for d in (14, 28, 60, 90)
        },
    }  # fmt: skip
