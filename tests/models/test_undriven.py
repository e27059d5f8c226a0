"""Promotions are taken off demand before a lead is tested: without look-ahead, and it pays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.evidence import prove
from models.exposures import until
from models.panel import Known
from models.simulate.panels import PanelSpec, first_weeks, simulated_panel
from models.spec import ForecastSpec
from models.undriven import BLOCK_WEEKS, FIRST_BLOCK, without_promotions
from tests.models.driven import elsewhere, exposures, promoted

FIRST = FIRST_BLOCK * BLOCK_WEEKS


def test_promoted_weeks_come_down_to_what_they_were_without() -> None:
    truth = promoted(3)
    y, m = truth.known, truth.m[:, : truth.n_weeks]
    free = without_promotions(y, truth.drivers, truth.groups)
    assert free is not None
    late = np.zeros(y.shape, dtype=bool)
    late[:, FIRST:] = True
    on = (m > 1.05) & late
    raised, left = (np.log(v[on].mean() / (y / m)[on].mean()) for v in (y, free))
    assert raised > 0.3
    assert abs(left) < 0.1 * raised
    assert np.array_equal(free[:, :FIRST], y[:, :FIRST])


def test_a_week_reads_none_after_it() -> None:
    truth = promoted(4)
    whole = without_promotions(truth.known, truth.drivers, truth.groups)
    assert whole is not None
    for n in (40, 65, 90):
        first = without_promotions(truth.known[:, :n], until(truth.drivers, n + 13), truth.groups)
        assert np.array_equal(first, whole[:, :n], equal_nan=True)


def test_promotions_of_another_world_take_almost_nothing() -> None:
    truth = elsewhere(promoted(5), 6)
    free = without_promotions(truth.known, truth.drivers, truth.groups)
    assert free is not None
    change = np.abs(np.log(free[:, FIRST:].sum(axis=1) / truth.known[:, FIRST:].sum(axis=1)))
    assert change.max() < 0.05


def test_where_nothing_was_promoted_nothing_is_made() -> None:
    truth = promoted(6)
    none = replace(truth.drivers, x=np.zeros_like(truth.drivers.x))
    assert without_promotions(truth.known, none, truth.groups) is None


def promoted_world(seed: int, *, known: bool) -> tuple[Known, ForecastSpec]:
    """A panel with planted leads of which every series is promoted now and then, by half again."""
    plain, spec, _ = simulated_panel(
        PanelSpec(n_categories=8, per_category=6, r2=0.10, planted_share=1.0, seed=seed)
    )
    panel, rng = plain.panels["units"], np.random.default_rng(seed)
    s, t = panel.y.shape
    codes = np.repeat(np.arange(8), 6)
    on = np.zeros((s, t + 13), dtype=np.float32)
    for c in range(8):  # a category's promotions fall together, as sales do
        for start in range(int(rng.integers(0, 9)), t, 9):
            on[codes == c, start : start + 2] = 1
    y = rng.poisson(panel.y * np.where(on[:, :t] > 0, 1.6, 1.0)).astype(float)
    plans = exposures(on, np.zeros_like(on), np.zeros_like(on))
    drivers = replace(plans, series_ids=tuple(panel.series["series_id"].to_list()))
    world = replace(plain, panels={"units": replace(panel, y=y)})
    return replace(world, drivers={"units": drivers} if known else None), spec


@pytest.mark.parametrize("seed", [1, 2])
def test_leads_are_found_that_promotions_hide(seed: int) -> None:
    found = {}
    for known in (False, True):
        got = prove(*promoted_world(seed, known=known)).tests["units"]
        found[known] = int(got.adopted[0, :-1].sum())
        assert got.adopted[1:, :-1].sum() <= 1
    assert found[True] >= found[False] + 3


def test_earlier_cutoffs_find_the_same_weeks() -> None:
    known, spec = promoted_world(3, known=True)
    drivers = {"units": until((known.drivers or {})["units"], 143)}
    early = replace(first_weeks(known, 130), drivers=drivers)
    one, other = (prove(k, spec).tests["units"].demand for k in (known, early))
    assert np.array_equal(one[:, :130], other, equal_nan=True)
