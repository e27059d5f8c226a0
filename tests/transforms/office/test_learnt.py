"""Insights that count, items with a time, yields, themes and contact details."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from tests.rows import at, versions
from transforms.office import acted, contacts, learnt, listing, themes, yields
from transforms.office.questions import GENERAL, QUESTIONS, question_of

WHOLE = {"quote": "q", "proposed_action": "do", "owner": "Ines", "conversation_id": "v"}


def insights(*rows: dict[str, Any]) -> pl.DataFrame:
    base = WHOLE | {"noted_at": at("2026-03-02T10:00")}
    return versions("insights", [base | {"insight_id": f"n{i}"} | r for i, r in enumerate(rows)])


def test_an_insight_counts_with_quote_action_and_owner_only() -> None:
    rows = insights(
        {"quote": None}, {"owner": "  "}, {"proposed_action": None}, {"conversation_id": "w"},
        {"conversation_id": "w", "accepted_at": at("2026-03-03T10:00"), "owner": None},
        {"conversation_id": "x", "accepted_at": at("2026-03-03T10:00")},
    )  # fmt: skip
    found = {
        row["conversation_id"]: row
        for row in learnt.insights_by_conversation(rows).rows(named=True)
    }
    assert found["v"]["whole_n"] == 0
    lacks = [found["v"][n] for n in ("insights_n", "no_quote_n", "no_action_n", "no_owner_n")]
    assert lacks == [3, 1, 1, 1]
    assert (found["w"]["whole_n"], found["w"]["accepted"]) == (1, False)
    assert (found["x"]["whole_n"], found["x"]["accepted"]) == (1, True)


def test_conversations_count_once_however_many_insights_they_gave() -> None:
    found = learnt.insights_by_conversation(
        insights({}, {}, {"conversation_id": "w", "quote": None})
    )
    rows = pl.DataFrame(
        {
            "_source": ["main"] * 3,
            "conversation_id": ["v", "w", "z"],
            "window_weeks": [4] * 3,
            "window_end": [date(2026, 3, 8)] * 3,
            "cohort": ["recent"] * 3,
        }
    )
    source = found["_source"][0]
    counted = learnt.counted(
        learnt.with_insights(rows.with_columns(pl.lit(source).alias("_source")), found),
        "cohort",
        "cohort",
    ).row(0, named=True)
    assert [counted[n] for n in learnt.COUNTS] == [3, 1, 2, 0, 3, 1, 0, 0]


def test_answered_calls_with_and_without_a_conversation() -> None:
    base = {
        "cohort": "recent",
        "attempted_at": at("2026-03-04T10:00"),
        "connected": True,
        "customer_id": "k",
    }
    rows = versions(
        "call_attempts",
        [
            base | {"attempt_id": "1", "conversation_id": "v", "team": "a"},
            base
            | {"attempt_id": "2", "conversation_id": "v", "attempted_at": at("2026-03-05T10:00")},
            base | {"attempt_id": "3"},
            base | {"attempt_id": "4", "connected": False},
        ],
    )
    found = learnt.calls_had(rows, "UTC", "monday")
    assert found.select("conversation_id", "team").rows() == [("v", "a"), (None, "(unknown)")]


def test_only_weeks_in_which_insights_were_noted_and_are_settled_count() -> None:
    assert learnt.first_whole_week(insights({}), "UTC", "monday") == date(2026, 3, 9)
    assert learnt.first_whole_week(insights().clear(), "UTC", "monday") is None
    assert learnt.settled_week(date(2026, 3, 17), 0, 7, "monday") == date(2026, 3, 2)
    assert learnt.settled_week(date(2026, 3, 17), 0, 0, "monday") == date(2026, 3, 9)


def test_depth_counts_what_the_customer_said() -> None:
    rows = [
        {"passage_id": f"{talk}{i}", "conversation_id": talk, "text": "x", "speaker": who}
        for talk, who, n in (
            ("a", "customer", 1),
            ("b", None, 4),
            ("b", "agent", 9),
            ("c", "customer", 6),
        )
        for i in range(n)
        for who in [who]
    ]
    frame = versions(
        "passages", [r | {"passage_id": f"{r['passage_id']}{i}"} for i, r in enumerate(rows)]
    )
    found = dict(learnt.depth(frame).select("conversation_id", "depth").iter_rows())
    assert found == {"a": "1", "b": "3 or 4", "c": "5 or more"}


def actions(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {"opened_at": at("2026-03-01T00:00")}
    return versions("actions", [base | {"action_id": f"t{i}"} | r for i, r in enumerate(rows)])


def test_open_and_dropped_actions_are_followed_to_the_end_of_the_night() -> None:
    found = acted.items(
        actions(
            {"shipped_at": at("2026-03-05T12:00")},
            {},
            {"dropped_at": at("2026-03-02T00:00"), "owner": "Ines"},
            {"shipped_at": at("2026-02-27T00:00")},
            {"opened_at": at("2025-01-01T00:00")},
        ),
        date(2026, 3, 10),
        "UTC",
    ).sort("action_id")
    assert found["days"].to_list() == pytest.approx([4.5, 10.0, 10.0, 1 / 1440])
    assert found["shipped"].to_list() == [True, False, False, True]
    assert found["dropped"].to_list() == [False, False, True, False]
    assert found["owner"].to_list()[2:] == ["Ines", "(unknown)"]
    assert acted.by_dimension(found).height == 16


def touchpoints(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {"touchpoint": "t", "channel": "survey"}
    return versions("touchpoints", [base | r for r in rows])


def test_figures_of_a_channel_add_up_and_the_newest_known_ones_count() -> None:
    found = yields.invited(
        touchpoints(
            {"invited_per_week": 10.0, "cost_per_contact": 1.0, "since": date(2025, 1, 1)},
            {"invited_per_week": 20.0, "cost_per_contact": 2.0, "since": date(2026, 1, 1)},
            {"invited_per_week": 99.0, "since": date(2027, 1, 1)},
            {"touchpoint": "u", "invited_per_week": 5.0, "cost_per_contact": 1.0},
            {"touchpoint": "v", "channel": "chat", "cost_per_contact": 3.0},
        ),
        date(2026, 3, 1),
    )
    assert found.select(
        "channel", "touchpoints", "invited_per_week", "invited_cost_per_week"
    ).rows() == [
        ("chat", "v", None, None),
        ("survey", "t, u", 25.0, 45.0),
    ]


def test_calls_yield_by_people_surveys_by_invitations_and_the_unknown_is_not_nothing() -> None:
    end = date(2026, 3, 8)
    cell = {"window_weeks": 4, "window_end": end}
    plans = yields.invited(
        touchpoints(
            {"invited_per_week": 10.0, "cost_per_contact": 1.0},
            {"touchpoint": "c", "channel": "call", "cost_per_contact": 6.0},
            {"touchpoint": "h", "channel": "chat", "cost_per_contact": 3.0},
        ),
        end,
    )
    talked = pl.DataFrame(
        [cell | {"channel": c, "whole_n": w} for c, w in (("chat", 1), ("chat", 0), ("call", 1))]
    )
    dialled = pl.DataFrame(
        [
            cell | {"person": p, "connected": hit}
            for p, hit in (("k", False), ("k", True), ("m", False))
        ]
    )
    found = yields.yields(plans, talked, dialled, pl.DataFrame([cell]), pl.Series(["chat", "call"]))
    rows = {row["channel"]: row for row in found.rows(named=True)}
    call, chat, survey = rows["call"], rows["chat"], rows["survey"]
    assert (call["n"], call["k"], call["cost"], call["insights_n"]) == (2, 1, 18.0, 1)
    assert (chat["n"], chat["responded"], chat["cost"]) == (None, 2, 6.0)
    assert (survey["n"], survey["responded"], survey["cost"]) == (40, None, 40.0)


def test_themes_are_signals_in_categories_heard_in_conversations() -> None:
    key = {"_source": "main"}
    heard = pl.DataFrame(
        [
            key | {"conversation_id": f"v{i}", "category": c, "channel": "chat"}
            for i, c in enumerate("aabc")
        ]
    )
    said = pl.DataFrame(
        [key | {"conversation_id": v, "signal": s} for v, s in
         (("v0", "x"), ("v0", "x"), ("v1", "x"), ("v2", "x"), ("v0", "y"), ("elsewhere", "z"))]
    )  # fmt: skip
    row = themes.theme_counts(heard, said, "channel").row(0, named=True)
    assert row == {"slice": "chat", "n": 4, "mentions": 4, "themes_n": 3, "once": 2, "twice": 1}


def test_needs_are_a_week_and_what_is_short_is_never_negative() -> None:
    schema = {"signal": pl.String, "category": pl.String, "target": pl.String, "n_weeks": pl.Int64,
              "n_conversations": pl.Int64, "n_mentions": pl.Int64,
              "conversations_per_week_needed": pl.Float64}  # fmt: skip
    rows = [("a", None, "units", 10, 500, 20, 80.0), ("a", "tea", "units", 10, 500, 20, 30.0),
            ("b", None, "units", 0, 0, 0, None)]  # fmt: skip
    found = themes.needs(pl.DataFrame(rows, schema=schema, orient="row"))
    assert found.select("dimension", "slice", "per_week_had", "per_week_short").rows() == [
        ("all", "a", 50.0, 30.0),
        ("category", "a | tea", 50.0, 0.0),
    ]


def test_what_became_of_a_list_and_whom_not_to_call_any_more() -> None:
    drawn = date(2026, 3, 8)
    listed = pl.DataFrame(
        [
            {"customer_id": who, "programme": "recent", "arm": "holdout" if who == "held" else "call",
             "drawn_on": drawn, "last_contacted_on": date(2025, 1, 1)}
            for who in ("open", "tried", "met", "left", "held")
        ]
    )  # fmt: skip
    dials = [("tried", "2026-03-09T10:00", False), ("met", "2026-03-09T10:00", False),
             ("met", "2026-03-10T10:00", True), ("open", "2026-03-08T10:00", True)]  # fmt: skip
    attempts = pl.DataFrame(
        [
            {"customer_id": w, "attempted_at": datetime.fromisoformat(f"{t}+00:00"), "connected": c}
            for w, t, c in dials
        ]
    ).with_columns(pl.col("attempted_at").dt.convert_time_zone("UTC"))
    barred = pl.DataFrame(
        {"customer_id": ["left", "open"], "barred": ["refused", "contacted_lately"]}
    )
    found = listing.status_of(listed, attempts, barred, "UTC")
    assert dict(found.select("customer_id", "status").iter_rows()) == {
        "open": "to_call", "tried": "attempted", "met": "reached", "left": "do_not_call", "held": "holdout"
    }  # fmt: skip
    assert found.filter(customer_id="met")["last_contacted_on"][0] == date(2026, 3, 10)


def test_arms_of_the_input_go_before_the_lot() -> None:
    rows = [
        {"experiment_id": e, "customer_id": w, "arm": a, "assigned_at": at("2026-03-01T10:00"), "probability": 0.2}
        for e, w, a in (("recent", "k", "Holdout"), ("recent", "m", "called"), ("repeat", "k", "called"))
    ]  # fmt: skip
    found = listing.arms_given(versions("assignments", rows), "recent").sort("customer_id")
    assert found.rows() == [("k", "holdout", 0.2), ("m", "call", 0.2)]


def test_value_at_stake_is_the_plans_money_else_what_was_sold() -> None:
    categories = pl.DataFrame({"sku": ["A", "B"], "category": ["tea", "mugs"]})
    plan = pl.DataFrame(
        {
            "sku": ["A", "B"],
            "category": ["x", "x"],
            "final_units": [3.0, None],
            "unit_price": [2.5, 1.0],
        }
    )
    weekly = pl.DataFrame(
        {"level": ["category"] * 2, "target": ["units"] * 2, "category": ["tea", "tea"],
         "week_start": [date(2026, 3, 2), date(2025, 3, 2)], "value": [7.0, 100.0]}
    )  # fmt: skip
    since = date(2026, 1, 1)
    assert listing.value_at_stake(plan, weekly, categories, since).rows() == [("tea", 7.5)]
    assert listing.value_at_stake(None, weekly, categories, since).rows() == [("tea", 7.0)]


def test_every_signal_has_a_question() -> None:
    asked = pl.DataFrame({"signal": ["stocking_up", "box_colour", None]})
    found = asked.select(question_of(pl.col("signal")).alias("q"))["q"].to_list()
    assert found == [
        QUESTIONS["stocking_up"],
        "What can you tell us about this: box colour?",
        GENERAL,
    ]


def test_a_sheet_has_no_formula_and_keeps_telephone_numbers() -> None:
    people = pl.DataFrame(
        {"person": ["p", "p"], "customer_id": ["=1+1", "b"], "email": [None, None], "phone": ["+1-202-555-0101", None]},
        schema=dict.fromkeys(("person", "customer_id", "email", "phone"), pl.String()),
    )  # fmt: skip
    row = contacts.sheet(contacts.book(people)).row(0, named=True)
    assert row["customer_id"] == "'=1+1; b"
    assert row["email"] is None
    assert row["phone"] == "+1-202-555-0101"
    assert contacts.sheet(pl.DataFrame({"a": ["+cmd", "-x", "a\nb"]}))["a"].to_list() == [
        "'+cmd",
        "'-x",
        "a b",
    ]
