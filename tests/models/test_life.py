"""Planned launches and ends: from which week on, and for which part of a week."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from models.life import forecast_at_all, on_sale, starts_of, to_begin
from models.panel import Panel

NAN = float("nan")
WEEKS = np.arange(np.datetime64("2026-03-02"), np.datetime64("2026-03-23"), 7)


def panel(starts: list[date | None], ends: list[date | None]) -> Panel:
    y = np.array([[1.0, 2.0, 3.0], [NAN, NAN, NAN], [NAN, NAN, NAN], [NAN, 4.0, NAN]])
    series = pl.DataFrame(
        {
            "series_id": ["a", "b", "c", "d"],
            "ended": [False, False, True, False],
            "starts_on": pl.Series(starts, dtype=pl.Date),
            "ends_on": pl.Series(ends, dtype=pl.Date),
        }
    )
    return Panel(series, WEEKS, y)


def test_a_series_starts_with_its_first_week_its_plan_or_the_running_week() -> None:
    planned = panel([None, date(2026, 4, 8), None, None], [None] * 4)
    assert starts_of(planned).tolist() == [0, 5, 3, 1]
    late = panel([None, date(2026, 3, 9), None, None], [None] * 4)
    assert starts_of(late)[1] == 3  # a plan that has passed: it may begin any day


def test_what_never_sold_and_is_not_over_is_still_to_begin() -> None:
    one = panel([None] * 4, [None] * 4)
    assert to_begin(one).tolist() == [False, True, False, False]
    assert forecast_at_all(one).tolist() == [True, True, False, True]


def test_weeks_count_by_the_days_on_sale() -> None:
    share = on_sale(
        panel([None, date(2026, 3, 26), None, None], [date(2026, 4, 1)] + [None] * 3), 0, 3
    )
    assert share[0] == pytest.approx([1.0, 2 / 7, 0.0])
    assert share[1] == pytest.approx([4 / 7, 1.0, 1.0])
    assert share[2:] == pytest.approx(np.ones((2, 3)))
    assert on_sale(panel([None] * 4, [date(2026, 4, 1)] + [None] * 3), 1, 2)[0, 0] == pytest.approx(
        2 / 7
    )


def test_a_panel_that_plans_nothing_is_on_sale() -> None:
    plain = Panel(pl.DataFrame({"series_id": ["a"]}), WEEKS, np.ones((1, 3)))
    assert on_sale(plain, 0, 4).tolist() == [[1.0] * 4]
    assert not to_begin(plain).any()
