"""A calling programme with a lot: of those who left a cart, most are called and some are held out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from models.simulate.clock import iso
from models.simulate.orders import SOLD, Orders, customer_ids, numbered
from models.simulate.spec import Bools, BrandSpec, Floats, Ints

EXPERIMENT = "abandoner"
ARMS = ("holdout", "called")
CALLED_SHARE = 0.8
WINDOW_DAYS = 14
"""Days after the lot within which an order is a recovered cart."""
WEEKLY = 75
"""Customers drawn by lot each week."""
REACH_EFFECT = 0.22
"""By how much being reached raises the probability of an order within WINDOW_DAYS."""
TEAMS = ("inside", "agency")
CONNECT = (0.18, 0.24)
"""Probability, by team, that a dial between noon and five o'clock is answered."""
EVENING_FROM = 17
EVENING_ODDS = 1.3
HOURS = (12, 20)
DIALS = 2
COMPLETED = 0.8
_DAY = 86_400
_NEVER = np.iinfo(np.int64).max // 2


@dataclass(frozen=True)
class Lot:
    """Customers drawn after leaving a cart; `at` is the morning after it, in seconds from the start.

    `team`, `hour` (customers by dials) and `answers` (the dial that is answered; DIALS: none) say
    what happens if the customer is called.
    """

    customer: Ints
    at: Ints
    called: Bools
    team: Ints
    hour: Ints
    answers: Ints


def draw_lot(
    spec: BrandSpec, orders: Orders, carts: pl.DataFrame, attempts: pl.DataFrame
) -> tuple[Lot, dict[str, Any]]:
    """The programme's lots while checkouts are known, and their truth.

    Orders are drawn before the programme is, so arms are drawn given what customers did: with the
    probabilities that follow (Bayes) from a lot of CALLED_SHARE, answered calls that raise the share
    of orders by REACH_EFFECT, and calls without answer that change nothing.
    """
    rng = spec.rng("assignments")
    customer, at = _drawn_weekly(spec, orders, carts, attempts, rng)
    n = len(customer)
    team, hour = rng.integers(0, len(TEAMS), n), rng.integers(*HOURS, (n, DIALS))
    chance = connect_chance(team[:, None], hour)
    over = at + WINDOW_DAYS * _DAY <= spec.days * _DAY
    ordered = _first_after(orders, customer, at) < at + WINDOW_DAYS * _DAY
    share = float(ordered[over].mean()) if over.any() else 0.0
    usual = _usual_reach()
    effect = min(REACH_EFFECT, 0.8 * share / (CALLED_SHARE * usual))
    held = share - CALLED_SHARE * usual * effect
    reached, called = _arms(np.where(over, ordered, 2), (share, held, effect), chance, rng)
    answers = np.where(reached, _which_dial(chance, rng), DIALS)
    truth = {
        "called_share": CALLED_SHARE, "drawn": n, "window_days": WINDOW_DAYS,
        "share_who_answer": usual, "recovery_holdout": held,
        "recovery_called": held + usual * effect, "effect_of_the_lot": usual * effect,
        "effect_of_being_reached": effect, "teams": dict(zip(TEAMS, CONNECT, strict=True)),
        "odds_ratio_agency_to_inside": _odds(CONNECT[1]) / _odds(CONNECT[0]),
        "odds_ratio_evening_to_afternoon": EVENING_ODDS, "completed_of_connected": COMPLETED,
    }  # fmt: skip
    return Lot(customer, at, called, team, hour, answers), truth


def _arms(
    did: Ints, truth: tuple[float, float, float], chance: Floats, rng: np.random.Generator
) -> tuple[Bools, Bools]:
    """Who would answer, and who is called, given what they did (1 ordered, 0 not, 2 not yet known)."""
    share, held, effect = truth
    of_those = held + CALLED_SHARE * effect  # share of orders among those who would answer
    ratio = np.array([(1 - of_those) / max(1 - share, 1e-9), of_those / max(share, 1e-9), 1.0])
    would = 1 - (1 - chance).prod(axis=1)
    reached = rng.random(len(did)) < would * ratio[did]
    after = held + effect
    tilt = np.array([(1 - after) / max(1 - of_those, 1e-9), after / max(of_those, 1e-9), 1.0])
    called = rng.random(len(did)) < CALLED_SHARE * np.where(reached, tilt[did], 1.0)
    return reached, called


def _which_dial(chance: Floats, rng: np.random.Generator) -> Ints:
    """The dial that is answered first, given that one is."""
    missed = np.cumprod(1 - chance, axis=1) / (1 - chance)
    upto = np.cumsum(missed * chance, axis=1)
    return np.asarray((rng.random((len(chance), 1)) * upto[:, -1:] > upto).sum(axis=1))


def _odds(p: float) -> float:
    return p / (1 - p)


def connect_chance(team: Ints, hour: Ints) -> Floats:
    """Probability that a dial of that team at that hour is answered."""
    odds = np.array([_odds(p) for p in CONNECT])[team]
    odds = odds * np.where(hour >= EVENING_FROM, EVENING_ODDS, 1.0)
    return np.asarray(odds / (1 + odds))


def _usual_reach() -> float:
    """Share of the called who answer, over teams and hours."""
    hours = np.arange(*HOURS)
    dial = np.array([connect_chance(np.full(len(hours), t), hours).mean() for t in (0, 1)])
    return float((1 - (1 - dial) ** DIALS).mean())


def _drawn_weekly(
    spec: BrandSpec,
    orders: Orders,
    carts: pl.DataFrame,
    attempts: pl.DataFrame,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Customer and moment of WEEKLY lots a week, nobody twice, by time.

    They left a cart the day before, have ordered nothing since and are on no other list.
    """
    left = carts.filter(
        pl.col("completed_order_id").is_null() & pl.col("customer_id").is_not_null()
    )
    customer, began = _numbers(left["customer_id"]), _seconds(spec, left["started_at"])
    at = (began // _DAY + 1) * _DAY + 8 * 3600
    free = ~np.isin(customer, np.unique(_numbers(attempts["customer_id"])))
    may = np.flatnonzero(
        free & (at < spec.days * _DAY) & (_first_after(orders, customer, began) >= at)
    )
    may = may[rng.permutation(len(may))]
    may = may[np.sort(np.unique(customer[may], return_index=True)[1])]
    week = at[may] // (7 * _DAY)
    rank = np.argsort(week, kind="stable")
    within = np.arange(len(rank)) - np.searchsorted(week[rank], week[rank])
    chosen = may[rank][within < WEEKLY]
    chosen = chosen[np.lexsort((customer[chosen], at[chosen]))]
    return customer[chosen], at[chosen]


def _numbers(ids: pl.Series) -> Ints:
    return ids.str.slice(1).cast(pl.Int64).to_numpy() - 1


def _seconds(spec: BrandSpec, stamps: pl.Series) -> Ints:
    """Seconds on the local wall clock from `spec.start`."""
    local = stamps.str.slice(0, 19).str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us")
    epoch = (spec.start - date(1970, 1, 1)).days * _DAY
    return local.cast(pl.Int64).to_numpy() // 1_000_000 - epoch


def _first_after(orders: Orders, customer: Ints, since: Ints) -> Ints:
    """Moment of each customer's first order after `since`; far away where there is none."""
    sold = np.flatnonzero(orders.fate == SOLD)
    span = int(max(orders.at.max(initial=0), since.max(initial=0))) + _DAY
    key = np.sort(orders.customer[sold] * span + orders.at[sold])
    place = np.searchsorted(key, customer * span + since, side="right")
    found = np.append(key, -1)[place]
    return np.where(found // span == customer, found % span, _NEVER)


def assignments(spec: BrandSpec, lot: Lot) -> pl.DataFrame:
    """Assignments by time: the arm of everybody drawn."""
    return pl.DataFrame(
        {
            "experiment_id": pl.repeat(EXPERIMENT, len(lot.at), eager=True),
            "customer_id": customer_ids(lot.customer),
            "arm": pl.Series(ARMS).gather(lot.called.astype(np.int64)),
            "assigned_at": iso(spec, lot.at),
            "probability": np.where(lot.called, CALLED_SHARE, round(1 - CALLED_SHARE, 6)),
        }
    )


def cart_calls(spec: BrandSpec, lot: Lot) -> pl.DataFrame:
    """call_attempts of those whom the lot let be called: a dial a day until one is answered."""
    rng = spec.rng("cart_calls")
    who = np.flatnonzero(lot.called)
    row, dial = np.nonzero(np.arange(DIALS)[None, :] <= lot.answers[who][:, None])
    one = who[row]
    at = (lot.at[one] // _DAY + dial) * _DAY + lot.hour[one, dial] * 3600
    at = at + rng.integers(0, 3600, len(one))
    connected = lot.answers[one] == dial
    frame = pl.DataFrame(
        {
            "cohort": pl.repeat("abandoner", len(one), eager=True),
            "customer_id": customer_ids(lot.customer[one]),
            "attempted_at": iso(spec, at),
            "connected": connected,
            "completed": connected & (rng.random(len(one)) < COMPLETED),
            "team": pl.Series(TEAMS).gather(lot.team[one]),
        }
    )
    rank = np.lexsort((lot.customer[one], at))
    rank = rank[at[rank] < spec.days * _DAY]
    ids = numbered("AC", np.arange(len(rank)), 5).alias("attempt_id")
    return frame[rank].insert_column(0, ids)
