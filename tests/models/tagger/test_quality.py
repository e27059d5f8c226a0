import numpy as np
import pytest

from models.tagger.agreement import agreement, krippendorff_alpha
from models.tagger.quality import measure


def case(rows: int = 400, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    gold = rng.random((rows, 3)) < [0.3, 0.1, 0.004]
    return gold, (gold & (rng.random(gold.shape) < 0.8)) | (rng.random(gold.shape) < 0.03)


def test_figures_are_those_of_a_count_by_hand() -> None:
    gold, told = case()
    report = measure(gold, told, [0, 1], seed=3)
    for j, quality in enumerate(report.signals):
        hits = sum(1 for g, t in zip(gold[:, j], told[:, j], strict=True) if g and t)
        assert quality.positives == gold[:, j].sum()
        assert quality.precision.value == hits / told[:, j].sum()
        assert quality.recall.value == hits / gold[:, j].sum()
        assert quality.f1.value == pytest.approx(2 * hits / (gold[:, j].sum() + told[:, j].sum()))
    pooled = report.headline
    hits = (gold & told)[:, :2].sum()
    assert pooled.f1.value == pytest.approx(2 * hits / (gold[:, :2].sum() + told[:, :2].sum()))


def test_rare_signals_stay_out_of_the_macro_mean() -> None:
    gold, told = case()
    report = measure(gold, told, [0], seed=3)
    assert gold[:, 2].sum() < 10
    assert report.macro_of == 2
    expected = (report.signals[0].f1.value + report.signals[1].f1.value) / 2
    assert report.macro_f1.value == pytest.approx(expected)
    assert report.macro_f1.lo < expected < report.macro_f1.hi


@pytest.mark.soak
def test_intervals_of_f1_cover_the_truth_about_as_often_as_they_say() -> None:
    truth = measure(*case(200_000), [0], seed=0).signals[0].f1.value
    covered = 0
    for seed in range(60):
        one = measure(*case(250, seed=seed), [0], seed=seed).signals[0].f1
        covered += one.lo <= truth <= one.hi
    assert 51 <= covered <= 60


def test_equal_seeds_give_equal_intervals() -> None:
    assert measure(*case(), [0], seed=3) == measure(*case(), [0], seed=3)


def test_nothing_to_find_and_nothing_found_says_nothing() -> None:
    empty = np.zeros((20, 2), dtype=bool)
    report = measure(empty, empty, [0], seed=0)
    assert np.isnan(report.signals[0].f1.value)
    assert np.isnan(report.macro_f1.value)
    assert report.macro_of == 0


def test_alpha_of_krippendorffs_own_example() -> None:
    """Content Analysis (2004), 11.3.1: ten units, two readers, binary: alpha .095."""
    meg = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    owen = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    said = np.array([meg, owen], dtype=bool).T
    assert krippendorff_alpha(said, np.ones_like(said)) == pytest.approx(0.095, abs=0.0005)


def test_alpha_leaves_out_what_only_one_reader_answered() -> None:
    said = np.array([[1, 1], [0, 0], [1, 0], [0, 1]], dtype=bool)
    told = np.array([[1, 1], [1, 1], [1, 0], [0, 1]], dtype=bool)
    assert krippendorff_alpha(said, told) == 1.0
    assert np.isnan(krippendorff_alpha(said, np.eye(4, 2, dtype=bool)))


def test_alpha_of_all_signals_comes_last() -> None:
    rng = np.random.default_rng(2)
    truth = rng.random((300, 2)) < 0.3
    flip = rng.random((300, 2, 2)) < np.array([0.02, 0.3])[None, :, None]
    said = truth[:, :, None] ^ flip
    found = agreement(said, np.ones((300, 2), dtype=bool))
    assert found[0] > 0.85
    assert found[1] < 0.4
    assert found[1] < found[2] < found[0]
