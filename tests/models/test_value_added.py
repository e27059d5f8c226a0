"""Forecast value added: points, intervals, verdicts, slices; against known planners."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from models.spec import ForecastSpec
from models.value_added import COLUMNS, value_added, verdict, words
from transforms.privacy import redact
from transforms.staircase import JUDGED

SPEC = ForecastSpec(horizon=8)
FIRST = date(2026, 1, 5)
CLASSES = pl.DataFrame({"series_id": ["A"], "class_abc": ["A"], "class_xyz": ["Z"]})
NO_OVERRIDES = pl.DataFrame(schema=JUDGED)


def backtest(weeks: int = 40, seed: int = 1, baseline: float = 0.1) -> pl.DataFrame:
    """Two SKUs; each step is off by less than the one before."""
    rng = np.random.default_rng(seed)
    n = 2 * weeks
    actual = rng.uniform(50, 150, n)
    off = {"last_value": 0.4, "naive_mean": 0.3, "baseline_mean": baseline, "mean": baseline}
    forecasts = {k: actual * (1 + s * rng.choice([-1, 1], n)) for k, s in off.items()}
    return pl.DataFrame(
        {"target": "units", "level": "sku", "series_id": ["A", "B"] * weeks,
         "week_start": [FIRST + timedelta(weeks=i // 2) for i in range(n)],
         "horizon": pl.Series(rng.integers(1, 9, n), dtype=pl.Int32), "actual": actual, **forecasts}
    )  # fmt: skip


def overrides(author: str, error: float, weeks: int = 30, seed: int = 2) -> pl.DataFrame:
    """What one author says of weeks of which the statistical forecast is off by a fifth."""
    rng = np.random.default_rng(seed)
    actual = rng.uniform(50, 150, weeks)
    sign = rng.choice([-1.0, 1.0], weeks)
    return pl.DataFrame(
        {"target": "units", "level": "sku", "series_id": "A",
         "week_start": [FIRST + timedelta(weeks=i) for i in range(weeks)], "horizon": 2,
         "author": author, "statistical_mean": actual * (1 + 0.2 * sign),
         "final_mean": actual * (1 + error * rng.choice([-1.0, 1.0], weeks)), "actual": actual,
         "direction": "up", "size": "large"}, schema_overrides=JUDGED,
    ).select(list(JUDGED))  # fmt: skip


def row(out: pl.DataFrame, step: str, name: str = "all", value: str = "all") -> dict[str, object]:
    cell = pl.col("slice_value") == value
    return out.filter(cell, step=step, slice=name).row(0, named=True)


def test_points_are_the_wape_of_the_step_before_less_its_own() -> None:
    out = value_added(backtest(), NO_OVERRIDES, CLASSES, SPEC)
    assert dict(out.schema) == COLUMNS
    naive, season = row(out, "naive"), row(out, "seasonal_naive")
    assert naive["wape"] == pytest.approx(0.4, abs=1e-4)
    assert naive["compared_with"] is None
    assert season["wape_previous"] == naive["wape"]
    assert season["fva_points"] == pytest.approx(10.0, abs=0.01)
    assert season["verdict"] == "adds"
    assert row(out, "statistical")["fva_points"] == pytest.approx(20.0, abs=0.01)


def test_a_step_that_changes_nothing_is_neutral() -> None:
    frame = backtest().with_columns(pl.col("baseline_mean").alias("mean"))
    signals = row(value_added(frame, NO_OVERRIDES, CLASSES, SPEC), "signals")
    assert (signals["fva_points"], signals["verdict"]) == (0.0, "neutral")


def test_known_good_and_bad_planners_are_told_apart() -> None:
    both = pl.concat([overrides("grace", 0.05), overrides("owen", 0.6)])
    out = value_added(backtest(), both, CLASSES, SPEC)
    good, bad = row(out, "override", "author", "grace"), row(out, "override", "author", "owen")
    assert (good["verdict"], bad["verdict"]) == ("adds", "takes_away")
    assert good["fva_points"] == pytest.approx(15.0, abs=0.1)
    assert bad["fva_points"] == pytest.approx(-40.0, abs=0.1)
    assert "overrides of owen made the forecast with signals worse by 40.0 points" in str(
        bad["words"]
    )


@pytest.mark.parametrize(
    ("points", "lo", "hi", "ends"),
    [
        (-40.6, -65.5, -18.1, "worse by 40.6 points of WAPE (from 18.1 to 65.5 worse)"),
        (9.8, 4.2, 15.4, "off the forecast with signals (from 4.2 to 15.4 better)"),
        (0.1, -0.04, 0.2, "as good as it was (from 0.0 to 0.2 better)"),
        (0.0, -0.2, 0.3, "as good as it was (from 0.2 worse to 0.3 better)"),
        (0.0, -0.2, -0.01, "as good as it was (from 0.0 to 0.2 worse)"),
    ],
)
def test_better_and_worse_are_told_in_words_not_by_signs(
    points: float, lo: float, hi: float, ends: str
) -> None:
    judged = {"fva_points": points, "fva_lo": lo, "fva_hi": hi, "n": 9, "n_weeks": 9}
    step = {"step": "override", "slice": "author", "slice_value": "ada", "compared_with": "signals"}
    told = words({**judged, **step, "verdict": verdict(points, lo, hi, weeks=9)})
    assert ends in told


def test_few_weeks_tell_nothing_however_large_the_difference() -> None:
    out = value_added(backtest(), overrides("owen", 0.9, weeks=7), CLASSES, SPEC)
    assert row(out, "override", "author", "owen")["verdict"] == "not_enough_data"
    nobody = value_added(backtest(), NO_OVERRIDES, CLASSES, SPEC)
    told = row(nobody, "override")
    assert (told["n"], told["verdict"]) == (0, "not_enough_data")


@pytest.mark.parametrize(
    ("points", "lo", "hi", "expected"),
    [
        (2.0, 0.6, 3.0, "adds"),
        (-2.0, -3.0, -0.1, "takes_away"),
        (0.3, 0.1, 0.5, "neutral"),
        (0.1, -0.4, 0.5, "neutral"),
        (2.0, -0.1, 4.0, "not_enough_data"),
    ],
)
def test_verdicts_ask_for_a_clear_and_a_relevant_difference(
    points: float, lo: float, hi: float, expected: str
) -> None:
    assert verdict(points, lo, hi, weeks=20) == expected
    assert verdict(points, lo, hi, weeks=7) == "not_enough_data"


def test_slices_are_by_lag_and_class_and_cover_all_rows() -> None:
    out = value_added(backtest(), overrides("grace", 0.1), CLASSES, SPEC)
    for name in ("lag", "class_abc", "class_xyz"):
        part = out.filter(step="statistical", slice=name)
        assert part["n"].sum() == 80, name
    assert set(out.filter(slice="class_abc")["slice_value"]) == {"A", "new"}
    assert row(out, "override", "direction", "up")["n"] == 30


def test_intervals_cluster_by_week_and_do_not_depend_on_the_order_of_rows() -> None:
    """Copies of each row add nothing to what is known: the interval stays as wide."""
    frame = backtest()
    copied = pl.concat([frame, frame, frame]).sample(fraction=1.0, shuffle=True, seed=3)
    one = row(value_added(frame, NO_OVERRIDES, CLASSES, SPEC), "seasonal_naive")
    other = row(value_added(copied, NO_OVERRIDES, CLASSES, SPEC), "seasonal_naive")
    for name in ("fva_points", "fva_lo", "fva_hi"):
        assert one[name] == pytest.approx(other[name], abs=1e-9)
    again = value_added(frame.reverse(), NO_OVERRIDES, CLASSES, SPEC)
    assert again.equals(value_added(frame, NO_OVERRIDES, CLASSES, SPEC))


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """200 planners whose true value added is 0: at most one in ten is told to add or take away."""
    wrong = 0
    for seed in range(200):
        rng = np.random.default_rng(10_000 + seed)
        frame = overrides("ada", 0.2, weeks=24, seed=seed).with_columns(
            pl.Series("final_mean", rng.uniform(60, 140, 24)),
            pl.Series("statistical_mean", rng.uniform(60, 140, 24)),
        )
        out = value_added(backtest(weeks=8), frame, CLASSES, SPEC)
        wrong += row(out, "override")["verdict"] in ("adds", "takes_away")
    assert wrong <= 20


def test_no_sentence_looks_like_a_telephone_number() -> None:
    """Points and counts of every size beside each other: a published table may hold no such thing."""
    base = {"step": "statistical", "slice": "all", "slice_value": "all", "compared_with": "naive"}
    told = [
        words({**base, "n": n, "n_weeks": weeks, "wape": wape, "verdict": known,
               "fva_points": points, "fva_lo": points - 7.7, "fva_hi": points + 99.9})
        for n in (3, 41, 212, 5550, 12_345, 9_876_543_210)
        for weeks in (1, 23, 104)
        for wape in (0.212, 12.34)
        for points in (-212.5, -0.4, 5.55, 123.4)
        for known in ("adds", "takes_away", "neutral", "not_enough_data", None)
    ]  # fmt: skip
    sentences = pl.Series(told)
    assert sentences.equals(redact(sentences))
