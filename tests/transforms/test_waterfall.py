"""The waterfall adds up, evidence is the one that moves the row, and quotes hide who spoke."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from transforms.waterfall import evidence_for, heard, quote, spans, steps

WEEK = date(2026, 11, 2)
ROW = {"flat_mean": 40.0, "baseline_mean": 52.0, "mean": 49.5, "promotion_delta": 9.0}


def contributions(*pairs: tuple[str, float]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema={"signal": pl.String, "delta": pl.Float64}, orient="row")


def test_the_parts_add_up_to_the_forecast() -> None:
    made = steps(ROW, contributions(("stocking_up", -4.0), ("gift", 1.5)))
    names = [step.name for step in made]
    assert names == [
        "recent level", "season and trend", "promotions", "baseline", "gift", "stocking_up",
        "forecast",
    ]  # fmt: skip
    level = made[0].units
    added = sum(step.units for step in made if not step.is_level)
    assert level + added == pytest.approx(made[-1].units)
    assert made[1].units == pytest.approx(3.0)


def test_nothing_known_ahead_has_no_bar() -> None:
    made = steps({**ROW, "promotion_delta": 0.0}, contributions())
    assert "promotions" not in [step.name for step in made]


def evidence(*rows: tuple[str | None, str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        [("units", "gift", *row) for row in rows],
        schema={
            "target": pl.String, "signal": pl.String, "category": pl.String, "status": pl.String,
            "lead_weeks": pl.Int32,
        },
        orient="row",
    )  # fmt: skip


def test_a_categorys_own_lead_goes_before_the_pooled_one() -> None:
    both = evidence((None, "confirmed", 5), ("Socks", "confirmed", 2), ("Knives", "confirmed", 7))
    assert evidence_for(both, "units", "Socks", "gift")["lead_weeks"] == 2
    pooled = evidence((None, "confirmed", 5), ("Socks", "rejected", 2))
    assert evidence_for(pooled, "units", "Socks", "gift")["lead_weeks"] == 5
    assert evidence_for(evidence(("Socks", "candidate", 2)), "units", "Socks", "gift") == {}


def test_what_was_heard_is_compared_with_the_year_before_only() -> None:
    weekly = pl.DataFrame(
        {
            "signal": ["gift"] * 4,
            "category": [None, "Socks", "Socks", "Socks"],
            "week_start": [WEEK, WEEK, date(2026, 10, 26), date(2025, 10, 27)],
            "conversations_taggable": [100, 20, 30, 1000],
            "conversations_with_signal": [9, 8, 3, 900],
        }
    )
    told = heard(weekly, "gift", "Socks", WEEK)
    assert told is not None
    assert (told.with_signal, told.taggable, told.usual_share) == (8, 20, 0.1)
    assert heard(weekly, "gift", "Knives", WEEK) is None
    whole = heard(weekly, "gift", None, WEEK)
    assert whole is not None
    assert whole.usual_share is None


def test_quotes_of_the_sku_come_first_then_the_surest_one_a_conversation_of_four_weeks() -> None:
    def row(name: str, sku: str | None, day: int, sure: float | None = 0.6) -> tuple[object, ...]:
        return (name, "p", "gift", 0, sku, "Socks", datetime(2026, 11, day, tzinfo=UTC), sure)

    tags = pl.DataFrame(
        [row("other", "S2", 8, 0.99), row("mine", "S1", 3), row("mine", "S1", 2, 0.7),
         row("late", "S1", 9, 0.9), row("newer", "S1", 4), row("untold", "S1", 5, None),
         row("surer", "S1", 2, 0.8)],
        schema=["conversation_id", "passage_id", "signal", "span_start", "sku", "category",
                "said_at", "confidence"],
        orient="row",
    )  # fmt: skip
    worry = tags.head(1).with_columns(signal=pl.lit("worry"), conversation_id=pl.lit("none"))
    tags = tags.vstack(worry)
    found = spans(tags, "gift", ("S1", "Socks"), WEEK)
    expected = ["surer", "mine", "newer", "untold", "other"]
    assert found["conversation_id"].to_list() == expected


def test_a_quote_is_redacted_before_it_is_cut() -> None:
    shown = quote("Call me " + "please " * 20 + "at someone@example.com or   now")
    assert "someone" not in shown
    assert "example" not in shown
    for length in range(130, 175):
        cut = quote("x" * 5 + " a" * (length // 2) + " someone@example.com and on it goes and on")
        assert "someone" not in cut
        assert cut.count("<") == cut.count(">")
        assert len(cut) <= 162
