"""Metrics out of control become findings: one a metric, as severe as its worst week, of good news low."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from transforms.contracts import EXPORTS
from transforms.exceptions.critical import metrics_out
from transforms.exceptions.episodes import with_episodes
from transforms.exceptions.found import price_list, valued
from transforms.exceptions.message import at_risk, due, subject
from transforms.exceptions.owners import with_owners
from transforms.exceptions.reasons import NOTHING, Said, with_reasons

WEEK = date(2026, 11, 9)


def status(**more: Any) -> pl.DataFrame:
    contract = EXPORTS["metric_status"]
    row = {
        **dict.fromkeys(contract.names), "metric": "late_share", "meaning": "parcels that came late",
        "better": "lower", "episode": "open", "episode_since": WEEK - timedelta(weeks=2), "week_start": WEEK,
        "value": 0.142, "centre": 0.081, "control_lo": 0.045, "control_hi": 0.126, "n": 401, "excess": 41.2, **more,
    }  # fmt: skip
    return pl.DataFrame([row], schema=dict(contract.schema))


def weeks(*told: tuple[float, str | None], metric: str = "late_share") -> pl.DataFrame:
    contract = EXPORTS["metric_weeks"]
    rows = [
        {**dict.fromkeys(contract.names), "metric": metric, "week_start": WEEK - timedelta(weeks=len(told) - 1 - i), "z": z, "rule": rule}
        for i, (z, rule) in enumerate(told)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict(contract.schema))


@pytest.mark.parametrize(
    ("course", "better", "severity"),
    [
        ([(3.4, "beyond_limits"), (1.0, None), (0.5, None)], "lower", "medium"),
        ([(4.9, "beyond_limits"), (1.0, None), (0.5, None)], "lower", "high"),
        ([(4.9, "beyond_limits"), (1.0, None), (0.5, None)], "higher", "low"),
        ([(-4.9, "beyond_limits"), (1.0, None), (0.5, None)], "lower", "low"),
        ([(-4.9, "beyond_limits"), (1.0, None), (0.5, None)], "neither", "high"),
        ([(2.4, "two_of_three"), (1.0, None), (0.5, None)], "lower", "low"),
    ],
)
def test_it_is_as_severe_as_the_worst_week_of_the_episode_on_the_side_that_is_bad(
    course: list[tuple[float, str | None]], better: str, severity: str
) -> None:
    earlier = [(-9.0, "beyond_limits")]
    found = metrics_out(status(better=better), weeks(*earlier, *course))
    assert found["severity"].to_list() == [severity], "weeks before the episode do not count"


@pytest.mark.parametrize("state", ["none", "closed"])
def test_only_what_lasts_is_told(state: str) -> None:
    assert metrics_out(status(episode=state), weeks((3.4, "beyond_limits"))).is_empty()


def told(found: pl.DataFrame) -> pl.DataFrame:
    priced = valued(found, price_list(None))
    voices = pl.DataFrame(schema={"category": pl.String, "said": pl.Int64, "signal": pl.String, "more_lo": pl.Float64})  # fmt: skip
    moved = pl.DataFrame(schema={"target": pl.String, "level": pl.String, "series_id": pl.String, "moved": pl.Float64, "signal": pl.String})  # fmt: skip
    owners = pl.DataFrame(
        {"object_type": ["Metric", "metric"], "object_id": ["late_share", "other"], "owner": ["Lena", "Tom"],
         "since": [None, None], "_order": [1, 2], "_source": ["s", "s"]},
        schema_overrides={"since": pl.Date},
    )  # fmt: skip
    return with_owners(with_reasons(priced, Said(voices, None, moved)), owners, "", WEEK)


def test_a_metric_has_its_owner_no_borrowed_reason_and_a_message() -> None:
    found = told(metrics_out(status(), weeks((3.4, "beyond_limits"))))
    row = found.row(0, named=True)
    assert (row["owner"], row["owner_from"]) == ("Lena", "input")
    assert row["customers_reason"] == NOTHING
    assert subject(row) == "metric out of control: late_share"
    assert (at_risk(row), row["value_unit"]) == ("41 events", "events")
    assert row["headline"] == (
        "late_share (parcels that came late) has an episode since the week of 26 Oct: 14.2 % in the week of "
        "9 Nov; 8.1 % is usual, 4.5 % to 12.6 % chance"
    )


def test_one_alert_an_episode_however_many_nights_it_lasts() -> None:
    found = told(metrics_out(status(), weeks((3.4, "beyond_limits"))))
    first = with_episodes(found, None, {"metric_out"}, WEEK)
    assert due(first, "medium")["episode_state"].to_list() == ["new"]
    ids = set(first["episode_id"])
    before = first
    for night in range(1, 4):
        before = with_episodes(found, before, {"metric_out"}, WEEK + timedelta(days=night))
        assert before["episode_state"].to_list() == ["open"]
        assert set(before["episode_id"]) == ids
    over = with_episodes(found.clear(), before, {"metric_out"}, WEEK + timedelta(days=4))
    over = with_episodes(found.clear(), over, {"metric_out"}, WEEK + timedelta(days=5))
    assert over["episode_state"].to_list() == ["closed"]


def test_a_signals_metric_names_its_signal() -> None:
    found = metrics_out(
        status(metric="delivery_worry_share", meaning="conversations of the week that carry delivery worry"),
        weeks((3.4, "beyond_limits"), metric="delivery_worry_share"),
    )  # fmt: skip
    assert found["signal"].to_list() == ["delivery_worry"]
