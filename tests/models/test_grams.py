from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.grams import Trials, combined, grams_of, known_in
from models.parallel import SHARD, in_order_of, over_shards

S, U, H, E = 9, 6, 5, 15
BANDS = ((0, 2), (2, 5))


def trials() -> Any:
    rng = np.random.default_rng(1)
    forecasts = rng.gamma(4.0, 3.0, size=(S, U, H, E)).astype(np.float32)
    forecasts[2, :3] = np.nan
    at = np.array([0, 2, 3, 5])
    actual = rng.gamma(4.0, 3.0, size=(S, len(at), H))
    actual[:, -1, 2:] = np.nan
    actual[4] = np.nan
    scale, decay = rng.gamma(3.0, size=S), rng.random((4, H))
    return Trials(forecasts, np.arange(S), at, actual, scale, decay, 40.0)


def weights() -> Any:
    return np.random.default_rng(2).dirichlet(np.ones(E), size=S).astype(np.float32)


def grams(t: Any, w: Any, band: Any = (0, H), power: float = 1.0) -> Any:
    return grams_of(t, known_in(t, band), w, power)


@pytest.mark.parametrize("power", [1.0, 1.85, 2.0])
@pytest.mark.parametrize("band", BANDS)
def test_grams_equal_numpy_in_double_precision(power: float, band: Any) -> None:
    t, w = trials(), weights()
    got = grams(t, w, band, power)
    scale = t.scale[:, None, None, None]
    error = (t.forecasts[:, t.at].astype(float) - t.actual[..., None]) / scale
    combined_error = np.einsum("sohe,se->soh", error, w.astype(float))
    q = t.decay * np.maximum(np.abs(combined_error), 0.2) ** (power - 2)
    part = np.s_[:, :, band[0] : band[1]]
    e, q = np.nan_to_num(error[part]), np.nan_to_num(q[part])
    want = np.einsum("soh,soha,sohb->sab", q, e, e)
    assert np.allclose(got, want, rtol=2e-5, atol=1e-5 * np.abs(want).max())
    assert (got[4] == 0).all(), "nothing to score"


def test_weeks_that_nobody_knows_take_no_room() -> None:
    t = trials()
    assert known_in(t, (0, 2)).shape == (2 * 4, 2)
    assert known_in(t, (2, H)).tolist() == [[j, h] for j in range(3) for h in range(2, H)]
    unknown = replace(t, actual=np.full_like(t.actual, np.nan))
    assert (grams(unknown, weights()) == 0).all()


def test_origins_that_do_not_count_are_not_read() -> None:
    t, w = trials(), weights()
    poisoned = t.forecasts.copy()
    poisoned[:, [1, 4]] = 1e9
    assert np.array_equal(grams(t, w), grams(replace(t, forecasts=poisoned), w))


def test_rows_and_views_give_what_copies_give() -> None:
    t, w = trials(), weights()
    wide = np.repeat(t.forecasts, 2, axis=1)
    want = grams(t, w)
    assert np.array_equal(grams(replace(t, forecasts=wide[:, ::2]), w), want)
    mixed = np.random.default_rng(3).permutation(S)
    stored = np.concatenate([t.forecasts[:2] * 9, t.forecasts[mixed]])
    moved = replace(t, forecasts=stored, rows=2 + np.argsort(mixed))
    assert np.array_equal(grams(moved, w), want)


@pytest.mark.parametrize("experts", [1, 4, E])
def test_combined_forecasts_are_weighted_sums_band_by_band(experts: int) -> None:
    t = trials()
    f = t.forecasts[..., :experts]
    w = np.random.default_rng(2).dirichlet(np.ones(experts), size=(2, 2, 3)).astype(np.float32)
    rows = np.array([8, 2, 0])
    got = combined((f, rows, t.at), w, BANDS)
    for b, (low, high) in enumerate(BANDS):
        part = f[rows][:, t.at, low:high].astype(float)
        want = np.einsum("sohe,kse->ksoh", part, w[:, b].astype(float))
        assert np.allclose(got[..., low:high], want, equal_nan=True)
    assert np.isnan(got[:, 1, :2]).all()


@pytest.mark.parametrize("n", [0, 1, SHARD, SHARD + 1, 5 * SHARD + 3])
def test_shards_cover_every_row_once_for_any_number_of_threads(n: int) -> None:
    for threads in (0, 1, 2, 7):
        seen = np.zeros(n, dtype=int)

        def work(start: int, stop: int, seen: Any = seen) -> None:
            seen[start:stop] += 1

        over_shards(n, work, threads)
        assert (seen == 1).all()


def test_results_stand_in_the_order_of_their_parts_and_errors_are_raised() -> None:
    assert in_order_of(range(9), lambda x: x * x, 3) == [x * x for x in range(9)]
    with pytest.raises(ZeroDivisionError):
        in_order_of([1, 0, 2], lambda x: 1 // x, 2)
