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
    counted = repeats.intervals(whole, since.drop("signal"), 365)
    spans = counted.select("state", "entry", "exit", "event").rows()
    assert sorted(spans) == [(0, 0, 214, False), (1, 0, 10, False), (2, 10, 30, True)]
    short = repeats.intervals(whole, since.drop("signal"), 20)
    assert not short["event"].any()
    assert short["exit"].max() == 20
    assert repeats.unheard(whole).rows() == [("a", 214, False)]


def test_counting_again_only_those_who_said_it_gives_the_intervals_of_all() -> None:
    rng = np.random.default_rng(4)
    n = 400
    days, talked = rng.integers(1, 500, n), rng.integers(0, 200, n)
    people = pl.DataFrame({
        "customer_id": [f"c{i}" for i in range(n)], "stratum": rng.integers(1, 4, n), "days": days,
        "event": rng.random(n) < 0.6,
        "talked": pl.Series(np.minimum(talked, days - 1)).set(pl.Series(rng.random(n) < 0.5), None),
    })  # fmt: skip
    heard = people.filter(pl.col("talked").is_not_null()).sample(60, seed=1)
    since = heard.select("customer_id", pl.col("talked").alias("since"))
    nobody = since.clear()
    silent = repeats.intervals(people, nobody, 365)
    assert repeats.intervals_with(silent, people, since, 365).equals(
        repeats.intervals(people, since, 365)
    )
    assert repeats.intervals_with(silent, people, nobody, 365).equals(silent)
