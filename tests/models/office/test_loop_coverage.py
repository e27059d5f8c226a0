"""Over a hundred seeds: shares of who was told, what they say again, and actions of simulated brands hold the truth."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models.office.loops import loop_rows
from models.office.shares import with_share
from models.office.speed import DAYS, speed
from models.simulate import BrandSpec, simulate

pytestmark = pytest.mark.soak
SEEDS, EACH = 100, 20


def holds(rows: pl.DataFrame, name: str, truth: np.ndarray) -> list[bool]:
    lo, hi = (rows[f"{name}_{end}"].to_numpy() for end in ("lo", "hi"))
    return list((lo <= truth) & (truth <= hi))


def ok(name: str, held: list[bool]) -> bool:
    share = float(np.mean(held))
    print(f"{name}: {share:.3f} of {len(held)}")  # noqa: T201 - the figure is the result
    return 0.92 <= share <= 0.98


def test_closed_loops() -> None:
    names = ("told_share", "told_before", "told_after", "untold_before", "untold_after")
    held: dict[str, list[bool]] = {name: [] for name in (*names, "difference")}
    for seed in range(SEEDS):
        rng = np.random.default_rng([seed, 90])
        truth = dict(zip(names, rng.uniform(0.05, 0.6, (5, EACH)), strict=True))
        size = {name: rng.integers(20, 300, EACH) for name in ("n", "told_n", "untold_n")}
        n_of = {
            name: size["n" if name == "told_share" else f"{name.split('_')[0]}_n"] for name in names
        }
        k = {name: rng.binomial(n_of[name], truth[name]) for name in names}
        counts = {"k" if name == "told_share" else f"{name}_k": k[name] for name in names}
        rows = loop_rows(pl.DataFrame({**size, **counts}), None)
        share = rows.rename({"lo": "told_share_lo", "hi": "told_share_hi"}, strict=False)
        for name in names:
            held[name] += holds(share, name, truth[name])
        gap = truth["told_after"] - truth["untold_after"]
        held["difference"] += holds(rows, "difference", gap)
    assert all([ok(f"closed_loop, {name}", these) for name, these in held.items()])  # noqa: C419 - all are printed


def test_shares_of_segments_spoken_with() -> None:
    """contact_recency: few and many, seldom and nearly always."""
    held: list[bool] = []
    for seed in range(SEEDS):
        rng = np.random.default_rng([seed, 91])
        truth, n = rng.uniform(0.03, 0.97, EACH), rng.integers(20, 3_000, EACH)
        rows = with_share(pl.DataFrame({"n": n, "k": rng.binomial(n, truth)}), "share", "k", "n")
        held += holds(rows, "share", truth)
    assert ok("contact_recency", held)


def test_actions_of_simulated_brands() -> None:
    """action_speed, and responsiveness that counts alike: from rows of `actions` to the truth told of them."""
    held: dict[int, list[bool]] = {day: [] for day in DAYS}
    for seed in range(SEEDS):
        brand = simulate(BrandSpec(skus=6, weeks=60, categories=3, seed=seed, dirty=False))
        local = {
            c: pl.col(c).str.slice(0, 19).str.to_datetime() for c in ("opened_at", "shipped_at")
        }
        end = pl.lit(brand.spec.end).cast(pl.Datetime("us")) + pl.duration(days=1)
        took = (
            pl.coalesce(local["shipped_at"], end) - local["opened_at"]
        ).dt.total_seconds() / 86_400
        days = brand["actions"].select(
            took.alias("days"), shipped=pl.col("shipped_at").is_not_null()
        )
        rows = speed(days["days"].to_numpy(), days["shipped"].to_numpy(), (14, 90))
        for row, (day, truth) in zip(
            rows, brand.truth["office"]["shipped_by_day"].items(), strict=True
        ):
            assert row["day"] == int(day)
            held[int(day)].append(bool(row["lo"] <= truth <= row["hi"]))
    for day, these in held.items():
        ok(f"action_speed of brands, by day {day}", these)
    assert ok("action_speed of brands", [h for these in held.values() for h in these])
