"""In simulated brands whose repeat orders follow what was said: the office's intervals hold that truth."""

from __future__ import annotations

import numpy as np
import pytest

from models.office.repeat_rows import ANYBODY, NOBODY
from tests import soaking
from tests.models.office.returning import KINDS, NOTHING, RATIOS, Held, Ratios, brand, judged, rows

SEEDS = 100


def test_one_brand_holds_its_truth_and_counts_whom_the_truth_counts() -> None:
    made = brand(3, RATIOS)
    found = rows(made)
    whole = {row["signal"]: row for row in found if row["segment"] == "(all)"}
    curves = made.truth["repeat_timing"]["curves"]
    for signal, row in whole.items():
        assert row["n"] == pytest.approx(curves[signal]["n"], abs=3), signal
    for signal, ratio in RATIOS:
        assert whole[signal]["verdict"] == ("above" if ratio > 1 else "below"), signal
    innocent = set(whole) - dict(RATIOS).keys() - {ANYBODY, NOBODY}
    wrong = [name for name in innocent if whole[name]["verdict"] != "undetermined"]
    assert len(wrong) <= 1, "what was said along with a signal is not credited to it"
    held = judged(made, found)
    assert np.mean([h for kind in KINDS for h in held[kind]]) > 0.85


def over_seeds(ratios: Ratios) -> dict[str, float]:
    """By kind the share of intervals that hold the truth; intervals of one brand hang together."""
    brands: list[Held] = []
    for seed in range(SEEDS):
        made = brand(1000 + seed, ratios)
        brands.append(judged(made, rows(made)))
        soaking.progress(f"repeat_timing of simulated brands, {seed + 1} of {SEEDS}")
    shares = {}
    for kind in KINDS:
        n = np.array([len(one[kind]) for one in brands])
        k = np.array([sum(one[kind]) for one in brands])
        shares[kind] = share = float(k.sum() / n.sum())
        error = float(np.sqrt(((k - share * n) ** 2).sum()) / n.sum())
        print(f"repeat_timing, {kind}: {share:.3f} of {n.sum()}, error {error:.3f}")  # noqa: T201 - the result
    return shares


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("ratios", [RATIOS, NOTHING], ids=["planted", "nothing"])
def test_intervals_of_simulated_brands_hold_the_truth(ratios: Ratios) -> None:
    """With nothing planted the ratios are 1, so what they miss of the truth is what they call an effect."""
    for kind, share in over_seeds(ratios).items():
        assert 0.92 <= share <= 0.98, kind
