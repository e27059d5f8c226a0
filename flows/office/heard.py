"""What of the night's conversations could be heard at all."""

from __future__ import annotations

import polars as pl

from flows.office.given import Given
from transforms.asof import SOURCE

KEY = (SOURCE, "conversation_id")


def hearable(given: Given) -> pl.DataFrame:
    """Conversations (KEY) that could carry a signal; where another system tags, all of them."""
    if given.rules.upstream:
        return given.said.now.conversations.select(KEY)
    return given.said.tags.taggable.select(KEY).unique()
