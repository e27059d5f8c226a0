"""Series that show more or less of their category's lead than others."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.evidence import prove
from models.leading import MAX_LOG_EFFECT, Effects, effects_of
from models.members import MAX_GAIN, _slopes, series_gains
from models.panel import Groups, group_codes
from models.simulate.panels import PanelSpec, simulated_panel

SPEC = PanelSpec(n_categories=16, r2=0.2, planted_share=1.0, intermittent_share=0.0, seed=5)


def answers(gain: Any, noise: float, seed: int = 0) -> tuple[Any, ...]:
    """Ratios (S, T) of one category whose series answer a path with their own gains."""
    rng = np.random.default_rng(seed)
    path = 0.15 * rng.normal(size=(1, 150))
    shock = 0.1 * rng.normal(size=150)
    own = np.exp(shock + gain[:, None] * path + noise * rng.normal(size=(len(gain), 150)))
    return own, np.exp(shock + gain.mean() * path), gain.mean() * path


def test_series_that_differ_keep_their_own_answer() -> None:
    gain = np.repeat([0.0, 2.0], 20)
    ratio, index, path = answers(gain, 0.2)
    got = series_gains(ratio, index, path, Groups(np.zeros(40, dtype=np.int64), 1))
    assert got[:20].mean() == pytest.approx(0.0, abs=0.15)
    assert got[20:].mean() == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize("seed", range(5))
def test_series_that_are_alike_are_left_alone(seed: int) -> None:
    ratio, index, path = answers(np.ones(40), 0.3, seed)
    assert (series_gains(ratio, index, path, Groups(np.zeros(40, dtype=np.int64), 1)) == 1).all()


def test_nothing_known_and_nothing_felt_change_nothing() -> None:
    ratio, index, path = answers(np.repeat([0.0, 2.0], 20), 0.2)
    ratio[3] = np.nan
    groups = Groups(np.zeros(40, dtype=np.int64), 1)
    got = series_gains(ratio, index, path, groups)
    assert got[3] == 1.0
    assert got.min() >= 0.0
    assert got.max() <= MAX_GAIN
    assert (series_gains(ratio, index, 0 * path, groups) == 1).all()


@pytest.mark.parametrize(("share", "told"), [(0.5, True), (1.0, False)])
def test_effects_tell_members_of_a_panel_apart(share: float, *, told: bool) -> None:
    known, spec, _ = simulated_panel(replace(SPEC, member_share=share))
    panel = known.panels["units"]
    names, groups = group_codes(panel.series)
    proof = prove(known, spec)
    plain = effects_of(proof, "units", names, spec, 0)
    got = effects_of(proof, "units", names, spec, 0, panel=panel)
    assert np.array_equal(got.log_effect, plain.log_effect)
    assert plain.gain is None
    assert got.gain is not None
    assert got.gain.shape == (len(got.names), len(panel.y))
    assert bool(got.gain.std() > 0.3) is told
    alike = plain.of_series(groups.codes)
    assert np.array_equal(alike, plain.log_effect[:, groups.codes])
    assert np.array_equal(got.of_series(groups.codes), alike) is not told


def test_an_effect_on_a_series_is_bounded() -> None:
    effects = Effects(("x",), np.full((1, 1, 2), 0.5), np.array([[3.0, 0.0]]))
    got = effects.of_series(np.zeros(2, dtype=np.int64))
    assert np.array_equal(got, [[[MAX_LOG_EFFECT] * 2, [0.0] * 2]])


def test_slopes_are_those_of_a_plain_regression_of_each_series() -> None:
    rng = np.random.default_rng(6)
    ratio, index, path = answers(np.repeat([0.2, 2.2], 15), 0.2)
    ratio[rng.random(ratio.shape) < 0.2] = np.nan
    slope, noise = np.empty(30), np.empty(30)
    _slopes(ratio, index, path, np.zeros(30, dtype=np.int64), slope, noise)
    for i in range(30):
        told = ~np.isnan(ratio[i])
        away, felt = (ratio[i] - index[0])[told], (path * index)[0, told]
        away = away - away.mean()
        want = (felt @ away) / (felt @ felt)
        assert slope[i] == pytest.approx(want)
        rest = felt * (away - want * felt)
        assert noise[i] == pytest.approx((rest @ rest) / (felt @ felt) ** 2)
