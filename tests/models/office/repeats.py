"""Customers with a known hazard: when they order again, talk, and say something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.office.hazards import Spans, spans
from models.office.repeat_rows import ANYBODY, NOBODY
from transforms.office import repeats

SAID = "stocking_up"
RATE = {"a": 1 / 90, "b": 1 / 200}
"""Orders a day of those who said nothing, by category."""


@dataclass(frozen=True, slots=True)
class Shop:
    """`people` as first_orders and said_days give them, and since when they said SAID."""

    people: pl.DataFrame
    since: pl.DataFrame

    def intervals(self) -> pl.DataFrame:
        return repeats.intervals(self.people, self.since, [SAID], 365)

    def waits(self) -> dict[str, pl.DataFrame]:
        talked = self.people.select("customer_id", since="talked").drop_nulls()
        return {
            NOBODY: repeats.unheard(self.people),
            ANYBODY: repeats.waits(self.people, talked),
            SAID: repeats.waits(self.people, self.since),
        }

    def spans(self) -> Spans:
        return spans(self.intervals())


def drawn(rng: np.random.Generator, n: int, ratio: float) -> Shop:
    """Customers whose hazard is multiplied by `ratio` from the day after they said SAID; talk does nothing."""
    category = rng.choice(["a", "b"], n)
    base = np.array([RATE[c] for c in category]) * np.where(rng.random(n) < 0.5, 1.0, 1.4)
    quarter = np.where(base / np.array([RATE[c] for c in category]) > 1.2, "q2", "q1")
    talked = np.where(rng.random(n) < 0.5, rng.integers(0, 120, n), 10**6)
    said = np.where(rng.random(n) < 0.6, talked, 10**6)
    wait = rng.exponential(1.0, n)
    before = base * said
    days = np.where(wait < before, wait / base, said + (wait - before) / (base * ratio))
    days = np.ceil(np.maximum(days, 1e-9)).astype(np.int64)
    follow = rng.integers(30, 500, n)
    people = pl.DataFrame(
        {
            "customer_id": [f"c{i:06d}" for i in range(n)],
            "days": np.minimum(days, follow),
            "event": days <= follow,
            "category": category,
            "quarter": quarter,
            "talked": talked,
            "said": said,
        }
    ).with_columns(pl.struct("category", "quarter").rank("dense").cast(pl.Int64).alias("stratum"))
    heard = people.with_columns(
        pl.when(pl.col(c) < pl.col("days")).then(pl.col(c)).alias(c) for c in ("talked", "said")
    )
    said = heard.select("customer_id", signal=pl.lit(SAID), since="said")
    since = said.drop_nulls()
    return Shop(heard.drop("said"), since)
