"""A metric's course: frozen baselines, one episode at a time, and nothing told of what is not known."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from models.office.status import Course, Rules, course, newest
from models.office.watched import status_rows, week_rows

FIRST = date(2025, 1, 6)
FROZEN = FIRST + timedelta(weeks=26)
WHAT = {"metric": "late_share", "meaning": "late", "kind": "share", "better": "lower"}


def counts(k: list[int], n: int = 100) -> pl.DataFrame:
    weeks = [FIRST + timedelta(weeks=i) for i in range(len(k))]
    return pl.DataFrame(
        {"week_start": weeks, "k": k, "n": [n] * len(k), "value": None, "lo": None, "hi": None},
        schema={"week_start": pl.Date, "k": pl.Int64, "n": pl.Int64, "value": pl.Float64, "lo": pl.Float64, "hi": pl.Float64},
    )  # fmt: skip


def usual(weeks: int = 26) -> list[int]:
    return ([10, 12, 8, 11, 9, 10, 13, 7] * 4)[:weeks]


def drawn(k: list[int], rules: Rules | None = None, frozen: date = FROZEN) -> Course:
    return course(
        counts(k), "share", lambda week: frozen if week >= frozen else None, rules or Rules()
    )


def statuses(told: Course) -> list[str]:
    return [w["status"] for w in told.weeks]


def test_weeks_after_the_freeze_are_judged_by_those_before_it_alone() -> None:
    told = drawn([*usual(), 10, 40, 10])
    assert told.base_weeks[0] == FIRST
    assert told.base_weeks[-1] == FROZEN - timedelta(weeks=1)
    assert statuses(told)[-3:] == ["in_control", "out_high", "in_control"]
    assert told.weeks[-1]["centre"] == pytest.approx(sum(usual()) / 2600)
    assert told.weeks[25]["centre"] is None, "a week of the baseline is not judged by it"
    later = drawn([*usual(), 10, 40, 10, 90, 90])
    assert later.weeks[: len(told.weeks)][-3:] == [
        {**w, "in_episode": w["in_episode"]} for w in told.weeks[-3:]
    ], "what comes later changes no limit and no status"


def test_an_episode_opens_once_lasts_through_calm_weeks_and_closes() -> None:
    k = [*usual(), 40, 9, 11, 45, 9, 11, 9, 11, 9]
    seen = [newest(drawn(k[: 26 + i]), FROZEN + timedelta(weeks=i - 1)) for i in range(1, 10)]
    assert [one["episode"] for one in seen] == [
        "opened", "open", "open", "open", "open", "open", "open", "closed", "none",
    ]  # fmt: skip
    assert {one["episode_since"] for one in seen[:8]} == {FROZEN}
    assert seen[3]["excess"] == pytest.approx(105 - 400 * sum(usual()) / 2600, abs=0.01)
    again = newest(drawn([*k, 50]), FROZEN + timedelta(weeks=9))
    assert (again["episode"], again["episode_since"]) == ("opened", FROZEN + timedelta(weeks=9))


def test_a_shift_within_the_limits_is_drift() -> None:
    told = drawn([*usual(), *[14] * 9])
    assert statuses(told)[-1] == "drifting"
    assert told.weeks[-1]["rule"] == "eight_on_a_side" or told.weeks[-1]["rule"] == "four_of_five"
    calm = drawn([*usual(), *[14] * 9], Rules("limits"))
    assert set(statuses(calm)[26:]) == {"in_control"}


def test_runs_do_not_reach_across_a_freeze() -> None:
    second = FROZEN + timedelta(weeks=4)

    def freeze(week: date) -> date | None:
        return second if week >= second else FROZEN if week >= FROZEN else None

    k = [*usual(), *[14] * 7]
    whole = course(counts(k), "share", lambda w: FROZEN if w >= FROZEN else None, Rules())
    parted = course(counts(k), "share", freeze, Rules())
    assert {w["rule"] for w in whole.weeks[-3:]} != {None}
    assert {w["rule"] for w in parted.weeks[-2:]} == {None}
    assert parted.weeks[-1]["frozen_on"] == second


def test_a_week_in_which_nothing_was_counted_is_told_as_such_and_keeps_the_episode() -> None:
    told = drawn([*usual(), 40])
    row = newest(told, FROZEN + timedelta(weeks=1))
    assert (row["status"], row["n"], row["value"]) == ("not_enough_data", 0, None)
    assert (row["episode"], row["episode_since"]) == ("open", FROZEN)
    assert row["why"] == "nothing was counted in its newest week"


def test_too_short_a_baseline_is_said() -> None:
    row = newest(drawn([10] * 8 + [40], frozen=FIRST + timedelta(weeks=8)), FIRST + timedelta(weeks=8))  # fmt: skip
    assert row["status"] == "not_enough_data"
    assert row["why"] == "its baseline has 8 weeks; 12 are needed"
    empty = newest(drawn([]), FIRST)
    assert (empty["status"], empty["week_start"]) == ("not_enough_data", FIRST)


def test_values_are_charted_by_moving_range() -> None:
    rng = np.random.default_rng(3)
    frame = counts([0] * 30).with_columns(
        pl.Series("value", [*rng.normal(0.3, 0.02, 29), 0.6]), pl.lit(0.25).alias("lo"), pl.lit(0.35).alias("hi"),
        pl.lit(None, pl.Int64).alias("k"),
    )  # fmt: skip
    told = course(frame, "value", lambda w: FROZEN if w >= FROZEN else None, Rules())
    last = told.weeks[-1]
    assert (last["status"], last["lo"], last["hi"]) == ("out_high", 0.25, 0.35)
    assert newest(told, last["week_start"])["excess"] is None


def test_rows_say_windows_and_verdict_beside_the_target() -> None:
    told = drawn([*usual(), *[10] * 13])
    row = newest(told, FROZEN + timedelta(weeks=12))
    made = status_rows([(WHAT, told, row)], {"late_share": (0.0, 0.05)}, "western_electric")
    one = made.row(0, named=True)
    assert (one["n_4w"], one["n_13w"]) == (400, 1300)
    assert one["value_13w"] == pytest.approx(0.1)
    assert one["lo_13w"] < 0.1 < one["hi_13w"]
    assert one["verdict"] == "above"
    assert status_rows([(WHAT, told, row)], {}, "limits")["verdict"].to_list() == ["no_target"]
    weeks = week_rows([("late_share", told)])
    assert weeks.height == 39
    assert weeks["in_baseline"].sum() == 26
