"""Work beside the night: the same answer wherever it is done, and nothing left behind."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import polars as pl
import pytest

from flows import auditing as audit
from flows.beside import Beside
from models.backtest import backtest
from models.forecast import forecast
from models.spec import ForecastSpec
from tests.models.synthetic import Truth, cut, make


def squared(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def refusing(number: int) -> int:
    raise ValueError(f"not {number}")


def dying(asked: tuple[int, int]) -> int:
    """Is killed in any process but the one that asks."""
    number, here = asked
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return number + 1


def waiting(path: str) -> None:
    Path(path).write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(600)


def test_the_work_is_done_in_another_process() -> None:
    before = set(active_children())
    with Beside(squared, 7) as other:
        answer, process = other.answer()
    assert answer == 49
    assert process != os.getpid()
    assert set(active_children()) <= before


def test_what_it_raises_is_raised_where_it_is_asked_for() -> None:
    with Beside(refusing, 3) as other, pytest.raises(ValueError, match="not 3"):
        other.answer()


def test_what_a_killed_process_owed_is_done_here(caplog: pytest.LogCaptureFixture) -> None:
    with Beside(dying, (4, os.getpid())) as other:
        assert other.answer() == 5
    assert "its work is done here" in caplog.text


def test_a_night_that_fails_leaves_no_process(tmp_path: Path) -> None:
    told = tmp_path / "pid"

    def failing() -> None:
        with Beside(waiting, str(told)):
            while not (told.is_file() and told.read_text(encoding="utf-8")):
                time.sleep(0.05)
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text(encoding="utf-8")), 0)


def test_the_audit_is_the_same_wherever_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    known, _ = make(Truth(n_categories=1, per_category=4, weeks=110))
    known, spec = replace(known, signals=None), ForecastSpec(audit_series=2)
    past = [cut(known, 97)]
    tables = {
        "forecasts": forecast(known, spec).forecasts,
        "backtest_forecasts": backtest(past, known, spec).forecasts,
    }
    started: list[object] = []
    monkeypatch.setattr(audit, "Beside", lambda *a: started.append(a) or Beside(*a))

    def audited(least: int) -> pl.DataFrame:
        why: list[str] = []
        monkeypatch.setattr(audit, "WORTH_PROCESS", least)
        with audit.auditing(known, past, tables["forecasts"], spec, why) as auditors:
            got = audit.model_audit(auditors, tables, spec, why)
        assert why == []
        assert got is not None
        return got

    here = audited(1_000)
    assert (here.height, len(started)) == (2 * 3 * 2, 0)
    assert audited(1).equals(here)
    assert len(started) == 1


def test_an_audit_that_cannot_be_drawn_is_told_and_ends_nothing() -> None:
    known, _ = make(Truth(n_categories=1, per_category=2, weeks=60))
    why: list[str] = []
    with audit.auditing(known, [], pl.DataFrame(), ForecastSpec(), why) as auditors:
        assert audit.model_audit(auditors, {}, ForecastSpec(), why) is None
    assert len(why) == 1
    assert why[0].startswith("the audit by other models failed: ")
