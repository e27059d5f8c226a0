"""Hazards from counts are those of statsmodels from people, with all signals in one model."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from statsmodels.duration.hazard_regression import PHReg

from models.office.hazards import (
    UNKNOWN,
    Spans,
    of_strata,
    said_hazards,
    spans,
    talked_hazard,
)
from tests.models.office.repeats import Shop, drawn
from transforms.office import repeats

LATE = 10**6


def by_statsmodels(
    people: pl.DataFrame, since: pl.DataFrame, signals: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of talk and of signals, and their covariance, from one row a person and state.

    PHReg counts whoever enters on a day as at risk on it: half a day later is after it.
    """
    rows = []
    said = {who: {} for who in people["customer_id"]}
    for who, signal, day in since.select("customer_id", "signal", "since").iter_rows():
        said[who][signal] = day
    for one in people.iter_rows(named=True):
        end, event = min(one["days"], 365), one["event"] and one["days"] <= 365
        talked = LATE if one["talked"] is None else one["talked"]
        days = [talked, *(said[one["customer_id"]].get(s, LATE) for s in signals)]
        cuts = sorted({0, end, *(d for d in days if d < end)})
        for first, last in itertools.pairwise(cuts):
            states = [float(d <= first) for d in days]
            rows.append((one["stratum"], first, last, event and last == end, *states))
    data = np.array(rows, dtype=float)
    made = PHReg(
        data[:, 2], data[:, 4:], status=data[:, 3], entry=data[:, 1] + 0.5,
        strata=data[:, 0].astype(int), ties="breslow",
    )  # fmt: skip
    fit = made.fit()
    return fit.params, fit.cov_params()


def two_said(rng: np.random.Generator, n: int, ratios: tuple[float, float]) -> Shop:
    """Customers who say x, and y mostly along with it; hazards are multiplied by each one's ratio."""
    talked = np.where(rng.random(n) < 0.6, rng.integers(0, 60, n), LATE)
    x = np.where(rng.random(n) < 0.5, talked, LATE)
    y = np.where(rng.random(n) < np.where(x < LATE, 0.6, 0.1), talked, LATE)
    factor = np.where(x < LATE, ratios[0], 1.0) * np.where(y < LATE, ratios[1], 1.0)
    wait, base = rng.exponential(1.0, n), 1 / 100
    before = base * np.minimum(talked, LATE)
    days = np.where(wait < before, wait / base, talked + (wait - before) / (base * factor))
    days, follow = np.ceil(np.maximum(days, 1e-9)).astype(np.int64), rng.integers(30, 500, n)
    people = pl.DataFrame({
        "customer_id": [f"c{i:05d}" for i in range(n)], "days": np.minimum(days, follow),
        "event": days <= follow, "category": "a", "stratum": rng.integers(1, 3, n), "talked": talked,
    }).with_columns(pl.when(pl.col("talked") < pl.col("days")).then("talked").alias("talked"))  # fmt: skip
    said = [
        people.select("customer_id", "days", signal=pl.lit(name), since=pl.Series(day))
        for name, day in (("x", x), ("y", y))
    ]
    since = pl.concat(said).filter(pl.col("since") < pl.col("days"))
    return Shop(people, since.drop("days"))


@pytest.mark.parametrize("seed", [1, 2])
def test_hazards_from_counts_are_those_of_statsmodels(seed: int) -> None:
    shop = two_said(np.random.default_rng(seed), 900, (1.6, 0.7))
    given = spans(repeats.intervals(shop.people, shop.since, ["x", "y"], 365))
    beta, spread = by_statsmodels(shop.people, shop.since, ["x", "y"])
    for hazard, which in zip(said_hazards(given, 2), ([1, 1, 0], [1, 0, 1]), strict=True):
        (value, lo, hi), _ = hazard
        both, error = beta @ which, np.sqrt(np.array(which) @ spread @ which)
        assert value == pytest.approx(np.exp(both), rel=1e-5)
        assert lo == pytest.approx(np.exp(both - 1.959963985 * error), rel=1e-4)
        assert hi == pytest.approx(np.exp(both + 1.959963985 * error), rel=1e-4)
    beta, spread = by_statsmodels(shop.people, shop.since, [])
    (value, lo, _), _ = talked_hazard(given)
    assert value == pytest.approx(np.exp(beta[0]), rel=1e-5)
    assert lo == pytest.approx(np.exp(beta[0] - 1.959963985 * spread[0, 0] ** 0.5), rel=1e-4)


def test_what_was_said_along_with_a_signal_is_not_credited_to_it() -> None:
    """y does nothing, but six in ten who say x, which doubles the hazard, say y too."""
    alone, together = [], []
    for seed in range(12):
        shop = two_said(np.random.default_rng([seed, 6]), 1_500, (2.0, 1.0))
        given = spans(repeats.intervals(shop.people, shop.since, ["x", "y"], 365))
        x, y = (hazard[0][0] for hazard in said_hazards(given, 2))
        alone.append((np.log(x or np.nan), np.log(y or np.nan)))
        only = spans(repeats.intervals(shop.people, shop.since.filter(signal="y"), ["y"], 365))
        together.append(np.log(said_hazards(only, 1)[0][0][0] or np.nan))
    assert np.mean(alone, axis=0) == pytest.approx([np.log(2), 0], abs=0.09)
    assert np.mean(together) > 0.3


def some_spans(rows: list[tuple[int, int, int, int, bool, int]]) -> Spans:
    names = ["stratum", "state", "entry", "exit", "event", "n"]
    return spans(pl.DataFrame(rows, schema=names, orient="row"))


def test_at_risk_is_who_has_entered_and_not_left() -> None:
    """Two strata with two events each: the likelihood by hand, over who is there on each day."""
    given = some_spans(
        [
            (1, 0, 0, 5, True, 5),
            (1, 1, 2, 6, True, 5),
            (1, 0, 0, 3, False, 4),
            (2, 0, 0, 4, False, 9),
        ]
    )
    (value, _, _), _ = talked_hazard(given)
    grid = np.linspace(-4, 4, 80_001)
    # Day 5: five order of five and five; day 6: five of those who talked, alone.
    told = -5 * np.log(5 + 5 * np.exp(grid)) + 5 * (grid - np.log(5 * np.exp(grid)))
    assert told.argmax() == 0
    assert value is None  # ever likelier the lower: no largest one
    more = some_spans([(1, 0, 0, 5, True, 5), (1, 1, 2, 5, True, 5), (1, 1, 2, 9, False, 5),
                       (1, 0, 0, 3, False, 4), (1, 1, 5, 8, False, 50)])  # fmt: skip
    (value, _, _), _ = talked_hazard(more)
    assert value == pytest.approx(0.5, rel=1e-6)
    assert said_hazards(of_strata(given, np.array([2])), 1) == [UNKNOWN]


def test_signals_of_few_orders_and_those_that_cannot_be_told_apart_are_unknown() -> None:
    shop = two_said(np.random.default_rng(3), 900, (1.5, 1.0))
    copy = shop.since.filter(signal="x").with_columns(signal=pl.lit("z"))
    few = shop.since.filter(signal="y").head(3)
    since = pl.concat([shop.since.filter(signal="x"), few, copy])
    found = said_hazards(spans(repeats.intervals(shop.people, since, ["x", "y", "z"], 365)), 3)
    assert found == [UNKNOWN] * 3
    known = since.filter(pl.col("signal") != "z")
    given = spans(repeats.intervals(shop.people, known, ["x", "y", "z"], 365))
    found = said_hazards(given, 3)
    assert found[0] != UNKNOWN
    assert found[1:] == [UNKNOWN] * 2


def test_who_says_it_whenever_they_talk_is_told_of_though_talk_alone_is_not() -> None:
    shop = drawn(np.random.default_rng(4), 1_500, 1.6)
    since = shop.people.select(
        "customer_id", signal=pl.lit("stocking_up"), since="talked"
    ).drop_nulls()
    given = spans(repeats.intervals(shop.people, since, ["stocking_up"], 365))
    assert said_hazards(given, 1)[0][0] == pytest.approx(talked_hazard(given)[0], rel=1e-6)


def test_time_before_it_was_said_is_not_credited_to_it() -> None:
    """With no effect at all, taking whoever says it at some time as exposed from day 0 looks like one."""
    values, naive = [], []
    for seed in range(12):
        shop = drawn(np.random.default_rng([seed, 5]), 1_500, 1.0)
        values.append(np.log(said_hazards(shop.spans(), 1)[0][0][0] or np.nan))
        early = shop.since.with_columns(pl.lit(0, pl.Int64).alias("since"))
        people = shop.people.join(
            early.select("customer_id", zero="since"), on="customer_id", how="left"
        )
        people = people.with_columns(pl.coalesce("zero", "talked").alias("talked"))
        wrong = spans(repeats.intervals(people, early, ["stocking_up"], 365))
        naive.append(np.log(said_hazards(wrong, 1)[0][0][0] or np.nan))
    assert abs(np.mean(values)) < 0.08
    assert np.mean(naive) < -0.25
