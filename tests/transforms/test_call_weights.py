"""Weights of called customers by how unequally their cohorts were dialled, where that is known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from tests.rows import versions
from transforms.call_weights import MOST, cohort_weights, weighted, weighting_by_week
from transforms.hearing import WHOLE

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAYS = {"timezone": "UTC", "week_start": "monday"}


def week(n: int) -> datetime:
    return START + timedelta(weeks=n)


def orders(people: int, weeks: int = 30) -> pl.DataFrame:
    """Each of `people` orders once, in a week of its own turn."""
    rows = [
        {"order_id": f"o{i}", "line_id": "1", "customer_id": f"k{i}", "ordered_at": week(i % weeks)}
        for i in range(people)
    ]
    return versions("order_lines", rows)


def checkouts(people: int, weeks: int = 30) -> pl.DataFrame:
    rows = [
        {"checkout_id": f"x{i}", "customer_id": f"g{i}", "started_at": week(i % weeks)}
        for i in range(people)
    ]
    return versions("checkouts", rows)


def attempts(recent: int, abandoner: int, weeks: int = 30) -> pl.DataFrame:
    """Dials in every week: so many of either cohort, all to different people."""
    rows = [
        {
            "attempt_id": f"{cohort}{w}-{i}",
            "cohort": cohort,
            "customer_id": f"{name}{w + weeks * i}",
            "attempted_at": week(w),
            "connected": True,
            "conversation_id": f"{cohort}-{w}-{i}",
        }
        for cohort, name, n in (("recent", "k", recent), ("abandoner", "g", abandoner))
        for w in range(weeks)
        for i in range(n)
    ]
    return versions("call_attempts", rows)


def at_week(found: pl.DataFrame, n: int) -> dict[str, int]:
    rows = found.filter(pl.col("week_start") == week(n).date())
    return dict(rows.select("cohort", "weight").rows())


def test_a_cohort_dialled_beyond_its_share_weighs_less() -> None:
    # 90 % of those eligible ordered, yet half of the dials went to open checkouts: a fifth, bounded.
    found = cohort_weights(attempts(5, 5), orders(1800), checkouts(200), **DAYS)
    assert at_week(found, 20) == {"recent": round(0.9 / 0.5 * WHOLE), "abandoner": WHOLE // MOST}


def test_equal_shares_weigh_one() -> None:
    found = cohort_weights(attempts(5, 5), orders(600), checkouts(600), **DAYS)
    assert at_week(found, 20) == {"recent": WHOLE, "abandoner": WHOLE}


def test_no_weight_is_beyond_its_bounds() -> None:
    found = cohort_weights(attempts(1, 20), orders(30_000), checkouts(600), **DAYS)
    assert at_week(found, 20) == {"recent": WHOLE * MOST, "abandoner": WHOLE // MOST}


def test_weights_are_unknown_before_a_whole_quarter_and_without_the_lists() -> None:
    found = cohort_weights(attempts(5, 5), orders(600), checkouts(600), **DAYS)
    assert found["week_start"].min() == week(12).date()
    assert cohort_weights(attempts(5, 5), orders(600), checkouts(0), **DAYS).is_empty()
    assert cohort_weights(attempts(5, 5), orders(0), checkouts(0), **DAYS).is_empty()
    assert cohort_weights(attempts(0, 0), orders(600), checkouts(600), **DAYS).is_empty()
    few = cohort_weights(attempts(5, 5), orders(60), checkouts(600), **DAYS)
    assert few.is_empty(), "more were dialled than could have been: not this list"


def test_second_orders_make_repeat_customers() -> None:
    twice = orders(600)
    twice = pl.concat(
        [
            twice,
            orders(600).with_columns(
                pl.concat_str(pl.lit("again"), "order_id").alias("order_id"),
                (pl.col("ordered_at") + pl.duration(days=1)).alias("ordered_at"),
            ),
        ]
    )
    dials = attempts(5, 5).with_columns(
        pl.col("cohort").replace("abandoner", "repeat"),
        pl.col("customer_id").str.replace("g", "k"),
    )
    assert at_week(cohort_weights(dials, twice, checkouts(0), **DAYS), 20) == {
        "recent": WHOLE,
        "repeat": WHOLE,
    }
    assert cohort_weights(dials, orders(600), checkouts(0), **DAYS).is_empty()


def test_a_later_week_never_changes_an_earlier_one() -> None:
    made = [
        cohort_weights(
            attempts(5, 3, weeks).filter(pl.col("attempted_at") < week(22)),
            orders(1200).filter(pl.col("ordered_at") < week(end)),
            checkouts(300).filter(pl.col("started_at") < week(end)),
            **DAYS,
        ).filter(pl.col("week_start") < week(20).date())
        for weeks, end in ((30, 20), (30, 30))
    ]
    assert made[0].height > 0
    assert made[0].equals(made[1])


@pytest.mark.parametrize(("n", "told"), [(5, "unknown"), (20, "cohort")])
def test_conversations_say_how_they_were_weighted(n: int, told: str) -> None:
    dials = attempts(5, 5)
    weights = cohort_weights(dials, orders(1800), checkouts(200), **DAYS)
    talked = versions(
        "conversations",
        [
            {"conversation_id": f"abandoner-{n}-0", "channel": "call", "started_at": week(n)},
            {"conversation_id": "own", "channel": "review", "started_at": week(n)},
        ],
    )
    found = weighted(talked, dials, weights, **DAYS)
    heavy = WHOLE // 5 if told == "cohort" else WHOLE
    assert found.select("conversation_id", "weight", "weighting").rows() == [
        (f"abandoner-{n}-0", max(heavy, WHOLE // MOST), told),
        ("own", WHOLE, "equal"),
    ]
    weekly = weighting_by_week(found, **DAYS)
    assert weekly.rows() == [(date.fromisoformat(week(n).date().isoformat()), told)]
    alone = weighting_by_week(found.filter(pl.col("conversation_id") == "own"), **DAYS)
    assert alone["weighting"].to_list() == ["equal"]
