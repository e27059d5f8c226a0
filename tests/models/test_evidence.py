from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.evidence import EVIDENCE, log_index, prove
from models.leadtest import autoregression, lagged, one_step_residuals, sequences, whiten
from models.panel import Known
from models.power import conversations_needed, needed_correlation
from models.spec import ForecastSpec, SignalSpec
from tests.models.synthetic import Truth, cut, make

SEEDS = range(40, 46)


def rows(evidence: Any, signal: str, *, pooled: bool) -> Any:
    keep = pl.col("category").is_null() if pooled else pl.col("category").is_not_null()
    return evidence.filter((pl.col("signal") == signal) & keep)


@pytest.fixture(scope="module")
def proofs() -> Any:
    return [prove(*make(Truth(weeks=140, n_categories=4, seed=seed))) for seed in SEEDS]


def test_the_planted_lead_is_found_with_its_lag_and_sign(proofs: Any) -> None:
    everything = pl.concat([p.evidence for p in proofs])
    pooled = rows(everything, "leader", pooled=True)
    assert (pooled["status"] == "confirmed").all()
    assert (pooled["lead_weeks"] == 3).all()
    assert (pooled["effect_lo"] > 0).all()
    assert pooled["effect"].mean() == pytest.approx(0.17, abs=0.03)  # .25 * root of .5
    own = rows(everything, "leader", pooled=False)
    assert (own["status"] == "confirmed").mean() > 0.85
    confirmed = own.filter(pl.col("status") == "confirmed")
    assert (confirmed["lead_weeks"] == 3).mean() > 0.9
    assert confirmed["adopted_since"].null_count() == 0


def test_placebos_and_the_mirror_are_not_adopted(proofs: Any) -> None:
    everything = pl.concat([p.evidence for p in proofs]).filter(pl.col("signal") != "leader")
    assert (everything["status"] == "confirmed").mean() <= 0.02
    mirror = rows(everything, "mirror", pooled=False)
    assert not mirror["direction_ok"].any()
    assert (mirror["status"] == "rejected").all()


def test_a_true_two_way_link_is_not_taken_for_a_mirror() -> None:
    truth = Truth(weeks=140, n_categories=4, strength=0.4, two_way=True, seed=9)
    pooled = rows(prove(*make(truth)).evidence, "leader", pooled=True)
    assert pooled["status"].to_list() == ["confirmed"]


def test_evidence_has_the_published_columns(proofs: Any) -> None:
    assert dict(proofs[0].evidence.schema) == EVIDENCE
    got = proofs[0].evidence
    assert got.height == 5 * 5
    assert ((got["q_value"] >= got["p_value"]) | (got["q_value"] >= got["oos_p_value"])).all()
    assert got["p_value"].is_between(0, 1).all()


def test_gates_of_past_weeks_do_not_change_when_weeks_are_added() -> None:
    known, spec = make(Truth(weeks=130, n_categories=3))
    early = prove(cut(known, 100), spec).tests["units"].results
    late = prove(known, spec).tests["units"].results
    for name in ("lag", "t", "p", "effect", "oos_p", "oos_gain", "reverse_t", "purged_t"):
        a, b = getattr(early, name), getattr(late, name)[:, :, :100]
        assert np.allclose(a[:, :, 60:], b[:, :, 60:], atol=1e-9), name


def test_little_said_is_insufficient_and_says_so() -> None:
    known, spec = make(Truth(weeks=110, n_categories=2))
    s = known.signals
    one = np.zeros_like(s.mentions)
    one[:, :, ::20] = 1.0
    quiet = replace(s, mentions=one, mentions_all=one.sum(axis=1))
    got = prove(replace(known, signals=quiet), spec).evidence
    assert (got["status"] == "insufficient").all()
    assert got["p_value"].null_count() == got.height
    assert got["n_mentions"].max() < 30
    short = prove(cut(known, 51), spec).evidence
    assert (short["status"] == "insufficient").all()


@pytest.mark.parametrize("weeks", [1, 2, 8, 20, 53])
def test_short_histories_are_no_error(weeks: int) -> None:
    known, spec = make(Truth(weeks=60, n_categories=2))
    assert prove(cut(known, weeks), spec).evidence.height == 5 * 3


def test_one_category_is_tested_once() -> None:
    known, spec = make(Truth(weeks=110, n_categories=1))
    assert prove(known, spec).evidence["category"].to_list() == ["cat0"] * 5


def test_signals_for_other_targets_unknown_signals_and_none() -> None:
    known, spec = make(Truth(weeks=80, n_categories=2))
    other = replace(spec, signals=(SignalSpec("leader", ("returns",)), SignalSpec("unheard")))
    assert prove(known, other).evidence.height == 0
    assert prove(Known(known.cutoff, 0, known.panels), spec).evidence.height == 0
    shifted = replace(known.signals, weeks=known.signals.weeks + np.timedelta64(7, "D"))
    with pytest.raises(ValueError, match="not on the same weeks"):
        prove(replace(known, signals=shifted), spec)


def test_categories_nobody_talked_of_take_the_rate_of_everything() -> None:
    known, spec = make(Truth(weeks=110, n_categories=2))
    renamed = replace(known.signals, categories=("cat0", "elsewhere"))
    got = prove(replace(known, signals=renamed), spec).evidence
    assert (got.filter(pl.col("category") == "cat1")["status"] == "insufficient").all()


def test_white_noise_is_found_significant_about_as_often_as_promised() -> None:
    rng = np.random.default_rng(5)
    hits = []
    for _ in range(6):
        demand, signals = rng.normal(size=(10, 130)), rng.normal(size=(5, 10, 130))
        got = sequences(0.3 * demand, signals, np.full(5, 8), 52)
        hits.append([(got.p[:, :, -1] <= 0.05).mean(), (got.oos_p[:, :, -1] <= 0.05).mean()])
    lead, oos = np.mean(hits, axis=0)
    assert lead < 0.075
    assert oos < 0.085


def test_season_and_trend_leave_the_residuals() -> None:
    t = np.arange(200)
    z = 3 + 0.01 * t + np.sin(2 * np.pi * t / 52.18)
    rest = one_step_residuals(np.tile(z, (1, 3, 1)), 52)
    assert np.abs(rest[:, :, 110:]).max() < 0.15
    assert (rest[:, :, :16] == 0).all()


def test_whitening_undoes_an_autoregression() -> None:
    rng = np.random.default_rng(1)
    noise, z = rng.normal(size=(4, 400)), np.zeros((4, 400))
    for week in range(1, 400):
        z[:, week] = 0.7 * z[:, week - 1] + noise[:, week]
    phi = autoregression(z[None])
    for row in range(4):
        past = np.column_stack([z[row, 1:-1], z[row, :-2]])
        want = np.linalg.lstsq(past, z[row, 2:], rcond=None)[0]
        assert phi[0][0, row, -1] == pytest.approx(want[0], abs=0.06)
    white = whiten(z[None], phi)[0, :, 100:]
    assert np.corrcoef(white[:, 1:].ravel(), white[:, :-1].ravel())[0, 1] == pytest.approx(
        0, abs=0.07
    )
    assert np.array_equal(lagged(np.arange(4.0), 2), [0, 0, 0, 1])
    assert np.array_equal(lagged(np.arange(2.0), 5), [0, 0])


def test_log_index_is_robust_to_launches_and_one_bulk_order() -> None:
    known, spec = make(Truth(weeks=120, n_categories=2, per_category=20))
    panel = known.panels["units"]
    _, before, n = log_index(panel, spec.season_weeks)
    y = panel.y.copy()
    y[3, 100] *= 1000
    y[5, :90] = np.nan
    _, after, _ = log_index(replace(panel, y=y), spec.season_weeks)
    assert n.tolist() == [20, 20]
    assert np.abs(after - before)[0, 90:].max() < 0.35
    assert np.array_equal(after[1], before[1])


def test_more_noise_needs_more_conversations() -> None:
    rng = np.random.default_rng(0)
    n = np.full(150, 100.0)
    loud = rng.binomial(100, np.clip(0.1 + 0.06 * rng.normal(size=150), 0.01, 1)).astype(float)
    soft = rng.binomial(100, np.clip(0.1 + 0.03 * rng.normal(size=150), 0.01, 1)).astype(float)
    assert 5 < conversations_needed(loud, n) < conversations_needed(soft, n)
    assert np.isnan(conversations_needed(np.zeros(150), n))
    assert np.isnan(conversations_needed(loud, np.zeros(150)))
    assert needed_correlation(156) == pytest.approx(0.34, abs=0.02)
    assert needed_correlation(104) > np.sqrt(0.2 * 0.87)  # out of reach in two years


def test_a_spec_rejects_nonsense() -> None:
    with pytest.raises(ValueError, match="max_lag_weeks"):
        SignalSpec("x", max_lag_weeks=0)
    for wrong in ({"levels": ("brand",)}, {"horizon": 0}, {"quantiles": (0.5, 0.1)}):
        with pytest.raises(ValueError, match=r"levels|horizon|quantiles"):
            ForecastSpec(**wrong)
