"""What promotions take from others: all, some or nothing, as it was planted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.driver_gate import promotions_of
from models.drivers import multipliers
from models.panel import Groups
from models.rivalry import Rivalry, rivalry, taken
from tests.models.driven import Truth, elsewhere, promoted


def contested(power: float, *, by_category: bool, seed: int = 1) -> Truth:
    """Promotions that come to whole categories at a time and take demand from the others."""
    truth = promoted(seed=seed, level=3.0)
    rng = np.random.default_rng(seed)
    n, codes = truth.y.shape[1], truth.groups.codes
    own = codes if not by_category else np.arange(len(codes)) % 3  # who is promoted together
    turn = rng.integers(0, 4 if not by_category else 3, size=n)
    on = (own[:, None] == turn[None]) & (rng.random(n) < 0.6)[None]
    m = np.where(on, 2.5, 1.0)
    weight = np.nanmean(truth.y / truth.m, axis=1, keepdims=True)
    among = codes if by_category else np.zeros(len(codes), dtype=np.int64)
    mean = np.stack([(weight * m)[among == g].sum(0) / weight[among == g].sum() for g in among])
    right = m * mean**power
    y = rng.poisson(truth.y / truth.m * right).astype(float)
    x = np.zeros_like(truth.drivers.x)
    x[0] = on
    x[1, :, 1:] = ~on[:, 1:] & on[:, :-1]
    names = ("any", "after", "discount", "kind:mail", "kind:sale")
    return replace(truth, y=y, m=right, drivers=replace(truth.drivers, names=names, x=x))


@pytest.mark.parametrize("power", [-1.0, -0.5])
@pytest.mark.parametrize("scope", ["category", "panel"])
def test_what_is_taken_is_found_where_it_is_taken(power: float, scope: str) -> None:
    truth = contested(power, by_category=scope == "category")
    made = promotions_of(truth.known, truth.drivers, truth.groups)
    ahead = np.log(made / truth.m)[:, truth.n_weeks :]
    alone = np.log(np.maximum(made, 1.0) / truth.m)[:, truth.n_weeks :]
    assert np.abs(ahead).mean() < 0.5 * np.abs(alone).mean() + 0.03
    assert np.abs(ahead).mean() < 0.13


def test_nothing_is_taken_where_nothing_was() -> None:
    for seed in (1, 2, 3):
        truth = contested(0.0, by_category=False, seed=seed)
        own = truth.m
        found = rivalry(truth.known, own, truth.groups)
        assert found.panel > -0.2
        assert found.category > -0.3


def test_promotions_of_another_world_take_nothing() -> None:
    for seed in (1, 2, 3):
        truth = elsewhere(promoted(seed=seed), seed + 30)
        made = promotions_of(truth.known, truth.drivers, truth.groups)
        assert np.abs(np.log(made)).mean() < 0.02


def test_where_everything_is_taken_a_total_stays_what_it_was() -> None:
    truth = promoted()
    m = truth.m
    y: Any = truth.known
    whole = m * taken(y, m, truth.groups, Rivalry(0.0, -1.0))
    weight = np.nanmean(y / m[:, : truth.n_weeks], axis=1)
    assert weight @ whole == pytest.approx(np.full(m.shape[1], weight.sum()))
    assert not Rivalry(0.0, 0.0).acts
    assert (taken(y, m, truth.groups, Rivalry(0.0, 0.0)) == 1).all()


def test_series_that_are_not_there_do_not_compete() -> None:
    y = np.full((2, 60), 10.0)
    y[1, :40] = np.nan
    m = np.ones((2, 63))
    m[1, 20], m[1, 61] = 3.0, 3.0
    lost = taken(y, m, Groups(np.zeros(2, dtype=np.int64), 1), Rivalry(0.0, -1.0))
    assert lost[0, 20] == 1.0
    assert lost[0, 61] == pytest.approx(0.5)


def test_later_weeks_are_not_read_and_empty_panels_are_no_trouble() -> None:
    truth = contested(-0.5, by_category=False)
    short = truth.known[:, :60]
    a = promotions_of(short, truth.drivers, truth.groups)
    assert a.shape == truth.y.shape
    assert rivalry(short[:, :10], truth.m, truth.groups) == Rivalry(0.0, 0.0)
    empty = np.full_like(short, np.nan)
    assert np.isfinite(promotions_of(empty, truth.drivers, truth.groups)).all()
    made = multipliers(truth.known, truth.drivers, truth.groups, truth.grid)
    assert made.acts
    assert made.m.min() < 0.9
