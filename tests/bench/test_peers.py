from dataclasses import replace

import numpy as np
import pytest

from bench.arrays import ask_of, frames_to_arrays, regressors, some
from bench.panels import Case, known_of, protocol, rehearsal, simulated_case
from bench.peers import QUANTILES, Ask, Told, filled, mean_of, pooled_season, waves
from models.backtest import backtest
from models.panel import Groups, one_group

WEEKS = np.datetime64("2022-01-03") + 7 * np.arange(200).astype("timedelta64[D]")


def test_the_last_cutoff_leaves_one_horizon_and_rehearsals_end_before_the_first() -> None:
    cutoffs = protocol(105, 6)
    assert cutoffs == (72, 76, 80, 84, 88, 92)
    assert max(rehearsal(cutoffs, 2)) + 13 <= cutoffs[0]


def test_gaps_are_filled_from_what_is_known_and_never_from_later_than_the_cutoff() -> None:
    y = np.array([np.nan, np.nan, 2.0, np.nan, 6.0, np.nan])
    assert filled(y).tolist() == [2.0, 4.0, 6.0, 6.0]
    assert filled(np.full(4, np.nan)).tolist() == [0.0]


def test_a_season_that_a_category_shares_is_found_and_one_that_is_not_there_is_not() -> None:
    t, rng = 150, np.random.default_rng(2)
    truth = 1 + 0.4 * np.sin(2 * np.pi * np.arange(t + 13) / (365.25 / 7))
    level = rng.gamma(3.0, 10.0, size=(40, 1))
    noise = rng.gamma(20.0, 1 / 20.0, size=(40, t))
    y = level * noise
    y[:20] *= truth[:t]
    groups = Groups(np.repeat([0, 1], 20), 2)
    season = pooled_season(Ask(y, WEEKS[:t], groups, 13))
    assert season.shape == (40, t + 13)
    assert np.abs(season[0] - truth).max() < 0.08
    assert np.abs(season[39] - 1).max() < 0.06


def test_no_season_is_estimated_before_a_year_is_known() -> None:
    ask = Ask(np.ones((3, 40)), WEEKS[:40], one_group(3), 13)
    assert (pooled_season(ask) == 1.0).all()


def test_waves_repeat_after_a_year() -> None:
    year = waves(np.arange(0, 1462, 1461))  # 1461 weeks are 28 years to the day
    assert np.allclose(year[0], year[1])


def test_samples_are_spread_and_never_repeat() -> None:
    assert some(10, 20).tolist() == list(range(10))
    assert some(100, 4).tolist() == [0, 25, 50, 75]


def test_a_combination_is_the_mean_of_means_and_of_quantiles() -> None:
    parts = [Told(np.full((2, 3), v), np.full((2, 3, 9), 10 * v)) for v in (1.0, 2.0, 6.0)]
    both = mean_of(parts)
    assert (both.mean == 3.0).all()
    assert (both.quantiles == 30.0).all()


@pytest.fixture(scope="module")
def case() -> Case:
    return simulated_case("tiny", 3, 4, origins=2)


def test_regressors_know_signals_up_to_the_lead_and_not_beyond(case: Case) -> None:
    weeks, rows = case.cutoffs[0], np.arange(12)
    x = regressors(case, weeks, rows, signals=5)
    assert x.shape == (12, weeks + 13, 9)
    ahead = x[:, weeks:, 4:]
    assert (ahead[:, : case.lead] != 0).all()
    assert (ahead[:, case.lead :] == 0).all()
    heard = case.truth[0, 0, :weeks]
    unit = (heard - heard.mean()) / heard.std()
    assert np.allclose(x[0, case.lead : weeks + case.lead, 4], unit)


def test_what_is_said_after_a_cutoff_changes_no_regressor_of_it(case: Case) -> None:
    weeks, rows = case.cutoffs[0], np.arange(12)
    before = regressors(case, weeks, rows, signals=5)
    spoilt = case.truth.copy()
    spoilt[:, :, weeks:] = 1e9
    after = regressors(replace(case, truth=spoilt), weeks, rows, signals=5)
    assert np.array_equal(before, after)


def test_peers_are_asked_with_the_weeks_known_and_no_more(case: Case) -> None:
    ask = ask_of(case, case.cutoffs[0], np.array([0, 5]))
    assert ask.y.shape == (2, case.cutoffs[0])
    assert ask.groups.n == 2
    assert np.array_equal(ask.y, case.outcome.panels["units"].y[[0, 5], : case.cutoffs[0]])


def test_backtest_rows_become_arrays_at_their_places(case: Case) -> None:
    knowns = [case.known(w) for w in case.cutoffs]
    done = backtest(knowns, case.outcome, case.spec).forecasts
    full, plain = frames_to_arrays(case, done.sample(fraction=1.0, shuffle=True, seed=1))
    assert full.mean.shape == (12, 2, 13)
    assert full.quantiles.shape == (12, 2, 13, len(QUANTILES))
    row = done.row(777 % done.height, named=True)
    i = int(row["series_id"][1:])
    j = [k.cutoff for k in knowns].index(row["cutoff"])
    assert full.mean[i, j, row["horizon"] - 1] == row["mean"]
    assert full.quantiles[i, j, row["horizon"] - 1, 4] == row["p50"]
    assert plain.mean[i, j, row["horizon"] - 1] == row["baseline_mean"]
    assert not np.isnan(full.mean).any()


def test_a_panel_is_known_at_its_last_day() -> None:
    known = known_of(np.ones((2, 5)), WEEKS[:5], ["a", "b"])
    assert known.cutoff.isoformat() == "2022-02-06"
    assert known.panels["units"].series["category"].to_list() == ["a", "b"]
