"""Who comes back when: orders given to customers whose hazard follows what they have said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from models.simulate.clock import day_of
from models.simulate.orders import SOLD, UNEVEN, Orders, customer_count
from models.simulate.spec import SIGNALS, Bools, BrandSpec, Floats
from models.simulate.voice import Talk

_BLOCK = 65_536


@dataclass(frozen=True)
class Returns:
    """The hazards by which private customers ordered.

    On a day, somebody of weight w whose ratio is r places w · r · pace orders, as a Poisson number does.
    """

    weight: Floats  # per private customer: chance to be whose order it is, where nobody has said anything
    pace: Floats  # per day: orders, each over the mean ratio (by weight) of that moment
    said: Bools  # conversations by SIGNALS: what customers whose name is known truly said


def truly_said(labels: pl.DataFrame, talk: Talk) -> Bools:
    """Conversations by SIGNALS: what was said in each whose customer is known, in any passage."""
    said = np.zeros((len(talk.at), len(SIGNALS)), dtype=bool)
    told = labels.select("conversation_id", "signals").explode("signals").drop_nulls()
    number = told["conversation_id"].str.slice(1).cast(pl.Int64).to_numpy() - 1
    place = {name: i for i, name in enumerate(SIGNALS)}
    said[number, [place[name] for name in told["signals"]]] = True
    return np.asarray(said & (talk.customer >= 0)[:, None])


def come_back(
    spec: BrandSpec, orders: Orders, talk: Talk, labels: pl.DataFrame
) -> tuple[Orders, Talk, Returns]:
    """Orders and conversations with other customers, and the hazards by which they were chosen.

    What is ordered and said, and when, stays. Each private order in turn becomes that of a customer
    drawn by weight times ratio: the product of `spec.repeat_ratios` of what they have said since
    their last order, on the day of that order too. So from the moment on that somebody says a signal
    they come back with a hazard multiplied by its ratio, until they have come back.
    """
    said = truly_said(labels, talk)
    private = customer_count(spec)[0]
    edges = (np.arange(private + 1) / private) ** (1 / UNEVEN)
    shop = _Shop(np.diff(edges), spec.repeat_ratios, _draws(spec.rng("returns")))
    free = (orders.fate == SOLD) & (orders.channel != 2)
    customer = orders.customer.copy()
    pace = np.zeros(spec.days)
    planted = said[:, [SIGNALS.index(name) for name, _ in spec.repeat_ratios]]
    told = iter(np.flatnonzero(planted.any(axis=1) & (talk.order >= 0)).tolist())
    v = next(told, None)
    for k in np.flatnonzero(free).tolist():
        at = int(orders.at[k])
        while v is not None and talk.at[v] < at:
            shop.hear(int(customer[talk.order[v]]), planted[v])
            v = next(told, None)
        customer[k], share = shop.sell(at)
        pace[day_of(orders.at[k])] += share
    named = np.where(talk.customer >= 0, customer[np.maximum(talk.order, 0)], -1)
    return (
        replace(orders, customer=customer),
        replace(talk, customer=named),
        Returns(np.diff(edges), pace, said),
    )


def _draws(rng: np.random.Generator) -> Callable[[], float]:
    """Uniform draws without end, taken from the generator in blocks."""

    def blocks() -> Iterator[float]:
        while True:
            yield from rng.random(_BLOCK).tolist()

    return blocks().__next__


class _Shop:
    """Customers by what they have said since their last order."""

    def __init__(
        self, weight: Floats, ratios: tuple[tuple[str, float], ...], draw: Callable[[], float]
    ) -> None:
        sets = np.arange(2 ** len(ratios))[:, None] >> np.arange(len(ratios)) & 1
        self._factor = np.prod(np.where(sets == 1, [r for _, r in ratios], 1.0), axis=1).tolist()
        self._most = max(self._factor)
        self._weight = weight.tolist()
        self._said = [0] * len(weight)
        self._last = [-1] * len(weight)
        self._whole = 1.0  # sum of weight times ratio over everybody
        self._draw = draw

    def hear(self, who: int, planted: Bools) -> None:
        """`who` says these; of trade customers it changes nothing."""
        if who < len(self._weight):
            self._now(who, self._said[who] | int(planted @ (1 << np.arange(len(planted)))))

    def sell(self, at: int) -> tuple[int, float]:
        """Whose order it is, and the chance of somebody of weight 1 and ratio 1 that it is theirs."""
        share, day = 1 / self._whole, at // 86_400
        n = len(self._weight)
        while True:
            who = int(n * self._draw() ** UNEVEN)
            if self._draw() * self._most < self._factor[self._said[who]]:
                break
        if self._last[who] < day:
            self._last[who] = day
            self._now(who, 0)
        return who, share

    def _now(self, who: int, said: int) -> None:
        change = self._factor[said] - self._factor[self._said[who]]
        self._whole += self._weight[who] * change
        self._said[who] = said
