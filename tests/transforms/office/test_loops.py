"""Insights, changes, customers told, and who says it again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from models.office.loops import loop_rows
from models.proportions import wilson
from transforms.asof import SOURCE
from transforms.contracts import INPUTS
from transforms.office import loops

AS_OF = date(2026, 12, 31)


def at(days: int) -> datetime:
    """Noon, so many days before AS_OF."""
    return datetime(2026, 12, 31, 12, tzinfo=UTC) - timedelta(days=days)


def table(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    schema = {SOURCE: pl.String, **INPUTS[name].schema}
    return pl.DataFrame([{SOURCE: "s"} | row for row in rows], schema=schema)


def insight(name: str, talk: str, **more: object) -> dict[str, object]:
    row = {"insight_id": name, "conversation_id": talk, "noted_at": at(300), "accepted_at": at(299)}
    return row | {"signal": "slow"} | more


INSIGHTS = table(
    "insights",
    [
        insight("1", "A"), insight("2", "B"), insight("3", "C", noted_at=at(30), accepted_at=at(29)),
        insight("4", "D", accepted_at=None), insight("5", "E", noted_at=at(500)),
    ],
)  # fmt: skip
ACTIONS = table(
    "actions",
    [
        {"action_id": "a", "insight_id": "1", "opened_at": at(290), "shipped_at": at(200), "customer_told_at": at(198), "function": "product"},
        {"action_id": "b", "insight_id": "2", "opened_at": at(280), "shipped_at": at(150)},
        {"action_id": "c", "insight_id": "2", "opened_at": at(285)},
        {"action_id": "e", "insight_id": "5", "opened_at": at(480), "shipped_at": at(400)},
    ],
)  # fmt: skip


def test_accepted_insights_have_the_first_shipped_action_of_the_last_year() -> None:
    found = loops.loops(INSIGHTS, ACTIONS, AS_OF, "UTC").sort("insight_id")
    assert found["insight_id"].to_list() == ["1", "2", "3"]
    assert found["told"].to_list() == [True, False, False]
    assert found["shipped_on"].to_list() == [
        AS_OF - timedelta(days=200),
        AS_OF - timedelta(days=150),
        None,
    ]


def talks() -> tuple[pl.DataFrame, pl.DataFrame]:
    days = {"A": 300, "A-before": 350, "A-after": 150, "B": 300, "B-after": 20, "C": 31}
    given = pl.DataFrame(
        {
            SOURCE: ["s"] * len(days),
            "conversation_id": list(days),
            "customer_id": [name[0] for name in days],
            "started_at": pl.Series([at(d) for d in days.values()], dtype=pl.Datetime("us", "UTC")),
        }
    )
    return given, given.select(SOURCE, "conversation_id", pl.lit("slow").alias("signal"))


def test_who_says_it_again_is_counted_before_the_conversation_and_after_the_change() -> None:
    found = loops.loops(INSIGHTS, ACTIONS, AS_OF, "UTC")
    units = loops.contacts(found, *talks(), (90, AS_OF, "UTC"))
    rows = {row["customer_id"]: row for row in units.iter_rows(named=True)}
    assert set(rows) == {"A", "B"}, "the change of C is still to come"
    assert (rows["A"]["told"], rows["A"]["before"], rows["A"]["after"]) == (True, True, True)
    assert (rows["B"]["told"], rows["B"]["before"], rows["B"]["after"]) == (False, False, False)
    other = talks()[1].with_columns(pl.lit("other").alias("signal"))
    assert not loops.contacts(found, talks()[0], other, (90, AS_OF, "UTC"))["after"].any()
    assert loops.contacts(found, *talks(), (180, AS_OF, "UTC"))["customer_id"].to_list() == ["A"]


def test_counts_add_up_over_slices() -> None:
    found = loops.loops(INSIGHTS, ACTIONS, AS_OF, "UTC")
    counted = loops.loop_counts(found, loops.contacts(found, *talks(), (90, AS_OF, "UTC")))
    (every,) = counted.filter(dimension="all").to_dicts()
    assert (every["accepted_n"], every["n"], every["k"]) == (3, 2, 1)
    assert (every["told_n"], every["untold_n"], every["told_after_k"]) == (1, 1, 1)
    assert counted.filter(dimension="function")["accepted_n"].sum() == 3


def test_shares_have_wilson_limits_and_small_groups_no_difference() -> None:
    row = {"dimension": "all", "slice": "all", "accepted_n": 200, "n": 100, "k": 80}
    row |= {
        "told_n": 80,
        "told_before_k": 40,
        "told_after_k": 8,
        "untold_n": 20,
        "untold_before_k": 9,
        "untold_after_k": 10,
    }
    counts = pl.DataFrame([row, row | {"slice": "few", "untold_n": 19}])
    made = loop_rows(counts, (0.9, 1.0))
    assert made["verdict"].to_list() == ["below", "below"]
    first = made.row(0, named=True)
    _, lo, hi = wilson(pl.Series([8]).to_numpy(), pl.Series([80]).to_numpy())
    assert (first["told_after_lo"], first["told_after_hi"]) == pytest.approx((lo[0], hi[0]))
    assert first["difference"] == pytest.approx(0.1 - 0.5)
    assert first["difference_hi"] < 0
    assert made["difference"][1] is None
    assert loop_rows(counts, None)["verdict"].to_list() == ["no_target", "no_target"]
