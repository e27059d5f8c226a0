"""Owners, objectives and touchpoints: what is active, what is missing, what is wasted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from models.office.shares import at_least, covered, with_share
from models.proportions import wilson
from transforms.contracts import INPUTS
from transforms.office.coverage import coverage, people_said
from transforms.office.inventory import gap, inventory
from transforms.office.ownership import active_objects, missing_line, newest, owners

AS_OF, LAST_WEEK = date(2026, 6, 9), date(2026, 6, 1)


def given(name: str, *rows: dict[str, object]) -> pl.DataFrame:
    schema = {**INPUTS[name].schema, "_source": pl.String}
    return pl.DataFrame([{"_source": "main"} | row for row in rows], schema=schema)


def talks(*rows: tuple[str, str, date, str | None]) -> pl.DataFrame:
    told = [
        ("main", key, channel, datetime(day.year, day.month, day.day, 12, tzinfo=UTC), who)
        for key, channel, day, who in rows
    ]
    names = {"_source": pl.String, "conversation_id": pl.String, "channel": pl.String,
             "started_at": pl.Datetime("us", "UTC"), "customer_id": pl.String}  # fmt: skip
    return pl.DataFrame(told, schema=names, orient="row")


# -- owners -------------------------------------------------------------------------------------
def test_active_objects_without_an_owner_are_missing_and_ended_ones_idle() -> None:
    tables = {
        "series_listed": pl.DataFrame(
            {"level": ["category", "category", "total"], "category": ["Socks", "Old", None],
             "target": ["units", "units", "tickets"], "status": ["active", "dormant", "active"]}
        ),
        "signal_evidence": pl.DataFrame({"signal": ["stocking_up", "gift"], "status": ["confirmed", "rejected"]}),
    }  # fmt: skip
    opened = datetime(2026, 5, 1, tzinfo=UTC)
    actions = given(
        "actions",
        {"action_id": "open", "opened_at": opened, "owner": "Ida"},
        {"action_id": "over", "opened_at": opened, "verified_at": opened},
    )
    active = active_objects(tables, actions, given("touchpoints"), AS_OF)
    told = owners(
        given(
            "owners",
            {"object_type": "category", "object_id": "Socks", "owner": "Ada", "since": None},
            {"object_type": "category", "object_id": "Socks", "owner": "Bea", "since": AS_OF},
            {"object_type": "category", "object_id": "Socks", "owner": "Cy", "since": AS_OF + timedelta(days=1)},
            {"object_type": "category", "object_id": "Old", "owner": "Ada"},
        ),
        active,
        AS_OF,
    )  # fmt: skip
    assert told.select("object_type", "object_id", "owner", "status").rows() == [
        ("action", "open", "Ida", "owned"),
        ("category", "Old", "Ada", "idle"),
        ("category", "Socks", "Bea", "owned"),
        ("signal", "stocking_up", None, "missing"),
        ("target", "tickets", None, "missing"),
    ]
    line = missing_line(told)
    assert line is not None
    assert "2 active objects (signal 1, target 1)" in line
    assert missing_line(told.filter(pl.col("status") != "missing")) is None


# -- objectives ---------------------------------------------------------------------------------
def test_people_count_once_whatever_they_say_how_often() -> None:
    talked = talks(
        ("1", "call", LAST_WEEK, "ann"),
        ("2", "ticket", LAST_WEEK, "ann"),
        ("3", "call", LAST_WEEK, None),
        ("4", "call", LAST_WEEK + timedelta(days=7), "late"),  # its week is not complete
        ("5", "call", LAST_WEEK - timedelta(days=7 * 12), "first"),
        ("6", "call", LAST_WEEK - timedelta(days=7 * 12 + 1), "too early"),
        ("7", "call", LAST_WEEK, "deaf"),
    )
    key = ["_source", "conversation_id"]
    hearable = talked.filter(pl.col("conversation_id") != "7").select(key)
    said = talked.select(*key, pl.lit("gift").alias("signal"))
    n, counts = people_said(talked, hearable, pl.concat([said, said]), LAST_WEEK, "UTC")
    assert n == 3
    assert counts.rows() == [("gift", 3)]


def test_coverage_goes_both_ways() -> None:
    objectives = given(
        "objectives",
        {"objective_id": "a", "signal": "gift"},
        {"objective_id": "a", "signal": "sizing"},
        {"objective_id": "b", "question": "why?"},
        {"objective_id": "ended", "signal": "gift", "until": AS_OF - timedelta(days=1)},
        {"objective_id": "later", "signal": "gift", "since": AS_OF + timedelta(days=1)},
    )
    counts = pl.DataFrame({"signal": ["gift"], "k": [30]})
    evidence = pl.DataFrame({"signal": ["gift", "gift"], "status": ["rejected", "candidate"]})
    rows = covered(coverage(objectives, counts, evidence, ("gift", "sizing", "price"), AS_OF), 100)
    assert rows.select("kind", "objective_id", "signal", "evidence", "k", "verdict").rows() == [
        ("objective", "a", "gift", "candidate", 30, "covered"),
        ("objective", "a", "sizing", None, 0, "no_evidence"),
        ("objective", "b", None, None, None, "question_only"),
        ("signal", None, "price", None, 0, "no_objective"),
    ]
    assert covered(rows.drop("n", "verdict"), 19)["verdict"][1] == "not_enough_data"


# -- touchpoints --------------------------------------------------------------------------------
def test_capture_and_mining_by_channel() -> None:
    day = LAST_WEEK + timedelta(days=6)
    talked = talks(
        *((f"c{k}", "call", day - timedelta(days=k), "x") for k in range(28)),
        ("old", "call", day - timedelta(days=28), "x"),
        ("chat", "chat", day, "x"),
        ("next", "call", day + timedelta(days=1), "x"),
    )
    key = ["_source", "conversation_id"]
    mined = talked.filter(pl.col("conversation_id").is_in([f"c{k}" for k in range(7)])).select(key)
    points = given(
        "touchpoints",
        {"touchpoint": "hotline", "channel": "call", "volume_per_week": 6.0},
        {"touchpoint": "sales", "channel": "call", "volume_per_week": 8.0},
        {"touchpoint": "shop", "channel": "visit", "volume_per_week": 50.0},
        {"touchpoint": "mail", "channel": "mail"},
    )
    rows = inventory(newest(points, AS_OF), talked, mined, LAST_WEEK, "UTC")
    rows = with_share(rows, "capture_rate", "captured", "n")
    rows = with_share(rows, "mined_rate", "mined", "captured").with_columns(gap().alias("gap"))
    four = {row["touchpoint"]: row for row in rows.rows(named=True) if row["window_weeks"] == 4}
    assert (four["hotline"]["n"], four["hotline"]["captured"], four["hotline"]["mined"]) == (
        56,
        28,
        7,
    )
    assert four["sales"]["channel_touchpoints"] == 2
    assert four["sales"]["unheard_per_week"] == 14 - 7 / 4
    assert four["hotline"]["capture_rate"] == 0.5
    share, lo, hi = (
        float(v[0]) for v in wilson(pl.Series([7]).to_numpy(), pl.Series([28]).to_numpy())
    )
    assert [four["hotline"][f"mined_rate{end}"] for end in ("", "_lo", "_hi")] == pytest.approx(
        [share, lo, hi]
    )
    gaps = {name: row["gap"] for name, row in four.items()}
    assert gaps == {"hotline": "partly_captured", "sales": "partly_captured", "shop": "not_captured",
                    "mail": "volume_unknown", "(unlisted)": "not_listed"}  # fmt: skip
    judged = at_least(rows, "capture_rate", "n", 0.9, "capture_verdict")
    assert (
        judged.filter(pl.col("touchpoint") == "hotline")["capture_verdict"].to_list()
        == ["below"] * 2
    )
    assert at_least(rows, "capture_rate", "n", None, "v").filter(pl.col("n") > 20)[
        "v"
    ].unique().to_list() == ["no_target"]


def test_more_conversations_than_volume_is_no_share() -> None:
    talked = talks(*((f"c{k}", "call", LAST_WEEK, "x") for k in range(9)))
    points = given(
        "touchpoints", {"touchpoint": "hotline", "channel": "call", "volume_per_week": 1.0}
    )
    key = ["_source", "conversation_id"]
    rows = inventory(newest(points, AS_OF), talked, talked.select(key), LAST_WEEK, "UTC")
    told = with_share(
        with_share(rows, "capture_rate", "captured", "n"), "mined_rate", "mined", "captured"
    )
    row = told.with_columns(gap().alias("gap")).row(0, named=True)
    assert (row["gap"], row["capture_rate"]) == ("volume_understated", None)


def test_only_the_newest_figures_of_a_touchpoint_count() -> None:
    points = given(
        "touchpoints",
        {"touchpoint": "hotline", "channel": "call", "volume_per_week": 1.0, "since": None},
        {"touchpoint": "hotline", "channel": "call", "volume_per_week": 2.0, "since": AS_OF},
        {"touchpoint": "hotline", "channel": "call", "volume_per_week": 3.0, "since": AS_OF + timedelta(days=1)},
    )  # fmt: skip
    assert newest(points, AS_OF)["volume_per_week"].to_list() == [2.0]
