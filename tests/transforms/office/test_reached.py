"""Dials by window: which attempt it was, and people once in each slice."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from tests.rows import at, versions
from transforms.office.reached import dials, firsts, reached, windowed

WEEK = date(2026, 3, 9)


def calls(*rows: tuple[str, str, bool, str | None, str]) -> pl.DataFrame:
    """(customer, time, connected, team, cohort)."""
    full: list[dict[str, Any]] = [
        {"attempt_id": f"a{i}", "customer_id": who, "attempted_at": at(time), "connected": hit,
         "team": team, "cohort": cohort}
        for i, (who, time, hit, team, cohort) in enumerate(rows)
    ]  # fmt: skip
    return versions("call_attempts", full)


ROWS = calls(
    ("k", "2026-03-02T18:30", False, "a", "recent"),
    ("k", "2026-03-09T18:30", False, "a", "recent"),
    ("k", "2026-03-10T09:30", True, "b", "recent"),
    ("k", "2026-03-11T09:30", False, "b", "recent"),
    ("k", "2026-05-11T09:30", False, "b", "recent"),
    ("k", "2026-03-12T09:30", False, None, "repeat"),
    ("m", "2026-03-12T12:00", True, "a", "recent"),
)


def test_an_attempt_begins_anew_after_an_answer_a_pause_or_in_another_cohort() -> None:
    found = dials(ROWS, "UTC", "monday").sort("attempted_at", "attempt_id")
    assert found["attempt"].to_list() == ["1", "2", "3", "1", "1", "1", "1"]
    many = calls(*(("k", f"2026-03-{d:02d}T10:00", False, "a", "recent") for d in range(1, 8)))
    assert dials(many, "UTC", "monday")["attempt"].to_list()[3:] == ["4"] + ["5 or later"] * 3


def test_hours_are_those_of_the_business() -> None:
    found = dials(ROWS, "America/New_York", "monday").sort("attempted_at")
    assert found["hour"][0] == "13"
    assert found["band"][:3].to_list() == ["noon to five", "noon to five", "before noon"]
    assert dials(ROWS, "UTC", "monday").sort("attempted_at")["band"][0] == "from five on"
    assert (
        dials(ROWS, "UTC", "monday").filter(pl.col("cohort") == "repeat")["team"][0] == "(unknown)"
    )


def test_people_count_once_in_each_window_and_slice() -> None:
    cells = reached(windowed(dials(ROWS, "UTC", "monday"), WEEK))
    whole = cells.filter(dimension="all", window_end=date(2026, 3, 15))
    assert whole.filter(window_weeks=1).select("n", "k", "people").rows() == [(1, 1, 1), (4, 1, 1)]
    assert whole.filter(window_weeks=4).select("n", "k", "people").rows() == [(1, 1, 1), (5, 1, 1)]
    team = cells.filter(dimension="team", window_end=date(2026, 3, 15), window_weeks=1)
    assert set(team.select("slice", "n", "k", "people").rows()) == {
        ("a", 1, 0, 1), ("a", 1, 1, 1), ("b", 2, 1, 1), ("(unknown)", 1, 0, 1)
    }  # fmt: skip
    assert cells["window_end"].max() == date(2026, 3, 15), "nothing after the last complete week"


def test_teams_are_compared_by_the_first_dial_of_each_person() -> None:
    found = firsts(windowed(dials(ROWS, "UTC", "monday"), WEEK)).filter(
        window_weeks=1, window_end=date(2026, 3, 15)
    )
    assert found.select("team", "band", "n", "k").rows() == [
        ("a", "from five on", 1, 0),
        ("a", "noon to five", 1, 1),
    ]
