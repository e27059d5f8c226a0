"""Sendings and acknowledgements: against a slow count, and what is ours beside what is given."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from transforms.office import distribution
from transforms.office.distribution import OURS, SENDING

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
GIVEN = {
    "distribution_id": pl.String, "item_id": pl.String, "item_type": pl.String, "team": pl.String,
    "sent_at": pl.Datetime("us", "UTC"), "opened_at": pl.Datetime("us", "UTC"),
    "acknowledged_at": pl.Datetime("us", "UTC"), "decision_id": pl.String, "_source": pl.String,
}  # fmt: skip


def given(*rows: dict[str, Any]) -> pl.DataFrame:
    full = [
        {"distribution_id": f"d{i}", "item_type": "digest", "_source": "desk", "sent_at": START, **row}
        for i, row in enumerate(rows)
    ]  # fmt: skip
    return pl.DataFrame(full, schema=GIVEN)


def ours(*rows: tuple[str, str]) -> pl.DataFrame:
    full = [(item, "review", team, START, OURS) for item, team in rows]
    return pl.DataFrame(full, schema=SENDING, orient="row")


def status(rows: pl.DataFrame, days: int = 7) -> dict[str, str]:
    told = distribution.with_status(rows, days)
    return dict(told.select("distribution_id", "status").iter_rows())


def test_what_we_sent_appears_and_what_is_told_of_it_counts() -> None:
    told = given({"item_id": "review 1", "team": "ops", "acknowledged_at": START})
    rows = distribution.log(told, ours(("review 1", "ops"), ("review 1", "sales")))
    assert status(rows) == {"d0": "acknowledged", "review 1 sales": "untold"}
    senders = dict(rows.select("team", "sender").iter_rows())
    assert senders == {"ops": OURS, "sales": OURS}
    assert distribution.log(told, ours())["sender"].to_list() == ["desk"]


def test_a_given_row_without_an_answer_is_sent_also_where_we_sent_it() -> None:
    rows = given({"item_id": "x", "team": "ops"}, {"item_id": "y", "team": "ops"})
    assert status(distribution.log(rows, ours(("y", "ops")))) == {"d0": "sent", "d1": "sent"}


def test_the_furthest_that_is_told_is_the_status() -> None:
    rows = distribution.log(
        given(
            {"item_id": "a", "team": "t", "opened_at": START},
            {"item_id": "b", "team": "t", "acknowledged_at": START, "decision_id": "X"},
            {"item_id": "c", "team": "t", "acknowledged_at": START - timedelta(days=1)},
        ),
        ours(),
    )
    assert status(rows) == {"d0": "opened", "d1": "decided", "d2": "acknowledged"}
    told = distribution.with_status(rows, 7).sort("distribution_id")
    assert told["days_to_acknowledge"].to_list() == [None, 0.0, 0.0], "before it was sent is at once"  # fmt: skip


@pytest.mark.parametrize(("days", "k"), [(7, 1), (6, 0)])
def test_seven_days_are_seven_days_to_the_second(days: int, k: int) -> None:
    after = START + timedelta(days=7)
    rows = given(
        {"item_id": "a", "team": "t", "acknowledged_at": after},
        {"item_id": "a", "team": "u", "acknowledged_at": after},
        {"item_id": "a", "team": "v", "acknowledged_at": after + timedelta(seconds=1)},
    )
    found = distribution.items(
        distribution.with_status(distribution.log(rows, ours()), days), 2, "UTC", "monday"
    )
    assert (found["acked_n"].item(), int(found["acknowledged"].item())) == (2 * k, k)


def test_windows_hold_what_a_slow_count_finds() -> None:
    rng = np.random.default_rng(8)
    rows = []
    for item in range(300):
        sent = START + timedelta(hours=int(rng.integers(0, 24 * 7 * 20)))
        for team in "abc"[: int(rng.integers(1, 4))]:
            late = rng.uniform(0, 14)
            acked = sent + timedelta(days=late) if rng.random() < 0.7 else None
            kind = "insight" if item % 3 else "digest"
            rows.append({"item_id": f"i{item}", "team": team, "sent_at": sent, "item_type": kind, "acknowledged_at": acked})  # fmt: skip
    told = distribution.with_status(distribution.log(given(*rows), ours()), 7)
    found = distribution.items(told, 2, "UTC", "monday")
    last = date(2026, 3, 2) + timedelta(weeks=15)
    table = distribution.counted(found, 2, last)
    for length in (4, 13):
        first = last - timedelta(weeks=length - 1)
        for kind in ("all", "insight", "digest"):
            mine: dict[str, list[dict[str, Any]]] = {}
            for row in rows:
                day = row["sent_at"].date()
                if first <= day < last + timedelta(days=7) and kind in ("all", row["item_type"]):
                    mine.setdefault(row["item_id"], []).append(row)
            acked = [
                sum(r["acknowledged_at"] is not None and r["acknowledged_at"] - r["sent_at"] <= timedelta(days=7) for r in sent)
                for sent in mine.values()
            ]  # fmt: skip
            row = table.row(
                by_predicate=(pl.col("window_weeks") == length)
                & (pl.col("window_end") == last + timedelta(days=6))
                & (pl.col("item_type") == kind),
                named=True,
            )
            assert (row["n"], row["k"], row["any_n"]) == (
                len(mine), sum(a >= 2 for a in acked), sum(a >= 1 for a in acked),
            )  # fmt: skip
            assert row["too_few_teams_n"] == sum(len(sent) < 2 for sent in mine.values())
