"""Conversations: how many, through which channel, about what, and which signals they carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models.simulate.assortment import Assortment
from models.simulate.clock import arrivals, day_of, iso, moments, week_position
from models.simulate.drivers import Drivers, autoregression
from models.simulate.orders import SOLD, LineIndex, Orders, customer_ids, numbered
from models.simulate.spec import (
    MAX_LEAD,
    MIRROR,
    MIRROR_LAG,
    SIGNALS,
    Bools,
    BrandSpec,
    Floats,
    Ints,
    archetype,
)

CHANNELS = ("call", "ticket", "chat", "review")
CALL, TICKET, CHAT, REVIEW = range(4)
_CHANNEL_SHARES = (0.17, 0.33, 0.28, 0.22)
LANGUAGES = ("en", "pt", "fi")
_LANGUAGE_SHARES = (0.979, 0.015, 0.006)
BASE_RATE = {
    "stocking_up": 0.12,
    "delivery_worry": 0.11,
    "durability_question": 0.11,
    "product_question": 0.11,
    "price_objection": 0.05,
    "extra_costs": 0.035,
    "sizing_confusion": 0.045,
    "repeat_intent": 0.045,
    "stockout_complaint": 0.03,
    "return_intent": 0.045,
    "gift_purchase": 0.035,
    "checkout_problem": 0.03,
}


@dataclass(frozen=True)
class Talk:
    """Conversations in order of time; customer, sku and category are -1 where not given."""

    at: Ints
    channel: Ints
    language: Ints
    customer: Ints
    sku: Ints
    category: Ints
    about: Ints  # the category that it is really about
    mentions: Bools  # conversations by signals
    order: Ints  # that of the line which it follows; -1 where there is none


def demand_residual(
    spec: BrandSpec, goods: Assortment, drivers: Drivers, units: Ints, weights: Floats
) -> Floats:
    """Log of a category's units over what trend, season, promotions and stock explain, in sd."""
    sellable = weights.reshape(spec.skus, spec.n_weeks, 7).sum(axis=2)
    season = drivers.log_season[goods.category, MAX_LEAD:] * goods.season_gain[:, None]
    plain = goods.weekly_mean[:, None] * np.exp(season) * sellable
    trend = np.exp(drivers.log_trend[:, MAX_LEAD:])
    out = np.empty((spec.categories, spec.n_weeks))
    for c in range(spec.categories):
        rows = goods.category == c
        expected = plain[rows].sum(axis=0) * trend[c]
        out[c] = np.log((units[rows].sum(axis=0) + 0.5) / (expected + 0.5))
    out -= out.mean(axis=1, keepdims=True)
    return np.asarray(out / out.std(axis=1, keepdims=True))


def mention_rates(spec: BrandSpec, drivers: Drivers, residual: Floats) -> Floats:
    """Probability that a conversation carries each signal: signals x categories x weeks.

    Planted signals follow their driver, the mirror follows past demand, everything else goes its
    own autocorrelated way; gifts have a season besides, a trap for careless tests.
    """
    rng = spec.rng("mentions")
    planted = {
        "stocking_up": drivers.stocking,
        "delivery_worry": drivers.lateness,
        "durability_question": drivers.wear,
    }
    rates = np.empty((len(SIGNALS), spec.categories, spec.n_weeks))
    for s, signal in enumerate(SIGNALS):
        own = autoregression(rng, spec.categories, spec.n_weeks, float(rng.uniform(0.45, 0.75)))
        for c in range(spec.categories):
            if signal == MIRROR:
                own[c] = np.concatenate([np.zeros(MIRROR_LAG), residual[c, :-MIRROR_LAG]])
            elif any(x.signal == signal for x in drivers.leads[c]):
                own[c] = planted[signal][c, MAX_LEAD:]
        swing = spec.mention_swing if signal in (*planted, MIRROR) else 0.5 * spec.mention_swing
        base = np.log(BASE_RATE[signal] / (1 - BASE_RATE[signal]))
        logit = base - 0.3 * swing**2 + swing * own
        if signal == "gift_purchase":
            logit = logit + np.cos(2 * np.pi * (week_position(spec, 0) - 49) / 52.18)
        rates[s] = 1 / (1 + np.exp(-logit))
    return rates


def draw_talk(
    spec: BrandSpec, goods: Assortment, orders: Orders, rates: Floats, volume: Floats
) -> Talk:
    """Conversations; `volume` (categories x weeks, mean 1) says how busy a week is.

    Each is anchored to a line that somebody bought in the three weeks before; it carries the SKU,
    the category, only the customer, or nothing at all.
    """
    rng = spec.rng("talk")
    mean = spec.conversations_per_week / spec.categories * np.sqrt(volume)
    count = rng.poisson(mean)
    about, week = (np.repeat(x.ravel(), count.ravel()) for x in np.indices(count.shape))
    day = week * 7 + rng.integers(0, 7, len(week))
    keep = day < spec.days
    at = moments(day[keep], rng, 8, 21)
    rank = np.argsort(at, kind="stable")
    about, week, at = about[keep][rank], week[keep][rank], at[rank]
    n = len(at)
    sold = np.flatnonzero(orders.fate[orders.line_order] == SOLD)
    index = LineIndex.of(
        goods.category[orders.sku[sold]], day_of(orders.at[orders.line_order[sold]]), spec.days
    )
    line = index.pick(about, day_of(at) - 21, day_of(at) - 1, rng.random(n))
    known = line >= 0
    line = sold[np.where(known, line, 0)]
    given = rng.choice(4, n, p=(0.46, 0.30, 0.19, 0.05))
    given = np.where(known, given, 1)
    named = known & ((given == 0) | (given == 2) | ((given == 1) & (rng.random(n) < 0.6)))
    return Talk(
        at=at,
        channel=rng.choice(4, n, p=_CHANNEL_SHARES),
        language=rng.choice(3, n, p=_LANGUAGE_SHARES),
        customer=np.where(named, orders.customer[orders.line_order[line]], -1),
        sku=np.where(given == 0, orders.sku[line], -1),
        category=np.where(given == 1, about, -1),
        about=about,
        mentions=rng.random((n, len(SIGNALS))) < rates[:, about, week].T,
        order=np.where(known, orders.line_order[line], -1),
    )


UNHAPPY = ("durability_question", "delivery_worry", "return_intent")
"""Signals of which any makes a reviewer unhappy."""
UNHAPPY_STARS, HAPPY_STARS = (1, 2, 3), (3, 4, 5, 5, 5)
"""Stars that each gives, one as likely as the other."""


def stars_truth() -> dict[str, Any]:
    """What is true of reviews' stars: who is unhappy, and how likely one star and five are of each."""
    return {
        "unhappy_signals": list(UNHAPPY),
        "one_star": {"unhappy": 1 / len(UNHAPPY_STARS), "happy": 0.0},
        "five_stars": {"unhappy": 0.0, "happy": HAPPY_STARS.count(5) / len(HAPPY_STARS)},
    }


def conversation_ids(which: Ints) -> pl.Series:
    """Identifiers of the conversations with these numbers."""
    return numbered("V", which, 6)


def conversations(spec: BrandSpec, goods: Assortment, talk: Talk) -> pl.DataFrame:
    """Conversations by time; rows that had not arrived by the last day are left out."""
    rng = spec.rng("conversations")
    n = len(talk.at)
    names = pl.Series([archetype(c).name for c in range(spec.categories)])
    unhappy = talk.mentions[:, [SIGNALS.index(name) for name in UNHAPPY]].any(axis=1)
    stars = np.where(unhappy, rng.choice(UNHAPPY_STARS, n), rng.choice(HAPPY_STARS, n))
    told = (rng.random(n) < 0.85) | (talk.language > 0)
    came = arrivals(talk.at, rng, 0.02)
    frame = pl.DataFrame(
        {
            "conversation_id": conversation_ids(np.arange(n)),
            "channel": pl.Series(CHANNELS).gather(talk.channel),
            "started_at": iso(spec, talk.at),
            "customer_id": _known(customer_ids(np.maximum(talk.customer, 0)), talk.customer),
            "language": pl.Series(LANGUAGES).gather(talk.language).set(pl.Series(~told), None),
            "sku": _known(pl.Series(goods.sku).gather(np.maximum(talk.sku, 0)), talk.sku),
            "category": _known(names.gather(np.maximum(talk.category, 0)), talk.category),
            "rating": pl.Series(stars).set(pl.Series(talk.channel != REVIEW), None),
            "ingested_at": iso(spec, came),
        }
    )
    return frame.filter(pl.Series(came < spec.days * 86_400))


def _known(series: pl.Series, number: Ints) -> pl.Series:
    return series.set(pl.Series(number < 0), None)
