"""Customers, their checkouts, and the calls that the brand makes to them."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.simulate.assortment import Assortment
from models.simulate.clock import iso
from models.simulate.orders import (
    SOLD,
    Orders,
    customer_count,
    customer_ids,
    numbered,
    order_ids,
)
from models.simulate.spec import BrandSpec
from models.simulate.voice import CALL, Talk, conversation_ids

CHECKOUT_WEEKS = 26
COHORTS = ("recent", "abandoner", "repeat")
_FIRST = (
    "Ada", "Ben", "Carla", "Dana", "Elif", "Femi", "Grace", "Hugo", "Ines", "Jonas", "Keiko",
    "Liam", "Mara", "Nils", "Olga", "Pablo", "Quinn", "Rosa", "Samir", "Tara", "Uma", "Viktor",
    "Wren", "Yara", "Zoe",
)  # fmt: skip
_LAST = (
    "Abbott", "Brandt", "Castro", "Diallo", "Ekman", "Fischer", "Garcia", "Hale", "Ito", "Jensen",
    "Kowal", "Lind", "Moreau", "Novak", "Okafor", "Pereira", "Reyes", "Silva", "Tanaka", "Ueda",
    "Vance", "Walsh", "Young", "Zhang",
)  # fmt: skip


def customers(spec: BrandSpec, orders: Orders) -> pl.DataFrame:
    """customers: invented names at example.com, telephone numbers of the fictional 555-01xx range.

    Created a little before their first order, or before the brand's data begin. Numbers differ for
    the first 80,000 customers: a shared one would make one person of several.
    """
    rng = spec.rng("customers")
    n = sum(customer_count(spec))
    first = np.full(n, -1)
    who, where = np.unique(orders.customer, return_index=True)
    first[who] = orders.at[where]
    born = np.where(rng.random(n) < 0.5, 0, first) - rng.integers(60, 900, n)
    old = (first < 0) | (born < 0)
    born = np.where(old, -rng.integers(1, 700, n) * 86_400 + rng.integers(8, 20, n) * 3600, born)
    given, family = rng.integers(0, len(_FIRST), n), rng.integers(0, len(_LAST), n)
    emails = [
        f"{_FIRST[g].lower()}.{_LAST[f].lower()}{i}@example.com"
        for i, (g, f) in enumerate(zip(given, family, strict=True))
    ]
    phones = [f"+1-{200 + x // 100}-555-01{x % 100:02d}" for x in np.arange(n) * 7919 % 80_000]
    return pl.DataFrame(
        {
            "customer_id": customer_ids(np.arange(n)),
            "email": pl.Series(emails).set(pl.Series(rng.random(n) < 0.03), None),
            "phone": pl.Series(phones).set(pl.Series(rng.random(n) < 0.35), None),
            "created_at": iso(spec, born),
        }
    )


def checkouts(spec: BrandSpec, goods: Assortment, orders: Orders) -> pl.DataFrame:
    """Checkouts of the shop's last half year: every web order, and carts left behind.

    A third of the abandoned carts follow a completed checkout of the same customer.
    """
    rng = spec.rng("checkouts")
    since = max(0, spec.days - 7 * CHECKOUT_WEEKS) * 86_400
    web = np.flatnonzero((orders.channel == 0) & (orders.fate == SOLD) & (orders.at >= since))
    left = rng.choice(web, round(1.3 * len(web))) if len(web) else web
    private = customer_count(spec)[0]
    day_shift = rng.integers(-2, 3, len(left)) * 86_400
    at = np.concatenate([orders.at[web] - rng.integers(60, 1500, len(web)), orders.at[left]])
    at[len(web) :] = np.clip(at[len(web) :] + day_shift, since, spec.days * 86_400 - 1)
    at[len(web) :] = at[len(web) :] // 86_400 * 86_400 + rng.integers(7, 22, len(left)) * 3600
    at[len(web) :] += rng.integers(0, 3600, len(left))
    stranger = rng.random(len(left)) < 0.67
    who = np.where(stranger, rng.integers(0, private, len(left)), orders.customer[left])
    line = orders.first_line[np.concatenate([web, left])]
    value = goods.price[orders.sku[line]] * np.maximum(1, orders.quantity[line])
    done = np.arange(len(at)) < len(web)
    finished = np.concatenate([web, np.zeros(len(left), np.int64)])
    rank = np.lexsort((np.arange(len(at)), at))
    guest = ~done & (rng.random(len(at)) < 0.15)
    frame = pl.DataFrame(
        {
            "customer_id": customer_ids(np.concatenate([orders.customer[web], who])).set(
                pl.Series(guest), None
            ),
            "started_at": iso(spec, at),
            "value": np.round(value, 2),
            "sku": pl.Series(goods.sku).gather(orders.sku[line]),
            "completed_order_id": order_ids(orders, finished).set(pl.Series(~done), None),
            "completed_at": iso(spec, orders.at[finished], ~done),
        }
    )
    ids = numbered("K", np.arange(len(at)), 6).alias("checkout_id")
    return frame[rank].insert_column(0, ids)


def call_attempts(spec: BrandSpec, talk: Talk) -> pl.DataFrame:
    """call_attempts by time: the calls that became conversations, and those that did not.

    Calls from customers whom the conversation does not name are incoming and not listed.
    """
    rng = spec.rng("calls")
    reached = np.flatnonzero((talk.channel == CALL) & (talk.customer >= 0))
    missed = rng.choice(reached, round(1.4 * len(reached))) if len(reached) else reached
    private = customer_count(spec)[0]
    at = np.concatenate(
        [talk.at[reached] - 20, talk.at[missed] + rng.integers(60, 5400, len(missed))]
    )
    who = np.concatenate([talk.customer[reached], rng.integers(0, private, len(missed))])
    hit = np.arange(len(at)) < len(reached)
    finished = np.where(hit, rng.random(len(at)) < 0.9, False)
    rank = np.lexsort((np.arange(len(at)), at))
    rank = rank[at[rank] < spec.days * 86_400]
    number = np.concatenate([reached, np.zeros(len(missed), np.int64)])
    frame = pl.DataFrame(
        {
            "cohort": pl.Series(COHORTS).gather(rng.choice(3, len(at), p=(0.45, 0.35, 0.20))),
            "customer_id": customer_ids(who),
            "attempted_at": iso(spec, at),
            "connected": hit,
            "completed": finished,
            "team": pl.Series(("inside", "agency")).gather(rng.integers(0, 2, len(at))),
            "conversation_id": conversation_ids(number).set(pl.Series(~hit), None),
        }
    )[rank]
    return frame.insert_column(0, numbered("A", np.arange(len(rank)), 6).alias("attempt_id"))
