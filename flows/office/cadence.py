"""programme_cadence: conversations had beside those wanted."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.office.given import Given
from transforms.office.cadence import cadence


def programme_cadence(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if (lacking := given.has("call_attempts")) is not None:
        return lacking
    found = cadence(
        given.shown("call_attempts"),
        given.night.settings.office.calls.rules(),
        as_of=given.as_of,
        timezone=given.rules.timezone,
        week_start=given.rules.week_start,
    )
    return {"programme_cadence": found}
