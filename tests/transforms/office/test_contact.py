"""contact_recency: what a contact is, windows on their edges, who was never spoken with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl

from transforms.office.contact import newest_contacts, recency

AS_OF = date(2026, 6, 10)


def ago(days: int) -> datetime:
    return datetime(2026, 6, 10, 12, tzinfo=UTC) - timedelta(days=days)


def test_conversations_and_answered_calls_count_and_nothing_from_after() -> None:
    talks = pl.DataFrame(
        {"customer_id": ["a", "a", None, "late"], "started_at": [ago(40), ago(5), ago(1), ago(-1)]}
    )
    calls = pl.DataFrame(
        {"customer_id": ["a", "b", "c"], "attempted_at": [ago(1), ago(2), ago(3)], "connected": [False, True, None]}
    )  # fmt: skip
    told = newest_contacts(talks, calls, AS_OF, "UTC").sort("customer_id")
    assert told.rows() == [("a", ago(5).date()), ("b", ago(2).date())]


def test_windows_begin_on_the_day_itself() -> None:
    customers = pl.DataFrame(
        {"customer_id": ["a", "b", "c", "d"], "segment": ["best", "best", "best", "new"]}
    )
    contacts = pl.DataFrame(
        {"customer_id": ["a", "b", "x"], "contacted_on": [ago(29).date(), ago(30).date(), AS_OF]}
    )
    told = recency(customers, contacts, AS_OF)
    best = told.filter(pl.col("segment") == "best")
    assert best.select("window_days", "n", "k", "never_n", "median_days_since").rows() == [
        (30, 3, 1, 1, 29.5), (90, 3, 2, 1, 29.5), (365, 3, 2, 1, 29.5),
    ]  # fmt: skip
    assert told["segment"].to_list() == ["new"] * 3 + ["best"] * 3 + ["everybody"] * 3
    assert told.filter(pl.col("segment") == "new")["median_days_since"].to_list() == [None] * 3
    assert told.filter(pl.col("segment") == "everybody")["n"].to_list() == [4] * 3
