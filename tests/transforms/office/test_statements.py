"""Grades of statements, and others' numbers beside ours: by rule, and with a reason where there is none."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from transforms.office.benchmarks import BENCHMARKS, NOT_MEASURED, ours
from transforms.office.evidence import statements

END = date(2026, 3, 22)


def reasons(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"period": "13 weeks", "period_end": END, "cohort": "everybody", "n_people": 100, "k": 20,
             "share_corrected": None, "share_weighted": 0.2, "weighted_lo": 0.1, "weighted_hi": 0.3}  # fmt: skip
    return pl.DataFrame([usual | row for row in rows])


def channels(*rows: tuple[str, str, int]) -> pl.DataFrame:
    told = [{"signal": s, "grade": g, "n_channels": n, "k": 9, "channel": "(all)", "period": "13 weeks",
             "period_end": END} for s, g, n in rows]  # fmt: skip
    return pl.DataFrame(told)


def grades(**tables: pl.DataFrame) -> dict[str, str]:
    return {one["statement_id"]: one["grade"] for one in statements(tables)}


def test_channels_that_agree_confirm_what_everybody_says_and_no_other_cohort() -> None:
    told = reasons(
        {"reason": "a"}, {"reason": "b"}, {"reason": "c", "k": 2}, {"reason": "a", "cohort": "abandoner"},
        {"reason": "(none)"}, {"reason": "a", "period_end": date(2025, 12, 21)},
    )  # fmt: skip
    assert grades(reason_shares=told, triangulation=channels(("a", "A", 3), ("b", "C", 2), ("c", "A", 3))) == {
        "reason_shares/everybody/a": "triangulated",
        "reason_shares/everybody/b": "single_channel",
        "reason_shares/everybody/c": "anecdote",
        "reason_shares/abandoner/a": "single_channel",
    }  # fmt: skip


def test_a_lot_is_randomised_and_a_programme_without_one_states_nothing() -> None:
    row = {"period": "13 weeks", "period_end": END, "arm": "called", "difference": 0.1,
           "difference_lo": 0.0, "difference_hi": 0.2, "eligible": 300}  # fmt: skip
    assert grades(cart_recovery=pl.DataFrame([row])) == {"cart_recovery": "randomised"}
    untold = pl.DataFrame([row | {"difference": None}], schema_overrides={"difference": pl.Float64})
    assert grades(cart_recovery=untold) == {}


def test_requests_of_two_people_are_anecdotes() -> None:
    usual = {"origin": "said", "language": "en", "n_heard": 90, "share": 0.1, "lo": 0.0, "hi": 0.2}
    told = pl.DataFrame(
        [usual | {"idea": f"idea {i}", "n_customers": n, "n_channels": c}
         for i, (n, c) in enumerate([(2, 2), (5, 1), (5, 2)])]
    )  # fmt: skip
    assert list(grades(requests=told).values()) == ["anecdote", "single_channel", "triangulated"]


def test_benchmarks_take_the_newest_row_that_they_name() -> None:
    price = next(one for one in BENCHMARKS if one.name == "abandon_for_price")
    rows = [
        {"cohort": c, "reason": "price_objection", "period": "13 weeks", "period_end": end,
         "first_share": share, "first_lo": 0.0, "first_hi": 0.5, "n_people": 90}
        for c, end, share in (("abandoner", END, 0.2), ("abandoner", date(2025, 12, 21), 0.3),
                              ("recent", END, 0.4))
    ]  # fmt: skip
    found, why = ours(price, {"reason_shares": pl.DataFrame(rows)})
    assert (found["value"], found["n"], why) == (0.2, 90, "")


def test_what_is_not_measured_says_why() -> None:
    told = {one.name: ours(one, {}) for one in BENCHMARKS}
    assert all(found["value"] is None and why for found, why in told.values())
    assert told["roas_lift"][1] == NOT_MEASURED
    price = next(one for one in BENCHMARKS if one.name == "abandon_for_price")
    assert "no such figure" in ours(price, {"reason_shares": pl.DataFrame({"cohort": ["x"]})})[1]
    assert all(one.evidence == "unreferenced" for one in BENCHMARKS)
