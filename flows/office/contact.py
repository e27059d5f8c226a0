"""contact_recency: how lately customers of each segment were spoken with."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.office.given import Given
from models.office.shares import at_least, with_share
from transforms.contracts import EXPORTS
from transforms.contracts.office_columns import MIN_PEOPLE, NO_TARGET
from transforms.office.contact import newest_contacts, recency

JUDGED = 90


def contact_recency(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    customers, talked = given.segmented, given.said.now.conversations
    if customers is None:
        return "there are no segments tonight"
    attempts = given.shown("call_attempts")
    if talked.is_empty() and attempts.is_empty():
        return "no conversations and no call_attempts given"
    contacts = newest_contacts(talked, attempts, given.as_of, given.rules.timezone)
    aims = given.night.settings.office.contact
    rows = with_share(recency(customers, contacts, given.as_of), "share", "k", "n")
    judged = at_least(rows, "share", "n", aims.least, "verdict").with_columns(
        pl.when(pl.col("window_days") == JUDGED)
        .then("verdict")
        .otherwise(pl.lit(NO_TARGET))
        .alias("verdict"),
        ((pl.col("n") >= MIN_PEOPLE) & (pl.col("share_hi") < aims.silent_below)).alias("silent"),
        pl.lit(given.as_of).alias("as_of"),
    )
    return {"contact_recency": judged.select(EXPORTS["contact_recency"].names)}
