from datetime import date

import numpy as np
import polars as pl

from models.estimates import MAX_PRIOR_WEIGHT, prior_weights, shrunk_rates
from models.types import Floats
from models.weekly_rates import with_rates


def one_weight(k: Floats, n: Floats, parent: Floats) -> float:
    return float(prior_weights(k, n, parent, np.zeros(len(n), dtype=np.int64))[0])


def test_shrunk_rate_lies_between_the_raw_rate_and_its_parent() -> None:
    k, n = np.array([0, 5, 10]), np.array([10, 10, 10])
    found = shrunk_rates(k, n, np.full(3, 0.3), weight=20.0)
    raw = k / n
    assert ((found.shrunk - raw) * (0.3 - raw) >= 0).all()
    assert (np.abs(found.shrunk - 0.3) <= np.abs(raw - 0.3)).all()
    assert ((found.lo <= found.shrunk) & (found.shrunk <= found.hi)).all()


def test_bounds_hold_the_rate_of_the_rarest_signals_too() -> None:
    rng = np.random.default_rng(5)
    n = rng.integers(0, 40, 20_000)
    k = rng.binomial(n, 0.02)
    parent, weight = 10 ** rng.uniform(-9, -0.01, len(n)), 10 ** rng.uniform(0.3, 3.3, len(n))
    for rate, seen in ((parent, k), (1 - parent, n - k)):
        found = shrunk_rates(seen, n, rate, weight)
        assert ((found.lo <= found.shrunk) & (found.shrunk <= found.hi)).all()


def test_no_conversations_teach_nothing() -> None:
    found = shrunk_rates(np.array([0]), np.array([0]), np.array([0.2]), weight=10.0)
    assert np.isnan(found.rate[0])
    assert abs(found.shrunk[0] - 0.2) < 1e-6


def test_parts_that_differ_only_by_chance_are_drawn_together_more_than_parts_that_truly_differ() -> (
    None
):
    rng = np.random.default_rng(1)
    n = np.full(400, 50.0)
    parent = np.full(400, 0.2)
    alike = rng.binomial(50, 0.2, 400).astype(float)
    apart = rng.binomial(50, rng.beta(0.2 * 10, 0.8 * 10, 400)).astype(float)
    assert one_weight(alike, n, parent) > 100
    assert 6 < one_weight(apart, n, parent) < 16


def test_too_few_parts_rest_on_the_parent() -> None:
    two = np.array([1.0, 2.0])
    assert one_weight(two, np.array([5.0, 5.0]), np.array([0.2, 0.2])) == MAX_PRIOR_WEIGHT


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    truth = rng.beta(4, 36, 4000)
    n = np.full(4000, 40)
    k = rng.binomial(n, truth)
    found = shrunk_rates(k, n, np.full(4000, 0.1), weight=40.0)
    covered = float(np.mean((found.lo <= truth) & (truth <= found.hi)))
    assert 0.93 < covered < 0.97


def counts() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    rows = []
    for week in range(30):
        day = date(2026, 1, 5).toordinal() + 7 * week
        n = rng.integers(0, 40, 2)
        k = rng.binomial(n, (0.1, 0.3))
        start = date.fromordinal(day)
        rows += [("s", c, start, int(n[i]), int(k[i])) for i, c in enumerate(("a", "b"))]
        rows.append(("s", None, start, int(n.sum()), int(k.sum())))
    names = [
        "signal",
        "category",
        "week_start",
        "conversations_taggable",
        "conversations_with_signal",
    ]
    return pl.DataFrame(rows, schema=names, orient="row").sample(fraction=1, shuffle=True, seed=4)


def test_weekly_rates_keep_rows_and_order_and_are_null_without_exposure() -> None:
    frame = counts()
    found = with_rates(frame)
    assert found.select(frame.columns).equals(frame)
    none = found.filter(pl.col("conversations_taggable") == 0)
    assert none["rate"].null_count() == none.height > 0
    told = found.filter(pl.col("conversations_taggable") > 0)
    ratio = told["conversations_with_signal"] / told["conversations_taggable"]
    assert np.allclose(told["rate"].to_numpy(), ratio.to_numpy())
    assert (found["rate_lo"] <= found["rate_shrunk"]).all()
    assert (found["rate_shrunk"] <= found["rate_hi"]).all()


def test_weekly_rates_do_not_depend_on_the_order_of_rows() -> None:
    keys = ["category", "week_start"]
    a = with_rates(counts()).sort(keys)
    b = with_rates(counts().sort(keys, descending=True)).sort(keys)
    assert a.equals(b)


def test_later_weeks_never_change_earlier_rates() -> None:
    frame = counts().sort("week_start", "category")
    early = frame.filter(pl.col("week_start") < date(2026, 5, 4))
    storm = frame.with_columns(
        pl.when(pl.col("week_start") >= date(2026, 5, 4))
        .then(pl.col("conversations_taggable"))
        .otherwise(pl.col("conversations_with_signal"))
        .alias("conversations_with_signal")
    )
    whole = with_rates(storm).filter(pl.col("week_start") < date(2026, 5, 4))
    assert whole.equals(with_rates(early))
