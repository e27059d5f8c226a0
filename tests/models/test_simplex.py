from typing import Any

import numpy as np

from models.simplex import LANES, on_simplex


def problems(n: int, experts: int = 5, seed: int = 4) -> Any:
    rng = np.random.default_rng(seed)
    sizes = np.resize([1.0, 0.8, 1.2, 2.0, 0.9], experts)
    errors = rng.normal(size=(n, 200, experts)) * sizes + 0.3
    grams = np.einsum("nra,nrb->nab", errors, errors) / 200
    return grams.astype(np.float32), np.full((n, experts), 1 / experts, dtype=np.float32)


def plain(gram: Any, parent: Any, kappa: float, iterations: int) -> Any:
    """Exponentiated gradient in double precision, with numpy's exponential."""
    m = np.median(np.diag(gram))
    step = 1 / (min(np.diag(gram).max() / m, 20.0) + kappa)
    w, moved = parent.astype(float), np.zeros(len(parent))
    for _ in range(iterations):
        moved -= (d := step * (gram.astype(float) @ w / m + kappa * moved))
        w = w * np.exp(-d)
        w /= w.sum()
    return w


def test_no_random_weights_are_better() -> None:
    (gram,), (parent,) = problems(1)
    best = on_simplex(gram[None], parent[None], 0.05, 2000)[0].astype(float)
    m = np.median(np.diag(gram))

    def objective(w: Any) -> Any:
        return 0.5 * w @ gram @ w / m + 0.05 * (w * np.log(np.maximum(w, 1e-300) / parent)).sum()

    others = np.random.default_rng(0).dirichlet(np.ones(5), size=3000)
    assert objective(best) <= min(map(objective, others)) + 1e-6


def test_single_precision_follows_double() -> None:
    for experts in (1, 3, 4, 15, 18):
        grams, parents = problems(70, experts)
        got = on_simplex(grams, parents, 0.08, 60)
        want = [plain(g, p, 0.08, 60) for g, p in zip(grams, parents, strict=True)]
        assert np.allclose(got, want, atol=2e-5)


def test_an_expert_that_is_absurdly_bad_gets_nothing_and_no_weight_is_nan() -> None:
    grams, parents = problems(2)
    grams[:, 3, :] *= 1e4
    grams[:, :, 3] *= 1e4
    got = on_simplex(grams, parents, 0.05, 60)
    assert np.isfinite(got).all()
    assert np.allclose(got.sum(axis=1), 1, atol=1e-5)
    assert got[:, 3].max() < 1e-4


def test_without_errors_the_parent_stays_and_a_zero_stays_zero() -> None:
    grams, parents = problems(3)
    parents[1] = [0.5, 0.5, 0, 0, 0]
    grams[2] = 0.0
    got = on_simplex(grams, parents, 0.05, 60)
    assert np.array_equal(got[2], parents[2])
    assert (got[1, 2:] == 0).all()


def test_answers_do_not_depend_on_neighbours_or_place() -> None:
    grams, parents = problems(3 * LANES + 7)
    every = on_simplex(grams, parents, 0.05, 40)
    for rows in ([0], [5, 3], np.arange(LANES + 1, 3 * LANES), np.arange(len(grams))[::-1]):
        assert np.array_equal(on_simplex(grams[rows], parents[rows], 0.05, 40), every[rows])
    assert on_simplex(grams[:0], parents[:0], 0.05, 40).shape == (0, 5)
