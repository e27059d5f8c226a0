from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.ensemble import error_scale, families_tried, prior, row_decay, weights_of
from models.grams import Trials
from models.levels import EXPERTS, LEVEL
from models.panel import Grid, Groups, one_group

E = len(EXPERTS)
WHOLE = ((0, 4),)


def trials(good: int, seed: int = 0, s: int = 20, o: int = 20, h: int = 4) -> Any:
    """Experts are noise around the truth; the good one's is five times smaller."""
    rng = np.random.default_rng(seed)
    actual = 10 + rng.normal(size=(s, o, h))
    noise = rng.normal(size=(s, o, h, E))
    noise[..., good] *= 0.2
    forecasts = (actual[..., None] + noise).astype(np.float32)
    rows, at = np.arange(s), np.arange(o)
    return Trials(forecasts, rows, at, actual, np.ones(s), np.ones((o, h)), 40.0)


def test_the_best_expert_gets_most_of_the_weight() -> None:
    for w in weights_of(trials(7), one_group(20), WHOLE)[:, 0]:
        assert np.allclose(w.sum(axis=1), 1)
        assert (w >= 0).all()
        assert (w.argmax(axis=1) == 7).all()
        assert w[:, 7].min() > 0.5


def test_groups_may_prefer_different_experts() -> None:
    a, b = trials(2, 1), trials(11, 2)
    both = Trials(
        np.concatenate([a.forecasts, b.forecasts]),
        np.arange(40),
        a.at,
        np.concatenate([a.actual, b.actual]),
        np.ones(40),
        a.decay,
        40.0,
    )
    weights = weights_of(both, Groups(np.repeat([0, 1], 20), 2), WHOLE)[0, 0]
    assert (weights[:20].argmax(axis=1) == 2).all()
    assert (weights[20:].argmax(axis=1) == 11).all()


def test_each_band_of_horizons_has_weights_of_its_own() -> None:
    early, late = trials(2, 1), trials(11, 2)
    both = replace(
        early,
        forecasts=np.concatenate([early.forecasts, late.forecasts], axis=2),
        actual=np.concatenate([early.actual, late.actual], axis=2),
        decay=np.ones((20, 8)),
    )
    made = weights_of(both, one_group(20), ((0, 4), (4, 8)))
    assert np.array_equal(made[:, :1], weights_of(early, one_group(20), WHOLE))
    assert np.array_equal(made[:, 1:], weights_of(late, one_group(20), WHOLE))


def test_without_trials_or_with_unknown_actuals_the_prior_stays() -> None:
    start = prior()
    full = trials(3)
    none = replace(full, at=full.at[:0], actual=full.actual[:, :0], decay=full.decay[:0])
    blind = replace(full, actual=np.full_like(full.actual, np.nan))
    for case in (none, blind):
        assert np.allclose(weights_of(case, one_group(20), WHOLE), start)


def test_prior_gives_families_equal_mass_and_only_what_was_tried() -> None:
    levels = len(LEVEL)
    assert prior().sum() == pytest.approx(1)
    assert prior()[:levels].sum() == pytest.approx(0.25)
    for n_weeks, mass in ((52, 1.0), (53, 0.5), (63, 0.5), (64, 0.25)):
        start = prior(families_tried(n_weeks, 52))
        assert start.sum() == pytest.approx(1)
        assert start[:levels].sum() == pytest.approx(mass)


def test_decay_halves_in_26_weeks_and_scale_is_never_zero() -> None:
    decay = row_decay(Grid(np.array([50, 76]), 2, 52), 100)
    assert decay[1, 0] / decay[0, 0] == pytest.approx(2.0)
    assert (error_scale(np.zeros((2, 10))) > 0).all()
    assert error_scale(np.array([[1.0, 3.0, np.nan, 4.0, 3.0]]))[0] == pytest.approx(1.5)
