import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.backtest import backtest
from models.base import grid_of, try_experts
from models.forecast import forecast, forecast_many
from models.panel import Panel, group_codes
from models.sharing import circles, lean, share, whole
from tests.models.synthetic import Truth, cut, make

FRAMES = ("forecasts", "cumulative", "contributions", "evidence")
CUTS = (58, 62, 90, 91, 98, 102, 110)


def world(**columns: Any) -> Any:
    """Series that start at different times, stop selling, run out of stock; and their signals."""
    known, spec = make(Truth(weeks=110, n_categories=3, per_category=6, placebos=1, seed=9))
    panel = known.panels["units"]
    y = panel.y.copy()
    y[1, :85] = np.nan
    y[2, 30:34] = np.nan
    y[4, :] *= np.random.default_rng(0).random(110) < 0.2
    y[7, 70:] = 0.0
    panel = Panel(panel.series.with_columns(**columns), panel.weeks, y)
    other = Panel(panel.series, panel.weeks, np.floor(y / 7))
    return replace(known, panels={"units": panel, "returns": other}), spec


def changed(known: Any, rows: Any, target: str = "units") -> Any:
    """The same with some weeks of one panel restated."""
    panel = known.panels[target]
    y = panel.y.copy()
    y[rows] += 1.0
    return replace(known, panels={**known.panels, target: replace(panel, y=y)})


def without(known: Any, series: Any) -> Any:
    """The same before some series were heard of."""
    panels = {}
    for name, p in known.panels.items():
        keep = ~np.isin(np.arange(len(p.y)), series)
        panels[name] = Panel(p.series.filter(pl.Series(keep)), p.weeks, p.y[keep])
    return replace(known, panels=panels)


def assert_same(bulk: Any, knowns: Any, spec: Any) -> None:
    for known, made in zip(knowns, bulk, strict=True):
        alone = forecast(known, spec)
        for name in FRAMES:
            assert getattr(made, name).equals(getattr(alone, name)), (name, known.cutoff)


def test_cutoffs_that_share_give_the_rows_of_one_night_at_a_time() -> None:
    known, spec = world()
    knowns = [cut(known, n) for n in CUTS]
    assert circles(knowns) == [list(range(len(CUTS)))]
    assert_same(forecast_many(knowns, spec), knowns, spec)
    back = forecast_many(knowns[::-1], spec)
    assert_same(back, knowns[::-1], spec)


def test_so_do_cutoffs_after_revisions_launches_and_ends() -> None:
    known, spec = world()
    knowns = [cut(known, n) for n in CUTS]
    knowns[0] = without(knowns[0], [1])
    knowns[2] = changed(knowns[2], np.s_[3, 12:15])
    knowns[4] = changed(knowns[4], np.s_[5, -1], "returns")
    ended = pl.Series("ended", [i == 7 for i in range(18)])
    knowns[6] = replace(
        knowns[6],
        panels={
            n: replace(p, series=p.series.with_columns(ended)) for n, p in knowns[6].panels.items()
        },
    )
    assert sorted(circles(knowns)) == [[0, 1, 3, 5, 6], [2], [4]]
    assert_same(forecast_many(knowns, spec), knowns, spec)


def test_what_is_shared_is_what_each_would_have_tried() -> None:
    known, spec = world()
    knowns = [without(cut(known, n), [1] if n < 86 else []) for n in (61, 75, 90, 107)]
    for own, mine in zip(knowns, share(knowns, spec), strict=True):
        panel, tried = own.panels["units"], mine["units"].bottom
        grid = grid_of(len(panel.weeks), spec, 0, 2)
        want = try_experts(panel.y, group_codes(panel.series)[1], grid).forecasts
        at = np.searchsorted(tried.origins, grid.origins)
        assert np.array_equal(tried.forecasts[tried.rows[:, None], at], want, equal_nan=True)


@pytest.mark.parametrize(
    "other",
    [
        lambda k: changed(k, np.s_[0, 0]),
        lambda k: replace(k, gap_weeks=1),
        lambda k: replace(k, panels={"units": k.panels["units"]}),
        lambda k: without(k, [0]) if len(k.panels["units"].weeks) == 110 else k,
        lambda k: replace(
            k,
            panels={
                n: replace(p, series=p.series.with_columns(category=pl.lit("one")))
                for n, p in k.panels.items()
            },
        ),
        lambda k: replace(
            k, panels={n: Panel(p.series, p.weeks + 7, p.y) for n, p in k.panels.items()}
        ),
    ],
)
def test_nothing_is_shared_where_the_past_differs(other: Any) -> None:
    known, _ = world()
    assert sorted(circles([cut(known, 100), other(known)])) == [[0], [1]]


def test_what_is_known_twice_is_held_once() -> None:
    known, _ = world()
    knowns = [without(cut(known, 80), [1]), cut(known, 90), cut(known, 100)]
    held = lean(knowns)
    for one, other in zip(held, knowns, strict=True):
        for name, panel in one.panels.items():
            assert np.array_equal(panel.y, other.panels[name].y, equal_nan=True)
            assert whole(one).panels[name].y.flags.c_contiguous
    shared = [np.shares_memory(k.panels["units"].y, knowns[2].panels["units"].y) for k in held]
    assert shared == [False, True, True]


def test_every_position_stands_in_one_circle() -> None:
    known, spec = world()
    assert circles([]) == []
    assert circles([known, known]) == [[0, 1]]
    assert forecast_many([], spec) == []
    nothing = replace(known, panels={})
    assert sorted(circles([nothing, known, nothing])) == [[0, 2], [1]]


def test_one_and_two_threads_give_the_same_bits(tmp_path: Path) -> None:
    script = (
        "import sys; from tests.models.synthetic import *; from models.backtest import backtest\n"
        "known, spec = make(Truth(weeks=112, n_categories=3, per_category=420, placebos=1))\n"
        "made = backtest([cut(known, n) for n in (95, 99)], known, spec)\n"
        "made.forecasts.write_parquet(sys.argv[1])\n"
    )
    files = []
    for threads in ("1", "2"):
        files.append(tmp_path / f"{threads}.parquet")
        caps = {"POLARS_MAX_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        subprocess.run(
            [sys.executable, "-c", script, str(files[-1])],
            check=True,
            env={**os.environ, **caps, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    one, two = (pl.read_parquet(file) for file in files)
    assert one.height == 2 * 13 * (3 * 420 + 4)
    assert one.equals(two)


def test_the_backtest_shares_too() -> None:
    known, spec = world()
    knowns = [cut(known, n) for n in (90, 94, 97)]
    made = backtest(knowns, known, spec).forecasts
    one = backtest(knowns[1:2], known, spec).forecasts
    assert made.filter(pl.col("cutoff") == knowns[1].cutoff).equals(one)


def test_large_panels_share_among_neighbours_only(monkeypatch: pytest.MonkeyPatch) -> None:
    known, spec = world()
    knowns = [cut(known, n) for n in CUTS]
    whole = forecast_many(knowns, spec)
    monkeypatch.setattr("models.sharing.LARGE", 10)
    assert circles(knowns) == [[0, 1, 2, 3], [4, 5, 6]]
    for one, other in zip(forecast_many(knowns, spec), whole, strict=True):
        assert one.forecasts.equals(other.forecasts)
