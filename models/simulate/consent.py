"""Consents: who may be called, who may not, and who was never asked."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.simulate.clock import dates, iso
from models.simulate.orders import customer_count, customer_ids
from models.simulate.spec import BrandSpec

SHARES = {"given": 0.62, "refused": 0.07, "withdrawn": 0.04, "expired": 0.03}
EXPIRES_DAYS = 180
_DAY = 86_400


def consents(spec: BrandSpec) -> pl.DataFrame:
    """Consents by time: given, refused, given and withdrawn later, or given for half a year.

    Of the remaining customers nothing is known: they were never asked.
    """
    rng = spec.rng("consents")
    n = sum(customer_count(spec))
    kinds = [*SHARES, "unknown"]
    kind = rng.choice(len(kinds), n, p=[*SHARES.values(), 1 - sum(SHARES.values())])
    first = rng.integers(-400, spec.days - 30, n) * _DAY + rng.integers(8, 20, n) * 3600
    begun = first // _DAY
    day = begun + 1 + (rng.random(n) * (spec.days - 1 - begun)).astype(np.int64)
    who = np.arange(n)
    asked, left = who[kind < len(SHARES)], who[kind == kinds.index("withdrawn")]
    at = np.concatenate([first[asked], day[left] * _DAY + 21 * 3600])
    person = np.concatenate([asked, left])
    again = np.arange(len(at)) >= len(asked)
    lasting = again | (kind[person] != kinds.index("expired"))
    frame = pl.DataFrame(
        {
            "customer_id": customer_ids(person),
            "may_contact": ~again & (kind[person] != kinds.index("refused")),
            "decided_at": iso(spec, at),
            "basis": pl.Series(("account", "checkout")).gather(person % 2),
            "expires_on": dates(spec, at // _DAY + EXPIRES_DAYS).set(pl.Series(lasting), None),
        }
    )
    return frame[np.lexsort((person, at))]


def truth() -> dict[str, float]:
    """Shares of customers by what is known of their consent; withdrawn ones had given it before."""
    return {**SHARES, "unknown": round(1 - sum(SHARES.values()), 6)}
