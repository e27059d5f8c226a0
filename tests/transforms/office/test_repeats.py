"""First orders, the next ones, and what counts as said between them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from transforms.asof import SOURCE
from transforms.office import repeats

AS_OF = date(2026, 12, 31)
FIRST = datetime(2026, 1, 1, 12, tzinfo=UTC)


def sold(rows: list[tuple[str | None, int, str, int | None]]) -> pl.DataFrame:
    """Rows of customer, days since FIRST, category, cents."""
    return pl.DataFrame(
        {
            "customer_id": pl.Series([r[0] for r in rows], dtype=pl.String),
            "ordered_at": pl.Series(
                [FIRST + timedelta(days=r[1]) for r in rows], dtype=pl.Datetime("us", "UTC")
            ),
            "category": [r[2] for r in rows],
            "cents": pl.Series([r[3] for r in rows], dtype=pl.Int64),
        }
    )


GIVEN = sold(
    [
        ("old", 0, "a", 1), ("old", 200, "a", 1),
        ("again", 100, "a", 100), ("again", 100, "b", 900), ("again", 130, "a", 5), ("again", 140, "a", 5),
        ("once", 150, "a", None), ("once", 150, "a", 3), (None, 160, "a", 3),
        ("today", 364, "b", 3),
    ]
)  # fmt: skip


def test_the_next_order_is_on_a_later_day_and_the_old_and_the_newest_are_left_out() -> None:
    found = repeats.first_orders(GIVEN.lazy(), AS_OF, "UTC")
    assert found["customer_id"].to_list() == ["again", "once"]
    assert found["days"].to_list() == [30, 364 - 150]
    assert found["event"].to_list() == [True, False]
    assert found["category"].to_list() == ["b", "a"]
    assert found["quarter"].to_list() == ["2026-Q2", "2026-Q2"]
    assert sorted(found["stratum"]) == [1, 2]


def test_what_was_said_counts_from_the_first_order_to_the_day_before_the_next() -> None:
    people = repeats.first_orders(GIVEN.lazy(), AS_OF, "UTC")
    days = {"before": 99, "same": 100, "between": 110, "on_the_day": 130, "after": 135}
    talks = pl.DataFrame(
        {
            SOURCE: ["s"] * 5,
            "conversation_id": list(days),
            "customer_id": ["again"] * 5,
            "started_at": pl.Series(
                [FIRST + timedelta(days=d) for d in days.values()], dtype=pl.Datetime("us", "UTC")
            ),
        }
    )
    said = pl.DataFrame(
        {
            SOURCE: ["s"] * 4,
            "conversation_id": ["before", "between", "on_the_day", "after"],
            "signal": ["x", "y", "z", "z"],
        }
    )
    talked, since = repeats.said_days(people, talks, said, "UTC")
    assert talked.rows() == [("again", 0)]
    assert since.rows() == [("again", "y", 10)]
    whole = people.join(talked, on="customer_id", how="left")
    assert repeats.waits(whole, since.drop("signal")).rows() == [("b", 20, True)]
    counted = repeats.intervals(whole, since, ["x", "y"], 365)
    spans = counted.select("state", "entry", "exit", "event").rows()
    talk, y = repeats.TALKED, repeats.SAID * 2
    assert sorted(spans) == [(0, 0, 214, False), (talk, 0, 10, False), (talk + y, 10, 30, True)]
    short = repeats.intervals(whole, since, ["x", "y"], 20)
    assert not short["event"].any()
    assert short["exit"].max() == 20
    assert repeats.unheard(whole).rows() == [("a", 214, False)]


def by_day(
    people: pl.DataFrame, since: pl.DataFrame, signals: list[str]
) -> dict[tuple[int, ...], int]:
    """How many were in each state of each stratum on each day, and ordered on it: person by person."""
    said = {(who, signal): day for who, signal, day in since.iter_rows()}
    found: dict[tuple[int, ...], int] = {}
    for one in people.iter_rows(named=True):
        for day in range(1, min(one["days"], 365) + 1):
            talked = one["talked"] is not None and one["talked"] < day
            bits = [said.get((one["customer_id"], s), 999) < day for s in signals]
            state = int(talked) + sum(2 << i for i, on in enumerate(bits) if on)
            key = (one["stratum"], state, day, int(one["event"] and day == one["days"]))
            found[key] = found.get(key, 0) + 1
    return found


def test_intervals_are_those_of_each_person_day_by_day() -> None:
    rng = np.random.default_rng(4)
    n, signals = 120, ["x", "y", "z"]
    days, talked = rng.integers(1, 500, n), rng.integers(0, 200, n)
    people = pl.DataFrame({
        "customer_id": [f"c{i}" for i in range(n)], "stratum": rng.integers(1, 4, n), "days": days,
        "event": rng.random(n) < 0.6,
        "talked": pl.Series(np.minimum(talked, days - 1)).set(pl.Series(rng.random(n) < 0.4), None),
    })  # fmt: skip
    who = people.filter(pl.col("talked").is_not_null()).with_columns(
        signal=pl.lit(signals)).explode("signal").sample(fraction=0.5, seed=1)  # fmt: skip
    later = pl.Series(rng.integers(0, 60, who.height))
    since = who.select(
        "customer_id",
        "signal",
        since=pl.min_horizontal(pl.col("talked") + later, pl.col("days") - 1),
    )
    found: dict[tuple[int, ...], int] = {}
    for stratum, state, entry, leaves, event, k in repeats.intervals(
        people, since, signals, 365
    ).iter_rows():
        for day in range(entry + 1, leaves + 1):
            key = (stratum, state, day, int(event and day == leaves))
            found[key] = found.get(key, 0) + k
    assert found == by_day(people, since, signals)


def test_where_nobody_said_anything_that_is_a_signal_all_the_time_is_nobodys() -> None:
    people = pl.DataFrame(
        {"customer_id": ["a", "b"], "stratum": [1, 1], "talked": [None, 2], "days": [5, 9]},
        schema_overrides={"talked": pl.Int64},
    ).with_columns(pl.Series("event", [True, False]))
    nothing = pl.DataFrame(
        schema={"customer_id": pl.String, "signal": pl.String, "since": pl.Int64}
    )
    found = repeats.intervals(people, nothing, [], 365).select("state", "entry", "exit", "event")
    assert sorted(found.rows()) == [(0, 0, 2, False), (0, 0, 5, True), (1, 2, 9, False)]
