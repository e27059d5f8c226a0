"""Periods, and the conversations had in them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from tests.rows import at, versions
from transforms.office.cadence import cadence
from transforms.office.cohorts import CallRules, CohortRules
from transforms.office.spans import KINDS, span_of, span_start

RULES = CallRules(
    {
        "abandoner": CohortRules(4, "week", 7),
        "repeat": CohortRules(0, "quarter", 91),
        "recent": CohortRules(3, "month", 30),
    },
    5, True, (), 90, 0.1, 0.35, 0.5, "",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("begins", ["monday", "sunday"])
def test_every_day_is_in_one_span_and_both_ways_of_telling_agree(kind: str, begins: str) -> None:
    days = [date(2025, 11, 20) + timedelta(days=i) for i in range(500)]
    frame = pl.DataFrame({"day": days}).with_columns(s=span_start(pl.col("day"), kind, begins))
    for day, start in frame.iter_rows():
        first, last = span_of(day, kind, begins)
        assert first == start
        assert first <= day <= last
        assert span_of(last + timedelta(days=1), kind, begins)[0] == last + timedelta(days=1)


def calls(*rows: tuple[str, str, str, bool, bool | None]) -> pl.DataFrame:
    """(cohort, customer, day, connected, completed)."""
    full: list[dict[str, Any]] = [
        {
            "attempt_id": f"a{i}",
            "cohort": cohort,
            "customer_id": who,
            "attempted_at": at(f"{day}T15:00"),
            "connected": answered,
            "completed": usable,
        }
        for i, (cohort, who, day, answered, usable) in enumerate(rows)
    ]
    return versions("call_attempts", full)


def made(attempts: pl.DataFrame, as_of: date) -> dict[tuple[str, date], dict[str, Any]]:
    found = cadence(attempts, RULES, as_of=as_of, timezone="UTC", week_start="monday")
    return {(row["programme"], row["period_start"]): row for row in found.iter_rows(named=True)}


ROWS = (
    ("abandoner", "a", "2026-03-10", False, None),
    ("abandoner", "a", "2026-03-11", True, True),
    ("abandoner", "b", "2026-03-11", True, False),
    ("abandoner", "c", "2026-03-12", True, None),
    ("abandoner", "a", "2026-03-17", True, True),
    ("recent", "d", "2026-03-03", True, True),
)


def test_people_count_once_and_only_usable_conversations_are_completed() -> None:
    week = made(calls(*ROWS), date(2026, 3, 17))["abandoner", date(2026, 3, 9)]
    counts = [week[n] for n in ("dials_n", "attempted_n", "connected_n", "completed_n")]
    assert counts == [4, 3, 3, 2]
    assert week["attainment"] == 0.5
    assert week["verdict"] == "missed"
    assert week["pace_needed_per_day"] is None


def test_a_period_that_is_not_over_is_never_missed() -> None:
    rows = made(calls(*ROWS), date(2026, 3, 17))
    running = rows["abandoner", date(2026, 3, 16)]
    assert running["is_partial"]
    assert running["verdict"] == "behind"
    assert running["elapsed_share"] == pytest.approx(2 / 7)
    assert running["pace_needed_per_day"] == pytest.approx(3 / 5)
    first = rows["recent", date(2026, 3, 1)]
    assert first["is_partial"]
    assert first["verdict"] == "behind", "1 of 3, more than half of the month is over"
    assert rows["all", date(2026, 3, 1)]["completed_n"] == 3
    early = made(calls(*ROWS[:2]), date(2026, 3, 11))["abandoner", date(2026, 3, 9)]
    assert early["verdict"] == "behind"
    paced = [("abandoner", who, "2026-03-16", True, True) for who in "xy"]
    assert (
        made(calls(*ROWS, *paced), date(2026, 3, 17))["abandoner", date(2026, 3, 16)]["verdict"]
        == "on_pace"
    )


def test_the_period_in_which_calls_began_is_partial_even_when_it_is_over() -> None:
    rows = made(calls(*ROWS), date(2026, 4, 30))
    assert rows["recent", date(2026, 3, 1)]["verdict"] == "behind"
    assert rows["recent", date(2026, 4, 1)]["verdict"] == "missed"
    assert rows["recent", date(2026, 4, 1)]["attempted_n"] == 0, "a month without calls has its row"


def test_without_a_target_there_is_no_verdict() -> None:
    row = made(calls(*ROWS), date(2026, 3, 17))["repeat", date(2026, 1, 1)]
    assert (row["verdict"], row["attainment"]) == ("no_target", None)
