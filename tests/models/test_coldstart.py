"""New products begin as others of their category began."""

from __future__ import annotations

import numpy as np
import pytest

from models.coldstart import PATH_WEEKS, Ahead, Cold, cold_starts, launch_curves
from models.panel import Groups, first_known
from models.types import Floats

T, H = 100, 13
QUANTILES = ((0.1, 0.5, 0.9), (0.1, 0.5, 0.9))
LEVELS = (20.0, 60.0)


def panel(seed: int = 5, launches: int = 40) -> tuple[Floats, Groups]:
    """Two categories of 30 mature series, and launches that sell double at first, then one half."""
    rng = np.random.default_rng(seed)
    rows, codes = [], []
    for g, level in enumerate(LEVELS):
        for _ in range(30):
            rows.append(rng.poisson(level, T).astype(float))
            codes.append(g)
        for _ in range(launches // 2):
            start = int(rng.integers(15, T - PATH_WEEKS))
            age = np.arange(T) - start
            mean = level * np.where(age < 4, 2.0, 0.5) * rng.lognormal(-0.08, 0.4)
            rows.append(np.where(age >= 0, rng.poisson(mean), np.nan))
            codes.append(g)
    return np.array(rows), Groups(np.array(codes), 2)


def with_rows(y: Floats, groups: Groups, *rows: tuple[int, Floats]) -> tuple[Floats, Groups]:
    grown = np.vstack([y, *(row for _, row in rows)])
    return grown, Groups(np.append(groups.codes, [g for g, _ in rows]).astype(np.int64), groups.n)


def cold(
    y: Floats,
    groups: Groups,
    starts: dict[int, int] | None = None,
    lift: Floats | None = None,
) -> Cold:
    own = np.repeat(np.nanmean(y[:, -26:], axis=1, keepdims=True), H, axis=1)
    first = first_known(y)
    for row, week in (starts or {}).items():
        first[row] = week
    return cold_starts(y, groups, np.nan_to_num(own), Ahead(T, 0, H, first, lift), QUANTILES)


def test_the_curve_is_what_launches_sold_beside_mature_series() -> None:
    y, groups = panel()
    curve = launch_curves(y, groups).curve
    assert curve[:, 1] == pytest.approx([2.0, 2.0], rel=0.25)
    assert curve[:, 20] == pytest.approx([0.5, 0.5], rel=0.35)


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_a_planned_launch_takes_level_and_curve_of_its_category_from_its_week_on() -> None:
    y, groups = panel()
    nothing = np.full(T, np.nan)
    grown, pools = with_rows(y, groups, (0, nothing), (1, nothing))
    made = cold(grown, pools, {-2: T + 3, -1: T})
    late, now = made.mean[-2], made.mean[-1]
    assert (late[:3] == 0).all()
    assert late[3:7] == pytest.approx([40.0] * 4, rel=0.3)
    assert now[:4] == pytest.approx([120.0] * 4, rel=0.3)
    assert now[-1] == pytest.approx(30.0, rel=0.4)
    assert made.unbegun[-2:].all()
    assert not made.unbegun[:-2].any()


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_first_weeks_cut_short_by_the_day_of_launch_do_not_lower_a_whole_one() -> None:
    y, groups = panel(launches=80)
    first, rng = first_known(y), np.random.default_rng(2)
    late = np.flatnonzero(first > 0)
    y[late, first[late]] = np.round(y[late, first[late]] * rng.integers(1, 8, len(late)) / 7)
    grown, pools = with_rows(y, groups, (1, np.full(T, np.nan)))
    made = cold(grown, pools, {-1: T})
    assert made.mean[-1, :4] == pytest.approx([120.0] * 4, rel=0.2)


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_what_drivers_do_ahead_is_in_means_and_quantiles() -> None:
    y, groups = panel()
    grown, pools = with_rows(y, groups, (1, np.full(T, np.nan)))
    lift = np.ones((len(grown), H))
    lift[-1, 2] = 3.0
    plain, made = cold(grown, pools, {-1: T}), cold(grown, pools, {-1: T}, lift)
    assert np.allclose(made.mean[-1], plain.mean[-1] * lift[-1])
    assert np.allclose(made.weekly[-1], plain.weekly[-1] * lift[-1][:, None])
    assert (made.cumulative[-1, 1] == plain.cumulative[-1, 1]).all()
    assert (made.cumulative[-1, 2:] > plain.cumulative[-1, 2:]).all()


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_quantiles_of_what_never_sold_come_from_how_launches_differed() -> None:
    y, groups = panel(launches=80)
    grown, pools = with_rows(y, groups, (1, np.full(T, np.nan)))
    made = cold(grown, pools, {-1: T})
    spread = made.weekly[-1] / made.mean[-1][:, None]
    assert spread[:, 0] == pytest.approx(np.full(H, np.exp(-1.28 * 0.4 - 0.08)), rel=0.25)
    assert spread[:, 2] == pytest.approx(np.full(H, np.exp(1.28 * 0.4 - 0.08)), rel=0.25)
    assert (np.diff(made.weekly[-1], axis=1) >= 0).all()
    assert (np.diff(made.cumulative[-1], axis=0) >= 0).all()
    # A launch that sells more does so every week: sums spread no less than single weeks.
    assert made.cumulative[-1, -1, 2] / made.mean[-1].sum() > 0.9 * spread[-1, 2]


def test_a_series_that_has_sold_speaks_for_itself() -> None:
    y, groups = panel()
    young = np.full(T, np.nan)
    young[-1] = 5.0
    grown, pools = with_rows(y, groups, (0, young))
    made = cold(grown, pools)
    assert np.isnan(made.mean).all()
    assert np.isnan(made.weekly).all()
    assert not made.unbegun.any()


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_without_any_launch_seen_a_new_product_sells_what_a_mature_one_does() -> None:
    y, groups = panel(launches=0)
    grown, pools = with_rows(y, groups, (1, np.full(T, np.nan)))
    made = cold(grown, pools, {-1: T})
    assert made.mean[-1] == pytest.approx(np.full(H, LEVELS[1]), rel=0.15)
    assert (made.weekly[-1, :, 2] > 2 * made.weekly[-1, :, 1]).all()


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_without_mature_series_nothing_is_promised() -> None:
    y = np.full((3, T), np.nan)
    y[0, -5:] = 4.0
    made = cold(y, Groups(np.zeros(3, dtype=np.int64), 1), {1: T, 2: T})
    assert np.isnan(made.mean).all()
    assert not made.unbegun.any()
