"""Reasons: a person counts once, first mentions are exclusive, cohorts are who they say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from transforms.office import reasons
from transforms.office.periods import periods

LAST = date(2026, 3, 16)
AT = datetime(2026, 3, 18, 12, tzinfo=UTC)
SIGNALS = ("price_objection", "extra_costs")
NO_ATTEMPTS: dict[str, Any] = {
    "_source": pl.String, "conversation_id": pl.String, "cohort": pl.String,
    "attempted_at": pl.Datetime("us", "UTC"), "attempt_id": pl.String,
    "selection_probability": pl.Float64,
}  # fmt: skip


def talks(*rows: tuple[str, str | None, datetime]) -> pl.DataFrame:
    """Conversations of (id, customer, time), each a call of weight 1."""
    return pl.DataFrame(
        [
            {
                "_source": "a", "conversation_id": name, "customer_id": who, "started_at": at,
                "channel": "call", "rating": None, "weight": 16,
            }
            for name, who, at in rows
        ],
        schema_overrides={"rating": pl.Float64, "customer_id": pl.String},
    )  # fmt: skip


def attempts(*rows: tuple[str, str, float | None]) -> pl.DataFrame:
    made = [("a", name, cohort, AT, name, chance) for name, cohort, chance in rows]
    return pl.DataFrame(made, schema=NO_ATTEMPTS, orient="row")


def counted(
    conversations: pl.DataFrame, said: list[tuple[str, str, str, int]], calls: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """cells and first reasons; `said` names conversation, passage, signal and position."""
    places = {(talk, passage): place for talk, passage, _, place in said}
    spoken = [(name, f"{name}-0") for name in conversations["conversation_id"]]
    spoken = sorted({*spoken, *places})
    taggable = pl.DataFrame(
        [{"_source": "a", "conversation_id": t, "passage_id": p} for t, p in spoken]
    )
    mentions = pl.DataFrame(
        [("a", t, p, s, 0) for t, p, s, _ in said],
        schema=dict.fromkeys(("_source", "conversation_id", "passage_id", "signal"), pl.String)
        | {"span_start": pl.Int64},
        orient="row",
    )
    order = taggable.with_columns(
        pl.lit(AT).alias("said_at"),
        pl.Series("position", [places.get(one, 0) for one in spoken]),
    )
    heard = reasons.people_heard(
        conversations, taggable, calls, periods(LAST), timezone="UTC", week_start="monday"
    )
    nobody = pl.DataFrame(schema={"_source": pl.String, "order_id": pl.String,
                                  "customer_id": pl.String, "refunded_at": pl.Datetime("us", "UTC")})  # fmt: skip
    cohort = reasons.cohorts(conversations, calls, nobody, nobody, reasons.Complaints())
    people = reasons.people_of(heard, cohort)
    told = reasons.mentions_of(heard, cohort, mentions, order)
    told = reasons.with_nothing(people, told, SIGNALS)
    names = [*SIGNALS, reasons.NOTHING]
    return reasons.cells(people, told, names), reasons.first_reasons(people, told, SIGNALS)


def of(frame: pl.DataFrame, cohort: str = "everybody", period: str = "4 weeks") -> pl.DataFrame:
    newest = frame.filter(pl.col("cohort") == cohort, pl.col("period") == period)
    return newest.filter(pl.col("period_end") == LAST + timedelta(days=6))


def k_of(cells: pl.DataFrame, signal: str) -> tuple[int, int]:
    mine = cells.filter(pl.col("signal") == signal)
    return int(mine.filter(pl.col("said") > 0)["people"].sum()), int(mine["people"].sum())


def test_a_person_counts_once_whatever_they_say_how_often() -> None:
    given = talks(
        ("v1", "ann", AT), ("v2", "ann", AT - timedelta(days=9)), ("v3", "bob", AT), ("v4", None, AT)
    )  # fmt: skip
    said = [
        ("v1", "p1", "price_objection", 1), ("v2", "p2", "price_objection", 1),
        ("v4", "p4", "extra_costs", 1),
    ]  # fmt: skip
    cells, first = counted(given, said, attempts())
    assert k_of(of(cells), "price_objection") == (1, 3)
    assert k_of(of(cells), "extra_costs") == (1, 3)
    assert k_of(of(cells), reasons.NOTHING) == (1, 3)
    told = of(first)
    assert told["n_people"].unique().to_list() == [3]
    assert told["n_conversations"].unique().to_list() == [4]


def test_first_reasons_are_exclusive_and_go_by_when_they_were_said() -> None:
    given = talks(("v1", "ann", AT), ("v2", "bob", AT), ("v3", "cat", AT))
    said = [
        ("v1", "p1", "extra_costs", 2), ("v1", "p0", "price_objection", 1),
        ("v2", "p2", "extra_costs", 1),
    ]  # fmt: skip
    cells, first = counted(given, said, attempts())
    assert dict(of(first).select("reason", "first_k").iter_rows()) == {
        "price_objection": 1, "extra_costs": 1, reasons.NOTHING: 1,
    }  # fmt: skip
    assert k_of(of(cells), "extra_costs") == (2, 3), "several reasons of one person all count"


def test_only_weeks_of_the_period_count_and_later_ones_never_do() -> None:
    given = talks(
        ("v1", "ann", AT - timedelta(weeks=4)), ("v2", "bob", AT + timedelta(weeks=1)),
        ("v3", "cat", AT - timedelta(weeks=30)),
    )  # fmt: skip
    cells, _ = counted(given, [], attempts())
    assert of(cells).is_empty()
    assert k_of(of(cells, period="13 weeks"), reasons.NOTHING) == (1, 1)


def test_who_was_drawn_half_as_often_weighs_double() -> None:
    given = talks(("v1", "ann", AT), ("v2", "bob", AT))
    calls = attempts(("v1", "abandoner", 0.25), ("v2", "abandoner", 0.5))
    cells, _ = counted(given, [("v1", "p1", "price_objection", 1)], calls)
    mine = of(cells, "abandoner").filter(pl.col("signal") == "price_objection")
    weights = dict(mine.select("said", "weight").iter_rows())
    assert weights[1] == 2 * weights[0]
    untold = attempts(("v1", "abandoner", 0.25), ("v2", "abandoner", None))
    plain, _ = counted(given, [], untold)
    assert plain["weight"].unique().to_list() == [2 * reasons.WHOLE], "a chance unknown: all equal"


def test_who_returned_had_a_refund_near_the_conversation() -> None:
    given = talks(("v1", "ann", AT), ("v2", "ann", AT - timedelta(days=40)), ("v3", "bob", AT))
    lines = pl.DataFrame([{"_source": "s", "order_id": "o", "customer_id": "ann"}])
    refunds = pl.DataFrame(
        [{"_source": "s", "order_id": "o", "refunded_at": AT + timedelta(days=10)}]
    )
    found = reasons.cohorts(given, attempts(), refunds, lines, reasons.Complaints())
    back = found.filter(pl.col("cohort") == "returned")["conversation_id"].to_list()
    assert back == ["v1"]


def test_complaints_are_tickets_and_reviews_of_few_stars() -> None:
    given = talks(("v1", "a", AT), ("v2", "b", AT), ("v3", "c", AT), ("v4", "d", AT)).with_columns(
        pl.Series("channel", ["ticket", "review", "review", "call"]),
        pl.Series("rating", [None, 2.0, 3.0, 1.0]),
    )
    nobody = pl.DataFrame(schema={"_source": pl.String, "order_id": pl.String,
                                  "customer_id": pl.String, "refunded_at": pl.Datetime("us", "UTC")})  # fmt: skip
    found = reasons.cohorts(given, attempts(), nobody, nobody, reasons.Complaints())
    cross = found.filter(pl.col("cohort") == "complained")["conversation_id"].to_list()
    assert cross == ["v1", "v2"]
