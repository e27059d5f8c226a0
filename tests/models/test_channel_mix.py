"""Rates with channels' mix held fixed: bursts of one channel do not move them, true moves do."""

from __future__ import annotations

import numpy as np
import pytest

from models.channel_mix import HeldFixed, hold_fixed
from models.estimates import prior_weights, shrunk_rates
from models.types import Floats

PROPENSITY = np.array([0.05, 0.08, 0.10, 0.40])
USUAL = np.array([40.0, 60.0, 70.0, 30.0])


def drawn(mean: Floats, rate: Floats, seed: int, scopes: int = 1) -> tuple[Floats, Floats]:
    """People and those with the signal (T, C, 1, G) from mean counts and rates (T, C)."""
    rng = np.random.default_rng(seed)
    shape = (*mean.shape, 1, scopes)
    n = rng.poisson(np.broadcast_to(mean[..., None, None], shape)).astype(float)
    k = rng.binomial(n.astype(int), np.broadcast_to(rate[..., None, None], shape))
    return n, k.astype(float)


def fixed(n: Floats, k: Floats) -> HeldFixed:
    return hold_fixed(n, k, n)


def plain(n: Floats, k: Floats) -> Floats:
    return np.asarray((k.sum(axis=1) / n.sum(axis=1))[:, 0, 0])


def test_a_burst_of_one_channel_does_not_move_the_rate_and_a_true_move_does() -> None:
    weeks = 80
    mean = np.tile(USUAL, (weeks, 1))
    mean[60, 3] *= 10
    rate = np.tile(PROPENSITY, (weeks, 1))
    rate[70] *= 2
    n, k = drawn(mean, rate, seed=1)
    usual = slice(30, 60)
    found, raw = fixed(n, k).rate[:, 0, 0], plain(n, k)
    assert raw[60] > raw[usual].mean() + 6 * raw[usual].std()
    assert abs(found[60] - found[usual].mean()) < 2.5 * found[usual].std()
    assert found[70] > found[usual].mean() + 4 * found[usual].std()
    assert found[70] / found[usual].mean() == pytest.approx(2, rel=0.25)


def test_a_channel_that_begins_with_a_rush_moves_little_at_first() -> None:
    weeks = 60
    mean = np.tile(USUAL, (weeks, 1))
    mean[:40, 3] = 0
    n, k = drawn(mean, np.tile(PROPENSITY, (weeks, 1)), seed=2, scopes=60)
    found = fixed(n, k).rate[:, 0].mean(axis=1)
    raw = (k.sum(axis=1) / n.sum(axis=1))[:, 0].mean(axis=1)
    before = found[20:40].mean()
    assert raw[40] > 1.5 * before
    assert found[40] < 1.25 * before


def test_a_silent_channel_is_represented_by_what_it_usually_shows() -> None:
    weeks = 80
    mean = np.tile(USUAL, (weeks, 1))
    mean[60:64, 3] = 0
    n, k = drawn(mean, np.tile(PROPENSITY, (weeks, 1)), seed=3)
    made = fixed(n, k)
    found, raw = made.rate[:, 0, 0], plain(n, k)
    assert raw[60:64].mean() < 0.75 * raw[30:60].mean()
    assert found[60:64].mean() == pytest.approx(found[30:60].mean(), rel=0.15)
    heard = n.sum(axis=1)[:, 0, 0]
    silent = (made.effective[:, 0, 0] / heard)[60:64]
    assert (silent < 0.9).all(), "what was not heard makes less sure"


def coverage(n: Floats, k: Floats, truth: Floats) -> float:
    """How often the published interval holds the true rate at that week's reference mix."""
    made = fixed(n, k)
    covered = []
    for g in range(n.shape[3]):
        rate, size = made.rate[:, 0, g], made.effective[:, 0, g]
        rate = np.nan_to_num(rate)
        kk = rate * size
        parent = (np.cumsum(kk) + 0.05) / (np.cumsum(size) + 1)
        weight = prior_weights(kk, size, parent, np.arange(len(kk)))
        found = shrunk_rates(kk, size, parent, weight)
        true = (made.mix[:, :, 0, g] * truth[:, :, g]).sum(axis=1)
        inside = (found.lo <= true) & (true <= found.hi)
        covered.append(inside[20:].mean())
    return float(np.mean(covered))


@pytest.mark.parametrize(("size", "apart"), [(1.0, 0.0), (0.1, 0.0), (1.0, 0.6), (4.0, 0.4)])
def test_intervals_hold_the_truth_as_often_as_they_say(size: float, apart: float) -> None:
    rng = np.random.default_rng(int(10 * size + 100 * apart))
    weeks, scopes = 120, 40
    common = np.exp(0.4 * rng.standard_normal((weeks, 1, scopes)))
    own = np.exp(apart * rng.standard_normal((weeks, 4, scopes)))
    truth = np.minimum(PROPENSITY[None, :, None] * common * own, 0.9)
    swing = np.exp(0.5 * rng.standard_normal((weeks, 4, scopes)))
    n = rng.poisson(size * USUAL[None, :, None] * swing)
    k = rng.binomial(n, truth)
    found = coverage(n[:, :, None].astype(float), k[:, :, None].astype(float), truth)
    assert 0.90 < found < 0.975


def test_where_channels_move_apart_a_silent_one_leaves_more_unsure() -> None:
    rng = np.random.default_rng(5)
    mean = np.tile(USUAL, (100, 1))
    mean[80:, 3] = 0
    together = np.tile(PROPENSITY, (100, 1))
    apart = np.minimum(together * np.exp(0.6 * rng.standard_normal(together.shape)), 0.9)
    calm, wild = (fixed(*drawn(mean, rate, seed=6)) for rate in (together, apart))
    assert wild.effective[80:85].mean() < 0.75 * calm.effective[80:85].mean()


def test_unequal_weights_make_less_sure_by_kish() -> None:
    n = np.full((30, 1, 1, 1), 100.0)
    k = np.full((30, 1, 1, 1), 20.0)
    even = hold_fixed(n, k, n)
    uneven = hold_fixed(n, k, n * 2)
    assert np.allclose(even.rate, uneven.rate)
    assert np.allclose(uneven.effective[10:], 50.0, rtol=0.03)


def test_later_weeks_and_channels_and_scopes_to_come_change_no_bit() -> None:
    weeks = 50
    mean = np.tile(USUAL, (weeks, 1))
    n, k = drawn(mean, np.tile(PROPENSITY, (weeks, 1)), seed=7, scopes=3)
    short = hold_fixed(n[:30], k[:30], n[:30])
    shape = (weeks, 12, 1, 12)
    wide_n, wide_k = np.zeros(shape), np.zeros(shape)
    channels, scopes = np.ix_([1, 4, 6, 10], [2, 5, 9])
    wide_n[:, channels, 0, scopes], wide_k[:, channels, 0, scopes] = n[:, :, 0], k[:, :, 0]
    wide_n[30:, 0, 0], wide_k[30:, 0, 0] = 90.0, 80.0
    wide = hold_fixed(wide_n, wide_k, wide_n)
    assert np.array_equal(wide.rate[:30, :, [2, 5, 9]], short.rate, equal_nan=True)
    assert np.array_equal(wide.effective[:30, :, [2, 5, 9]], short.effective)


def test_nobody_there_is_no_rate() -> None:
    n = np.zeros((3, 2, 1, 1))
    n[1] = 10.0
    made = fixed(n, n * 0.1)
    assert np.isnan(made.rate[[0, 2], 0, 0]).all()
    assert made.effective[[0, 2], 0, 0].tolist() == [0.0, 0.0]
    assert made.rate[1, 0, 0] == pytest.approx(0.1)


def test_alike_channels_lean_wholly_on_their_common_move() -> None:
    n, k = drawn(np.tile(USUAL, (60, 1)), np.full((60, 4), 0.1), seed=8)
    made = fixed(n, k)
    assert np.allclose(made.rate[30:, 0, 0], plain(n, k)[30:], rtol=0.12)
    heard = n.sum(axis=1)[:, :, 0]
    assert (made.effective[30:, :, 0] > 0.93 * heard[30:]).all()
