"""Past cutoffs: each looks as far ahead, over as much that is unknown, as the night itself."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest

from flows.knowledge import Picture, Rules, cutoffs
from models.panel import Known
from transforms.calendar import gap_weeks, last_complete_week

HORIZON = 13


def night(as_of: date, rules: Rules, weeks: int = 80) -> Picture:
    """A picture at `as_of` with a history of `weeks` complete weeks."""
    last = last_complete_week(as_of, rules.latency_days, rules.week_start)
    known = Known(as_of, gap_weeks(as_of, rules.latency_days, rules.week_start), {})
    nothing = pl.DataFrame()
    first = last - timedelta(weeks=weeks - 1)
    return Picture(known, {}, nothing, nothing, nothing, nothing, {}, first, last)


def rules_with(latency_days: int, week_start: str = "monday") -> Rules:
    return Rules("UTC", week_start, ("total",), (), latency_days)


@pytest.mark.parametrize("latency", [0, 1, 3, 6, 7, 10, 20])
@pytest.mark.parametrize("week_start", ["monday", "sunday", "thursday"])
def test_cutoffs_look_over_the_gap_of_the_night_at_known_weeks(
    latency: int, week_start: str
) -> None:
    rules = rules_with(latency, week_start)
    for offset in range(7):
        now = night(date(2026, 11, 15) + timedelta(days=offset), rules)
        found = cutoffs(now, rules, horizon=HORIZON, origins=4, step_weeks=4)
        assert len(found) == 4
        assert {gap_weeks(day, latency, week_start) for day in found} == {now.known.gap_weeks}
        lasts = [last_complete_week(day, latency, week_start) for day in found]
        ahead = timedelta(weeks=HORIZON + now.known.gap_weeks)
        assert lasts[-1] + ahead == now.last_week, "exactly one horizon of known weeks is left"
        assert {b - a for a, b in pairwise(lasts)} == {timedelta(weeks=4)}


def test_cutoffs_with_too_little_history_are_left_out() -> None:
    rules = rules_with(0)
    now = night(date(2026, 11, 15), rules, weeks=HORIZON + 8 + 4)
    assert len(cutoffs(now, rules, horizon=HORIZON, origins=8, step_weeks=4)) == 2
