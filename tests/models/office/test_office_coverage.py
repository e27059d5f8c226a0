"""Over a hundred seeds: intervals hold the truth as often as they say, and alarms mean something.

Each seed draws twenty small programmes, so that a coverage is known to half a point and a band of
92 to 98 % means what it says.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
import pytest

from models.office.connect import compared, reach_rates
from models.office.insight import costs, shares
from models.office.saturation import unseen
from models.office.speed import DAYS, speed

pytestmark = pytest.mark.soak
SEEDS, EACH = 100, 20
END = date(2026, 11, 15)
Held = list[bool]


def covered(name: str, one: Callable[[np.random.Generator], Held]) -> float:
    """Share of intervals that hold the truth; printed, so that a soak run tells it."""
    held = [h for seed in range(SEEDS) for h in one(np.random.default_rng([seed, 77]))]
    share = float(np.mean(held))
    print(f"{name}: {share:.3f} of {len(held)}")  # noqa: T201 - the figure is the result
    return share


def ok(share: float) -> bool:
    return 0.92 <= share <= 0.98


def person_cells(n: np.ndarray, k: np.ndarray, name: str) -> pl.DataFrame:
    frame = (
        pl.DataFrame({"n": n, "k": k})
        .group_by("n", "k")
        .agg(pl.len().cast(pl.Int64).alias("people"))
    )
    return frame.select(
        pl.lit(13, pl.Int64).alias("window_weeks"),
        pl.lit(END).alias("window_end"),
        pl.lit("all").alias("dimension"),
        pl.lit(name).alias("slice"),
        "n", "k", "people",
    )  # fmt: skip


def programme(rng: np.random.Generator, people: int) -> tuple[np.ndarray, np.ndarray]:
    """Dials and answers of people who differ, dialled until they answer, three times at most."""
    chance = rng.beta(2, 4, people)
    first = rng.geometric(chance)
    return np.minimum(first, 3), (first <= 3).astype(np.int64)


def truths() -> tuple[float, float]:
    """Share of such people who answer, and of their dials that are answered, over very many."""
    n, k = programme(np.random.default_rng(1), 4_000_000)
    return float(k.mean()), float(k.sum() / n.sum())


def test_shares_reached_of_people_and_of_dials() -> None:
    of_people, of_dials = truths()

    def one(rng: np.random.Generator, unit: str, truth: float) -> Held:
        sizes = rng.integers(20, 400, EACH)
        cells = [person_cells(*programme(rng, int(n)), f"{i:02d}") for i, n in enumerate(sizes)]
        rows = reach_rates(pl.concat(cells), (0.3, 0.4)).filter(pl.col("unit") == unit)
        return ((rows["lo"] <= truth) & (rows["hi"] >= truth)).to_list()

    assert ok(covered("connect_rate, people", lambda r: one(r, "people", of_people)))
    assert ok(covered("connect_rate, dials", lambda r: one(r, "dials", of_dials)))


def team_cells(rng: np.random.Generator, ratio: float, window: int) -> pl.DataFrame:
    rows = []
    for cohort in range(3):
        for band in range(3):
            base = rng.uniform(0.15, 0.5)
            odds = base / (1 - base)
            for team, p in (("a", base), ("b", odds * ratio / (1 + odds * ratio))):
                n = int(rng.integers(8, 60))
                rows.append((window, END, team, str(cohort), str(band), n, int(rng.binomial(n, p))))
    names = ["window_weeks", "window_end", "team", "cohort", "band", "n", "k"]
    return pl.DataFrame(rows, schema=names, orient="row")


@pytest.mark.parametrize("ratio", [1.0, 1.44, 2.5])
def test_the_odds_ratio_of_teams(ratio: float) -> None:
    verdicts: list[str] = []

    def one(rng: np.random.Generator) -> Held:
        rows = compared(pl.concat(team_cells(rng, ratio, w) for w in range(1, EACH + 1)))
        verdicts.extend(rows["verdict"].to_list())
        low, high = pl.col("odds_ratio_lo") <= ratio, pl.col("odds_ratio_hi") >= ratio
        return (
            rows.filter(pl.col("odds_ratio").is_not_null()).select(low & high).to_series().to_list()
        )

    assert ok(covered(f"connect_rate, odds ratio {ratio}", one))
    called = verdicts.count("above") / len(verdicts)
    assert verdicts.count("below") / len(verdicts) < 0.05
    assert called < 0.05 if ratio == 1.0 else called > 0.3


def test_shares_of_insights_and_of_answers() -> None:
    def one(rng: np.random.Generator, low: float, high: float, least: int) -> Held:
        truth, n = rng.uniform(low, high, EACH), rng.integers(least, least * 10, EACH)
        rows = shares(pl.DataFrame({"n": n, "k": rng.binomial(n, truth)}), None)
        return ((rows["lo"].to_numpy() <= truth) & (rows["hi"].to_numpy() >= truth)).tolist()

    assert ok(covered("insight_rate", lambda r: one(r, 0.1, 0.6, 20)))
    assert ok(covered("touchpoint_yield, rate", lambda r: one(r, 0.02, 0.08, 300)))


def test_costs_of_an_insight() -> None:
    def one(rng: np.random.Generator) -> Held:
        mean = rng.uniform(15, 90, EACH)
        cost, k = np.full(EACH, 5_000.0), rng.poisson(mean)
        rows = costs(pl.DataFrame({"cost": cost, "insights_n": k}))
        truth = cost / mean
        low, high = rows["cost_per_insight_lo"].to_numpy(), rows["cost_per_insight_hi"].to_numpy()
        return ((low <= truth) & (high >= truth)).tolist()

    assert ok(covered("touchpoint_yield, cost per insight", one))


SCALE, SHAPE, DROPPED = 45.0, 1.2, 0.12


def action_items(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Actions opened over a year, some of them dropped: these stay open for ever."""
    followed = rng.uniform(1, 364, n)
    took = np.where(rng.random(n) < DROPPED, np.inf, SCALE * rng.weibull(SHAPE, n))
    return np.minimum(took, followed), took <= followed


def test_shares_shipped_and_the_median() -> None:
    shipped_by = {d: (1 - DROPPED) * (1 - np.exp(-((d / SCALE) ** SHAPE))) for d in DAYS}
    median = SCALE * (-np.log(1 - 0.5 / (1 - DROPPED))) ** (1 / SHAPE)

    def one(rng: np.random.Generator, day: int | None) -> Held:
        held = []
        for _ in range(EACH):
            rows = speed(*action_items(rng, int(rng.integers(25, 160))), (14, 90))
            if day is None:
                low, high, truth = rows[0]["median_lo"], rows[0]["median_hi"], median
            else:
                row = rows[DAYS.index(day)]
                low, high, truth = row["lo"], row["hi"], shipped_by[day]
            high = np.inf if high is None else high
            held.append(bool(low is not None and low <= truth <= high))
        return held

    for day in DAYS:
        assert ok(covered(f"action_speed, by day {day}", lambda r, d=day: one(r, d))), day  # type: ignore[misc]
    assert ok(covered("action_speed, median", lambda r: one(r, None)))


@pytest.mark.parametrize("conversations", [60, 200])
def test_what_is_unseen(conversations: int) -> None:
    def one(rng: np.random.Generator) -> Held:
        held = []
        for _ in range(EACH):
            chance = rng.uniform(0.1, 0.3) / np.arange(1, 101) ** rng.uniform(0.8, 1.1)
            heard = (rng.random((conversations, 100)) < chance).sum(axis=0)
            truth = chance[heard == 0].sum() / chance.sum()
            counts = [int((heard == 1).sum()), int((heard == 2).sum()), int(heard.sum())]
            found = unseen(conversations, *counts, 0.05)
            held.append(bool(found.lo is not None and found.lo <= truth <= (found.hi or 0.0)))
        return held

    assert ok(covered(f"saturation, unseen of {conversations}", one))


@pytest.mark.parametrize(("chance", "expected"), [(0.15, "below"), (0.60, "above"), (0.35, None)])
def test_the_alarm_of_the_connect_rate_fires_when_it_should(
    chance: float, expected: str | None
) -> None:
    verdicts = []
    for seed in range(SEEDS):
        k = np.random.default_rng(seed).binomial(1, chance, 260)
        rows = reach_rates(person_cells(np.ones(260, np.int64), k, "x"), (0.3, 0.4))
        verdicts += rows.filter(pl.col("unit") == "people")["verdict"].to_list()
    fired = sum(v in {"below", "above"} for v in verdicts)
    if expected is None:
        assert fired == 0
    else:
        assert verdicts.count(expected) == fired >= 0.95 * SEEDS
