"""Feasts fall where calendars say, and their effects are found only where there are any."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from models.feasts import calendar_of, feast_weeks, feasts_of
from models.holidays import MAX_LOG, feast_effects, feast_multipliers, log_index
from models.panel import Groups
from tests.models.driven import feasted

EFFECTS = {"Easter Sunday": 0.5, "Mother's Day": 0.35}


def days(country: str, name: str, first: int, last: int) -> list[date]:
    found = feasts_of(country, date(first, 1, 1), date(last, 12, 31))
    return [day for day, one in found if one == name]


def test_moving_feasts_fall_where_calendars_say() -> None:
    assert days("US", "Easter Sunday", 2023, 2025) == [
        date(2023, 4, 9),
        date(2024, 3, 31),
        date(2025, 4, 20),
    ]
    assert days("US", "Thanksgiving Day", 2024, 2024) == [date(2024, 11, 28)]
    assert days("DE", "Black Friday", 2024, 2024) == [date(2024, 11, 29)]
    assert days("US", "Mother's Day", 2024, 2024) == [date(2024, 5, 12)]
    assert days("DE", "Mother's Day", 2024, 2025) == [date(2024, 5, 12), date(2025, 5, 11)]
    assert days("GB", "Mother's Day", 2024, 2026) == [
        date(2024, 3, 10),
        date(2025, 3, 30),
        date(2026, 3, 15),
    ]
    assert days("GB-ENG", "Easter Monday", 2024, 2024) == [date(2024, 4, 1)]
    assert not days("GB-SCT", "Easter Monday", 2024, 2024)


@pytest.mark.parametrize(
    ("code", "says"),
    [("XX", "ISO 3166"), ("us", "ISO 3166"), ("GB-XYZ", "parts: ENG"), ("", "ISO")],
)
def test_a_country_without_a_calendar_is_refused_with_the_remedy(code: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        calendar_of(code)
    with pytest.raises(ValueError, match=says):
        feasts_of(code, date(2024, 1, 1), date(2024, 12, 31))
    assert calendar_of("US") == ("US", None)
    assert calendar_of("UK-ENG") == ("GB", "ENG")


def test_exposures_split_the_seven_days_before_and_after() -> None:
    weeks = np.datetime64("2024-11-18") + 7 * np.arange(4).astype("timedelta64[D]")
    names, x = feast_weeks([(date(2024, 11, 28), "feast"), (date(2024, 12, 15), "late")], weeks)
    assert names == ("after feast", "after late", "before feast", "before late")
    assert x[2] == pytest.approx([3 / 7, 4 / 7, 0, 0])
    assert x[0] == pytest.approx([0, 3 / 7, 4 / 7, 0])
    assert x[3] == pytest.approx([0, 0, 0, 1])
    assert not x[1].any()
    assert feast_weeks([], weeks)[1].shape == (0, 4)


def test_feasts_that_move_are_found_and_placed_in_the_coming_year() -> None:
    truth = feasted(EFFECTS)
    feasts = truth.drivers.calendar
    effects = feast_effects(truth.known, feasts, truth.groups, 52)
    made = feast_multipliers(effects, feasts)[truth.groups.codes]
    ahead, right = np.log(made)[:, truth.n_weeks :], np.log(truth.m)[:, truth.n_weeks :]
    assert right.max() > 0.3
    assert np.abs(ahead - right).mean() < 0.05
    assert (ahead[right > 0.3] > 0.2).all()


def test_without_feasts_that_matter_nothing_moves() -> None:
    largest = []
    for seed in range(4):
        truth = feasted({}, seed=seed)
        effects = feast_effects(truth.known, truth.drivers.calendar, truth.groups, 52)
        largest.append(np.abs(effects).max())
    assert np.median(largest) < 0.03
    assert max(largest) < 0.1


def test_a_week_of_luck_on_a_feast_that_came_once_counts_for_little() -> None:
    truth = feasted({}, weeks=60)
    feasts = truth.drivers.calendar
    easter = int(feasts[truth.drivers.feast_names.index("before Easter Sunday"), :60].argmax())
    y = truth.known.copy()
    y[:, easter] = np.round(y[:, easter] * 1.15)
    effects = feast_effects(y, feasts, truth.groups, 52)
    assert np.abs(effects).max() < 0.12


def test_categories_keep_their_own_effects_where_they_differ() -> None:
    truth = feasted({})
    feasts, names = truth.drivers.calendar, truth.drivers.feast_names
    x = feasts[names.index("before Easter Sunday"), : truth.n_weeks]
    own = np.array([0.6, 0.6, 0.0, 0.0])[truth.groups.codes]
    y = np.round(truth.known * np.exp(own[:, None] * x))
    made = feast_multipliers(feast_effects(y, feasts, truth.groups, 52), feasts)
    there = int(x.argmax())
    assert (made[:2, there] > 1.4).all()
    assert (made[2:, there] < 1.2).all()


def test_effects_are_bounded_and_missing_weeks_are_passed_over() -> None:
    assert feast_multipliers(np.array([[9.0]]), np.ones((1, 3))).max() == pytest.approx(
        np.exp(MAX_LOG)
    )
    truth = feasted(EFFECTS)
    y = truth.known.copy()
    y[:, 30:40] = np.nan
    y[3] = np.nan
    effects = feast_effects(y, truth.drivers.calendar, truth.groups, 52)
    assert np.isfinite(effects).all()
    short = feast_effects(y[:, :10], truth.drivers.calendar, truth.groups, 52)
    assert not short.any()


def test_the_index_is_of_a_series_relative_to_its_own_year() -> None:
    y = np.vstack([np.full(80, 4.0), np.full(80, 400.0)])
    y[:, 70] *= 2
    index = log_index(y, Groups(np.array([0, 1]), 2), 52)
    assert index.shape == (2, 80)
    assert index[:, 60] == pytest.approx([0, 0], abs=0.01)
    assert index[0] == pytest.approx(index[1])
    assert index[0, 70] == pytest.approx(np.log(2), abs=0.05)


@pytest.mark.parametrize("country", ["EG", "MA"])
def test_a_feast_of_the_moon_bears_one_name_whether_its_day_is_certain_or_not(country: str) -> None:
    names = {name for _, name in feasts_of(country, date(2019, 1, 1), date(2027, 12, 31))}
    assert not [name for name in names if "estimated" in name]
    assert {2022, 2025, 2027} <= {day.year for day in days(country, "Eid al-Fitr", 2019, 2027)}
