"""A night whose models fail steps down one rung at a time and says so; a record costs only itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows import forecasting
from flows.commands import report
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.stale import FORECAST_TABLES, RECORD_TABLES
from tests.flows.tiny import END, tiny_shop

pytestmark = pytest.mark.usefixtures("prefect_server")
SECRET = "my husband left"


def broken(*_: object, **__: object) -> Any:
    raise ValueError(SECRET)


def test_a_backtest_that_fails_leaves_the_forecasts_fresh(
    tmp_path: Path,
    run_night: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    config, exports = tiny_shop(tmp_path), tmp_path / "exports"
    logging.getLogger("hearcast").addHandler(caplog.handler)
    with monkeypatch.context() as patch:
        patch.setattr(forecasting, "backtest", broken)
        state = run_night(config, END.isoformat())
    assert state.name == "PublishedDegraded"
    assert report(state) == 3
    assert read_table(exports, "forecasts")["rung"].unique().to_list() == ["full"]
    told = read_manifest(snapshot_dir(exports))
    assert told["tables"]["accuracy"]["left_out"]
    assert "backtest failed" in told["why"][0]
    assert "forecasting.py" in caplog.text, "where it failed is logged"
    assert SECRET not in caplog.text, "what it said is not: it may quote a customer"


def test_a_forecast_that_fails_on_every_rung_shows_last_nights_rows(
    tiny_night: Path, run_night: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, exports = tiny_night, tiny_night.parent / "exports"
    with monkeypatch.context() as patch:
        patch.setattr(forecasting, "forecast", broken)
        patch.setattr(forecasting, "naive_night", broken)
        state = run_night(config, (END + timedelta(days=1)).isoformat())
    assert state.name == "PublishedDegraded"
    rows = read_table(exports, "forecasts")
    assert rows["rung"].unique().to_list() == ["stale"]
    assert rows["as_of"].unique().to_list() == [END]
    told = read_manifest(snapshot_dir(exports))
    assert [line.split(" failed")[0] for line in told["why"]] == [
        "the full forecast",
        "the baseline forecast",
        "the seasonal_naive forecast",
    ]
    assert {told["tables"][name]["rung"] for name in ("forecasts", "accuracy")} == {"stale"}


def test_models_that_fail_leave_the_seasonal_naive_and_last_nights_record(
    tmp_path: Path, run_night: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, exports = tiny_shop(tmp_path), tmp_path / "exports"
    with monkeypatch.context() as patch:
        patch.setattr(forecasting, "forecast", broken)
        first = run_night(config, (END - timedelta(days=1)).isoformat())
    assert first.name == "PublishedDegraded"
    told = read_manifest(snapshot_dir(exports))
    for name in RECORD_TABLES:
        assert told["tables"][name]["why"].startswith("no record is made"), name
    assert run_night(config, END.isoformat()).name == "Completed"
    record = read_table(exports, "accuracy")
    with monkeypatch.context() as patch:
        patch.setattr(forecasting, "forecast", broken)
        state = run_night(config, (END + timedelta(days=1)).isoformat())
    assert state.name == "PublishedDegraded"
    assert report(state) == 3
    told = read_manifest(snapshot_dir(exports))
    assert [line.split(" failed")[0] for line in told["why"]] == [
        "the full forecast",
        "the baseline forecast",
    ]
    for name in FORECAST_TABLES:
        assert told["tables"][name]["rung"] == "seasonal_naive", name
    for name in ("forecasts", "forecasts_cumulative"):
        rows = read_table(exports, name)
        assert rows["rung"].unique().to_list() == ["seasonal_naive"]
        assert rows["as_of"].unique().to_list() == [END + timedelta(days=1)]
        assert rows["model"].unique().to_list() == ["seasonal_naive"]
    assert read_table(exports, "forecast_contributions").is_empty()
    assert {told["tables"][name]["rung"] for name in RECORD_TABLES} == {"stale"}
    assert read_table(exports, "accuracy").equals(record)
