"""Signals that cannot lead, on demand that is as awkward as real demand: nothing may be adopted."""

import os
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from bench.placebo import (
    Tally,
    as_thin_as,
    asked,
    counted,
    growing,
    olist,
    online_retail,
    placebos,
    shifted,
    tally,
)
from bench.signals import (
    PARTS,
    Errors,
    Scale,
    errors_of,
    gain,
    harm_row,
    pairs,
    share_row,
    told_share,
)
from models.asked import FIRST_MENTIONS, log_index
from models.evidence import prove
from models.forecast import forecast_many
from models.leadpath import already_felt
from models.leadtest import departures, innovations
from models.panel import Known, Panel, group_codes
from models.simulate.panels import PanelSpec, simulated_panel
from models.simulate.panels import first_weeks as weeks_of
from tests.models.synthetic import START, Truth, make


def upstart(seed: int, categories: int = 30, weeks: int = 103) -> Known:
    """A business that grows tenfold in a year, then steps down, in thin and unequal categories."""
    rng = np.random.default_rng(seed)
    size = np.sort(rng.gamma(0.5, 3.0, size=categories))[::-1, None] + 0.2
    growth = np.minimum(0.1 + 0.9 * np.arange(weeks) / 55, 1.0)
    growth[60:64] *= 2.0
    growth[88:] *= 0.55
    shock = np.exp(0.15 * rng.normal(size=weeks))
    y = rng.poisson(size * growth * shock).astype(float)
    first = rng.integers(0, 30, size=categories)
    y[np.arange(weeks)[None, :] < first[:, None]] = np.nan
    names = [f"c{i:02d}" for i in range(categories)]
    series = pl.DataFrame(
        {"series_id": names, "category": names, "sku": None, "channel": None},
        schema_overrides={"sku": pl.String, "channel": pl.String},
    )
    days = START + 7 * np.arange(weeks).astype("timedelta64[D]")
    return Known((days[-1] + np.timedelta64(6, "D")).item(), 0, {"units": Panel(series, days, y)})


def few_words(known: Known, seed: int, phi: float) -> Any:
    """Four conversations a week and category at the most, growing with the business."""
    panel, rng = known.panels["units"], np.random.default_rng([seed, 1])
    n = np.minimum(rng.poisson(growing(panel, rng) / 20), 4)
    return counted(rng, n, panel, phi)


def test_words_that_cannot_lead_an_upstart_are_not_adopted() -> None:
    total = Tally()
    for seed in range(6):
        known = upstart(seed)
        evidence = prove(*asked(known, few_words(known, seed, 0.95))).evidence
        total += tally(evidence.filter(pl.col("category").is_null()))
    assert total.tested == 48
    assert total.adopted == 0
    assert total.ever <= 1
    assert total.lead <= 7


def test_a_rate_is_not_heard_before_it_is_more_than_its_prior() -> None:
    known = upstart(1)
    asked_of = asked(known, few_words(known, 1, 0.7))
    heard = asked_of[0].signals
    signal = prove(*asked_of).tests["units"].results.signal
    for k in range(len(heard.names)):
        begun = np.cumsum(heard.mentions_all[k]) - heard.mentions_all[k] >= FIRST_MENTIONS
        assert (signal[k][:, ~begun] == 0).all()
        assert (signal[k][:, begun][:, 20:] != 0).any()


def test_a_week_without_sales_is_no_abyss_for_few_and_a_log_for_many() -> None:
    known = upstart(2)
    panel = known.panels["units"]
    _, few, _ = log_index(panel, 52)
    assert np.nanmin(few) > -2.3
    _, many, _ = log_index(replace(panel, y=panel.y * 1e6), 52)
    seen = ~np.isnan(many)
    assert np.nanmin(many) == pytest.approx(np.log(0.05), abs=1e-3)
    sold = seen & (panel.y > 0)
    assert np.all(np.abs(few[sold]) <= np.abs(many[sold]) * 4 + 1e-9)


def test_thin_counts_keep_the_size_of_an_effect() -> None:
    rng = np.random.default_rng(0)
    known = upstart(3, weeks=400)
    weeks = np.arange(400)
    wave = 0.3 * np.where(weeks % 2 == 0, 1.0, -1.0)
    y = rng.poisson(np.exp(wave) * np.geomspace(0.3, 30, 30)[:, None]).astype(float)
    _, log, _ = log_index(replace(known.panels["units"], y=y), 52)
    swing = log[:, 60::2].mean(axis=1) - log[:, 61::2].mean(axis=1)
    assert swing.mean() == pytest.approx(0.6, abs=0.1)
    assert swing[-10:].mean() == pytest.approx(0.6, abs=0.03)


def test_a_drift_departs_little_and_news_in_full() -> None:
    line = np.linspace(1.0, 2.0, 120)[None, None]
    assert np.abs(departures(line)[0, 0, 60:]).max() < 0.1
    noise = np.random.default_rng(0).normal(size=(1, 4, 300))
    assert np.corrcoef(departures(noise)[..., 50:].ravel(), noise[..., 50:].ravel())[0, 1] > 0.95


def test_a_common_shock_that_lasts_is_whitened_though_no_series_shows_it() -> None:
    rng = np.random.default_rng(4)
    common = np.zeros(300)
    for week in range(1, 300):
        common[week] = 0.9 * common[week - 1] + 0.2 * rng.normal()
    z = (common + rng.normal(size=(40, 300)))[None]
    shared = innovations(z)[0, :, 60:].mean(axis=0)
    assert abs(np.corrcoef(shared[1:], shared[:-1])[0, 1]) < 0.2
    before = z[0, :, 60:].mean(axis=0)
    assert np.corrcoef(before[1:], before[:-1])[0, 1] > 0.6


def test_shifting_moves_everything_alike() -> None:
    signals = make(Truth(weeks=80, n_categories=2))[0].signals
    moved = shifted(signals, 25)
    assert np.array_equal(moved.mentions[..., 25:], signals.mentions[..., :-25])
    assert np.array_equal(moved.taggable_all[:25], signals.taggable_all[-25:])
    assert moved.names == signals.names
    assert as_thin_as(signals, upstart(0).panels["units"], np.random.default_rng(0)).shape[0] == 30


@pytest.mark.needs_data
@pytest.mark.skipif(
    not os.environ.get("HEARCAST_EXAMPLES_DATA"), reason="HEARCAST_EXAMPLES_DATA is not set"
)
@pytest.mark.soak
def test_placebos_on_real_demand() -> None:
    for name, stream in placebos(olist(), online_retail(), 30).items():
        pooled, own = Tally(), Tally()
        for known, spec in stream():
            evidence = prove(known, spec).evidence
            pooled += tally(evidence.filter(pl.col("category").is_null()))
            own += tally(evidence.filter(pl.col("category").is_not_null()))
        assert pooled.adopted <= 0.03 * pooled.tested, name
        assert own.adopted <= 0.02 * own.tested, name
        assert pooled.ever <= 0.06 * pooled.tested, name
        assert own.ever <= 0.05 * own.tested, name


SMALL = PanelSpec(n_categories=20, r2=0.1)


def test_planted_leads_are_found_and_nothing_else_is() -> None:
    got = pairs(SMALL, (51, 52))
    own = got.filter(pl.col("category").is_not_null())
    planted = own.filter((pl.col("signal") == "x0") & pl.col("planted"))
    assert planted["adopted"].mean() >= 0.9
    assert (planted.filter("adopted")["lead_weeks"] == SMALL.lead).mean() >= 0.95
    rest = own.join(planted, on=["seed", "signal", "category"], how="anti")
    assert rest["adopted"].mean() <= 0.02
    assert not rest.filter(pl.col("signal") == "x3")["direction_ok"].all()


def test_gates_of_two_years_adopt_next_to_nothing_where_nothing_leads() -> None:
    got = pairs(replace(SMALL, planted_share=0.0), (53, 54)).filter(
        pl.col("category").is_not_null()
    )
    assert got.height == 200
    assert got["ever"].mean() <= 0.03


def test_a_two_way_link_is_found_and_not_taken_for_a_mirror() -> None:
    got = pairs(replace(SMALL, two_way=True), (55,))
    link = got.filter((pl.col("signal") == "x0") & pl.col("planted"))
    assert link["direction_ok"].mean() >= 0.7
    assert link["adopted"].mean() >= 0.7


def test_few_words_are_insufficient_rather_than_a_verdict() -> None:
    few = pairs(replace(SMALL, heard=20), (56,)).filter(pl.col("category").is_not_null())
    silent = few.filter(pl.col("direction_ok") & ~pl.col("adopted"))
    assert (silent["status"] == "insufficient").sum() > 0.3 * silent.height
    told = silent.filter(pl.col("status") == "insufficient")
    assert told["p_value"].null_count() == 0
    assert told["change_reason"].str.contains("fewer conversations").all()
    per_week = told["n_conversations"] / told["n_weeks"]
    assert (per_week < told["conversations_per_week_needed"]).all()


def test_a_gain_is_measured_against_the_truth_and_harm_is_not_hidden() -> None:
    full, base, told = np.array([8.0, 9.0]), np.array([10.0, 10.0]), np.array([7.0, 9.0])
    errors = Errors(full, base, told, np.array([True, False]))
    assert gain(errors) == pytest.approx(0.15)
    assert told_share(errors) == pytest.approx(0.75)
    assert harm_row("x", errors).value == pytest.approx(-0.15)
    worse = harm_row("x", Errors(1.01 * base, base, base, errors.planted))
    assert worse.verdict() == "MISSED by 0.85%"
    assert share_row("x", [True, False], 0.6, at_least=True).verdict() == "MISSED by 10.00%"
    assert share_row("x", [], 0.6, at_least=True).verdict() == "not measured"


def test_signals_gain_most_of_what_the_truth_would() -> None:
    spec = replace(SMALL, n_categories=10, r2=0.2, seed=57)
    errors = errors_of(spec, 2, (1, spec.lead))
    planted = errors.of(errors.planted)
    assert gain(planted) > 0.03
    assert told_share(planted) > 0.6
    assert abs(gain(errors.of(~errors.planted))) < 0.01


@pytest.mark.soak
def test_the_table_of_signals_reaches_its_bounds() -> None:
    scale = Scale(seeds=tuple(range(61, 69)), cutoffs=6)
    rows = [row for part in PARTS.values() for row in part(scale)]
    missed = [row.line() for row in rows if row.verdict().startswith("MISSED")]
    assert not missed


@pytest.mark.soak
def test_what_is_already_felt_is_in_the_baseline() -> None:
    spec = PanelSpec(n_categories=30, r2=0.2, seed=58)
    known, asked_of, truth = simulated_panel(spec)
    panel = known.panels["units"]
    _, groups = group_codes(panel.series)
    ends = list(range(112, 153, 5))
    made = forecast_many(
        [weeks_of(known, n) for n in ends], replace(asked_of, levels=("sku",), signals=())
    )
    left, told = [], []
    for end, part in zip(ends, made, strict=True):
        rows = part.forecasts.filter(pl.col("horizon") == 2).sort("series_id")
        base = np.bincount(groups.codes, weights=rows["mean"].to_numpy())
        came = np.bincount(groups.codes, weights=panel.y[:, end + 1])
        for c in np.flatnonzero(truth.planted):
            felt = already_felt(truth.log_effect[c, : end + 1], 1)
            told.append((1.0, truth.log_effect[c, end + 1], felt))
            left.append(np.log(came[c] / base[c]))
    weight = np.linalg.lstsq(np.array(told), np.array(left), rcond=None)[0]
    assert weight[1] == pytest.approx(1.0, abs=0.15)
    assert weight[2] == pytest.approx(-1.0, abs=0.5)
