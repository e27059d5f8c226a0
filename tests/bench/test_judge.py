from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench import kept, score
from bench.judge import (
    COMBINATIONS,
    OURS,
    Method,
    average,
    chosen_before,
    reached,
    table,
    verdicts,
)
from bench.panels import Case, known_of, protocol, rehearsal
from models.spec import ForecastSpec

T = 120


@pytest.fixture
def case() -> Case:
    rng = np.random.default_rng(1)
    y = rng.gamma(4.0, 5.0, size=(25, T))
    weeks = np.datetime64("2022-01-03") + 7 * np.arange(T).astype("timedelta64[D]")
    cutoffs = protocol(T, 3)
    known = known_of(y, weeks, ["all"] * 25)
    return Case("made", known, ForecastSpec(levels=("sku",)), cutoffs, rehearsal(cutoffs, 2))


def told(case: Case, cutoffs: tuple[int, ...], error: float, *, bare: bool = False) -> score.Made:
    y = case.outcome.panels["units"].y
    mean = y[:, np.array(cutoffs)[:, None] + np.arange(13)] + error
    spread = np.nan if bare else 1.0
    return score.Made(mean, mean[..., None] + spread * np.zeros(9), np.arange(len(y)))


def method(
    case: Case,
    error: float,
    before: float | None = None,
    *,
    single: bool = True,
    bare: bool = False,
) -> Method:
    early = None if before is None else told(case, case.rehearsals, before, bare=bare)
    return Method(told(case, case.cutoffs, error, bare=bare), early, 1.0, single)


def methods(case: Case) -> dict[str, Method]:
    return {
        OURS: method(case, 1.0, single=False),
        "theta": method(case, 2.0, 1.0),
        "naive": method(case, 0.5, 4.0),
        "points": method(case, 3.0, 0.1, bare=True),
        "given the truth": method(case, 4.0),
        **{name: method(case, 2.5, 2.0, single=False) for name in COMBINATIONS},
    }


def test_the_peer_chosen_before_is_chosen_on_rehearsals_alone(case: Case) -> None:
    band = slice(0, 4)
    assert chosen_before(case, methods(case), "mase", band) == "points"
    assert chosen_before(case, methods(case), "spl", band) == "theta"  # it tells no quantiles


def test_what_happens_from_the_first_cutoff_on_does_not_choose(case: Case) -> None:
    every = methods(case)
    before = chosen_before(case, every, "mase", slice(4, 13))
    case.outcome.panels["units"].y[:, case.cutoffs[0] :] = 1e9
    assert chosen_before(case, every, "mase", slice(4, 13)) == before


def test_verdicts_name_the_best_in_hindsight_and_the_chosen_one(case: Case) -> None:
    every = methods(case)
    rows = table(case, every)
    found = verdicts(case, every, rows)
    cell = {v["against"]: v for v in found if v["band"] == "h1-4" and v["loss"] == "mase"}
    assert cell["best single peer in hindsight"]["peer"] == "naive"
    assert cell["best single peer in hindsight"]["share"] == pytest.approx(1.0)
    assert cell["peer chosen before"]["peer"] == "points"
    assert cell["given the truth"]["share"] == pytest.approx(-0.75)
    assert set(COMBINATIONS) <= set(cell)


def test_ours_is_level_with_itself_and_every_method_has_both_bands(case: Case) -> None:
    rows = table(case, methods(case))
    assert len(rows) == 2 * len(methods(case))
    mine = [r for r in rows if r["method"] == OURS]
    assert all(r["ours_mase"] == 0.0 for r in mine)


def test_averages_are_geometric_over_cells() -> None:
    name = next(iter(COMBINATIONS))
    found = [
        {"loss": "mase", "against": name, "share": share, "band": band}
        for share, band in ((1.0, "h1-4"), (-0.5, "h5-13"), (9.0, "all"))
    ]
    assert average(found) == {f"MASE against {name}": pytest.approx(0.0)}


def test_a_bound_to_be_ahead_needs_an_interval_that_excludes_no_difference() -> None:
    base = {"bound": -0.03, "share": -0.05}
    assert reached(base | {"high": -0.01}) is True
    assert reached(base | {"high": 0.01}) is False
    assert reached({"bound": 0.02, "share": 0.01, "high": 0.09}) is True
    assert reached({"bound": 0.02, "share": 0.03, "high": 0.09}) is False
    assert reached({"bound": None, "share": 0.0, "high": 0.0}) is None


def test_real_panels_have_bounds_and_peers_given_the_truth_have_theirs(case: Case) -> None:
    every = methods(case)
    real = verdicts(case, every, table(case, every))
    assert {v["bound"] for v in real if v["against"] == "best single peer in hindsight"} == {0.02}
    simulated = replace(case, truth=np.zeros((1, 1, T)))
    given = methods(simulated) | {"SARIMAX-X, leader only": method(simulated, 4.0)}
    found = verdicts(simulated, given, table(simulated, given))
    asked = [(v["against"], v["band"], v["loss"]) for v in found if v["bound"] is not None]
    assert asked == [("SARIMAX-X, leader only", "all", kind) for kind in ("mase", "mase50")]


def test_what_peers_told_is_kept_for_the_same_panel_and_no_other(
    case: Case, tmp_path: Path
) -> None:
    key = kept.key_of(case, quick=False, packages=("numpy",))
    assert kept.load(tmp_path, key) is None
    every = methods(case)
    kept.save(tmp_path, key, every)
    again = kept.load(tmp_path, key)
    assert again is not None
    assert np.array_equal(again["theta"].made.mean, every["theta"].made.mean)
    assert kept.key_of(case, quick=True, packages=("numpy",)) != key
    case.outcome.panels["units"].y[3, 3] += 1
    assert kept.key_of(case, quick=False, packages=("numpy",)) != key
