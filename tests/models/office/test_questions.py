"""The question that is worth most: the widest doubt, unless nothing hangs on it any more."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from models.office.questions import next_questions

WEEK = date(2026, 11, 9)


def rates(rows: list[tuple[str | None, str, float, float, float]]) -> pl.DataFrame:
    """Two weeks of each (category, signal, rate, lo, hi); the older one is wide and must not count."""
    full = [
        (category, signal, WEEK - timedelta(weeks=back), r, 0.0 if back else lo, 1.0 if back else hi, 5.0)
        for category, signal, r, lo, hi in rows
        for back in (0, 1, 20)
    ]  # fmt: skip
    names = ["category", "signal", "week_start", "rate_shrunk", "rate_lo", "rate_hi", "n_effective"]
    return pl.DataFrame(full, schema=names, orient="row")


def evidence(rows: list[tuple[str | None, str, str]]) -> pl.DataFrame:
    schema = {"category": pl.String, "signal": pl.String, "status": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


WORTH = pl.DataFrame({"family": ["tea"], "worth": [70.0]})


def test_the_widest_interval_beside_its_rate_is_asked_for() -> None:
    told = rates(
        [("tea", "a", 0.5, 0.4, 0.6), ("tea", "b", 0.1, 0.06, 0.16), (None, "c", 0.5, 0.0, 1.0)]
    )
    found = next_questions(told, evidence([]), WORTH).row(0, named=True)
    assert found["signal"] == "b"
    assert found["worth"] == 70.0
    assert found["half_width"] == pytest.approx(0.05)
    assert found["spread"] == pytest.approx(0.3)
    assert found["known"] == 10.0, "two weeks of the last thirteen"


def test_what_is_decided_already_is_asked_less() -> None:
    told = rates([("tea", "a", 0.5, 0.4, 0.6), ("tea", "b", 0.1, 0.06, 0.16)])
    pooled = evidence([(None, "b", "rejected"), (None, "a", "insufficient")])
    assert next_questions(told, pooled, WORTH)["signal"].to_list() == ["a"]
    own = evidence([(None, "b", "rejected"), ("tea", "b", "candidate")])
    assert next_questions(told, own, WORTH)["signal"].to_list() == ["b"]


def test_without_rates_there_is_nothing_to_ask_for_and_worth_may_be_unknown() -> None:
    assert next_questions(rates([]), evidence([]), WORTH).is_empty()
    told = rates([("mugs", "a", 0.5, 0.4, 0.6)])
    assert next_questions(told, evidence([]), WORTH)["worth"].to_list() == [0.0]
