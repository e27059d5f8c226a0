from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.asked import log_index
from models.evidence import prove, prove_many
from models.evidence_rows import EVIDENCE
from models.leading import effects_of
from models.leadscan import scan
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


def equal_bits(one: Any, other: Any) -> bool:
    """Whether two proofs are the same: table, and every number behind it."""
    results = [
        np.array_equal(getattr(a.results, name), getattr(b.results, name), equal_nan=True)
        for a, b in zip(one.tests.values(), other.tests.values(), strict=True)
        for name in a.results.__slots__
    ]
    return one.evidence.equals(other.evidence, null_equal=True) and all(results)


def test_many_cutoffs_at_once_are_those_of_one_at_a_time() -> None:
    known, spec = make(Truth(weeks=120, n_categories=3))
    knowns = [cut(known, n) for n in (53, 97, 110, 120)]
    many = prove_many(knowns, spec)
    assert all(equal_bits(a, prove(k, spec)) for a, k in zip(many, knowns, strict=True))


def test_what_was_known_otherwise_is_tested_anew() -> None:
    known, spec = make(Truth(weeks=120, n_categories=3))
    early = cut(known, 100)
    rate = early.signals.rate.copy()
    rate[1, 2, -1] += 0.01  # a conversation that was only heard of later
    late_word = replace(early, signals=replace(early.signals, rate=rate))
    y = early.panels["units"].y.copy()
    y[5, 60] += 40.0  # a return that was booked later
    corrected = replace(early, panels={"units": replace(early.panels["units"], y=y)})
    renamed = replace(early, signals=replace(early.signals, categories=("cat0", "cat1", "x")))
    knowns = [late_word, known, corrected, early, renamed]
    many = prove_many(knowns, spec)
    assert all(equal_bits(a, prove(k, spec)) for a, k in zip(many, knowns, strict=True))
    assert not equal_bits(many[0], many[3])
    assert not equal_bits(many[2], many[3])
    assert prove_many([], spec) == []


def test_a_scan_is_what_its_definition_says() -> None:
    rng = np.random.default_rng(3)
    target, source = rng.normal(size=(1, 2, 40)), rng.normal(size=(3, 2, 40))
    inverse = rng.uniform(0.5, 2.0, size=(1, 2, 40))
    lags, week = np.array([4, 2, 3]), 31
    got = scan(target, source, inverse, lags, ends=np.array([week + 1]))
    for k, most in enumerate(lags):
        x = np.stack([lagged(source[k], m + 1) for m in range(most)]) * inverse[0]
        scores, power = (target[0] * x)[:, :, : week + 1], (x**2)[:, :, : week + 1]
        for c, (s, p) in enumerate(
            [(scores[:, 0], power[:, 0]), (scores[:, 1], power[:, 1]),
             (scores.sum(axis=1), power.sum(axis=1))]
        ):  # fmt: skip
            t = s.sum(axis=1) / np.sqrt((s**2).sum(axis=1))
            best = int(np.abs(t).argmax())
            assert got.place[k, c, week] == best
            assert got.t[k, c, week] == pytest.approx(t[best])
            assert got.effect[k, c, week] == pytest.approx(s[best].sum() / p[best].sum())
            if c < 2:
                assert got.own[0, k, c, best] == pytest.approx(s[best].sum() / p[best].sum())
    again = scan(target, source, inverse, lags, place=np.ones_like(got.place))
    assert (again.place == 1).all()


def test_nothing_of_a_week_reads_a_later_one() -> None:
    rng = np.random.default_rng(8)
    demand, signals = 0.3 * rng.normal(size=(4, 110)), rng.normal(size=(2, 4, 110))
    before = sequences(demand, signals, np.full(2, 8), 52)
    demand[:, 80:], signals[:, :, 80:] = 1e9, 1e9
    after = sequences(demand, signals, np.full(2, 8), 52)
    for name in ("lag", "t", "p", "effect", "oos_p", "oos_gain", "reverse_t", "purged_t"):
        a, b = getattr(before, name), getattr(after, name)
        assert np.array_equal(a[..., :80], b[..., :80], equal_nan=True), name


def with_returns(known: Any, strength: Any = 0.35, seed: int = 77) -> Any:
    """Add returns: a share of the last four weeks' sales, more where ``placebo0`` said so before.

    Sales swing with ``leader``, so a plain index of returns does too.
    """
    units = known.panels["units"]
    padded = np.pad(units.y, ((0, 0), (4, 0)), mode="edge")
    recent = np.mean([padded[:, k : k + units.y.shape[1]] for k in range(4)], axis=0)
    own = known.signals.rate[2][np.repeat(np.arange(len(known.signals.categories)), 12)]
    push = np.reshape(strength, (-1, 1)) * np.pad((own[:, :-2] - 0.12) / 0.03, ((0, 0), (2, 0)))
    came = np.random.default_rng(seed).poisson(0.3 * recent * np.exp(push)).astype(float)
    return replace(known, panels={**known.panels, "returns": replace(units, y=came)})


@pytest.fixture(scope="module")
def returned() -> Any:
    made = []
    for seed in (61, 62, 63):
        known, _ = make(Truth(weeks=140, n_categories=4, seed=seed, strength=0.7))
        targets = ("units", "returns")
        asked = tuple(SignalSpec(n, targets, 8) for n in known.signals.names)
        made.append((with_returns(known), ForecastSpec(signals=asked)))
    return made


def adopted(evidence: Any, signal: str, target: str) -> int:
    mine = (pl.col("signal") == signal) & (pl.col("target") == target)
    return int((evidence.filter(mine)["status"] == "confirmed").sum())


def test_returns_are_tested_beyond_what_sales_explain(returned: Any) -> None:
    proofs = [prove(*one).evidence for one in returned]
    assert sum(adopted(e, "leader", "units") for e in proofs) >= 12
    assert sum(adopted(e, "leader", "returns") for e in proofs) == 0
    assert sum(adopted(e, "placebo0", "returns") for e in proofs) >= 12
    assert sum(adopted(e, "placebo0", "units") for e in proofs) == 0
    led = pl.concat([rows(e.filter(pl.col("target") == "returns"), "placebo0", pooled=True)
                     for e in proofs])  # fmt: skip
    assert (led["lead_weeks"] == 2).all()


def test_without_sales_known_returns_show_what_leads_sales(returned: Any) -> None:
    alone = [replace(k, panels={"returns": k.panels["returns"]}) for k, _ in returned]
    proofs = [prove(k, spec) for k, (_, spec) in zip(alone, returned, strict=True)]
    assert sum(adopted(p.evidence, "leader", "returns") for p in proofs) >= 1
    test = proofs[0].tests["returns"]
    assert test.expected is None
    _, index, _ = log_index(alone[0].panels["returns"], 52)
    assert np.array_equal(test.demand, index, equal_nan=True)


def test_units_are_tested_as_ever_whatever_comes_back(returned: Any) -> None:
    known, spec = returned[0]
    only = replace(known, panels={"units": known.panels["units"]})
    one, other = prove(known, spec).tests["units"], prove(only, spec).tests["units"]
    assert np.array_equal(one.demand, other.demand, equal_nan=True)
    assert np.array_equal(one.results.p, other.results.p)


def test_cutoffs_share_the_tests_of_returns_where_sales_are_known_alike(
    returned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, spec = returned[0]
    knowns = [cut(known, n) for n in (70, 97, 120, 140)]
    y = knowns[1].panels["units"].y.copy()
    y[5, 60] += 400.0  # a sale that was taken back later
    sold = replace(knowns[1].panels["units"], y=y)
    knowns[1] = replace(knowns[1], panels={**knowns[1].panels, "units": sold})
    alone = [prove(k, spec) for k in knowns]
    made: list[int] = []

    def counted(demand: Any, *rest: Any) -> Any:
        made.append(demand.shape[1])
        return sequences(demand, *rest)

    monkeypatch.setattr("models.evidence.sequences", counted)
    many = prove_many(knowns, spec)
    assert sorted(made) == [97, 97, 140, 140]
    assert all(equal_bits(a, b) for a, b in zip(many, alone, strict=True))


def test_sales_on_other_weeks_are_refused(returned: Any) -> None:
    known, spec = returned[0]
    units = known.panels["units"]
    moved = replace(units, weeks=units.weeks + np.timedelta64(7, "D"))
    with pytest.raises(ValueError, match="panel units are not"):
        prove(replace(known, panels={**known.panels, "units": moved}), spec)
    empty = replace(units, series=units.series[:0], y=units.y[:0])
    test = prove(replace(known, panels={**known.panels, "units": empty}), spec).tests["returns"]
    assert test.expected is None


def test_series_show_of_a_lead_what_they_show_beyond_sales(returned: Any) -> None:
    known, spec = returned[0]
    differ = np.tile(np.repeat([0.0, 0.7], 6), 4)
    gains = []
    for made in (known, with_returns(known, differ)):
        panel = made.panels["returns"]
        proof = prove(made, spec)
        got = effects_of(proof, "returns", proof.tests["returns"].categories, spec, 0, panel=panel)
        assert got.names == ("placebo0",)
        assert got.gain is not None
        gains.append(got.gain[0])
    assert np.abs(gains[0] - 1.0).mean() < 0.2
    assert gains[1][differ == 0].mean() < 0.4
    assert gains[1][differ > 0].mean() > 1.4
