"""triangulation: whether several channels say the same."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.office.given import Given
from flows.office.reasons import hearable, targets
from models.office.agreement import triangulated
from models.office.verdicts import against
from transforms.contracts import EXPORTS
from transforms.contracts.office_columns import MIN_PEOPLE
from transforms.office.channels import channel_counts, with_before
from transforms.office.periods import periods


def triangulation(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    now, rules = given.said.now, given.rules
    if given.said.deaf is not None:
        return given.said.deaf
    if now.conversations.is_empty():
        return "no conversations given"
    counts = channel_counts(
        now.conversations,
        hearable(given),
        now.said,
        periods(now.last_week),
        signals=rules.signals,
        timezone=rules.timezone,
        week_start=rules.week_start,
    )
    if counts.is_empty():
        return "nobody was heard in the last 26 weeks"
    told = triangulated(with_before(counts)).join(
        targets(given).rename({"reason": "signal"}), on="signal", how="left"
    )
    verdict = against(
        pl.col("lo"), pl.col("hi"), pl.col("target_lo"), pl.col("target_hi"),
        enough=pl.col("n") >= MIN_PEOPLE,
    )  # fmt: skip
    contract = EXPORTS["triangulation"]
    judged = told.with_columns(verdict.alias("verdict"))
    typed = judged.select([pl.col(c.name).cast(c.dtype) for c in contract.columns])
    return {"triangulation": typed.sort(contract.order)}
