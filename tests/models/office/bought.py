"""Customers whose habits of buying are known, drawn purchase by purchase."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

END = date(2026, 6, 1)
TRUTH = {"r": 0.8, "alpha": 12.0, "a": 0.9, "b": 3.0}
SPENT = {"p": 6.0, "q": 4.0, "gamma": 60.0}


def customers(n: int, seed: int, weeks: int = 52) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Histories up to END of `n` customers; what each bought in the `weeks` after it, and who had left by END."""
    rng = np.random.default_rng(seed)
    rate, leaving = (
        rng.gamma(TRUTH["r"], 1 / TRUTH["alpha"], n),
        rng.beta(TRUTH["a"], TRUTH["b"], n),
    )
    own = rng.gamma(SPENT["q"], 1 / SPENT["gamma"], n)
    span = rng.integers(140, 1050, n)
    times = np.cumsum(rng.exponential(1 / rate[:, None], (n, 120)) * 7, axis=1)
    times = np.round(times)
    until = rng.geometric(leaving)
    alive = np.arange(1, 121)[None, :] <= until[:, None]
    seen = alive & (times <= span[:, None])
    after = alive & (times > span[:, None]) & (times <= span[:, None] + 7 * weeks)
    x, last = seen.sum(axis=1), np.where(seen, times, 0).max(axis=1).astype(np.int64)
    later = after.sum(axis=1)
    cents = np.round(rng.gamma(SPENT["p"] * (x + 1)) / own * 100).astype(np.int64)
    came = np.round(
        np.where(later > 0, rng.gamma(SPENT["p"] * np.maximum(later, 1)) / own, 0) * 100
    )
    ids = [f"c{k}" for k in range(n)]
    known = pl.DataFrame(
        {"customer_id": ids, "days_ever": x + 1, "priced_days": x + 1, "cents_ever": cents,
         "recency_days": span - last, "_first": span, "_last": span - last}
    ).with_columns(
        (pl.lit(END) - pl.duration(days="_first")).cast(pl.Date).alias("first_on"),
        (pl.lit(END) - pl.duration(days="_last")).cast(pl.Date).alias("last_on"),
        pl.lit("regular").alias("segment"),
    )  # fmt: skip
    bought = pl.DataFrame(
        {
            "customer_id": ids,
            "bought": later,
            "came_cents": came.astype(np.int64),
            "left": x >= until,
        }
    )
    return known.drop("_first", "_last"), bought
