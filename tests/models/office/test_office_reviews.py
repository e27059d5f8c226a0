"""Changes of one-star shares: planted ones are found, others stay silent, limits hold the truth."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models.office.reviews import with_changes


def products(rng: np.random.Generator, many: int, moved: int) -> pl.DataFrame:
    """Counts of `many` products of which the first `moved` go from 8 % to 45 % of one star."""
    n, m = rng.integers(20, 60, many), rng.integers(150, 400, many)
    now = np.where(np.arange(many) < moved, 0.45, 0.08)
    return pl.DataFrame(
        {"sku": [f"S{i}" for i in range(many)], "n_reviews": n, "n_one_star": rng.binomial(n, now),
         "n_five_star": 0, "n_before": m, "n_one_star_before": rng.binomial(m, 0.08)}
    )  # fmt: skip


def one(k: int, n: int, b: int, m: int) -> dict[str, object]:
    frame = pl.DataFrame({"sku": ["S"], "n_reviews": [n], "n_one_star": [k], "n_five_star": [0],
                          "n_before": [m], "n_one_star_before": [b]})  # fmt: skip
    return with_changes(frame).row(0, named=True)


def test_a_share_that_jumps_is_above_and_small_samples_say_nothing() -> None:
    found = one(10, 20, 10, 200)
    assert found["verdict"] == "above"
    assert found["change"] == pytest.approx(0.45)
    assert found["change_lo"] > 0.2  # type: ignore[operator]
    assert one(4, 4, 10, 200)["verdict"] == "not_enough_data"
    assert one(10, 20, 1, 19)["verdict"] == "not_enough_data"
    assert one(1, 20, 10, 200)["verdict"] == "undetermined"
    assert one(0, 60, 150, 300)["verdict"] == "below"
    assert one(2, 20, 0, 0)["change"] is None


def test_planted_alarms_fire_and_the_others_stay_silent() -> None:
    found = with_changes(products(np.random.default_rng(1), 40, 3))
    assert found.filter(pl.col("verdict") == "above")["sku"].to_list() == ["S0", "S1", "S2"]


@pytest.mark.soak
def test_alarms_over_many_weeks() -> None:
    planted, silent, held = [], [], []
    for seed in range(100):
        found = with_changes(products(np.random.default_rng(seed), 40, 2))
        moved = found["verdict"] != "undetermined"
        planted.append(moved[:2].mean())
        silent.append(
            with_changes(products(np.random.default_rng(1000 + seed), 40, 0))["verdict"]
            .is_in(["above", "below"])
            .any()
        )
        true = np.where(np.arange(40) < 2, 0.37, 0.0)
        held.append(
            (
                (found["change_lo"].to_numpy() <= true) & (true <= found["change_hi"].to_numpy())
            ).mean()
        )
    assert np.mean(planted) > 0.95
    assert np.mean(silent) <= 0.1, "weeks with any false alarm"
    assert 0.92 <= np.mean(held) <= 0.98
