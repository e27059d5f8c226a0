"""Policies run by the plan's levels: the walk itself, and whether a year keeps its promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from bench.panels import DATA, data_folder
from bench.policies.run import change, run, share
from bench.policies.shop import Shop, targets_of
from bench.policies.shops import panel_shop, retail_shop
from bench.policy import newsvendor, service_row, signals_row
from models.forecast import forecast
from models.inventory.arrays import WEEKDAYS, Week
from models.inventory.plan import plan
from models.panel import Known
from models.simulate.panels import PanelSpec
from models.spec import ForecastSpec
from tests.models.inventory.test_plan import RECEIPTS, USUAL

WEEKS = 12


def shop(demand: np.ndarray, **changes: object) -> Shop:
    """A shop whose forecasts nobody asks for."""
    n = len(demand)
    base = Shop(
        "walked",
        pl.DataFrame({"sku": [f"s{i}" for i in range(n)], "category": ["all"] * n}),
        tuple(Known(None, 0, {}) for _ in range(WEEKS)),  # type: ignore[arg-type]
        ForecastSpec(),
        demand,
        0,
        np.full(n, 7),
        np.ones(n, dtype=np.int64),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def levels(value: float, n: int = 1) -> np.ndarray:
    return np.full((n, WEEKS), value)


def test_just_enough_for_lead_and_review_loses_nothing_and_one_less_does() -> None:
    steady = np.full((1, 7 * WEEKS), 3.0)
    enough = run(shop(steady), levels(42.0))
    assert enough.lost.sum() == 0
    assert enough.cycles.served.all()
    assert (enough.cycles.wanted == 42).all()
    assert not run(shop(steady), levels(41.0), waits=True).cycles.served.any()
    # A unit that is lost is not ordered again, so every second week there is one to spare.
    lost = run(shop(steady), levels(41.0))
    assert lost.cycles.served.mean() == pytest.approx(0.5, abs=0.06)
    assert lost.lost[0] == 5


def test_what_waits_uses_up_what_comes_next() -> None:
    steady = np.full((1, 7 * WEEKS), 3.0)
    steady[0, 30] = 100.0
    lost, waits = (run(shop(steady), levels(45.0), waits=w) for w in (False, True))
    assert lost.cycles.served.mean() > waits.cycles.served.mean()
    assert waits.cycles.served[-1], "in the end all is delivered"


def test_a_falling_level_leaves_stock_above_it_and_begins_no_order() -> None:
    steady = np.full((1, 7 * WEEKS), 1.0)
    falling = np.linspace(200, 14, WEEKS)[None]
    made = run(shop(steady), falling)
    assert not made.cycles.ordered[:3].any()
    assert made.cycles.served.all()


def test_longer_periods_are_reviewed_in_turn() -> None:
    steady = np.full((2, 7 * WEEKS), 1.0)
    made = run(shop(steady, review_weeks=np.array([2, 2])), levels(30.0, 2))
    assert set(made.cycles.review[made.cycles.sku == 0] % 2) == {0}
    assert set(made.cycles.review[made.cycles.sku == 1] % 2) == {1}


def test_intervals_hold_the_share_and_nothing_is_told_of_nothing() -> None:
    review = np.repeat(np.arange(48), 5)
    hit = np.random.default_rng(1).random(240) < 0.9
    value, low, high = share(hit, review)
    assert low < value < high
    assert np.isnan(share(hit[:0], review[:0])[0])
    same = np.arange(1.0, 20.0)
    assert change(same, same) == (0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def small() -> Shop:
    spec = PanelSpec(n_categories=3, per_category=6, weeks=110, r2=0.2, seed=91)
    return panel_shop(spec, "small", reviews=16)


def test_levels_of_a_quarter_hold_about_as_often_as_asked(small: Shop) -> None:
    row = service_row(small, targets_of(small))
    assert row["cycles"] > 100
    assert 0.90 <= row["held"] <= 1.0
    assert 0.90 <= row["waits"] <= 1.0


def test_the_bench_orders_up_to_what_the_plan_says(small: Shop) -> None:
    """Levels of a review are those that the table inventory_plan would show."""
    one = replace(small, knowns=small.knowns[-1:], start=small.start + 7 * 15)
    spec = replace(one.spec, levels=("sku",), quantiles=(0.5,), challengers=False)
    made = forecast(one.knowns[0], spec)
    n = one.skus.height
    rest = {k: [v] * n for k, v in USUAL.items() if k != "category"}
    rest |= {"lead_time_days": one.lead_days, "review_period_days": 7.0 * one.review_weeks}
    stock = one.skus.with_columns(pl.Series(k, v) for k, v in rest.items())
    by_day = one.demand[:, : one.start].reshape(n, -1, 7).sum(axis=(0, 1))
    days = pl.DataFrame({"category": [None], **dict(zip(WEEKDAYS, by_day[:, None], strict=True))})
    rows = plan(
        stock.with_columns(pl.col("lead_time_days").cast(pl.Float64)), RECEIPTS,
        made.forecasts.with_columns(pl.lit(0.0).alias("sold_to_date_units")), made.cumulative,
        days.cast({"category": pl.String}),
        as_of=one.knowns[0].cutoff, week=Week(0, 0), excess_days=91.0,
    )  # fmt: skip
    np.testing.assert_allclose(
        rows["order_up_to_units"].to_numpy(), targets_of(one).full[:, 0], atol=1e-9
    )


@pytest.mark.soak
@pytest.mark.parametrize(("r2", "planted"), [(0.2, 1.0), (0.1, 0.0)])
def test_a_year_keeps_the_service_asked_for_and_placebos_cost_nothing(
    r2: float, planted: float
) -> None:
    spec = PanelSpec(
        n_categories=12, per_category=10, r2=r2, planted_share=planted, seed=131
    )  # fmt: skip
    year = panel_shop(spec, "year")
    targets = targets_of(year)
    row = service_row(year, targets)
    for name in ("held", "waits"):
        assert row[name] == pytest.approx(year.service, abs=0.02), name
    told = signals_row([(year, targets)], "year")
    if planted:
        assert told["loss_high"] < 0
        assert told["stock"] < 0
    else:
        assert abs(told["loss"]) < 0.01
    assert newsvendor(year, targets.full).sum() > 0


@pytest.mark.soak
@pytest.mark.parametrize("passed", [0, 3])
def test_a_year_of_online_retail_keeps_the_service_asked_for(passed: int) -> None:
    folder = data_folder()
    if folder is None:
        pytest.skip(f"{DATA} does not name the folder of the data")
    year = retail_shop(folder, every=2, passed=passed)
    row = service_row(year, targets_of(year))
    assert row["held"] == pytest.approx(year.service, abs=0.02)
    # Most reviews of lumpy demand find stock above a level that has fallen.
    assert year.service - 0.01 < row["waits"] < year.service + 0.025
