"""Which batches are read together, and which phrases stand for all."""

from __future__ import annotations

from datetime import date

import polars as pl

from transforms import phrase_windows as windows
from transforms.phrases import MIN_PEOPLE

WEEKS = [date(2026, 3, 2), date(2026, 3, 9)]


def test_batches_are_read_together_up_to_a_bound_and_in_order() -> None:
    sizes = [windows.READ // 2, windows.READ // 2, 1, windows.READ + 5, 3]
    parts = [pl.DataFrame({"n": pl.repeat(i, size, eager=True)}) for i, size in enumerate(sizes)]
    found = [[part["n"][0] for part in some] for some in windows.together(parts)]
    assert found == [[0, 1], [2], [3], [4]]
    assert list(windows.together([])) == []


def test_periods_of_what_was_said_often_are_those_of_all_weeks() -> None:
    rows = [
        (week, category, "en", 1, f"word{i}", people)
        for i in range(40)
        for category in (None, "tea")
        for week, people in zip(WEEKS, (i % 5 + 1, i % 4 + 1), strict=True)
    ]
    names = ("week_start", *windows.SCOPE, "phrase", "people")
    weekly = pl.DataFrame(rows, schema=names, orient="row")
    key = [*windows.SCOPE, "phrase"]
    often = windows.periods(windows.said_often(weekly, WEEKS[1]), WEEKS[1])
    whole = windows.periods(weekly, WEEKS[1]).filter(pl.col("people") >= MIN_PEOPLE)
    assert often.sort(key).equals(whole.sort(key))
    assert 0 < often.height < 80
    asked = windows.asked(windows.periods(windows.sampled(weekly, 1), WEEKS[1]), 1, 5)
    assert (
        asked
        == windows.periods(weekly, WEEKS[1])
        .filter(pl.col("people") + pl.col("people_before") >= 5)
        .height
    )
