"""The audit: a repeatable random sample, judged on weeks the models did not see, never in the way."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from models.audit import audit
from models.auditors import AUDITORS, FULL, MEAN, SIMPLE, audit_one
from models.backtest import backtest
from models.forecast import forecast
from models.panel import Grid, Known
from models.spec import ForecastSpec
from tests.models.synthetic import Truth, cut, make
from transforms.contracts import EXPORTS

SPEC = ForecastSpec()


def grid(n: int) -> Grid:
    return Grid(np.array([n], dtype=np.int64), 13, 52)


@pytest.fixture(scope="module")
def night() -> tuple[Known, Known, pl.DataFrame, pl.DataFrame]:
    known, _ = make(Truth(n_categories=2, per_category=6, weeks=110))
    known = replace(known, signals=None)
    past = cut(known, 97)
    made = forecast(known, SPEC).forecasts
    return known, past, made, backtest([past], known, SPEC).forecasts


def audited(night: tuple[Known, Known, pl.DataFrame, pl.DataFrame], n: int = 3) -> pl.DataFrame:
    known, past, made, scored = night
    return audit(known, [past], forecasts=made, scored=scored, spec=replace(SPEC, audit_series=n))


def test_it_fills_its_contract(night: tuple[Known, Known, pl.DataFrame, pl.DataFrame]) -> None:
    got = audited(night)
    contract = EXPORTS["model_audit"]
    assert got.columns == [c.name for c in contract.columns]
    assert got.height == 3 * len(AUDITORS) * 2
    assert got.select(contract.key).is_unique().all()
    for column in contract.columns:
        assert column.nullable or got[column.name].null_count() == 0
        assert not column.one_of or set(got[column.name].to_list()) <= set(column.one_of)
    assert set(got["level"]) == {"sku"}
    assert got.filter(pl.col("horizon_band") == "h1-4")["n"].to_list() == [4] * 9
    assert got["distance_share"].is_between(0, 2).all()
    assert got["converged"].mean() > 0.8


def test_textbook_models_and_the_core_agree_on_plain_series(
    night: tuple[Known, Known, pl.DataFrame, pl.DataFrame],
) -> None:
    got = audited(night, n=6)
    for model in AUDITORS:
        rows = got.filter(pl.col("model") == model)
        one, other = (float((rows[c] * rows["actual"]).sum()) for c in ("wape_core", "wape_model"))
        assert one / other == pytest.approx(1.0, abs=0.35)
        assert float(rows["distance_share"].mean()) < 0.4


def test_the_core_is_judged_as_the_backtest_says(
    night: tuple[Known, Known, pl.DataFrame, pl.DataFrame],
) -> None:
    row = audited(night).row(0, named=True)
    rows = night[3].filter(
        (pl.col("level") == "sku")
        & (pl.col("series_id") == row["series_id"])
        & pl.col("horizon").is_between(1, 4)
    )
    error = float((rows["actual"] - rows["baseline_mean"]).abs().sum())
    assert row["wape_core"] == pytest.approx(error / float(rows["actual"].sum()))


def test_the_sample_is_the_nights_own_and_repeatable(
    night: tuple[Known, Known, pl.DataFrame, pl.DataFrame],
) -> None:
    first, again = audited(night), audited(night)
    assert first.equals(again)
    known, past, made, scored = night
    names = set()
    for days in range(1, 5):
        later = replace(known, cutoff=known.cutoff + timedelta(days=days))
        got = audit(
            later, [past], forecasts=made, scored=scored, spec=replace(SPEC, audit_series=1)
        )
        names |= set(got["series_id"].to_list())
    assert len(names) > 1


def test_without_a_past_there_is_tonight_only(
    night: tuple[Known, Known, pl.DataFrame, pl.DataFrame],
) -> None:
    known, _, made, scored = night
    got = audit(
        known, [], forecasts=made, scored=scored.clear(), spec=replace(SPEC, audit_series=1)
    )
    assert got["n"].to_list() == [0] * got.height
    assert got["wape_core"].null_count() == got.height
    assert got["distance_share"].null_count() == 0
    nothing = Known(known.cutoff, 0, {})
    assert audit(nothing, [], forecasts=made, scored=scored, spec=SPEC).is_empty()


@pytest.mark.parametrize("model", list(AUDITORS))
def test_a_model_steps_down_and_says_so(model: str) -> None:
    y = np.random.default_rng(4).poisson(20.0, size=100).astype(float)
    season = np.ones(113)
    full = audit_one(y, season, grid(100), model)
    assert full.rung == FULL
    assert full.converged
    assert full.forecast == pytest.approx(20.0, rel=0.2)
    holes = y.copy()
    holes[[3, 40, 41, 99]] = np.nan
    held = audit_one(holes, season, grid(100), model)
    assert held.rung in {FULL, SIMPLE}
    assert held.forecast == pytest.approx(20.0, rel=0.2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for odd in (np.full(100, np.nan), np.zeros(100), y * 1e12, y[:3]):
            made = audit_one(odd, np.ones(len(odd) + 13), grid(len(odd)), model)
            assert np.isfinite(made.forecast).all()
            assert (made.forecast >= 0).all()
    assert audit_one(np.full(100, np.nan), season, grid(100), model).rung == MEAN


def test_nobody_audits_where_none_is_asked_for(
    night: tuple[Known, Known, pl.DataFrame, pl.DataFrame],
) -> None:
    assert audited(night, 1).height > 0
    assert audited(night, 0).is_empty()
