"""segment_needs: what the customers of each segment say."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.office.given import Given
from flows.office.heard import hearable
from models.office.segment_needs import judged
from transforms.contracts import EXPORTS
from transforms.office.segment_needs import heard_of, needs


def segment_needs(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    now, customers = given.said.now, given.segmented
    if given.said.deaf is not None:
        return given.said.deaf
    if customers is None:
        return "there are no segments tonight"
    if now.conversations.is_empty():
        return "no conversations given"
    key = hearable(given)
    heard = heard_of(now.conversations, key, customers, now.last_week, given.rules.timezone)
    if heard.is_empty():
        return "nobody with a segment was heard in the last 13 weeks"
    rows = judged(needs(heard, now.said, given.rules.signals))
    named = rows.with_columns(pl.lit(given.as_of).alias("as_of"))
    return {"segment_needs": named.select(EXPORTS["segment_needs"].names)}
