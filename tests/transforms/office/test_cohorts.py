"""Who is in a cohort, and why somebody in it is not called."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from tests.rows import at, line, versions
from transforms.office import cohorts
from transforms.office.cohorts import CallRules, CohortRules, Known

ON = date(2026, 3, 31)
ZONE = "UTC"
RULES = CallRules(
    {"recent": CohortRules(20, "month", 30)}, 20, True, ("call", "phone"), 90, 0.1, 0.35, 0.5, ""
)


def orders(*rows: dict[str, Any]) -> pl.DataFrame:
    full = [
        line(line_id=str(i), order_id=f"o{i}", unit_price=10.0) | row for i, row in enumerate(rows)
    ]
    return versions("order_lines", full)


def carts(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {"checkout_id": "c", "customer_id": "k", "started_at": at("2026-03-28T10:00")}
    return versions("checkouts", [base | {"checkout_id": f"c{i}"} | r for i, r in enumerate(rows)])


def test_the_newest_order_counts_with_all_its_lines_and_its_dearest_product() -> None:
    found = cohorts.orders_of(
        orders(
            {"customer_id": "k", "order_id": "a", "sku": "OLD", "ordered_at": at("2026-03-05T10:00")},
            {"customer_id": "k", "order_id": "b", "sku": "X", "ordered_at": at("2026-03-20T10:00"), "quantity": 1.0},
            {"customer_id": "k", "order_id": "b", "sku": "Y", "ordered_at": at("2026-03-20T10:00"), "quantity": 3.0},
            {"customer_id": "k", "order_id": "z", "ordered_at": at("2025-01-01T10:00")},
            {"customer_id": "m", "order_id": "q", "ordered_at": at("2025-01-01T10:00")},
            {"customer_id": "k", "order_id": "t", "is_test": True, "ordered_at": at("2026-03-30T10:00")},
            {"customer_id": "k", "order_id": "u", "cancelled_at": at("2026-03-30T11:00"), "ordered_at": at("2026-03-30T10:00")},
            {"customer_id": None, "order_id": "g", "ordered_at": at("2026-03-30T10:00")},
        ),
        date(2026, 3, 1),
        ZONE,
    )  # fmt: skip
    assert found.rows() == [("k", date(2026, 3, 20), 4000, "Y", 3)]


def test_a_cart_counts_until_its_customer_orders() -> None:
    left = carts(
        {"customer_id": "k", "value": 12.5, "sku": "X"},
        {"customer_id": "bought", "started_at": at("2026-03-27T10:00")},
        {"customer_id": "before", "started_at": at("2026-03-27T10:00")},
        {"customer_id": "done", "completed_order_id": "o9"},
        {"customer_id": "old", "started_at": at("2026-03-02T10:00")},
        {"customer_id": None},
    )
    lines = orders(
        {"customer_id": "bought", "ordered_at": at("2026-03-27T12:00")},
        {"customer_id": "before", "ordered_at": at("2026-03-26T12:00")},
    )
    found = cohorts.carts_of(left, lines, date(2026, 3, 25), ZONE)
    assert found.select("customer_id", "pence", "orders").rows() == [
        ("before", 0, 1),
        ("k", 1250, 0),
    ]


def test_cohorts_differ_in_who_belongs_to_them_and_nobody_forgotten_does() -> None:
    bought = pl.DataFrame(
        [("new", ON, 1, "X", 1), ("again", ON, 1, "X", 2), ("gone-77", ON, 1, "X", 2),
         ("late", date(2026, 1, 1), 1, "X", 2)],
        schema=cohorts.FRAME, orient="row",
    )  # fmt: skip
    left = bought.head(1)
    since = date(2026, 3, 2)
    who = {
        name: cohorts.cohort_frame(name, bought, left, since)["customer_id"].to_list()
        for name in ("recent", "repeat", "abandoner")
    }
    assert who == {"recent": ["new", "again"], "repeat": ["again"], "abandoner": ["new"]}


def test_strata_are_category_new_or_returning_and_thirds_of_value() -> None:
    frame = pl.DataFrame(
        [(f"k{i}", ON, value, "X" if i % 2 else "?", 1 + i % 2) for i, value in enumerate([5, 5, 5, 7, 9, 11])],
        schema=cohorts.FRAME, orient="row",
    )  # fmt: skip
    found = cohorts.stratified(frame, pl.DataFrame({"sku": ["X"], "category": ["tea"]}))
    assert found["value_tercile"].to_list() == [1, 1, 1, 2, 3, 3], "equal values stay together"
    assert found["stratum"].to_list()[:2] == ["(unknown) | new | 1", "tea | returning | 1"]


def consents(*rows: tuple[Any, ...]) -> pl.DataFrame:
    names = ("customer_id", "may_contact", "decided_at", "purpose", "expires_on")
    return versions("consents", [dict(zip(names, row, strict=True)) for row in rows])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(True, "2026-01-01", None, None)], "given"),
        ([(True, "2026-01-01", None, None), (False, "2026-02-01", None, None)], "refused"),
        ([(False, "2026-01-01", None, None), (True, "2026-02-01", None, None)], "given"),
        ([(True, "2026-01-01", None, None), (False, "2026-01-01", None, None)], "refused"),
        ([(True, "2026-01-01", None, date(2026, 3, 30))], None),
        ([(True, "2026-01-01", None, ON)], "given"),
        ([(True, "2026-01-01", "newsletter", None)], None),
        ([(True, "2026-01-01", "Call", None)], "given"),
        ([(True, "2026-03-01", "call", None), (False, "2026-01-01", None, None)], "refused"),
        ([(False, "2026-03-01", "newsletter", None), (True, "2026-01-01", "phone", None)], "given"),
    ],
)
def test_the_latest_decision_of_a_purpose_that_calls_have_counts(
    rows: list[tuple[Any, ...]], expected: str | None
) -> None:
    full = [("k", may, at(f"{day}T10:00"), purpose, ends) for may, day, purpose, ends in rows]
    found = cohorts.consent_of(consents(*full), ("call", "phone"), ON)
    assert dict(found.iter_rows()).get("k") == expected


def judged(rules: CallRules = RULES, **known: Any) -> dict[str, str | None]:
    ids = ["yes", "no", "silent", "called", "rested", "listed", "dumb"]
    frame = pl.DataFrame({"customer_id": ids})
    told = [(who, "refused" if who == "no" else "given") for who in ids if who != "silent"]
    base: dict[str, Any] = {
        "consent": pl.DataFrame(told, schema=["customer_id", "consent"], orient="row"),
        "contacted": pl.DataFrame(
            {"customer_id": ["called", "rested"], "last_contacted_on": [date(2026, 1, 1), date(2025, 12, 31)]}
        ),
        "phones": pl.Series([one for one in ids if one != "dumb"]),
        "listed": pl.DataFrame({"customer_id": ["listed"], "last_listed_on": [date(2026, 3, 1)]}),
    }  # fmt: skip
    found = cohorts.barred(frame, Known(**(base | known)), rules, ON)
    return dict(found.select("customer_id", "barred").iter_rows())


def test_everybody_who_is_not_called_has_a_reason() -> None:
    assert judged() == {
        "yes": None, "no": "refused", "silent": "no_consent", "called": "contacted_lately",
        "rested": None, "listed": "listed_lately", "dumb": "no_phone",
    }  # fmt: skip


def test_consent_may_be_assumed_and_without_any_number_nobody_lacks_one() -> None:
    found = judged(replace(RULES, consent_required=False), phones=None)
    assert found["silent"] is None
    assert found["no"] == "refused"
    assert found["dumb"] is None
